package watch

import (
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
	Redis      *redis.ClusterClient
	Key, Group string
}

// Name implements Source.
func (s Single) Name() string { return s.Key }

// Read implements Source.
func (s Single) Read(ctx context.Context) (Reading, error) {
	pipe := s.Redis.Pipeline()
	groups, length := pipe.XInfoGroups(ctx, s.Key), pipe.XLen(ctx, s.Key)
	oldest := pipe.XPending(ctx, s.Key, s.Group)
	if _, err := pipe.Exec(ctx); err != nil {
		return Reading{}, fmt.Errorf("read group %s of %s: %w", s.Group, s.Key, err)
	}
	r := Reading{Stream: s.Key, Group: s.Group, Length: length.Val()}
	for _, g := range groups.Val() {
		if g.Name != s.Group {
			continue
		}
		r.Pending = g.Pending
		if lag := g.Lag; lag >= 0 { // the client library's word for null is -1
			r.Lag = &lag
		}
	}
	if ms, _, found := strings.Cut(oldest.Val().Lower, "-"); found {
		if at, err := strconv.ParseInt(ms, 10, 64); err == nil {
			r.OldestPending = max(time.Since(time.UnixMilli(at)), 0)
		}
	}
	return r, nil
}
