package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/system/service"
)

const (
	// fetchBatch bounds one fetch, claim or scan of the pending entries list.
	fetchBatch = 128
	// An idle shard is polled after idleMin, then ever less often up to idleMax.
	idleMin, idleMax = 5 * time.Millisecond, 40 * time.Millisecond
	trimEvery        = time.Second
)

// fetchAll first claims the whole pending entries list in id order, then takes
// new entries as there is room for them, until the context ends. Between
// fetches it sweeps and trims.
func (o *owner) fetchAll(ctx context.Context) {
	o.retry(ctx, "claim pending entries", func() error { return o.catchUp(ctx) })
	sweepEvery := 2 * o.c.cfg.Lease
	nextSweep, nextTrim := time.Now().Add(sweepEvery), time.Now().Add(trimEvery)
	idle := idleMin
	for ctx.Err() == nil {
		if now := time.Now(); now.After(nextSweep) {
			nextSweep = now.Add(sweepEvery)
			o.retry(ctx, "sweep pending entries", func() error { return o.claimPending(ctx, o.c.cfg.Lease) })
		}
		if now := time.Now(); now.After(nextTrim) {
			nextTrim = now.Add(trimEvery)
			o.retry(ctx, "trim", func() error { return o.c.cfg.Stream.trim(ctx, o.shard) })
		}
		var fetched int
		o.retry(ctx, "fetch", func() (err error) { fetched, err = o.fetch(ctx); return err })
		if fetched > 0 {
			idle = idleMin
			continue
		}
		service.Pause(ctx, idle)
		idle = min(2*idle, idleMax)
	}
}

// retry repeats a step until it succeeds, the context ends, or the step finds
// that the tenure is lost.
func (o *owner) retry(ctx context.Context, what string, step func() error) {
	for wait := 20 * time.Millisecond; ctx.Err() == nil; wait = min(2*wait, time.Second) {
		err := scriptError(step())
		switch {
		case err == nil || ctx.Err() != nil:
			return
		case ends(err):
			o.lose(err)
			return
		case strings.HasPrefix(err.Error(), "NOGROUP"):
			// A failover can lose the group with the last writes.
			err = o.c.cfg.Stream.ensureGroup(ctx, o.shard, o.c.cfg.Group)
		}
		if err != nil {
			o.log.Warn("will try again", "step", what, "error", err)
		}
		service.Pause(ctx, jitter(wait))
	}
}

// fetch takes new entries, at most as many as there is room for, once the owner
// and Redis agree on what was delivered so far.
func (o *owner) fetch(ctx context.Context) (int, error) {
	room := o.room(ctx)
	if room == 0 {
		return 0, nil
	}
	cfg := o.c.cfg
	reply, err := fetchScript.Run(ctx, cfg.Stream.rdb,
		[]string{o.keys.lease(cfg.Group), o.keys.entries, o.keys.outbox},
		o.token, cfg.Group, cfg.Member, min(room, fetchBatch), o.delivered, cfg.Stream.spec.Limit).Slice()
	if err != nil {
		return 0, err
	}
	if len(reply) != 2 {
		return 0, fmt.Errorf("the fetch script answered %d values instead of 2", len(reply))
	}
	given, agreed := reply[1].([]any)
	if !agreed {
		o.log.Info("claiming what was delivered and did not arrive", "known", o.delivered, "delivered", reply[0])
		return 0, o.catchUp(ctx)
	}
	entries, err := o.parse(given)
	if err != nil {
		return 0, err
	}
	if n := len(entries); n > 0 {
		o.delivered = entries[n-1].ID
	}
	for i := range entries {
		entries[i].Deliveries = 1
	}
	o.take(entries)
	return len(entries), nil
}

