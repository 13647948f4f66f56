package observe

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/redis/go-redis/v9"

	"paperlab/reports/history"
	"paperlab/system/paper"
)

// tailCount bounds one read of one stream; what is left comes with the next.
const tailCount = 2000

// tail reads what is new on every stream and records each entry.
func (o *Observer) tail(ctx context.Context) error {
	sources := o.known()
	pipe := o.rdb.Pipeline()
	replies := make([]*redis.XStreamSliceCmd, len(sources))
	for i, s := range sources {
		// A negative block means none; zero would wait for ever.
		replies[i] = pipe.XRead(ctx, &redis.XReadArgs{Streams: []string{s.key, s.last}, Count: tailCount, Block: -1})
	}
	_, err := pipe.Exec(ctx)
	for i, s := range sources {
		streams, failed := replies[i].Result()
		if failed != nil {
			continue
		}
		for _, entry := range streams[0].Messages {
			o.rec.Record(accepted(s, entry))
			s.last = entry.ID
		}
	}
	if errors.Is(err, redis.Nil) {
		return nil
	}
	return err
}

// accepted tells what stands in an entry. It is read from the payload, which
// both profiles write alike, and not from the hardened profile's own fields.
func accepted(s *source, entry redis.XMessage) history.Event {
	at := history.Place{Stream: s.stream, Shard: s.shard, Entry: entry.ID}
	payload, _ := entry.Values["payload"].(string)
	switch s.stream {
	case "papers":
		var p paper.Paper
		if json.Unmarshal([]byte(payload), &p) == nil && p.ID != "" {
			return history.AcceptedPaper(at, p.ID, p.Version)
		}
	case "notifications":
		var n paper.Notification
		if json.Unmarshal([]byte(payload), &n) == nil && n.Paper != "" {
			return history.AcceptedNotification(at, n)
		}
	}
	return history.Unreadable(at)
}

// sample reads every consumer group and records one reading for each logical
// stream. A shard whose lag Redis does not know makes the whole reading
// unknown: half a sum would look like a small lag.
func (o *Observer) sample(ctx context.Context) error {
	sources := o.known()
	pipe := o.rdb.Pipeline()
	infos := make([]*redis.XInfoGroupsCmd, len(sources))
	lengths := make([]*redis.IntCmd, len(sources))
	for i, s := range sources {
		infos[i] = pipe.XInfoGroups(ctx, s.key)
		lengths[i] = pipe.XLen(ctx, s.key)
	}
	_, err := pipe.Exec(ctx)
	sums := make(map[string]*sums)
	for i, s := range sources {
		if sums[s.stream] == nil {
			sums[s.stream] = newSums()
		}
		sums[s.stream].add(groups[s.stream], infos[i], lengths[i])
	}
	reading := Reading{Backlog: new(int64)}
	// Always in the same order: a round of readings ends where its first gauge
	// comes up again, and would otherwise mix two of them.
	for _, stream := range []string{"papers", "notifications"} {
		sum := sums[stream]
		if sum == nil {
			continue
		}
		o.rec.Record(history.Sampled(stream, "lag", sum.lag, sum.lagKnown))
		o.rec.Record(history.Sampled(stream, "pending", sum.pending, sum.known))
		o.rec.Record(history.Sampled(stream, "length", sum.length, sum.known))
		if !sum.lagKnown || !sum.known {
			reading.Backlog = nil
		}
		if reading.Backlog != nil {
			*reading.Backlog += sum.lag + sum.pending
		}
	}
	o.mu.Lock()
	o.latest = reading
	o.mu.Unlock()
	return err
}

// Latest is the last complete reading.
func (o *Observer) Latest() Reading {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.latest
}

// absent tells that a stream has a place and does not exist yet.
func absent(err error) bool { return err != nil && err.Error() == "ERR no such key" }

// sums adds up the shards of a stream.
type sums struct {
	lag, pending, length int64
	lagKnown, known      bool
}

func newSums() *sums { return &sums{lagKnown: true, known: true} }

func (t *sums) add(group string, infos *redis.XInfoGroupsCmd, length *redis.IntCmd) {
	if absent(infos.Err()) && length.Val() == 0 {
		return // nobody has written to it yet
	}
	if infos.Err() != nil || length.Err() != nil {
		t.known, t.lagKnown = false, false
		return
	}
	t.length += length.Val()
	for _, g := range infos.Val() {
		if g.Name != group {
			continue
		}
		t.pending += g.Pending
		if g.Lag < 0 { // the client library's word for null
			t.lagKnown = false
			return
		}
		t.lag += g.Lag
		return
	}
	// Nobody has read it yet: everything on it is lag.
	t.lag += length.Val()
}
