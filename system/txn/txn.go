// Package txn is the transaction coordinator: the acknowledgement of one entry
// and the publication of its results on any number of shards of any streams
// happen all or not at all.
//
// # Protocol
//
// The decision is one atomic step on one shard: the owner's commit
// acknowledges the entry and puts its results into the shard's outbox. From
// then on the results will be published, by this owner or a later one. The
// coordinator relays: it reads the outbox in order, produces each record to its
// destination shard, and removes the record when that shard has it.
//
//	before the commit                    nothing happened; redelivered, done again
//	after it, before any publication     the next owner relays the outbox
//	between publications                 relayed again; those that arrived answer
//	after the last, before the removal   with the earlier entry
//	a failover loses the commit          acknowledgement and results are lost
//	                                     together; done again, same message ids
//
// It holds as long as message ids depend on the source message alone and a
// destination remembers them (stream.Spec.RepeatWindow) for longer than a
// record can wait in an outbox.
//
// Order: records of one outbox reach a destination shard in outbox order. A
// destination that cannot be reached holds back its own records and no others.
//
// The pattern is the transactional outbox; with idempotent destinations it
// needs no second phase and no coordinator's log of its own.
package txn

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"paperlab/system/stream"
)

const (
	// page is how many records are read and relayed at once.
	page = 256
	// lookAnyway is how often the outbox is read without being told to: what
	// an earlier owner left, and what could not be relayed before.
	lookAnyway = 500 * time.Millisecond
)

// Coordinator relays the outboxes of one source stream.
type Coordinator struct {
	source       *stream.Stream
	destinations map[string]*stream.Stream
	log          *slog.Logger
}

// New makes a coordinator for the results that handlers of the source commit.
func New(source *stream.Stream, logger *slog.Logger, destinations ...*stream.Stream) *Coordinator {
	c := &Coordinator{source: source, destinations: make(map[string]*stream.Stream), log: logger}
	for _, d := range destinations {
		c.destinations[d.Name()] = d
	}
	return c
}

// Run relays the outbox of an owned shard until the context ends. It is made
// to be a stream.ConsumerConfig's Alongside.
func (c *Coordinator) Run(ctx context.Context, t stream.Tenure) {
	look := time.NewTicker(lookAnyway)
	defer look.Stop()
	for {
		if err := c.Relay(ctx, t.Shard); err != nil && ctx.Err() == nil {
			c.log.Warn("relay will try again", "stream", c.source.Name(), "shard", t.Shard, "error", err)
			// Waiting for the ticker alone keeps a destination that is down
			// from being hammered by every commit.
			select {
			case <-ctx.Done():
			case <-look.C:
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		case <-t.Committed:
		}
	}
}

// destination is one shard of one stream.
type destination struct {
	stream string
	shard  int
}

// Relay passes once over a shard's outbox. A record whose destination refused
// one before it in this pass is left where it is, so order holds. The error
// is the first one met; records that it does not concern have been relayed.
//
// The pass ends with a page that is not full, and not when nothing is left:
// while results keep coming that may be never, and a destination that refused
// once is asked again in the next pass only.
func (c *Coordinator) Relay(ctx context.Context, shard int) error {
	var first error
	blocked := make(map[destination]bool)
	for after := ""; ; {
		records, err := c.source.Outbox(ctx, shard, after, page)
		if err != nil {
			return err
		}
		arrived, err := c.publish(ctx, records, blocked)
		if err != nil && first == nil {
			first = err
		}
		if err := c.source.ClearOutbox(ctx, shard, arrived...); err != nil {
			return err
		}
		if len(records) < page {
			return first
		}
		after = records[len(records)-1].ID
	}
}

// publish produces records to their destinations, one call a stream, and
// returns the ids of those that arrived.
func (c *Coordinator) publish(ctx context.Context, records []stream.OutboxRecord, blocked map[destination]bool) ([]string, error) {
	byStream := make(map[string][]stream.OutboxRecord)
	var failed error
	for _, r := range records {
		to, known := c.destinations[r.Stream]
		if !known {
			failed = fmt.Errorf("record %s is for stream %q, which this coordinator was not given", r.ID, r.Stream)
			continue
		}
		if !blocked[destination{r.Stream, to.Shard(r.Key)}] {
			byStream[r.Stream] = append(byStream[r.Stream], r)
		}
	}
	var arrived []string
	for name, group := range byStream {
		msgs := make([]stream.Message, len(group))
		for i, r := range group {
			msgs[i] = r.Message
		}
		produced, err := c.destinations[name].Produce(ctx, msgs...)
		if err != nil {
			failed = err
		}
		for i, p := range produced {
			if p.Entry != "" {
				arrived = append(arrived, group[i].ID)
			} else {
				blocked[destination{name, p.Shard}] = true
			}
		}
	}
	return arrived, failed
}
