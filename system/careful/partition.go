package careful

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"paperlab/system/dial"
	"paperlab/system/service"
)

const (
	// batch is how many new entries are taken at once.
	batch = 8
	// firstPause and lastPause are the waits after something failed, doubled in
	// between.
	firstPause = 500 * time.Millisecond
	lastPause  = 5 * time.Second
)

// partition is one stream and its only reader. Nothing of it is shared.
type partition struct {
	*Consumer
	key string
	log *slog.Logger
	// behind tells that entries of ours may be pending: before new ones are
	// taken, those are done. It is so at first, and after whatever went wrong.
	behind bool
	// failures counts what went wrong in a row.
	failures int
	// cause is why the last entry of that id failed.
	cause struct{ entry, reason string }
	// claimed and trimmed are when that was done last.
	claimed, trimmed time.Time
}

func newPartition(c *Consumer, key string) *partition {
	return &partition{Consumer: c, key: key, log: c.log.With("stream", key, "consumer", c.cfg.Member), behind: true, trimmed: time.Now()}
}

// run takes entries until fetch ends and handles them until work ends.
func (p *partition) run(fetch, work context.Context) {
	for fetch.Err() == nil {
		err := p.step(fetch, work)
		if err == nil {
			p.failures = 0
			continue
		}
		p.behind = true
		if fetch.Err() != nil {
			return
		}
		pause := min(firstPause<<min(p.failures, 10), lastPause)
		p.failures++
		p.log.Error("an entry failed or none could be taken; trying again", "in", pause.String(), "error", err)
		service.Pause(fetch, pause)
	}
}

// step is one round: what others left, what is pending, what is new.
func (p *partition) step(fetch, work context.Context) error {
	if err := p.tend(fetch); err != nil {
		return err
	}
	if p.behind {
		return p.stepBehind(fetch, work)
	}
	entries, err := p.read(fetch, ">", batch)
	if err != nil {
		return err
	}
	return p.workAll(work, entries)
}

// stepBehind works on the first entry that is pending for us. One alone is
// read, because Redis counts each reading of it as a delivery: those that wait
// behind a failing one must not come nearer to the dead letters by that.
func (p *partition) stepBehind(fetch, work context.Context) error {
	entries, err := p.read(fetch, "0", 1)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		p.behind = false
		return nil
	}
	e := entries[0]
	deliveries, err := p.deliveries(fetch, e.ID)
	if err != nil {
		return err
	}
	if deliveries > p.cfg.MaxDeliveries {
		reason := fmt.Sprintf("delivered %d times and never acknowledged", deliveries-1)
		if p.cause.entry == e.ID {
			reason += "; lastly: " + p.cause.reason
		}
		return p.bury(work, e, reason)
	}
	if err := p.work(work, e); err != nil {
		p.cause.entry, p.cause.reason = e.ID, err.Error()
		return err
	}
	p.failures = 0
	return nil
}

// read takes entries from an id on: ">" waits for new ones, any other lists
// those that are pending for us.
func (p *partition) read(ctx context.Context, from string, count int64) ([]redis.XMessage, error) {
	// Go-redis would wait ten seconds longer than the server for an answer.
	limited, cancel := context.WithTimeout(ctx, p.cfg.Block+dial.Answers)
	defer cancel()
	streams, err := p.cfg.Redis.XReadGroup(limited, &redis.XReadGroupArgs{
		Streams: []string{p.key, from}, Group: p.cfg.Group, Consumer: p.cfg.Member, Count: count, Block: p.cfg.Block,
	}).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read from %s of %s: %w", from, p.key, err)
	}
	return streams[0].Messages, nil
}

// deliveries is Redis' own count for a pending entry.
func (p *partition) deliveries(ctx context.Context, entry string) (int64, error) {
	pending, err := p.cfg.Redis.XPendingExt(ctx, &redis.XPendingExtArgs{
		Stream: p.key, Group: p.cfg.Group, Start: entry, End: entry, Count: 1,
	}).Result()
	if err != nil {
		return 0, fmt.Errorf("count the deliveries of %s of %s: %w", entry, p.key, err)
	}
	if len(pending) == 0 {
		return 0, nil // acknowledged meanwhile
	}
	return pending[0].RetryCount, nil
}

// workAll works on a batch: keys side by side, a key's entries in order. After
// an error the key's later entries stay pending.
func (p *partition) workAll(ctx context.Context, entries []redis.XMessage) error {
	same := map[string][]redis.XMessage{}
	for _, e := range entries {
		key := field(e, keyField)
		same[key] = append(same[key], e)
	}
	var keys errgroup.Group
	for _, list := range same {
		keys.Go(func() error {
			for _, e := range list {
				if err := p.work(ctx, e); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return keys.Wait()
}

// work does the work and then acknowledges the entry.
func (p *partition) work(ctx context.Context, e redis.XMessage) error {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	err := p.call(ctx, []byte(field(e, payloadField)))
	if errors.Is(err, ErrHopeless) {
		return p.bury(ctx, e, err.Error())
	}
	if err == nil {
		err = p.cfg.Redis.XAck(ctx, p.key, p.cfg.Group, e.ID).Err()
	}
	if err != nil {
		p.cfg.Metrics.Count(p.cfg.Topic.Name(), "retried")
		return fmt.Errorf("entry %s: %w", e.ID, err)
	}
	p.cfg.Metrics.Count(p.cfg.Topic.Name(), "done")
	return nil
}

// call turns a panic into an error, because one entry must not end the process.
func (p *partition) call(ctx context.Context, payload []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the handler panicked: %v\n%s", r, debug.Stack())
		}
	}()
	return p.cfg.Handler(ctx, payload)
}

// bury moves an entry to the dead letters, in one step: both streams have the
// same hash tag.
func (p *partition) bury(ctx context.Context, e redis.XMessage, reason string) error {
	_, err := p.cfg.Redis.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		tx.XAdd(ctx, &redis.XAddArgs{Stream: DeadKey(p.key), Values: []any{
			idField, field(e, idField), keyField, field(e, keyField), payloadField, field(e, payloadField), "entry", e.ID, "reason", reason,
		}})
		tx.XAck(ctx, p.key, p.cfg.Group, e.ID)
		return nil
	})
	if err != nil {
		return fmt.Errorf("make entry %s of %s a dead letter: %w", e.ID, p.key, err)
	}
	p.log.Error("an entry is a dead letter", "entry", e.ID, "id", field(e, idField), "reason", reason)
	p.cfg.Metrics.Count(p.cfg.Topic.Name(), "dead")
	return nil
}

func field(e redis.XMessage, name string) string {
	text, _ := e.Values[name].(string)
	return text
}
