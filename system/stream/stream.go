package stream

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Message is what producers put on a stream.
type Message struct {
	// ID names the message; a message whose ID is known is not added again.
	ID string
	// Key is what order is kept for.
	Key     string
	Payload []byte
}

// Entry is a message as it stands on a shard.
type Entry struct {
	// ID is the Redis entry id. After a failover Redis may give the same one
	// to other content: it never serves to detect repeats.
	ID    string
	Shard int
	// Deliveries counts how often the entry was handed to a consumer, this
	// time included.
	Deliveries int64
	Message
}

// Spec describes a stream to open.
type Spec struct {
	// Name is the stream's name, such as "papers": what metrics and logs show.
	Name string
	// Prefix, if set, stands before the name in every Redis key, as in
	// {PREFIX:papers.3.1}:entries: runs with different ones share a cluster and
	// never meet.
	Prefix string
	// Shards is their number, 1 to MaxShards; 0 takes what is there.
	Shards int
	// Limit is the most entries a shard may hold, and the number of results
	// waiting in its outbox at which its owner takes no more work; 0 for 100,000.
	Limit int64
	// RepeatWindow is how long a message id is remembered, 0 for 7 days.
	RepeatWindow time.Duration
	// Retain is how long acknowledged entries stay readable, 0 for a minute.
	Retain time.Duration
}

func (s Spec) withDefaults() (Spec, error) {
	if s.Name == "" || strings.ContainsAny(s.Prefix+s.Name, "{} ") {
		return s, fmt.Errorf("%w: its name is %q, must not be empty, and its prefix %q; neither may contain braces or blanks", ErrSpec, s.Name, s.Prefix)
	}
	if s.Shards < 0 || s.Shards > MaxShards {
		return s, fmt.Errorf("%w: stream %s: shards is %d, must be 0 to %d", ErrSpec, s.Name, s.Shards, MaxShards)
	}
	if s.Limit < 0 || s.RepeatWindow < 0 || s.Retain < 0 {
		return s, fmt.Errorf("%w: stream %s: limit, repeat window and retention must not be negative", ErrSpec, s.Name)
	}
	s.Limit = cmp.Or(s.Limit, 100_000)
	s.RepeatWindow = cmp.Or(s.RepeatWindow, 7*24*time.Hour)
	s.Retain = cmp.Or(s.Retain, time.Minute)
	return s, nil
}

// qualified is the name as Redis keys carry it.
func (s Spec) qualified() string {
	if s.Prefix == "" {
		return s.Name
	}
	return s.Prefix + ":" + s.Name
}

// Stream is an open stream. It may be used from any number of goroutines.
type Stream struct {
	rdb     *redis.ClusterClient
	spec    Spec
	routing routing
	// keys has one element for each shard.
	keys []shardKeys
}

// Open makes the stream ready: it stores the routing table and each shard's
// limit if there are none, and reads the table that is in force. Opening is
// idempotent, and opening what is there writes nothing, so that it works when
// Redis is full: whoever is to make room must be able to start. It is an error
// if the stream has another number of shards than the spec asks for.
func Open(ctx context.Context, rdb *redis.ClusterClient, spec Spec) (*Stream, error) {
	spec, err := spec.withDefaults()
	if err != nil {
		return nil, err
	}
	table, err := loadRouting(ctx, rdb, spec)
	if err != nil {
		return nil, fmt.Errorf("open stream %s: %w", spec.Name, err)
	}
	s := &Stream{rdb: rdb, spec: spec, routing: table}
	for _, tag := range table.Tags {
		s.keys = append(s.keys, newShardKeys(tag))
	}
	if err := s.prepare(ctx); err != nil {
		return nil, fmt.Errorf("open stream %s: prepare shards: %w", spec.Name, err)
	}
	return s, nil
}

