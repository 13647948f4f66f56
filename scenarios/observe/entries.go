package observe

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/redis/go-redis/v9"

	"paperlab/reports/history"
	"paperlab/system/paper"
)

// tailCount bounds one read of one stream; what is left comes with the next.
const tailCount = 2000

// tail reads what is new on every stream and records each entry.
func (o *Observer) tail(ctx context.Context) error {
	sources := o.known()
	replies, err := ask(ctx, o, sources, func(pipe redis.Pipeliner, s *source) *redis.XStreamSliceCmd {
		// A negative block means none; zero would wait for ever.
		return pipe.XRead(ctx, &redis.XReadArgs{Streams: []string{s.key, s.last}, Count: tailCount, Block: -1})
	})
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
	return err
}

// accepted tells what stands in an entry. It is read from the payload, which
// all profiles write alike, and not from the hardened profile's own fields.
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
	answers, err := ask(ctx, o, sources, func(pipe redis.Pipeliner, s *source) groupAndLength {
		return groupAndLength{pipe.XInfoGroups(ctx, s.key), pipe.XLen(ctx, s.key)}
	})
	backlog := new(int64)
	// Always in the same order: a round of readings ends where its first gauge
	// comes up again, and would otherwise mix two of them.
	for _, stream := range []string{"papers", "notifications"} {
		sum := sums{known: true, lagKnown: true}
		found := false
		for i, s := range sources {
			if s.stream == stream {
				found = true
				sum.add(groups[stream], answers[i])
			}
		}
		if !found {
			continue
		}
		o.rec.Record(history.Sampled(stream, "lag", sum.lag, sum.lagKnown))
		o.rec.Record(history.Sampled(stream, "pending", sum.pending, sum.known))
		o.rec.Record(history.Sampled(stream, "length", sum.length, sum.known))
		if !sum.lagKnown {
			backlog = nil
		}
		if backlog != nil {
			*backlog += sum.lag + sum.pending
		}
	}
	o.mu.Lock()
	o.backlog = backlog
	o.mu.Unlock()
	return err
}

// Backlog is what all streams hold by the last complete reading: lag and
// pending. Nil means that Redis did not know a lag, or could not be asked.
func (o *Observer) Backlog() *int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.backlog
}

// absent tells that a stream has a place and does not exist yet.
func absent(err error) bool { return err != nil && err.Error() == "ERR no such key" }

// groupAndLength are the answers about one stream.
type groupAndLength struct {
	groups *redis.XInfoGroupsCmd
	length *redis.IntCmd
}

// sums adds up the shards of a stream. Where nothing is known, the lag is not
// either.
type sums struct {
	lag, pending, length int64
	lagKnown, known      bool
}

func (t *sums) add(group string, a groupAndLength) {
	if absent(a.groups.Err()) && a.length.Val() == 0 {
		return // nobody has written to it yet
	}
	if a.groups.Err() != nil || a.length.Err() != nil {
		t.known, t.lagKnown = false, false
		return
	}
	t.length += a.length.Val()
	at := slices.IndexFunc(a.groups.Val(), func(g redis.XInfoGroup) bool { return g.Name == group })
	if at < 0 {
		t.lag += a.length.Val() // nobody has read it yet: everything on it is lag
		return
	}
	g := a.groups.Val()[at]
	t.pending += g.Pending
	if g.Lag < 0 { // the client library's word for null
		t.lagKnown = false
		return
	}
	t.lag += g.Lag
}
