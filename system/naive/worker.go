package naive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/system/dial"
	"paperlab/system/service"
)

const (
	// batch is how many entries a worker takes at once. It works on them one
	// after the other while the last ones grow idle.
	batch = 5
	// errorPause is the wait after Redis refused or could not be reached.
	errorPause = time.Second
	// beginning is the cursor of a claim's first step and of its end.
	beginning = "0-0"
)

// worker is one consumer of the group.
type worker struct {
	cfg  Config
	name string
	log  *slog.Logger
	// cursor is where the claim goes on in the pending entries list.
	cursor string
	// passed is when the claim was last through the whole list.
	passed time.Time
}

func newWorker(cfg Config, log *slog.Logger, number int) *worker {
	name := fmt.Sprintf("%s-%d", cfg.Member, number)
	return &worker{cfg: cfg, name: name, log: log.With("consumer", name), cursor: beginning}
}

// run takes entries until fetch ends and handles them until work ends.
func (w *worker) run(fetch, work context.Context) {
	for fetch.Err() == nil {
		if err := w.step(fetch, work); err != nil && fetch.Err() == nil {
			w.log.Error("entries could not be taken; trying again", "in", errorPause.String(), "error", err)
			service.Pause(fetch, errorPause)
		}
	}
}

// step handles one batch of idle entries, if it is time for that, and one of
// new ones, so that neither kind waits for the other to run out.
func (w *worker) step(fetch, work context.Context) error {
	idle, err := w.claim(fetch)
	if err != nil {
		return err
	}
	w.handleAll(work, idle)
	fresh, err := w.read(fetch)
	if err != nil {
		return err
	}
	w.handleAll(work, fresh)
	return nil
}

// claim goes one step through the pending entries list; twice in MinIdle it
// begins anew. A consumer that starts again does not read its own entries first:
// most names are not the same after a restart, so most services do not try.
func (w *worker) claim(ctx context.Context) ([]redis.XMessage, error) {
	if w.cursor == beginning && time.Since(w.passed) < w.cfg.MinIdle/2 {
		return nil, nil
	}
	entries, next, err := w.cfg.Redis.XAutoClaim(ctx, &redis.XAutoClaimArgs{
		Stream: w.cfg.Stream.Key(), Group: w.cfg.Group, Consumer: w.name,
		MinIdle: w.cfg.MinIdle, Start: w.cursor, Count: batch,
	}).Result()
	if err != nil {
		return nil, fmt.Errorf("claim idle entries of %s: %w", w.cfg.Stream.Key(), err)
	}
	if next == beginning {
		w.passed = time.Now()
	}
	w.cursor = next
	return entries, nil
}

// read takes new entries, and waits for them unless a claim is under way.
func (w *worker) read(ctx context.Context) ([]redis.XMessage, error) {
	block := w.cfg.Block
	if w.cursor != beginning {
		block = -1 // not at all; 0 would be for ever
	}
	// Go-redis would wait ten seconds longer than the server for an answer, and
	// then send the command again: a worker cut off from Redis would sit there.
	limited, cancel := context.WithTimeout(ctx, max(block, 0)+dial.Answers)
	defer cancel()
	streams, err := w.cfg.Redis.XReadGroup(limited, &redis.XReadGroupArgs{
		Streams: []string{w.cfg.Stream.Key(), ">"}, Group: w.cfg.Group, Consumer: w.name,
		Count: batch, Block: block,
	}).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read new entries of %s: %w", w.cfg.Stream.Key(), err)
	}
	return streams[0].Messages, nil
}

func (w *worker) handleAll(ctx context.Context, entries []redis.XMessage) {
	for _, e := range entries {
		if ctx.Err() != nil {
			return
		}
		if err := w.handle(ctx, e); err != nil {
			w.cfg.Metrics.Count(w.cfg.Stream.Name(), "retried")
			w.log.Error("entry failed; it stays pending", "entry", e.ID, "error", err)
			continue
		}
		w.cfg.Metrics.Count(w.cfg.Stream.Name(), "done")
	}
}

// handle does the work and then acknowledges it. XACK does not say who may:
// another consumer may have the entry by now, or have finished it.
func (w *worker) handle(ctx context.Context, e redis.XMessage) error {
	payload, _ := e.Values[payloadField].(string)
	if err := w.call(ctx, []byte(payload)); err != nil {
		return err
	}
	if err := w.cfg.Redis.XAck(ctx, w.cfg.Stream.Key(), w.cfg.Group, e.ID).Err(); err != nil {
		return fmt.Errorf("acknowledge: %w", err)
	}
	return nil
}

// call turns a panic into an error, because one entry must not end the process
// and with it the work on all others.
func (w *worker) call(ctx context.Context, payload []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the handler panicked: %v\n%s", r, debug.Stack())
		}
	}()
	return w.cfg.Handler(ctx, payload)
}
