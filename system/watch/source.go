package watch

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/system/stream"
)

// Sharded reads a sharded stream: sums over its shards, and unknown as soon as
// one shard's lag is.
type Sharded struct {
	Stream *stream.Stream
	Group  string
}

// Name implements Source.
func (s Sharded) Name() string { return s.Stream.Name() }

// Read implements Source.
func (s Sharded) Read(ctx context.Context) (Reading, error) {
	infos, err := s.Stream.Inspect(ctx, s.Group)
	if err != nil {
		return Reading{}, err
	}
	sum := newSum(s.Name(), s.Group)
	for _, i := range infos {
		sum.add(Reading{Lag: i.Lag, Pending: i.Pending, Length: i.Length, DeadLetters: i.DeadLetters, OldestPending: i.OldestPending})
	}
	return *sum, nil
}

// Single reads one plain Redis stream.
type Single struct {
	Redis *redis.ClusterClient
	// Stream is the name that is shown, Key where it lies.
	Stream, Key, Group string
}

// Name implements Source.
func (s Single) Name() string { return s.Stream }

// Read implements Source. A stream that nobody has written to is an empty one,
// and to a group that nobody has made nothing was delivered: all that stands on
// the stream is lag.
func (s Single) Read(ctx context.Context) (Reading, error) {
	pipe := s.Redis.Pipeline()
	groups, length := pipe.XInfoGroups(ctx, s.Key), pipe.XLen(ctx, s.Key)
	oldest := pipe.XPending(ctx, s.Key, s.Group)
	_, _ = pipe.Exec(ctx) // it is the first of the three errors
	if err := cmp.Or(unlessMissing(groups.Err()), length.Err(), unlessMissing(oldest.Err())); err != nil {
		return Reading{}, fmt.Errorf("read group %s of %s: %w", s.Group, s.Key, err)
	}
	lag := length.Val()
	r := Reading{Stream: s.Stream, Group: s.Group, Length: length.Val(), Lag: &lag}
	for _, g := range groups.Val() {
		if g.Name != s.Group {
			continue
		}
		r.Pending, lag = g.Pending, g.Lag
		if lag < 0 { // the client library's word for null
			r.Lag = nil
		}
	}
	if oldest.Err() == nil {
		r.OldestPending = age(oldest.Val().Lower)
	}
	return r, nil
}

// Partitioned reads a topic that lies on several plain streams, each with its
// dead letters: sums, and unknown as soon as one stream's lag is.
type Partitioned struct {
	Redis *redis.ClusterClient
	// Topic is the name that is shown, Keys where its streams lie.
	Topic string
	Keys  []string
	// DeadKey is where the dead letters of a stream lie.
	DeadKey func(key string) string
	Group   string
}

// Name implements Source.
func (p Partitioned) Name() string { return p.Topic }

// Read implements Source.
func (p Partitioned) Read(ctx context.Context) (Reading, error) {
	sum := newSum(p.Topic, p.Group)
	for _, key := range p.Keys {
		r, err := Single{Redis: p.Redis, Stream: p.Topic, Key: key, Group: p.Group}.Read(ctx)
		if err != nil {
			return Reading{}, err
		}
		if r.DeadLetters, err = p.Redis.XLen(ctx, p.DeadKey(key)).Result(); err != nil {
			return Reading{}, fmt.Errorf("count the dead letters of %s: %w", key, err)
		}
		sum.add(r)
	}
	return *sum, nil
}

// newSum is a reading of nothing, to be added to.
func newSum(stream, group string) *Reading {
	return &Reading{Stream: stream, Group: group, Lag: new(int64)}
}

func (r *Reading) add(part Reading) {
	r.Pending += part.Pending
	r.Length += part.Length
	r.DeadLetters += part.DeadLetters
	r.OldestPending = max(r.OldestPending, part.OldestPending)
	if r.Lag == nil || part.Lag == nil {
		r.Lag = nil
		return
	}
	*r.Lag += *part.Lag
}

// unlessMissing is nil for the errors that say that the stream or its group is
// not there.
func unlessMissing(err error) error {
	if err != nil && (strings.HasPrefix(err.Error(), "NOGROUP") || err.Error() == "ERR no such key") {
		return nil
	}
	return err
}

// age is the time since an entry id was given; 0 for "", which is no entry.
func age(entry string) time.Duration {
	ms, _, _ := strings.Cut(entry, "-")
	at, err := strconv.ParseInt(ms, 10, 64)
	if err != nil {
		return 0
	}
	return max(time.Since(time.UnixMilli(at)), 0)
}
