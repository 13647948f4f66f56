package stream

import (
	"context"
	"fmt"
	"time"

	"paperlab/system/service"
)

// commitBatch bounds the entries of one commit. commitResults bounds their
// results, but for the last entry's: Redis takes about 100,000 in the time that
// it has for an answer, and a commit that takes longer is sent again and again.
const commitBatch, commitResults = 128, 1000

// outcome is what became of an entry: its results, or the reason why it is a
// dead letter.
type outcome struct {
	Entry
	results  []Outgoing
	dead     string
	attempts int
}

// commitAll commits outcomes in the order in which lanes finished them, as
// many at a time as there are, until the channel is closed.
func (o *owner) commitAll() {
	for first := range o.finished {
		batch := o.gather(first)
		o.commit(batch)
		o.drop(batch)
	}
}

// gather adds outcomes that are there already, as far as one commit may go.
func (o *owner) gather(first outcome) []outcome {
	batch, results := []outcome{first}, len(first.results)
	for len(batch) < commitBatch && results < commitResults {
		select {
		case next, more := <-o.finished:
			if !more {
				return batch
			}
			batch, results = append(batch, next), results+len(next.results)
		default:
			return batch
		}
	}
	return batch
}

// commit sends a batch until Redis has answered or the lease is lost. Sending
// it twice is harmless: only entries still pending have their results written.
func (o *owner) commit(batch []outcome) {
	for wait := 20 * time.Millisecond; o.trust.Err() == nil; wait = min(2*wait, time.Second) {
		ctx, cancel := context.WithTimeout(o.trust, o.c.cfg.Lease)
		err := o.commitOnce(ctx, batch)
		cancel()
		switch {
		case err == nil:
			o.commits++
			o.count(batch)
			signal(o.committed)
			return
		case ends(err):
			o.lose(err)
			return
		}
		o.log.Warn("commit will be sent again", "entries", len(batch), "error", err)
		service.Pause(o.trust, jitter(wait))
	}
}

func (o *owner) commitOnce(ctx context.Context, batch []outcome) error {
	cfg := o.c.cfg
	args := []any{o.token, cfg.Group, o.commits + 1}
	for _, d := range batch {
		if d.dead != "" {
			args = append(args, d.ID, "dead", d.Message.ID, d.Key, d.Payload, d.dead, d.attempts)
			continue
		}
		args = append(args, d.ID, "done", len(d.results))
		for _, r := range d.results {
			args = append(args, r.Stream, r.ID, r.Key, r.Payload)
		}
	}
	keys := []string{o.keys.lease(cfg.Group), o.keys.entries, o.keys.outbox, o.keys.dead, o.keys.commits(cfg.Group)}
	if err := commitScript.Run(ctx, cfg.Stream.rdb, keys, args...).Err(); err != nil {
		return fmt.Errorf("commit %d entries of shard %d: %w", len(batch), o.shard, scriptError(err))
	}
	return nil
}

func (o *owner) count(batch []outcome) {
	for _, d := range batch {
		fate := "done"
		if d.dead != "" {
			fate = "dead"
		}
		o.c.cfg.Metrics.Count(o.c.cfg.Stream.Name(), fate)
	}
}

// OutboxRecord is a committed result that waits for its destination shard.
type OutboxRecord struct {
	// ID is the record's entry id in the outbox; records are relayed in its
	// order.
	ID string
	Outgoing
}

// Outbox reads up to count records of a shard's outbox that stand behind the
// given record id; "" begins at the start.
func (s *Stream) Outbox(ctx context.Context, shard int, after string, count int64) ([]OutboxRecord, error) {
	from := "-"
	if after != "" {
		from = "(" + after
	}
	entries, err := s.rdb.XRangeN(ctx, s.keys[shard].outbox, from, "+", count).Result()
	if err != nil {
		return nil, fmt.Errorf("read outbox of shard %d of %s: %w", shard, s.Name(), err)
	}
	records := make([]OutboxRecord, 0, len(entries))
	for _, e := range entries {
		text := func(field string) string { v, _ := e.Values[field].(string); return v }
		records = append(records, OutboxRecord{ID: e.ID, Outgoing: Outgoing{
			Stream:  text("stream"),
			Message: Message{ID: text("id"), Key: text("key"), Payload: []byte(text("payload"))},
		}})
	}
	return records, nil
}

// ClearOutbox removes records that every destination shard has. It needs no
// fencing: whoever saw them arrive may remove them.
func (s *Stream) ClearOutbox(ctx context.Context, shard int, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	if err := s.rdb.XDel(ctx, s.keys[shard].outbox, ids...).Err(); err != nil {
		return fmt.Errorf("clear %d records from the outbox of shard %d of %s: %w", len(ids), shard, s.Name(), err)
	}
	return nil
}
