// Package bench measures what design decisions buy, side by side in one run:
// each case is repeated, the repeats of all cases are interleaved so that a
// machine that drifts drifts for all of them, and every figure comes with its
// 95 % confidence interval. A benchmark checks its own correctness: a run that
// loses order is an error, not a fast result.
//
// Faults have no place here; nothing of the lab's links lies in the way.
package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/system/stream"
)

// Sharding compares ordered processing of one stream with that of several
// shards. Ordered means: the messages of a key are handled one after the
// other, in the order in which they were produced. One shard with one lane is
// what an ordered consumer of a single Redis stream is.
type Sharding struct {
	// Shards are the numbers of shards to compare; the first is the base.
	Shards []int
	// Work is how long handling one message takes; a case for each.
	Work []time.Duration
	// Repeats is how often each case runs, at least 2.
	Repeats int
	// Seconds is about how long one shard with work takes for its messages.
	Seconds float64
	// Progress, if set, is told of each finished run.
	Progress func(done, all int, what string)
}

// DefaultSharding is what `make bench NAME=sharding` runs.
func DefaultSharding() Sharding {
	return Sharding{
		Shards:  []int{1, 2, 4, 8, 12, 24},
		Work:    []time.Duration{5 * time.Millisecond, 0},
		Repeats: 5,
		Seconds: 1.5,
	}
}

// ShardingCase is one number of shards with one amount of work: its
// throughputs in messages/s, one for each repeat, and their ratios to the base
// case of the same repeat.
type ShardingCase struct {
	Shards int
	Work   time.Duration
	Rates  []float64
	Ratios []float64
}

// payloadBytes is the size of a message's payload.
const payloadBytes = 512

// idleMessages is how many messages a run without work has.
const idleMessages = 30_000

// Run measures all cases on the given cluster.
func (b Sharding) Run(ctx context.Context, rdb *redis.ClusterClient) ([]ShardingCase, error) {
	if len(b.Shards) == 0 || len(b.Work) == 0 || b.Repeats < 2 || b.Seconds <= 0 {
		return nil, errors.New("sharding benchmark: needs shards, work, at least 2 repeats and a duration")
	}
	var cases []ShardingCase
	for _, work := range b.Work {
		for _, shards := range b.Shards {
			cases = append(cases, ShardingCase{Shards: shards, Work: work})
		}
	}
	all := b.Repeats * len(cases)
	for repeat := range b.Repeats {
		for i := range cases {
			c := &cases[i]
			name := fmt.Sprintf("bench-%d-%d", repeat, i)
			rate, err := b.measure(ctx, rdb, name, c.Shards, c.Work)
			if err != nil {
				return nil, fmt.Errorf("%d shards with %v of work, repeat %d: %w", c.Shards, c.Work, repeat+1, err)
			}
			c.Rates = append(c.Rates, rate)
			base := cases[i/len(b.Shards)*len(b.Shards)]
			c.Ratios = append(c.Ratios, rate/base.Rates[repeat])
			if b.Progress != nil {
				b.Progress(repeat*len(cases)+i+1, all, fmt.Sprintf("%d shards, %v of work: %.0f messages/s", c.Shards, c.Work, rate))
			}
		}
	}
	return cases, nil
}

// measure fills a fresh stream and times its draining, from the first handling
// to the last acknowledgement.
func (b Sharding) measure(ctx context.Context, rdb *redis.ClusterClient, name string, shards int, work time.Duration) (float64, error) {
	total := idleMessages
	if work > 0 {
		total = max(50, int(b.Seconds/work.Seconds())) * shards
	}
	s, err := stream.Open(ctx, rdb, stream.Spec{Name: name, Shards: shards, Limit: int64(total), RepeatWindow: time.Minute})
	if err != nil {
		return 0, err
	}
	if err := fill(ctx, s, total); err != nil {
		return 0, err
	}
	w := worker{work: work, last: make(map[string]int)}
	elapsed, err := w.drain(ctx, s, total)
	if err != nil {
		return 0, err
	}
	return float64(total) / elapsed.Seconds(), flush(ctx, rdb)
}