// catchUp claims all pending entries that are not in hand, which are those up to
// the group's last delivered id: nobody else is given any. It is the takeover,
// and what follows when the answer of a fetch was lost.
func (o *owner) catchUp(ctx context.Context) error {
	last, found, err := o.c.cfg.Stream.delivered(ctx, o.shard, o.c.cfg.Group)
	if err != nil {
		return err
	}
	if !found {
		return errors.New("NOGROUP the consumer group is not there")
	}
	if earlier(last, o.delivered) {
		return errForgotten
	}
	if err := o.claimPending(ctx, 0); err != nil {
		return err
	}
	o.delivered = last
	return nil
}

// earlier compares entry ids, MILLISECONDS-SEQUENCE each; "" is before all.
func earlier(a, b string) bool {
	return slices.Compare(numbers(a), numbers(b)) < 0
}

func numbers(id string) []uint64 {
	ms, seq, found := strings.Cut(id, "-")
	if !found {
		return nil
	}
	first, _ := strconv.ParseUint(ms, 10, 64)
	second, _ := strconv.ParseUint(seq, 10, 64)
	return []uint64{first, second}
}

// claimPending walks the pending entries list in id order and claims what has
// been idle for at least the given time and is not in hand. A claim whose answer
// is lost may be repeated.
func (o *owner) claimPending(ctx context.Context, idle time.Duration) error {
	cfg := o.c.cfg
	for from := "-"; ctx.Err() == nil; {
		room := o.room(ctx)
		if room == 0 {
			return nil
		}
		pending, err := cfg.Stream.rdb.XPendingExt(ctx, &redis.XPendingExtArgs{
			Stream: o.keys.entries, Group: cfg.Group, Idle: idle,
			Start: from, End: "+", Count: int64(min(room, fetchBatch)),
		}).Result()
		if err != nil || len(pending) == 0 {
			return err
		}
		if err := o.claim(ctx, pending); err != nil {
			return err
		}
		from = "(" + pending[len(pending)-1].ID
	}
	return nil
}

func (o *owner) claim(ctx context.Context, pending []redis.XPendingExt) error {
	cfg := o.c.cfg
	args := []any{o.token, cfg.Group, cfg.Member}
	deliveries := make(map[string]int64, len(pending))
	for _, p := range pending {
		if !o.has(p.ID) {
			args = append(args, p.ID)
			deliveries[p.ID] = p.RetryCount + 1
		}
	}
	if len(deliveries) == 0 {
		return nil
	}
	reply, err := claimScript.Run(ctx, cfg.Stream.rdb,
		[]string{o.keys.lease(cfg.Group), o.keys.entries}, args...).Slice()
	if err != nil {
		return err
	}
	entries, err := o.parse(reply)
	if err != nil {
		return err
	}
	for i := range entries {
		entries[i].Deliveries = deliveries[entries[i].ID]
	}
	o.take(entries)
	return nil
}

// trim removes what every group has acknowledged and is past the retention.
func (s *Stream) trim(ctx context.Context, shard int) error {
	return trimScript.Run(ctx, s.rdb, []string{s.keys[shard].entries}, s.spec.Retain.Milliseconds()).Err()
}

// parse reads entries from a script's answer: [id, [field, value, …]] each. An
// entry that somebody else wrote may lack our fields; they are then empty, and
// it is for the handler to reject it.
func (o *owner) parse(reply []any) ([]Entry, error) {
	entries := make([]Entry, 0, len(reply))
	for _, r := range reply {
		pair, ok := r.([]any)
		if !ok || len(pair) != 2 {
			return nil, fmt.Errorf("shard %d: not an entry: %v", o.shard, r)
		}
		e := Entry{Shard: o.shard}
		e.ID, _ = pair[0].(string)
		fields, _ := pair[1].([]any)
		for i := 0; i+1 < len(fields); i += 2 {
			value, _ := fields[i+1].(string)
			switch fields[i] {
			case "id":
				e.Message.ID = value
			case "key":
				e.Key = value
			case "payload":
				e.Payload = []byte(value)
			}
		}
		entries = append(entries, e)
	}
	return entries, nil
}