func (s *Stream) prepare(ctx context.Context) error {
	read, write := s.rdb.Pipeline(), s.rdb.Pipeline()
	found := make([]*redis.SliceCmd, len(s.keys))
	for shard, k := range s.keys {
		found[shard] = read.HMGet(ctx, k.meta, "routing", "limit")
	}
	if _, err := read.Exec(ctx); err != nil {
		return err
	}
	for shard, k := range s.keys {
		if slices.Contains(found[shard].Val(), nil) {
			write.HSetNX(ctx, k.meta, "routing", s.routing.Version)
			write.HSetNX(ctx, k.meta, "limit", s.spec.Limit)
		}
	}
	_, err := write.Exec(ctx)
	return err
}

func loadRouting(ctx context.Context, rdb *redis.ClusterClient, spec Spec) (routing, error) {
	key := "{" + spec.qualified() + "}:routing"
	stored, err := rdb.Get(ctx, key).Bytes()
	if errors.Is(err, redis.Nil) && spec.Shards > 0 {
		// Unless somebody else stores a first table before.
		if err := rdb.SetNX(ctx, key, newRouting(spec.qualified(), spec.Shards), 0).Err(); err != nil {
			return routing{}, fmt.Errorf("store routing table %s: %w", key, err)
		}
		stored, err = rdb.Get(ctx, key).Bytes()
	}
	if errors.Is(err, redis.Nil) {
		return routing{}, errors.New("it does not exist yet: give the number of shards")
	}
	if err != nil {
		return routing{}, fmt.Errorf("read routing table %s: %w", key, err)
	}
	var table routing
	if err := json.Unmarshal(stored, &table); err != nil {
		return routing{}, fmt.Errorf("routing table %s is not readable: %w", key, err)
	}
	if table.Tags == nil {
		table.Tags = shardTags(spec.qualified(), min(max(table.Shards, 0), MaxShards))
	}
	if err := table.validate(); err != nil {
		return routing{}, err
	}
	if spec.Shards > 0 && table.Shards != spec.Shards {
		return routing{}, fmt.Errorf("%w: it has %d shards, not %d: ask for %d, or start on an empty Redis",
			ErrSpec, table.Shards, spec.Shards, table.Shards)
	}
	return table, nil
}

// Name is the stream's name.
func (s *Stream) Name() string { return s.spec.Name }

// Shards is the number of shards.
func (s *Stream) Shards() int { return len(s.keys) }

// Shard is the shard that a key routes to.
func (s *Stream) Shard(key string) int { return s.routing.shard(key) }

// EnsureGroup creates the consumer group on every shard where it is missing.
// A new group begins at the start of the stream.
func (s *Stream) EnsureGroup(ctx context.Context, group string) error {
	for shard := range s.keys {
		if err := s.ensureGroup(ctx, shard, group); err != nil {
			return err
		}
	}
	return nil
}

// ensureGroup looks first: Redis refuses to create a group when it is full, also
// one that is there already.
func (s *Stream) ensureGroup(ctx context.Context, shard int, group string) error {
	if _, found, err := s.delivered(ctx, shard, group); found || err != nil {
		return err
	}
	err := s.rdb.XGroupCreateMkStream(ctx, s.keys[shard].entries, group, "0").Err()
	if err != nil && !strings.HasPrefix(err.Error(), "BUSYGROUP") {
		return fmt.Errorf("create group %s on shard %d of %s: %w", group, shard, s.Name(), err)
	}
	return nil
}

// delivered is the id of the last entry that a group was given on a shard.
func (s *Stream) delivered(ctx context.Context, shard int, group string) (id string, found bool, err error) {
	infos, err := s.rdb.XInfoGroups(ctx, s.keys[shard].entries).Result()
	if err != nil && err.Error() != "ERR no such key" {
		return "", false, fmt.Errorf("read groups of shard %d of %s: %w", shard, s.Name(), err)
	}
	for _, info := range infos {
		if info.Name == group {
			return info.LastDeliveredID, true, nil
		}
	}
	return "", false, nil
}
