package stream

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/system/servicetest"
)

// These tests are about what Redis did and the owner does not know, because
// the answer was lost, and what the owner knows and Redis does not, because a
// failover forgot it.

// hook stands between the client and its commands.
type hook func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error

func (h hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { return h(ctx, cmd, next) }
}
func (h hook) DialHook(next redis.DialHook) redis.DialHook { return next }
func (h hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// runs tells whether a command runs a script.
func runs(cmd redis.Cmder, script *redis.Script) bool {
	if len(cmd.Args()) < 2 {
		return false
	}
	text, _ := cmd.Args()[1].(string)
	return text == script.Hash() || redis.NewScript(text).Hash() == script.Hash()
}

// rollback copies a shard's keys and returns what puts the copy back: the
// failover that forgets whatever was written in between.
func rollback(t *testing.T, rdb *redis.ClusterClient, s *Stream, shard int) (forget func()) {
	t.Helper()
	k := s.keys[shard]
	node, err := rdb.MasterForKey(t.Context(), k.entries)
	if err != nil {
		t.Fatal(err)
	}
	type copied struct {
		dump string
		life time.Duration
	}
	copies := map[string]copied{}
	keys := func() []string {
		list, err := node.Keys(t.Context(), k.tag+"*").Result()
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	for _, key := range keys() {
		dump, err := node.Dump(t.Context(), key).Result()
		if err != nil {
			t.Fatal(err)
		}
		copies[key] = copied{dump, max(node.PTTL(t.Context(), key).Val(), 0)}
	}
	return func() {
		_, err := node.TxPipelined(t.Context(), func(pipe redis.Pipeliner) error {
			pipe.Del(t.Context(), append(keys(), k.outbox, k.dead)...)
			for key, c := range copies {
				pipe.RestoreReplace(t.Context(), key, c.life, c.dump)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// forward is a handler's one result: the message itself, on the stream "out".
func forward(e Entry) []Outgoing { return []Outgoing{{Stream: "out", Message: e.Message}} }

// outboxIDs are the message ids in a shard's outbox, in order.
func outboxIDs(t *testing.T, s *Stream) []string {
	t.Helper()
	records, err := s.Outbox(t.Context(), 0, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, len(records))
	for i, r := range records {
		ids[i] = r.Message.ID
	}
	return ids
}

// go-redis sends a command again by itself after a broken connection: entries
// of the first answer are then delivered and nobody has them.
func TestEntriesWhoseDeliveryWasLostOnTheWayComeBeforeLaterOnes(t *testing.T) {
	s, rdb := openTest(t, Spec{Shards: 1})
	var armed atomic.Bool
	rdb.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		err := next(ctx, cmd)
		if !runs(cmd, fetchScript) || !armed.Load() || total(t, s, func(i ShardInfo) int64 { return i.Pending }) == 0 {
			return err
		}
		armed.Store(false)
		produceAll(t, s, message(2, "k"))
		return next(ctx, cmd)
	}))
	var j journal
	startTest(t, ConsumerConfig{Stream: s, Member: "a", Handler: func(_ context.Context, e Entry) ([]Outgoing, error) {
		j.note(e)
		return nil, nil
	}})
	produceAll(t, s, message(0, "k"))
	servicetest.Eventually(t, "the first is acknowledged", func() bool { return total(t, s, backlog) == 0 })
	armed.Store(true)
	produceAll(t, s, message(1, "k"))
	servicetest.Eventually(t, "all is acknowledged", func() bool { return len(j.entries()) >= 3 && total(t, s, backlog) == 0 })
	if ids := j.byKey()["k"]; !slices.Equal(ids, []string{"m0000", "m0001", "m0002"}) {
		t.Errorf("handled in the order %v", ids)
	}
}

// gate is a handler that holds every entry back until it is let go.
type gate struct {
	begun chan string
	open  chan struct{}
}

func newGate() gate { return gate{begun: make(chan string, 1000), open: make(chan struct{}, 1000)} }

func (g gate) handle(ctx context.Context, e Entry) ([]Outgoing, error) {
	g.begun <- e.Message.ID
	select {
	case <-ctx.Done():
		return nil, Unavailable(ctx.Err())
	case <-g.open:
		return forward(e), nil
	}
}

// await waits for the gate to begin with a message.
func (g gate) await(t *testing.T, id string) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case begun := <-g.begun:
			if begun == id {
				return
			}
		case <-deadline:
			t.Fatalf("never begun: %s", id)
		}
	}
}

func (g gate) letGo(n int) {
	for range n {
		g.open <- struct{}{}
	}
}

func TestAFailoverThatForgetsACommitKeepsTheKeysOrder(t *testing.T) {
	s, rdb := openTest(t, Spec{Shards: 1})
	g := newGate()
	startTest(t, ConsumerConfig{Stream: s, Member: "a", Handler: g.handle})
	produceAll(t, s, message(1, "k"), message(2, "k"))
	g.await(t, "m0001")
	forget := rollback(t, rdb, s, 0)
	g.letGo(1)
	servicetest.Eventually(t, "the first is committed", func() bool { return len(outboxIDs(t, s)) == 1 })
	g.await(t, "m0002")
	forget()
	g.letGo(1000 - 1)
	servicetest.Eventually(t, "both are committed", func() bool { return len(outboxIDs(t, s)) == 2 && total(t, s, backlog) == 0 })
	if ids := outboxIDs(t, s); !slices.IsSorted(ids) {
		t.Errorf("results in the order %v", ids)
	}
}

// holdFetches makes the client's fetches wait while the test holds the lock.
func holdFetches(rdb *redis.ClusterClient) *sync.Mutex {
	var held sync.Mutex
	rdb.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		if runs(cmd, fetchScript) {
			held.Lock()
			defer held.Unlock()
		}
		return next(ctx, cmd)
	}))
	return &held
}

