package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"paperlab/system/service"
	"paperlab/system/servicetest"
)

// journal notes which messages a handler saw, in order.
type journal struct {
	mu   sync.Mutex
	seen []Entry
}

func (j *journal) note(e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seen = append(j.seen, e)
}

func (j *journal) entries() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.seen)
}

// byKey lists the message ids seen for each key, in order.
func (j *journal) byKey() map[string][]string {
	keys := map[string][]string{}
	for _, e := range j.entries() {
		keys[e.Key] = append(keys[e.Key], e.Message.ID)
	}
	return keys
}

func TestTwoMembersHandleEachEntryOnceAndEachKeyInOrder(t *testing.T) {
	s, _ := openTest(t, Spec{Shards: 6})
	var j journal
	handler := func(_ context.Context, e Entry) ([]Outgoing, error) { j.note(e); return nil, nil }
	startTest(t, ConsumerConfig{Stream: s, Member: "a", Handler: handler})
	startTest(t, ConsumerConfig{Stream: s, Member: "b", Handler: handler})
	for i := range 600 {
		produceAll(t, s, message(i, fmt.Sprint("k", i%20)))
	}
	servicetest.Eventually(t, "all is acknowledged", func() bool { return total(t, s, backlog) == 0 })
	if n := len(j.entries()); n != 600 {
		t.Errorf("%d handlings, want 600", n)
	}
	for key, ids := range j.byKey() {
		if !slices.IsSorted(ids) {
			t.Errorf("key %s out of order: %v", key, ids)
		}
	}
	owners := map[string]int{}
	servicetest.Eventually(t, "both own shards", func() bool {
		infos, err := s.Inspect(t.Context(), "g")
		clear(owners)
		for _, i := range infos {
			owners[i.Owner]++
		}
		return err == nil && owners["a"] > 0 && owners["b"] > 0 && owners[""] == 0
	})
}

func TestAMemberThatStopsHandsItsShardsOver(t *testing.T) {
	s, _ := openTest(t, Spec{Shards: 4})
	var j journal
	handler := func(_ context.Context, e Entry) ([]Outgoing, error) { j.note(e); return nil, nil }
	a := startTest(t, ConsumerConfig{Stream: s, Member: "a", Handler: handler})
	startTest(t, ConsumerConfig{Stream: s, Member: "b", Handler: handler})
	for i := range 100 {
		produceAll(t, s, message(i, fmt.Sprint("k", i)))
	}
	a.Stop()
	a.Stop()
	for i := range 100 {
		produceAll(t, s, message(100+i, fmt.Sprint("k", i)))
	}
	servicetest.Eventually(t, "all is acknowledged", func() bool { return total(t, s, backlog) == 0 })
	if n := len(j.entries()); n != 200 {
		t.Errorf("%d handlings, want 200: a planned handover repeats nothing", n)
	}
}

func TestTakeoverClaimsThePendingEntriesInOrderBeforeNewOnes(t *testing.T) {
	s, rdb := openTest(t, Spec{Shards: 1})
	if err := s.EnsureGroup(t.Context(), "g"); err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		produceAll(t, s, message(i, "k"))
		if i == 199 {
			for range 2 { // 100 at a time
				rdb.XReadGroup(t.Context(), readArgs(s, 0))
			}
		}
	}
	// A dead owner's lease is still there and must run out first.
	rdb.Set(t.Context(), s.keys[0].lease("g"), "dead-member lost-epoch", 700*time.Millisecond)
	begin := time.Now()
	var j journal
	startTest(t, ConsumerConfig{Stream: s, Member: "a", Handler: func(_ context.Context, e Entry) ([]Outgoing, error) {
		j.note(e)
		return nil, nil
	}})
	servicetest.Eventually(t, "all is acknowledged", func() bool { return total(t, s, backlog) == 0 })
	if time.Since(begin) < 500*time.Millisecond {
		t.Error("the shard was taken before the dead owner's lease ran out")
	}
	ids := j.byKey()["k"]
	if len(ids) != 300 || !slices.IsSorted(ids) {
		t.Errorf("%d handlings, in order: %v", len(ids), slices.IsSorted(ids))
	}
	if first, last := j.entries()[0], j.entries()[299]; first.Deliveries != 2 || last.Deliveries != 1 {
		t.Errorf("deliveries: %d and %d, want 2 and 1", first.Deliveries, last.Deliveries)
	}
}

