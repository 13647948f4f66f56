package match

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"paperlab/system/paper"
	"paperlab/system/service"
	"paperlab/system/store"
)

// Source reads all subscriptions.
type Source interface {
	Wishes(ctx context.Context) ([]store.Wish, error)
}

// Live is an index that follows the subscriptions in the store: what is
// subscribed is matched from the next reading on. A reading that fails leaves
// the last one in force.
type Live struct {
	source Source
	every  time.Duration
	logger *slog.Logger

	current atomic.Pointer[Index]

	life service.Life
}

// NewLive makes an index that reads the source every so often once started.
func NewLive(source Source, every time.Duration, logger *slog.Logger) *Live {
	return &Live{source: source, every: every, logger: logger}
}

// Start reads the subscriptions; an error means that there is nothing to match
// against yet.
func (l *Live) Start(ctx context.Context) error {
	return l.life.Start(ctx, func(ctx context.Context) error {
		if err := l.read(ctx); err != nil {
			return err
		}
		l.life.Go(func() { l.follow(l.life.Taking()) })
		return nil
	})
}

// Stop ends the reading. The index stays usable.
func (l *Live) Stop() { l.life.Stop() }

func (l *Live) follow(ctx context.Context) {
	for service.Pause(ctx, l.every) {
		if err := l.read(ctx); err != nil && ctx.Err() == nil {
			l.logger.Warn("subscriptions could not be read again; the earlier ones stay in force", "error", err)
		}
	}
}

func (l *Live) read(ctx context.Context) error {
	wishes, err := l.source.Wishes(ctx)
	if err != nil {
		return err
	}
	// The source gives them in the order in which the index keeps them.
	if last := l.current.Load(); last == nil || !slices.Equal(last.wishes, wishes) {
		l.current.Store(NewIndex(wishes))
	}
	return nil
}

// Match returns the wishes that the paper satisfies, each once, ordered by id.
func (l *Live) Match(p paper.Paper) []store.Wish { return l.current.Load().Match(p) }

// Mismatch returns a wish that the paper does not satisfy, if there is one.
func (l *Live) Mismatch(p paper.Paper) (store.Wish, bool) { return l.current.Load().Mismatch(p) }
