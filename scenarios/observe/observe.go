// Package observe is the lab's own pair of eyes on Redis and on the store.
//
// A witness must not share code with the suspect: this package knows the
// service's key names and table columns as an operator would, from the
// documentation, and reads them with clients of its own, past all links.
//
// Six things are watched while a run lasts:
//
//	entries    every entry of every stream, read with XREAD     -> Accept
//	readings   lag, pending and length from XINFO, null as null -> Sample
//	leases     whose name stands in each shard's lease          -> Takeover
//	usage      commands carried out and bytes held, from INFO   -> Usage
//	consumers  what each consumer has in hand, when asked
//	strikes    planted defects that say that they struck        -> Strike
//
// and two are read at the end: rows of the store, and dead letters.
package observe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"paperlab/reports/history"
	"paperlab/system/service"
)

const (
	tailEvery   = 100 * time.Millisecond
	sampleEvery = 250 * time.Millisecond
	findEvery   = time.Second
	// askedAtOnce is fewer than the client has connections to a node.
	askedAtOnce = 16
)

// groups names the consumer group of each logical stream.
var groups = map[string]string{"papers": "summarize", "notifications": "deliver"}

// source is one Redis stream that was found.
type source struct {
	key    string
	stream string // "papers" or "notifications"
	shard  int
	// last is the id of the last entry that was read.
	last string
	// keys begins the names of all keys of a shard, "" for a stream that is none;
	// owner is who holds its lease.
	keys, owner string
	// dead is the key of its dead letters, "" if it has none.
	dead string
}

// Observer watches a cluster and records what it sees.
type Observer struct {
	rdb *redis.ClusterClient
	// prefix begins every key of the run: empty, or "RUN:".
	prefix string
	rec    *history.Recorder
	// own counts what the observer itself asks.
	own counter

	mu sync.Mutex
	// sources are in the order of their keys; they are added, never removed.
	sources []*source
	// backlog is of the last complete reading, nil if it is not known.
	backlog *int64

	life service.Life
}

// New makes an observer of the streams under a run's prefix, which may be
// empty. The client stays the caller's, but nobody else may use it: its commands
// are counted as the observer's.
func New(rdb *redis.ClusterClient, prefix string, rec *history.Recorder) *Observer {
	if prefix != "" {
		prefix += ":"
	}
	o := &Observer{rdb: rdb, prefix: prefix, rec: rec}
	rdb.AddHook(&o.own)
	return o
}

// Start begins to watch: streams that do not exist yet are found when they do.
func (o *Observer) Start(ctx context.Context) error {
	return o.life.Start(ctx, func(context.Context) error {
		o.every(findEvery, "find streams", o.find)
		o.every(tailEvery, "read entries", o.tail)
		o.every(sampleEvery, "read groups", o.sample)
		o.every(tailEvery, "read leases", o.leases)
		o.life.Go(o.hear)
		o.every(usageEvery, "read usage", o.usage)
		return nil
	})
}

// Stop ends the watch.
func (o *Observer) Stop() { o.life.Stop() }