func TestAKeyWaitsForItsRetryWhileOthersGoOn(t *testing.T) {
	s, _ := openTest(t, Spec{Shards: 1})
	var j journal
	release := make(chan struct{})
	handler := func(_ context.Context, e Entry) ([]Outgoing, error) {
		select {
		case <-release:
		default:
			if e.Message.ID == "m0000" {
				return nil, Unavailable(errors.New("the LLM is down"))
			}
		}
		j.note(e)
		return nil, nil
	}
	for i := range 5 {
		produceAll(t, s, message(2*i, "stuck"), message(2*i+1, "free"))
	}
	// One lane: both keys share it. One attempt: an outside cause spends none.
	startTest(t, ConsumerConfig{Stream: s, Member: "a", Handler: handler, Lanes: 1, MaxAttempts: 1})
	servicetest.Eventually(t, "the free key is done", func() bool { return len(j.byKey()["free"]) == 5 })
	if early := j.byKey()["stuck"]; len(early) != 0 {
		t.Fatalf("handled behind an entry that waits: %v", early)
	}
	close(release)
	servicetest.Eventually(t, "all is acknowledged", func() bool { return total(t, s, backlog) == 0 })
	if ids := j.byKey()["stuck"]; len(ids) != 5 || !slices.IsSorted(ids) {
		t.Errorf("the waiting key's order: %v", ids)
	}
}

func TestAnEntryThatKeepsFailingBecomesADeadLetterWithItsReason(t *testing.T) {
	s, rdb := openTest(t, Spec{Shards: 1})
	var j journal
	handler := func(_ context.Context, e Entry) ([]Outgoing, error) {
		j.note(e)
		switch e.Message.ID {
		case "m0001":
			return nil, errors.New("no such category")
		case "m0002":
			panic("index out of range")
		case "m0003":
			return nil, Reject(errors.New("not a paper"))
		}
		return nil, nil
	}
	startTest(t, ConsumerConfig{Stream: s, Member: "a", Handler: handler, MaxAttempts: 2})
	for i := range 5 {
		produceAll(t, s, message(i, "k"))
	}
	servicetest.Eventually(t, "all is acknowledged", func() bool { return total(t, s, backlog) == 0 })
	handled := map[string]int{}
	for _, e := range j.entries() {
		handled[e.Message.ID]++
	}
	for id, want := range map[string]int{"m0000": 1, "m0001": 2, "m0002": 2, "m0003": 1, "m0004": 1} {
		if handled[id] != want {
			t.Errorf("%s was handled %d times, want %d", id, handled[id], want)
		}
	}
	reasons := map[any]string{}
	for _, d := range rdb.XRange(t.Context(), s.keys[0].dead, "-", "+").Val() {
		reason, _, _ := strings.Cut(fmt.Sprint(d.Values["reason"]), "\n")
		reasons[d.Values["id"]] = reason
	}
	want := map[any]string{
		"m0001": "no such category",
		"m0002": "handler panicked: index out of range",
		"m0003": "not a paper",
	}
	if !maps.Equal(reasons, want) {
		t.Errorf("dead letters: %v, want %v", reasons, want)
	}
}

func TestAnEntryThatKillsItsOwnersEndsAsADeadLetter(t *testing.T) {
	s, rdb := openTest(t, Spec{Shards: 1})
	if err := s.EnsureGroup(t.Context(), "g"); err != nil {
		t.Fatal(err)
	}
	entry := produceAll(t, s, message(1, "k"))[0].Entry
	rdb.XReadGroup(t.Context(), readArgs(s, 0))
	for range 3 {
		rdb.Do(t.Context(), "XCLAIM", s.keys[0].entries, "g", "dead-member", 0, entry)
	}
	var j journal
	startTest(t, ConsumerConfig{Stream: s, Member: "a", MaxDeliveries: 4, Handler: func(_ context.Context, e Entry) ([]Outgoing, error) {
		j.note(e)
		return nil, nil
	}})
	servicetest.Eventually(t, "it is a dead letter", func() bool {
		return total(t, s, func(i ShardInfo) int64 { return i.DeadLetters }) == 1
	})
	if len(j.entries()) != 0 {
		t.Error("it was handled once more")
	}
}

