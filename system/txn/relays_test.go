package txn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/system/redistest"
	"paperlab/system/servicetest"
	"paperlab/system/stream"
)

// slow holds every third or so command of a client up for a few milliseconds.
type slow struct {
	mu   sync.Mutex
	dice *rand.Rand
}

func (s *slow) DialHook(next redis.DialHook) redis.DialHook { return next }
func (s *slow) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (s *slow) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		s.mu.Lock()
		wait := time.Duration(s.dice.IntN(3*5)-2*5) * time.Millisecond
		s.mu.Unlock()
		if wait > 0 {
			<-time.After(wait) // the network's time, not the test's
		}
		return next(ctx, cmd)
	}
}

// A fenced owner's relay may be in the middle of a page while the next owner
// relays the same records and later ones.
func TestRelaysAtOnceKeepEachKeysOrder(t *testing.T) {
	rdb := redistest.Client(t)
	in, out := open(t, rdb, stream.Spec{Name: "in", Shards: 1}), open(t, rdb, stream.Spec{Name: "out", Shards: 2})
	start(t, stream.ConsumerConfig{Stream: in, Member: "a", Handler: fanOut})
	ctx, cancel := context.WithCancel(t.Context())
	var relays sync.WaitGroup
	defer relays.Wait()
	defer cancel()
	for seed := range uint64(4) {
		late := redis.NewClusterClient(&redis.ClusterOptions{Addrs: redistest.Start(t), DisableIdentity: true})
		defer func() { _ = late.Close() }()
		late.AddHook(&slow{dice: rand.New(rand.NewPCG(seed, 1))})
		relay := New(open(t, late, stream.Spec{Name: "in"}), slog.Default(), open(t, late, stream.Spec{Name: "out"}))
		relays.Go(func() {
			for ctx.Err() == nil {
				_ = relay.Relay(ctx, 0)
			}
		})
	}
	const messages = 400
	for i := range messages {
		if _, err := in.Produce(t.Context(), stream.Message{ID: fmt.Sprintf("m%04d", i), Key: "k"}); err != nil {
			t.Fatal(err)
		}
	}
	servicetest.Eventually(t, "all arrived", func() bool {
		infos, err := out.Inspect(t.Context(), "g")
		return err == nil && infos[0].Length+infos[1].Length == 5*messages
	})
	for key, ids := range arrived(t, rdb, "out") {
		if len(ids) != messages || !slices.IsSorted(ids) {
			t.Errorf("%d results for %s, in order: %v", len(ids), key, slices.IsSorted(ids))
		}
	}
}

// arrived lists a stream's message ids by key, in the order of its shards.
func arrived(t *testing.T, rdb *redis.ClusterClient, name string) map[string][]string {
	t.Helper()
	byKey := map[string][]string{}
	for _, key := range keys(t, rdb, "{"+name+".*}:entries") {
		for _, e := range rdb.XRange(t.Context(), key, "-", "+").Val() {
			byKey[e.Values["key"].(string)] = append(byKey[e.Values["key"].(string)], e.Values["id"].(string))
		}
	}
	return byKey
}

func keys(t *testing.T, rdb *redis.ClusterClient, pattern string) (all []string) {
	t.Helper()
	var mu sync.Mutex
	err := rdb.ForEachMaster(t.Context(), func(ctx context.Context, node *redis.Client) error {
		found, err := node.Keys(ctx, pattern).Result()
		mu.Lock()
		defer mu.Unlock()
		all = append(all, found...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A destination that refused is not asked again in the same pass: a pass that
// goes on for as long as results come would leave it out until they stop.
func TestAPassEndsThoughResultsKeepComing(t *testing.T) {
	rdb := redistest.Client(t)
	in, out := open(t, rdb, stream.Spec{Name: "in", Shards: 1}), open(t, rdb, stream.Spec{Name: "out", Shards: 1})
	fillOutbox(t, in)
	outbox := keys(t, rdb, "{in.*}:outbox")[0]
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	for feeder := range 8 {
		running.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				rdb.XAdd(ctx, &redis.XAddArgs{Stream: outbox, Values: []any{
					"stream", "out", "id", fmt.Sprint(feeder, "/", i), "key", "k", "payload", "p"}})
			}
		})
	}
	servicetest.Eventually(t, "results come", func() bool { return rdb.XLen(t.Context(), outbox).Val() > 50 })
	pass, end := context.WithTimeout(t.Context(), 15*time.Second)
	defer end()
	if err := New(in, slog.Default(), out).Relay(pass, 0); err != nil {
		t.Fatalf("the pass does not end while results keep coming: %v", err)
	}
}

// The first page is more than the destination takes, what is behind it is not.
func TestADestinationThatRefusedAPageGetsNothingFromTheNext(t *testing.T) {
	rdb := redistest.Client(t)
	in, out := open(t, rdb, stream.Spec{Name: "in", Shards: 1}), open(t, rdb, stream.Spec{Name: "out", Shards: 1, Limit: 10})
	fillOutbox(t, in)
	outbox := keys(t, rdb, "{in.*}:outbox")[0]
	for i := range page {
		rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: outbox, Values: []any{
			"stream", "out", "id", fmt.Sprint("later", i), "key", "k", "payload", "p"}})
	}
	if err := New(in, slog.Default(), out).Relay(t.Context(), 0); !errors.Is(err, stream.ErrFull) {
		t.Fatalf("error is %v, want ErrFull", err)
	}
	if early := arrived(t, rdb, "out"); len(early) != 0 {
		t.Errorf("results overtook those that were refused: %v", early)
	}
}