// every repeats a look; a look that fails is repeated like one that did not,
// because Redis is meant to fail here.
func (o *Observer) every(period time.Duration, what string, look func(context.Context) error) {
	ctx := o.life.Taking()
	o.life.Go(func() {
		ticker := time.NewTicker(period)
		defer ticker.Stop()
		for {
			if err := look(ctx); err != nil && ctx.Err() == nil {
				slog.Debug("observer looks again", "what", what, "error", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	})
}

// find looks where the service documents its streams: sharded ones in their
// routing tables ({papers}:routing), plain ones under their own names
// (naive:papers), partitions under their numbers (careful:{papers:0} and on),
// each after the run's prefix. It does not search the keyspace, which may be
// large and somebody else's.
func (o *Observer) find(ctx context.Context) (err error) {
	for _, stream := range slices.Sorted(maps.Keys(groups)) {
		plain := o.prefix + "naive:" + stream
		n, failed := o.rdb.Exists(ctx, plain).Result()
		err = errors.Join(err, failed)
		if n > 0 {
			o.add(&source{key: plain, stream: stream, last: "0"})
		}
		err = errors.Join(err, o.findPartitions(ctx, stream))
		table, failed := o.rdb.Get(ctx, "{"+o.prefix+stream+"}:routing").Bytes()
		if errors.Is(failed, redis.Nil) {
			continue
		}
		var routing struct{ Tags []string }
		err = errors.Join(err, failed, json.Unmarshal(table, &routing))
		for shard, tag := range routing.Tags {
			keys := "{" + tag + "}:"
			o.add(&source{key: keys + "entries", stream: stream, shard: shard, last: "0", keys: keys, dead: keys + "dead"})
		}
	}
	return err
}

// mostPartitions is how many partitions are looked for.
const mostPartitions = 1024

// findPartitions counts on until a partition is not there. The service makes
// all of them when it starts, so that a gap is one that is looked into again a
// moment later.
func (o *Observer) findPartitions(ctx context.Context, stream string) error {
	for n := range mostPartitions {
		key := fmt.Sprintf("%scareful:{%s:%d}", o.prefix, stream, n)
		found, err := o.rdb.Exists(ctx, key).Result()
		if err != nil || found == 0 {
			return err
		}
		o.add(&source{key: key, stream: stream, shard: n, last: "0", dead: key + ":dead"})
	}
	return nil
}

func (o *Observer) add(s *source) {
	o.mu.Lock()
	defer o.mu.Unlock()
	at, found := slices.BinarySearchFunc(o.sources, s.key, func(s *source, key string) int {
		return strings.Compare(s.key, key)
	})
	if !found {
		o.sources = slices.Insert(o.sources, at, s)
	}
}

func (o *Observer) known() []*source {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.sources)
}

// shards are the sources that have an owner, an outbox and dead letters.
func (o *Observer) shards() []*source {
	return slices.DeleteFunc(o.known(), func(s *source) bool { return s.keys == "" })
}

// ask puts a question about each source, all in one pipeline.
func ask[Answer any](ctx context.Context, o *Observer, sources []*source, question func(redis.Pipeliner, *source) Answer) ([]Answer, error) {
	pipe := o.rdb.Pipeline()
	answers := make([]Answer, len(sources))
	for i, s := range sources {
		answers[i] = question(pipe, s)
	}
	_, err := pipe.Exec(ctx)
	if errors.Is(err, redis.Nil) {
		return answers, nil
	}
	return answers, err
}

// Owners lists the shards of a stream by owner, as last seen. An ownerless
// shard is listed under "".
func (o *Observer) Owners(stream string) map[string][]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	owners := make(map[string][]int)
	for _, s := range o.sources {
		if s.stream == stream && s.keys != "" {
			owners[s.owner] = append(owners[s.owner], s.shard)
		}
	}
	return owners
}

// leases notes each shard that changed hands. A lease that runs out and is
// taken again by the same member is no takeover.
func (o *Observer) leases(ctx context.Context) error {
	sources := o.shards()
	replies, err := ask(ctx, o, sources, func(pipe redis.Pipeliner, s *source) *redis.StringCmd {
		return pipe.Get(ctx, s.keys+"lease:"+groups[s.stream])
	})
	for i, s := range sources {
		holder, failed := replies[i].Result()
		if failed != nil {
			continue
		}
		owner, _, _ := strings.Cut(holder, " ")
		o.mu.Lock()
		before := s.owner
		s.owner = owner
		o.mu.Unlock()
		if before != "" && before != owner {
			o.rec.Record(history.TookOver(s.stream, s.shard, before, owner))
		}
	}
	return err
}

// InHand counts the entries that are pending for a consumer, over all shards
// of all streams. Beside an error it is what those that answered have: a node that
// is away must not hide the work that stands on another.
func (o *Observer) InHand(ctx context.Context, consumer string) (int64, error) {
	sources := o.known()
	counts, failed := make([]int64, len(sources)), make([]error, len(sources))
	var asking errgroup.Group
	asking.SetLimit(askedAtOnce)
	for i, s := range sources {
		asking.Go(func() error { counts[i], failed[i] = o.pendingFor(ctx, s, consumer); return nil })
	}
	_ = asking.Wait()
	var total int64
	for _, n := range counts {
		total += n
	}
	return total, errors.Join(failed...)
}

func (o *Observer) pendingFor(ctx context.Context, s *source, consumer string) (n int64, err error) {
	consumers, err := o.rdb.XInfoConsumers(ctx, s.key, groups[s.stream]).Result()
	if err != nil && !absent(err) {
		return 0, fmt.Errorf("read consumers of %s: %w", s.key, err)
	}
	for _, c := range consumers {
		// The naive service runs several consumers in a process, the others one.
		if c.Name == consumer || strings.HasPrefix(c.Name, consumer+"-") {
			n += c.Pending
		}
	}
	return n, nil
}
