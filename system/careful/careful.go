// Package careful is the same paper service as a good engineer builds it who
// follows Redis' own advice and adds no coordinator. The lab runs it beside the
// naive and the hardened one: it shows what good habits alone give, at what
// price, and where they end.
//
//	crawl ─ XADD ─▶ careful:{papers:0…n} ────── one process each ─▶ Summarize ─▶ LLM, store
//	                                                                   │
//	                careful:{notifications:0…n} ◀─ XADD, one by one ───┘
//	                          └──────────────── one process each ─▶ Deliver ─▶ webhook, store
//
// What it does, and who advises it (the README names the sources):
//
//   - A topic is n streams, its partitions. A key's entries are all on one, by
//     its hash, and each partition has a hash tag of its own, so that they lie
//     on all nodes.
//   - A partition is read by one process, p modulo the number of processes:
//     Redis keeps order for "N streams with N consumers, so that only a given
//     consumer hits a subset of the N streams", and for no group that shares a
//     stream. Keys of a batch are worked on side by side, a key's entries one
//     after the other.
//   - A consumer's name is its process's and outlives it. It begins with what
//     it has pending, in order, and comes to new entries when nothing is left.
//     Pending entries of other names (there were more processes once) are
//     claimed when they were idle for MinIdle.
//   - Work can be repeated. A summary that is stored is not asked for again. A
//     notification that has a row is not sent again, and every attempt to send
//     one carries the same Idempotency-Key. The row is a UNIQUE one in the store
//     and not SET NX EX: set before the work it would lose what a crash leaves
//     undone, set after it a row does the same, does not expire, and cannot be
//     evicted.
//   - An entry that was delivered MaxDeliveries times goes to the partition's
//     dead letters with its reason; one that can never succeed goes at once.
//   - XADD trims nothing. What is acknowledged is removed by MINID, after Keep.
//   - The second LLM is asked when the first fails, in the same handling. There
//     is no breaker.
//
// # What goes wrong, and where the hardened service differs
//
//   - A process that dies takes its partitions along until it is started again,
//     or until somebody changes the number of processes everywhere. There: a
//     lease ends, and another owner takes over.
//   - Two processes with one number (an old one that did not end, one that was
//     stopped for a while and is replaced) work on the same entries. There:
//     commits are fenced.
//   - A crash between two XADDs leaves a part of a paper's notifications until
//     the repetition adds them all again. Repeats stand on the streams, and are
//     found by whoever reads. There: all or none, and message ids.
//   - A crash between the webhook's answer and the row sends it again; the
//     receiver must know the key. There too.
//   - A failing entry holds up its partition, everybody else's entries behind
//     it, until it succeeds or is a dead letter; and an outage that outlasts
//     MaxDeliveries makes dead letters of good entries. There: a key is parked,
//     and an outage counts for nothing.
//   - Every call to a slow LLM is waited for up to its time-out. There: a
//     breaker.
//   - Tags are spread by hash, that is by luck. There: by construction.
package careful

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"regexp"
	"strconv"

	"github.com/redis/go-redis/v9"

	"paperlab/system/crawl"
	"paperlab/system/paper"
)

// Topic is one of the profile's two topics: a number of streams.
type Topic struct {
	prefix, name string
	// partitions is 1 or more, and the same in every process.
	partitions int
}

// Papers is the topic of papers of a run, in so many partitions; the prefix may
// be empty.
func Papers(prefix string, partitions int) Topic { return Topic{prefix, "papers", partitions} }

// Notifications is the topic of notifications of a run; the prefix may be empty.
func Notifications(prefix string, partitions int) Topic {
	return Topic{prefix, "notifications", partitions}
}

// Name is what metrics and logs show.
func (t Topic) Name() string { return "careful:" + t.name }

// Keys are the Redis keys of the partitions, as in PREFIX:careful:{papers:3}.
func (t Topic) Keys() (keys []string) {
	for n := range t.partitions {
		keys = append(keys, t.key(n))
	}
	return keys
}

func (t Topic) key(partition int) string {
	key := fmt.Sprintf("careful:{%s:%d}", t.name, partition)
	if t.prefix != "" {
		key = t.prefix + ":" + key
	}
	return key
}

// DeadKey is the Redis key of a partition's dead letters.
func DeadKey(partition string) string { return partition + ":dead" }

// of is the partition of a key.
func (t Topic) of(key string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // a hash never fails
	return int(h.Sum32() % uint32(t.partitions))
}

// The fields of an entry: its message id, the key that order is kept for, and
// what it says.
const (
	idField      = "id"
	keyField     = "key"
	payloadField = "payload"
)

// add adds one message to its key's partition. There is no MAXLEN: what nobody
// has read is not for the producer to throw away, and a full Redis says so.
func (t Topic) add(ctx context.Context, rdb *redis.ClusterClient, id, key string, value any) error {
	payload, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("writing %s as JSON: %w", id, err)
	}
	to := t.key(t.of(key))
	err = rdb.XAdd(ctx, &redis.XAddArgs{Stream: to, Values: []any{idField, id, keyField, key, payloadField, payload}}).Err()
	if err != nil {
		return fmt.Errorf("XADD %s to %s: %w", id, to, err)
	}
	return nil
}

// Adding is a naive.CrawlConfig's Add for the papers topic.
func Adding(rdb *redis.ClusterClient, to Topic, m *crawl.Metrics) func(context.Context, paper.Paper) error {
	return func(ctx context.Context, p paper.Paper) error {
		if err := to.add(ctx, rdb, p.VersionID(), p.ID, p); err != nil {
			return err
		}
		m.Produced(to.Name(), false)
		return nil
	}
}

// Place is a process's place among all of its role.
type Place struct {
	// Number is any whole number; it counts modulo Members.
	Number int
	// Members is how many processes the role has, 1 or more.
	Members int
}

var number = regexp.MustCompile(`[0-9]+$`)

// PlaceOf reads the number that a process's name ends with, as in summarize-2:
// what a StatefulSet gives. A single member needs none.
func PlaceOf(name string, members int) (Place, error) {
	if members < 1 {
		return Place{}, fmt.Errorf("--members is %d; it must be at least 1", members)
	}
	n, err := strconv.Atoi(number.FindString(name))
	if err != nil && members > 1 {
		return Place{}, fmt.Errorf("--name is %q; of %d members each one's must end with its number, as in summarize-2", name, members)
	}
	return Place{n, members}, nil
}

// reads tells whether a partition is this process's.
func (p Place) reads(partition int) bool { return partition%p.Members == p.Number%p.Members }

// ErrHopeless marks a handler's error that no repetition cures: the entry is a
// dead letter at once.
var ErrHopeless = errors.New("it can never succeed")
