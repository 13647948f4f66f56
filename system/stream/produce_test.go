package stream

import (
	"errors"
	"strings"
	"sync"
	"testing"
)

func TestProduceFindsTheEarlierEntryOfAKnownMessage(t *testing.T) {
	s, _ := openTest(t, Spec{Shards: 4})
	first := produceAll(t, s, message(1, "a"), message(2, "b"), message(3, "a"))
	again := produceAll(t, s, message(3, "a"), message(4, "a"), message(1, "a"))
	if again[0].Entry != first[2].Entry || !again[0].Repeated || again[2].Entry != first[0].Entry || !again[2].Repeated {
		t.Errorf("repeats got other entries: first %v, again %v", first, again)
	}
	if again[1].Repeated {
		t.Error("a new message is said to be repeated")
	}
	if n := total(t, s, func(i ShardInfo) int64 { return i.Length }); n != 4 {
		t.Errorf("%d entries stand on the stream, want 4", n)
	}
}

func TestARepeatWithinOneCallIsAddedOnce(t *testing.T) {
	s, _ := openTest(t, Spec{Shards: 1})
	p := produceAll(t, s, message(1, "a"), message(1, "a"))
	if p[0].Entry != p[1].Entry || p[0].Repeated || !p[1].Repeated {
		t.Errorf("got %v", p)
	}
}

func TestManyProducersOfTheSameMessagesAddEachOnce(t *testing.T) {
	s, _ := openTest(t, Spec{Shards: 4})
	var producers sync.WaitGroup
	for range 8 {
		producers.Go(func() {
			for i := range 50 {
				if _, err := s.Produce(t.Context(), message(i, "k"+string(rune('a'+i%7)))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	producers.Wait()
	if n := total(t, s, func(i ShardInfo) int64 { return i.Length }); n != 50 {
		t.Errorf("%d entries, want 50", n)
	}
}

func TestAFullShardRefusesAllOrNothingAndTrimsNothing(t *testing.T) {
	s, _ := openTest(t, Spec{Shards: 1, Limit: 3})
	produceAll(t, s, message(1, "a"), message(2, "a"))
	produced, err := s.Produce(t.Context(), message(3, "a"), message(4, "a"))
	if !errors.Is(err, ErrFull) {
		t.Fatalf("error is %v, want ErrFull", err)
	}
	if produced[0].Entry != "" || produced[1].Entry != "" {
		t.Errorf("a refused batch was added in part: %v", produced)
	}
	produceAll(t, s, message(1, "a"), message(3, "a"), message(2, "a"))
	if n := total(t, s, func(i ShardInfo) int64 { return i.Length }); n != 3 {
		t.Errorf("%d entries, want 3", n)
	}
}

func TestAShardRefusesAnOlderRoutingVersion(t *testing.T) {
	s, rdb := openTest(t, Spec{Shards: 1})
	rdb.HSet(t.Context(), s.keys[0].meta, "routing", 2)
	if _, err := s.Produce(t.Context(), message(1, "a")); !errors.Is(err, ErrStaleRouting) {
		t.Fatalf("error is %v, want ErrStaleRouting", err)
	}
}

func TestRedisWithoutMemoryRefusesToProduceAndStillCommits(t *testing.T) {
	s, rdb := openTest(t, Spec{Shards: 1})
	if err := s.EnsureGroup(t.Context(), "g"); err != nil {
		t.Fatal(err)
	}
	entry := produceAll(t, s, message(1, "a"))[0].Entry
	rdb.XReadGroup(t.Context(), readArgs(s, 0))
	setMemory(t, rdb, "1mb")
	defer setMemory(t, rdb, "0")
	if _, err := s.Produce(t.Context(), message(2, "a")); !errors.Is(err, ErrFull) {
		t.Fatalf("error is %v, want ErrFull", err)
	}
	o := testOwner(t, s, 0)
	if err := o.commitOnce(t.Context(), []outcome{{Entry: Entry{ID: entry}, results: results("r")}}); err != nil {
		t.Fatalf("commit: %v", err)
	}
	if records, err := s.Outbox(t.Context(), 0, "", 10); err != nil || len(records) != 1 {
		t.Fatalf("outbox holds %v (%v), want the one result", records, err)
	}
}

func TestOpeningWithAnotherNumberOfShardsIsRefused(t *testing.T) {
	_, rdb := openTest(t, Spec{Shards: 4})
	if _, err := Open(t.Context(), rdb, Spec{Name: "papers", Shards: 5}); err == nil || !strings.Contains(err.Error(), "it has 4 shards, not 5") {
		t.Errorf("error is %v", err)
	}
	s, err := Open(t.Context(), rdb, Spec{Name: "papers"})
	if err != nil || s.Shards() != 4 {
		t.Errorf("opening as it is: %v, %v", s, err)
	}
	if _, err := Open(t.Context(), rdb, Spec{Name: "none"}); err == nil || !strings.Contains(err.Error(), "does not exist yet") {
		t.Errorf("error is %v", err)
	}
}
