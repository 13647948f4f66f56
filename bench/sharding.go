// Package bench measures what design decisions buy, side by side in one run:
// each case is repeated, the repeats of all cases are interleaved so that a
// machine that drifts drifts for all of them, and every figure comes with its
// 95 % confidence interval. A benchmark checks its own correctness: a run that
// loses order is an error, not a fast result.
//
// Faults have no place here; nothing of the lab's links lies in the way.
package bench

import (
	"context"
	"fmt"
	"slices"
	"strconv"
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
	// IdleMessages is how many messages a run without work has, at least 1 if
	// there is such a case.
	IdleMessages int
}

// DefaultSharding is what `make bench NAME=sharding` runs.
func DefaultSharding() Sharding {
	return Sharding{
		Shards:  []int{1, 2, 4, 8, 12, 24},
		Work:    []time.Duration{5 * time.Millisecond, 0},
		Repeats: 5,
		Seconds: 1.5,
		// Fewer would be done in less than half a second, and a pause of the
		// machine would show as a difference between cases.
		IdleMessages: 60_000,
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

const (
	// payloadBytes is the size of a message's payload.
	payloadBytes = 512
	// keysPerShard leaves each key several messages in the shortest run: with
	// one message for each key there would be no order to lose.
	keysPerShard = 10
	// fewest is the least number of messages for each shard.
	fewest = 5 * keysPerShard
)

func (b Sharding) validate() error {
	switch {
	case len(b.Shards) == 0 || slices.Min(b.Shards) < 1:
		return fmt.Errorf("sharding benchmark: shards are %v, needs one number at least, each 1 or more", b.Shards)
	case len(b.Work) == 0 || slices.Min(b.Work) < 0:
		return fmt.Errorf("sharding benchmark: work is %v, needs one duration at least, none negative", b.Work)
	case b.Repeats < 2:
		return fmt.Errorf("sharding benchmark: %d repeats, needs 2 or more for an interval", b.Repeats)
	case slices.Max(b.Work) > 0 && b.Seconds <= 0:
		return fmt.Errorf("sharding benchmark: seconds are %v, must be more than 0", b.Seconds)
	case slices.Min(b.Work) == 0 && b.IdleMessages < 1:
		return fmt.Errorf("sharding benchmark: %d idle messages, needs 1 or more for the case without work", b.IdleMessages)
	}
	return nil
}

// Run measures all cases on a cluster that nobody else uses: it empties it
// after each run, so that what one case left in memory does not slow the next.
func (b Sharding) Run(ctx context.Context, rdb *redis.ClusterClient, progress Progress) ([]ShardingCase, error) {
	if err := b.validate(); err != nil {
		return nil, err
	}
	if err := b.warmUp(ctx, rdb); err != nil {
		return nil, fmt.Errorf("sharding benchmark: warm up: %w", err)
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
			rate, err := measure(ctx, rdb, name, c.Shards, c.Work, b.messages(c.Shards, c.Work))
			if err != nil {
				return nil, fmt.Errorf("%d shards with %v of work, repeat %d: %w", c.Shards, c.Work, repeat+1, err)
			}
			c.Rates = append(c.Rates, rate)
			base := cases[i/len(b.Shards)*len(b.Shards)]
			c.Ratios = append(c.Ratios, rate/base.Rates[repeat])
			progress(repeat*len(cases)+i+1, all, fmt.Sprintf("%d shards, %v of work: %.0f messages/s", c.Shards, c.Work, rate))
		}
	}
	return cases, nil
}

// warmUp lets every node learn the scripts and every connection be made. Else
// the first run, which is one of the base case, would pay for it alone, and all
// ratios of its repeat would be too good.
func (b Sharding) warmUp(ctx context.Context, rdb *redis.ClusterClient) error {
	shards := slices.Max(b.Shards)
	_, err := measure(ctx, rdb, "bench-warm", shards, 0, fewest*shards)
	return err
}

// messages is how many messages a run has: with work, as many for each shard
// whatever their number, so that all runs last about as long.
func (b Sharding) messages(shards int, work time.Duration) int {
	if work == 0 {
		return b.IdleMessages
	}
	return max(fewest, int(b.Seconds/work.Seconds())) * shards
}

// measure fills a fresh stream, times its draining, from the first handling to
// the last acknowledgement, and empties the cluster. It gives messages/s.
func measure(ctx context.Context, rdb *redis.ClusterClient, name string, shards int, work time.Duration, total int) (float64, error) {
	s, err := stream.Open(ctx, rdb, stream.Spec{Name: name, Shards: shards, Limit: int64(total), RepeatWindow: time.Minute})
	if err != nil {
		return 0, err
	}
	if err := fill(ctx, s, total); err != nil {
		return 0, err
	}
	elapsed, err := newWorker(work, shards).drain(ctx, s, total)
	if err != nil {
		return 0, err
	}
	return float64(total) / elapsed.Seconds(), flush(ctx, rdb)
}

// fill produces the messages of keys that are spread evenly: what is measured
// is sharding, not the luck of key names. Each payload begins with the
// message's number among its key's.
func fill(ctx context.Context, s *stream.Stream, total int) error {
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

// flush empties the cluster.
func flush(ctx context.Context, rdb *redis.ClusterClient) error {
	return rdb.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error {
		return master.FlushAll(ctx).Err()
	})
}
