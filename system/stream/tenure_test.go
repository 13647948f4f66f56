package stream

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/system/servicetest"
)

// Members come and go while what the entry needs is away: that says nothing
// against the entry.
func TestPlannedHandoversNeverMakeADeadLetter(t *testing.T) {
	s, _ := openTest(t, Spec{Shards: 1})
	produceAll(t, s, message(1, "k"))
	for _, member := range []string{"a", "b", "c", "d", "e"} {
		tried := make(chan struct{}, 100)
		c := startTest(t, ConsumerConfig{Stream: s, Member: member, MaxDeliveries: 2, Handler: func(context.Context, Entry) ([]Outgoing, error) {
			tried <- struct{}{}
			return nil, Unavailable(errors.New("the LLM is down"))
		}})
		select {
		case <-tried:
		case <-time.After(20 * time.Second):
			t.Fatal("never: the entry is tried by " + member)
		}
		c.Stop()
	}
	var j journal
	startTest(t, ConsumerConfig{Stream: s, Member: "z", MaxDeliveries: 2, Handler: func(_ context.Context, e Entry) ([]Outgoing, error) {
		j.note(e)
		return nil, nil
	}})
	servicetest.Eventually(t, "it is acknowledged", func() bool { return total(t, s, backlog) == 0 })
	if len(j.entries()) != 1 {
		t.Error("it became a dead letter unhandled")
	}
}

// A lease of 3 s is renewed after 1 s; one attempt of 1 s may fail.
func TestOneRenewalThatFailsDoesNotLoseTheShard(t *testing.T) {
	s, rdb := openTest(t, Spec{Shards: 1})
	var armed atomic.Bool
	var renewed atomic.Int64
	rdb.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		if !runs(cmd, tendScript) || cmd.Args()[6] == "" { // held
			return next(ctx, cmd)
		}
		if armed.CompareAndSwap(true, false) {
			<-ctx.Done()
			return ctx.Err()
		}
		err := next(ctx, cmd)
		renewed.Add(1)
		return err
	}))
	startTest(t, ConsumerConfig{Stream: s, Member: "a", Lease: 3 * time.Second, Handler: func(context.Context, Entry) ([]Outgoing, error) {
		return nil, nil
	}})
	tenure := func() string { return rdb.Get(t.Context(), s.keys[0].lease("g")).Val() }
	servicetest.Eventually(t, "the shard is owned", func() bool { return tenure() != "" })
	before := tenure()
	armed.Store(true)
	servicetest.Eventually(t, "a renewal failed and the next did not", func() bool { return !armed.Load() && renewed.Load() > 0 })
	if after := tenure(); after != before {
		t.Errorf("the shard is held as %q, want still %q", after, before)
	}
}

// Those behind an entry that waited are not begun either.
func TestStopWaitsForOneHandlerOfALaneOnly(t *testing.T) {
	s, _ := openTest(t, Spec{Shards: 1})
	for i := range 5 {
		produceAll(t, s, message(i, "k"))
	}
	g := newGate()
	var failures atomic.Int64
	c := startTest(t, ConsumerConfig{Stream: s, Member: "a", Handler: func(ctx context.Context, e Entry) ([]Outgoing, error) {
		if failures.Add(1) <= 3 { // by then the others stand behind it
			return nil, Unavailable(errors.New("the LLM is down"))
		}
		return g.handle(ctx, e)
	}})
	g.await(t, "m0000")
	stopped := make(chan struct{})
	go func() { c.Stop(); close(stopped) }()
	<-c.life.Taking().Done()
	g.letGo(5)
	<-stopped
	if n := total(t, s, pending); n != 4 {
		t.Errorf("%d entries are pending, want the 4 that had not been begun", n)
	}
}
