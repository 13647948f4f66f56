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
	lag := int64(0)
	r := Reading{Stream: s.Name(), Group: s.Group, Lag: &lag}
	for _, i := range infos {
		r.Pending += i.Pending
		r.Length += i.Length
		r.DeadLetters += i.DeadLetters
		r.OldestPending = max(r.OldestPending, i.OldestPending)
		if i.Lag == nil {
			r.Lag = nil
			continue
		}
		lag += *i.Lag
	}
	return r, nil
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
