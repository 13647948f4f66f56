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
