package stream

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"paperlab/system/servicetest"
)

// A consumer that cannot start while Redis is full cannot make room either.
func TestAConsumerStartsAndDrainsWhileRedisIsFull(t *testing.T) {
	s, rdb := openTest(t, Spec{Shards: 2})
	if err := s.EnsureGroup(t.Context(), "g"); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		produceAll(t, s, message(i, fmt.Sprint("k", i)))
	}
	setMemory(t, rdb, "1mb")
	defer setMemory(t, rdb, "0")
	if _, err := s.Produce(t.Context(), message(10, "k")); !errors.Is(err, ErrFull) {
		t.Fatalf("error is %v, want ErrFull: Redis is not full", err)
	}
	again, err := Open(t.Context(), rdb, Spec{Name: "papers", Shards: 2})
	if err != nil {
		t.Fatal(err)
	}
	startTest(t, ConsumerConfig{Stream: again, Member: "a", Handler: func(_ context.Context, e Entry) ([]Outgoing, error) {
		return forward(e), nil
	}})
	servicetest.Eventually(t, "all is acknowledged", func() bool { return total(t, s, backlog) == 0 })
}

// Nothing relays here, as when every destination is away.
func TestAnOwnerTakesNoMoreWhenItsOutboxIsAtTheLimit(t *testing.T) {
	s, rdb := openTest(t, Spec{Shards: 1, Limit: 40})
	startTest(t, ConsumerConfig{Stream: s, Member: "a", InFlight: 4, Handler: func(_ context.Context, e Entry) ([]Outgoing, error) {
		return append(forward(e), forward(e)...), nil
	}})
	for i := range 40 {
		produceAll(t, s, message(i, "k"))
	}
	outbox := func() int64 { return rdb.XLen(t.Context(), s.keys[0].outbox).Val() }
	lag := func(i ShardInfo) int64 { return *i.Lag }
	servicetest.Eventually(t, "the outbox is at its limit", func() bool { return outbox() >= 40 })
	servicetest.Eventually(t, "what was in hand is committed", func() bool { return total(t, s, pending) == 0 })
	if n, left := outbox(), total(t, s, lag); n > 40+2*4 || left < 40-20-4 {
		t.Fatalf("the outbox holds %d results and %d entries are left, want no more work begun at 40", n, left)
	}
	for range 2 {
		rdb.XTrimMaxLen(t.Context(), s.keys[0].outbox, 0) // as a relay would
		servicetest.Eventually(t, "work goes on", func() bool { return outbox() >= 40 || total(t, s, backlog) == 0 })
	}
	servicetest.Eventually(t, "all is acknowledged", func() bool { return total(t, s, backlog) == 0 })
}

// A commit of more results than Redis can take within one time-out would be
// sent again and again.
func TestOneCommitHasABoundedNumberOfResults(t *testing.T) {
	s, rdb := openTest(t, Spec{Shards: 1})
	const entries, each = 60, 200
	finished := make(chan struct{})
	var most, done atomic.Int64
	rdb.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		if runs(cmd, commitScript) {
			<-finished // so that there is much to commit at once
			most.Store(max(most.Load(), int64(len(cmd.Args())/4)))
		}
		return next(ctx, cmd)
	}))
	startTest(t, ConsumerConfig{Stream: s, Member: "a", Handler: func(_ context.Context, e Entry) ([]Outgoing, error) {
		var out []Outgoing
		for range each {
			out = append(out, forward(e)...)
		}
		if done.Add(1) == entries {
			close(finished)
		}
		return out, nil
	}})
	for i := range entries {
		produceAll(t, s, message(i, fmt.Sprint("k", i)))
	}
	servicetest.Eventually(t, "all is acknowledged", func() bool { return total(t, s, backlog) == 0 })
	if n := rdb.XLen(t.Context(), s.keys[0].outbox).Val(); n != entries*each {
		t.Errorf("%d results in the outbox, want %d", n, entries*each)
	}
	if most.Load() > commitResults+2*each {
		t.Errorf("one commit had about %d results, want about %d at most", most.Load(), commitResults)
	}
}

func TestTrimmingAStreamThatIsNotThereIsNoError(t *testing.T) {
	s, _ := openTest(t, Spec{Shards: 1})
	if err := s.trim(t.Context(), 0); err != nil {
		t.Error(err)
	}
}