func pending(i ShardInfo) int64 { return i.Pending }

func TestAFailoverThatForgetsADeliveryKeepsTheKeysOrder(t *testing.T) {
	s, rdb := openTest(t, Spec{Shards: 1})
	fetches := holdFetches(rdb)
	g := newGate()
	startTest(t, ConsumerConfig{Stream: s, Member: "a", Handler: g.handle})
	fetches.Lock()
	produceAll(t, s, message(1, "k"), message(2, "k"))
	forget := rollback(t, rdb, s, 0)
	fetches.Unlock()
	g.await(t, "m0001")
	fetches.Lock()
	forget()
	g.letGo(1) // its commit finds it not delivered
	g.await(t, "m0002")
	fetches.Unlock()
	servicetest.Eventually(t, "both are delivered again", func() bool { return total(t, s, pending) == 2 })
	g.letGo(1000 - 1)
	servicetest.Eventually(t, "both are committed", func() bool { return len(outboxIDs(t, s)) == 2 && total(t, s, backlog) == 0 })
	if ids := outboxIDs(t, s); !slices.IsSorted(ids) {
		t.Errorf("results in the order %v", ids)
	}
}

func TestAConsumerStopsThoughAFailoverForgotWhatItHasInHand(t *testing.T) {
	s, rdb := openTest(t, Spec{Shards: 1})
	fetches := holdFetches(rdb)
	g := newGate()
	c := startTest(t, ConsumerConfig{Stream: s, Member: "a", Handler: g.handle, InFlight: 8, Lanes: 1})
	fetches.Lock()
	for i := range 5 {
		produceAll(t, s, message(i, "k"))
	}
	forget := rollback(t, rdb, s, 0)
	fetches.Unlock()
	g.await(t, "m0000")
	forget()
	servicetest.Eventually(t, "all is delivered again", func() bool { return total(t, s, pending) == 5 })
	stopped := make(chan struct{})
	go func() { c.Stop(); close(stopped) }()
	select {
	case <-stopped:
	case <-time.After(20 * time.Second):
		t.Fatal("Stop does not return")
	}
}