func TestASweepFindsAnEntryWhoseAcknowledgementWasLost(t *testing.T) {
	s, rdb := openTest(t, Spec{Shards: 1})
	var j journal
	startTest(t, ConsumerConfig{Stream: s, Member: "a", Handler: func(_ context.Context, e Entry) ([]Outgoing, error) {
		j.note(e)
		return nil, nil
	}})
	entry := produceAll(t, s, message(1, "k"))[0].Entry
	servicetest.Eventually(t, "it is acknowledged", func() bool { return len(j.entries()) == 1 && total(t, s, backlog) == 0 })
	// What a failover does that loses an XACK: the entry is pending again.
	rdb.Do(t.Context(), "XCLAIM", s.keys[0].entries, "g", "a", 0, entry, "FORCE", "JUSTID")
	servicetest.Eventually(t, "it is handled again and acknowledged", func() bool {
		return len(j.entries()) == 2 && total(t, s, backlog) == 0
	})
}

func TestAGroupThatAFailoverLostIsMadeAgain(t *testing.T) {
	s, rdb := openTest(t, Spec{Shards: 1})
	var j journal
	startTest(t, ConsumerConfig{Stream: s, Member: "a", Handler: func(_ context.Context, e Entry) ([]Outgoing, error) {
		j.note(e)
		return nil, nil
	}})
	produceAll(t, s, message(1, "k"))
	servicetest.Eventually(t, "it is handled", func() bool { return len(j.entries()) == 1 })
	rdb.XGroupDestroy(t.Context(), s.keys[0].entries, "g")
	produceAll(t, s, message(2, "k"))
	servicetest.Eventually(t, "the next one is handled", func() bool {
		return slices.Contains(j.byKey()["k"], "m0002")
	})
}

func TestAConsumerKeepsTheContract(t *testing.T) {
	s, _ := openTest(t, Spec{Shards: 2})
	var members, messages int
	servicetest.Lifecycle(t, func(t *testing.T) (service.Service, func(*testing.T)) {
		members++
		var j journal
		c, err := NewConsumer(ConsumerConfig{Stream: s, Group: "g", Member: fmt.Sprint("m", members), Lease: MinLease,
			Handler: func(_ context.Context, e Entry) ([]Outgoing, error) { j.note(e); return nil, nil }})
		if err != nil {
			t.Fatal(err)
		}
		return c, func(t *testing.T) {
			messages++
			before := len(j.entries())
			produceAll(t, s, message(messages, "k"))
			servicetest.Eventually(t, "the message is handled", func() bool { return len(j.entries()) > before })
		}
	})
}

func TestWorkThatStopCancelsStaysPending(t *testing.T) {
	s, _ := openTest(t, Spec{Shards: 2})
	started := make(chan struct{}, 100)
	busy := startTest(t, ConsumerConfig{Stream: s, Member: "a", Handler: func(ctx context.Context, _ Entry) ([]Outgoing, error) {
		started <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	produceAll(t, s, message(1, "k"))
	<-started
	busy.Stop()
	if n := total(t, s, func(i ShardInfo) int64 { return i.Pending }); n != 1 {
		t.Errorf("%d pending: work that was cancelled must stay pending", n)
	}
}

func TestConfigurationsThatCannotBe(t *testing.T) {
	s := &Stream{}
	h := func(context.Context, Entry) ([]Outgoing, error) { return nil, nil }
	for name, cfg := range map[string]ConsumerConfig{
		"no stream":   {Handler: h, Group: "g", Member: "m"},
		"no handler":  {Stream: s, Group: "g", Member: "m"},
		"blank":       {Stream: s, Handler: h, Group: "g", Member: "m 1"},
		"short lease": {Stream: s, Handler: h, Group: "g", Member: "m", Lease: time.Millisecond},
		"no lanes":    {Stream: s, Handler: h, Group: "g", Member: "m", Lanes: -1},
	} {
		if _, err := NewConsumer(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
