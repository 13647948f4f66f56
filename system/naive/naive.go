// Package naive is the same paper service as such services are usually written.
// The lab shows it beside the hardened one in each scenario. It is meant
// honestly: every choice below is what documentation, client examples and
// libraries do, the README names which, and nothing is left out in order to look
// bad. Nothing here comes from the hardened service's design.
//
//	crawl ─ XADD ─▶ naive:papers ───────── XREADGROUP ─▶ Summarize ─▶ LLM, store
//	                                                         │
//	                naive:notifications ◀─ XADD, one by one ─┘
//	                         └──────────── XREADGROUP ─▶ Deliver ─▶ webhook, store
//
// One stream for each topic, with its payload in the field "payload". Many
// consumers share a group: each worker of each process is one, named MEMBER-1
// to MEMBER-n, and reads for itself. An entry is acknowledged after the work.
// An error leaves it pending, and whoever looks first once it was idle for
// MinIdle claims it, whatever became of the consumer that had it. Streams are
// kept at [MaxLength] by XADD. The crawler keeps the last time that it saw and
// what it saw then ([Crawler]).
//
// What it does not leave out: it acknowledges after the work and not before, it
// claims what a dead consumer had, it bounds every wait, tries an LLM again with
// back-off, outlives a panic, finishes on SIGTERM what it has read, and makes as
// many calls at once, with the same time-outs, as the others.
//
// # What goes wrong, and where the hardened service differs
//
//   - A claim asks how long an entry was idle and not whether its consumer is
//     dead. Work that takes longer than MinIdle (an LLM that times out three
//     times, entries that wait behind a slow one in the same batch, a process
//     that was stopped for a while) is done by two at once, and both may
//     finish. There: a lease, and commits that are fenced.
//   - A crash between the work and XACK, or an XACK that does not arrive, does
//     the work again: the LLM is paid twice, the subscriber is told twice.
//     There: summaries are looked up, messages have ids, webhooks a key.
//   - A crash between two XADDs leaves a part of a paper's notifications, and
//     the repetition adds all of them again. There: all or none, by an outbox.
//   - go-redis sends an XADD again by itself when its answer does not come, so
//     an entry may be there twice. There: a script that knows message ids.
//   - Two entries of one subscriber are worked on at once by two consumers, and
//     a failed one comes back after later ones. There: one owner for a shard,
//     one lane for a key.
//   - XADD trims what nobody has read when consumers fall behind, and trimmed
//     entries leave the pending entries list without a word. There: produce is
//     refused at the limit.
//   - An entry that can never succeed comes back for ever. There: dead letters.
//   - One stream lies on one node, and its load with it.
package naive

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Stream is one of the profile's two streams.
type Stream struct{ prefix, name string }

// Papers is the stream of papers of a run; the prefix may be empty.
func Papers(prefix string) Stream { return Stream{prefix, "naive:papers"} }

// Notifications is the stream of notifications of a run; the prefix may be
// empty.
func Notifications(prefix string) Stream { return Stream{prefix, "naive:notifications"} }

// Name is what metrics and logs show: the key without the prefix.
func (s Stream) Name() string { return s.name }

// Key is the stream's Redis key, as in PREFIX:naive:papers.
func (s Stream) Key() string {
	if s.prefix == "" {
		return s.name
	}
	return s.prefix + ":" + s.name
}

// MaxLength is where XADD trims a stream, give or take a node of Redis' radix
// tree (100 entries).
const MaxLength = 10_000

// payloadField is the one field of an entry.
const payloadField = "payload"

func add(ctx context.Context, rdb *redis.ClusterClient, to Stream, value any) error {
	payload, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("writing it as JSON: %w", err)
	}
	err = rdb.XAdd(ctx, &redis.XAddArgs{
		Stream: to.Key(), MaxLen: MaxLength, Approx: true,
		Values: []any{payloadField, payload},
	}).Err()
	if err != nil {
		return fmt.Errorf("XADD to %s: %w", to.Key(), err)
	}
	return nil
}