// fill produces the messages of 50 keys a shard, spread evenly: what is
// measured is sharding, not the luck of key names. Each payload begins with
// the message's number among its key's.
func fill(ctx context.Context, s *stream.Stream, total int) error {
	const keysPerShard = 50
	keys := evenKeys(s, keysPerShard)
	padding := make([]byte, payloadBytes)
	var batch []stream.Message
	for i := range total {
		key := keys[i%len(keys)]
		payload := append([]byte(strconv.Itoa(i/len(keys))+" "), padding...)[:payloadBytes]
		batch = append(batch, stream.Message{ID: strconv.Itoa(i), Key: key, Payload: payload})
		if len(batch) == 1000 || i == total-1 {
			if _, err := s.Produce(ctx, batch...); err != nil {
				return fmt.Errorf("fill %s: %w", s.Name(), err)
			}
			batch = batch[:0]
		}
	}
	return nil
}

// evenKeys finds n keys for each shard, dealt round the shards in turn.
func evenKeys(s *stream.Stream, n int) []string {
	keys := make([]string, n*s.Shards())
	found := make([]int, s.Shards())
	for i, missing := 0, len(keys); missing > 0; i++ {
		key := "key-" + strconv.Itoa(i)
		if shard := s.Shard(key); found[shard] < n {
			keys[found[shard]*s.Shards()+shard] = key
			found[shard]++
			missing--
		}
	}
	return keys
}

// worker handles messages and checks the order of each key.
type worker struct {
	work    time.Duration
	handled atomic.Int64
	began   sync.Once
	begin   time.Time

	mu sync.Mutex
	// last is the number of the key's last message.
	last  map[string]int
	wrong error
}

func (w *worker) handle(_ context.Context, e stream.Entry) ([]stream.Outgoing, error) {
	w.began.Do(func() { w.begin = time.Now() })
	if w.work > 0 {
		time.Sleep(w.work)
	}
	digits, _, _ := bytes.Cut(e.Payload, []byte(" "))
	number, err := strconv.Atoi(string(digits))
	if err != nil {
		return nil, stream.Reject(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	last, seen := w.last[e.Key]
	if !seen {
		last = -1
	}
	if number != last+1 && w.wrong == nil {
		w.wrong = fmt.Errorf("order lost: key %s has message %d after %d", e.Key, number, last)
	}
	w.last[e.Key] = number
	w.handled.Add(1)
	return nil, nil
}

// drain runs one consumer with one lane a shard until all is acknowledged.
func (w *worker) drain(ctx context.Context, s *stream.Stream, total int) (time.Duration, error) {
	consumer, err := stream.NewConsumer(stream.ConsumerConfig{
		Stream: s, Group: "bench", Member: "bench", Handler: w.handle, Lanes: 1,
	})
	if err != nil {
		return 0, err
	}
	if err := consumer.Start(ctx); err != nil {
		return 0, err
	}
	defer consumer.Stop()
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-poll.C:
		}
		if w.handled.Load() < int64(total) {
			continue
		}
		left, err := unacknowledged(ctx, s)
		if err != nil {
			return 0, err
		}
		if left == 0 {
			w.mu.Lock()
			defer w.mu.Unlock()
			return time.Since(w.begin), w.wrong
		}
	}
}

func unacknowledged(ctx context.Context, s *stream.Stream) (int64, error) {
	infos, err := s.Inspect(ctx, "bench")
	if err != nil {
		return 0, err
	}
	var left int64
	for _, i := range infos {
		if i.Lag == nil {
			return 0, fmt.Errorf("shard %d: Redis does not know the lag", i.Shard)
		}
		left += i.Pending + *i.Lag
	}
	return left, nil
}

// flush empties the cluster between runs: what one case left in memory must
// not slow the next.
func flush(ctx context.Context, rdb *redis.ClusterClient) error {
	return rdb.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error {
		return master.FlushAll(ctx).Err()
	})
}
