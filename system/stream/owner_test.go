package stream

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/system/service"
)

// testOwner acquires a shard's lease for a member "t" that runs nothing, so
// that a test can take an owner's steps one by one.
func testOwner(t *testing.T, s *Stream, shard int) *owner {
	t.Helper()
	c, err := NewConsumer(ConsumerConfig{Stream: s, Group: "g", Member: "t", Lease: 10 * time.Second,
		Handler: func(context.Context, Entry) ([]Outgoing, error) { return nil, nil }})
	if err != nil {
		t.Fatal(err)
	}
	token := newTenure("t")
	if v, err := c.tend(t.Context(), shard, "", token); err != nil || v.holder != token {
		t.Fatalf("lease not acquired: %v, %v", v, err)
	}
	return newOwner(c, shard, token)
}

func readArgs(s *Stream, shard int) *redis.XReadGroupArgs {
	return &redis.XReadGroupArgs{Group: "g", Consumer: "dead-member", Count: 100, Block: -1,
		Streams: []string{s.keys[shard].entries, ">"}}
}

func results(ids ...string) []Outgoing {
	var out []Outgoing
	for _, id := range ids {
		out = append(out, Outgoing{Stream: "out", Message: Message{ID: id, Key: "k", Payload: []byte("p")}})
	}
	return out
}

func setMemory(t *testing.T, rdb *redis.ClusterClient, limit string) {
	t.Helper()
	err := rdb.ForEachMaster(t.Context(), func(ctx context.Context, c *redis.Client) error {
		return c.ConfigSet(ctx, "maxmemory", limit).Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryStepOfAFormerOwnerIsFenced(t *testing.T) {
	s, rdb := openTest(t, Spec{Shards: 1})
	if err := s.EnsureGroup(t.Context(), "g"); err != nil {
		t.Fatal(err)
	}
	former := testOwner(t, s, 0)
	entry := produceAll(t, s, message(1, "a"))[0].Entry
	rdb.XReadGroup(t.Context(), readArgs(s, 0))
	produceAll(t, s, message(2, "a"))
	rdb.Set(t.Context(), s.keys[0].lease("g"), "other-member another-epoch", time.Minute)

	if _, err := former.fetch(t.Context()); !errors.Is(scriptError(err), ErrFenced) {
		t.Errorf("fetch: %v", err)
	}
	if err := former.claimPending(t.Context(), 0); !errors.Is(scriptError(err), ErrFenced) {
		t.Errorf("claim: %v", err)
	}
	commit := []outcome{{Entry: Entry{ID: entry}, results: results("r")}}
	if err := former.commitOnce(t.Context(), commit); !errors.Is(err, ErrFenced) {
		t.Errorf("commit: %v", err)
	}
	if v, err := former.c.tend(t.Context(), 0, former.token, ""); err != nil || v.holder == former.token {
		t.Errorf("renewal: %v, %v", v, err)
	}
	info, _ := s.Inspect(t.Context(), "g")
	if info[0].Pending != 1 || *info[0].Lag != 1 || rdb.XLen(t.Context(), s.keys[0].outbox).Val() != 0 {
		t.Errorf("a fenced step left a trace: %+v", info[0])
	}
}

func TestACommitSentTwiceWritesItsResultsOnce(t *testing.T) {
	s, rdb := openTest(t, Spec{Shards: 1})
	if err := s.EnsureGroup(t.Context(), "g"); err != nil {
		t.Fatal(err)
	}
	o := testOwner(t, s, 0)
	if err := o.catchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	produceAll(t, s, message(1, "a"), message(2, "b"), message(3, "c"))
	if n, err := o.fetch(t.Context()); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	e1, e2 := (<-o.lanes[laneOf("a", 8)].in), (<-o.lanes[laneOf("b", 8)].in)
	batch := []outcome{{Entry: e1, results: results("r1", "r2")}, {Entry: e2, dead: "broken", attempts: 5}}
	for range 2 {
		if err := o.commitOnce(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	records, err := s.Outbox(t.Context(), 0, "", 10)
	if err != nil || len(records) != 2 || records[0].Message.ID != "r1" || records[1].Stream != "out" {
		t.Errorf("outbox: %+v, %v", records, err)
	}
	dead := rdb.XRange(t.Context(), s.keys[0].dead, "-", "+").Val()
	if len(dead) != 1 || dead[0].Values["id"] != "m0002" || dead[0].Values["reason"] != "broken" {
		t.Errorf("dead letters: %v", dead)
	}
	if info, _ := s.Inspect(t.Context(), "g"); info[0].Pending != 1 {
		t.Errorf("%d pending, want 1", info[0].Pending)
	}
}

func TestTrimLeavesWhatAnyGroupStillNeeds(t *testing.T) {
	s, rdb := openTest(t, Spec{Shards: 1, Retain: time.Millisecond})
	ctx := t.Context()
	trimmed := func() int64 {
		service.Pause(ctx, 5*time.Millisecond) // past the retention
		if err := s.trim(ctx, 0); err != nil {
			t.Fatal(err)
		}
		return rdb.XLen(ctx, s.keys[0].entries).Val()
	}
	// Approximate trimming removes whole nodes of 100 entries.
	for i := range 600 {
		produceAll(t, s, message(i, "a"))
	}
	if n := trimmed(); n != 600 {
		t.Fatalf("without a group %d entries are left, want all 600", n)
	}
	for _, group := range []string{"g", "slow"} {
		if err := s.EnsureGroup(ctx, group); err != nil {
			t.Fatal(err)
		}
	}
	entries := rdb.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "g", Consumer: "c", Count: 600, Block: -1,
		Streams: []string{s.keys[0].entries, ">"}}).Val()[0].Messages
	for _, e := range entries {
		rdb.XAck(ctx, s.keys[0].entries, "g", e.ID)
	}
	if n := trimmed(); n != 600 {
		t.Fatalf("a group that has read nothing: %d entries are left, want all 600", n)
	}
	rdb.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "slow", Consumer: "c", Count: 600, Block: -1,
		Streams: []string{s.keys[0].entries, ">"}})
	for _, e := range entries[:350] {
		rdb.XAck(ctx, s.keys[0].entries, "slow", e.ID)
	}
	if n := trimmed(); n < 250 || n > 350 {
		t.Fatalf("250 entries are pending, %d are left", n)
	}
	if info, _ := s.Inspect(ctx, "slow"); info[0].Pending != 250 || info[0].Lag == nil || *info[0].Lag != 0 {
		t.Fatalf("after trimming: %+v", info[0])
	}
}
