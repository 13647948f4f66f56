// Package watch reads the streams' consumer groups and shows them as metrics:
// what is not yet delivered (lag), what is delivered and not yet acknowledged
// (pending), what is kept (length) and what was put aside (dead letters).
//
//	every half second   Source.Read ──▶ papers_stream_*{stream, group}
//
// Redis cannot always tell the lag. The lag's series is then absent, because 0
// would be a lie and an old value a worse one. A reading that fails makes all of
// a stream's series absent for the same reason, and counts as an error.
package watch

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"paperlab/system/service"
)

// Reading is one consumer group on one logical stream.
type Reading struct {
	Stream, Group                string
	Pending, Length, DeadLetters int64
	// Lag is nil when Redis does not know it.
	Lag *int64
	// OldestPending is the age of the oldest pending entry, 0 if there is none.
	OldestPending time.Duration
}

// Source reads one logical stream.
type Source interface {
	// Name is the stream's.
	Name() string
	Read(ctx context.Context) (Reading, error)
}

const (
	readEvery  = 500 * time.Millisecond
	readWithin = 2 * time.Second
)

// Watcher is the role.
type Watcher struct {
	sources []Source
	logger  *slog.Logger

	lag, pending, length, dead, oldest *prometheus.GaugeVec
	errors                             *prometheus.CounterVec

	life service.Life
}

// New makes a watcher and registers its metrics.
func New(registry prometheus.Registerer, logger *slog.Logger, sources ...Source) *Watcher {
	factory := promauto.With(registry)
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return factory.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	}
	return &Watcher{
		sources: sources, logger: logger,
		lag:     gauge("papers_stream_lag", "Entries not yet delivered to the group; absent when Redis does not know.", "stream", "group"),
		pending: gauge("papers_stream_pending", "Entries delivered to the group and not yet acknowledged.", "stream", "group"),
		length:  gauge("papers_stream_length", "Entries that the stream holds, acknowledged ones within the retention too.", "stream"),
		dead:    gauge("papers_dead_letters", "Entries put aside because they failed too often.", "stream"),
		oldest:  gauge("papers_stream_oldest_pending_seconds", "Age of the oldest pending entry.", "stream", "group"),
		errors: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "papers_watch_errors_total", Help: "Readings that failed.",
		}, []string{"stream"}),
	}
}

// Start begins to read.
func (w *Watcher) Start(ctx context.Context) error {
	return w.life.Start(ctx, func(context.Context) error {
		for _, s := range w.sources {
			w.life.Go(func() { w.watch(w.life.Taking(), s) })
		}
		return nil
	})
}

// Stop ends the reading. What was read last stays shown.
func (w *Watcher) Stop() { w.life.Stop() }

func (w *Watcher) watch(ctx context.Context, s Source) {
	tick := time.NewTicker(readEvery)
	defer tick.Stop()
	failing := false
	for {
		limited, cancel := context.WithTimeout(ctx, readWithin)
		r, err := s.Read(limited)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			// An outage is one warning; papers_watch_errors_total counts the rest.
			if !failing {
				w.logger.Warn("the stream cannot be read; its metrics are absent until it can", "stream", s.Name(), "error", err)
			}
			failing = true
			w.errors.WithLabelValues(s.Name()).Inc()
			w.forget(s.Name())
		default:
			if failing {
				w.logger.Info("the stream can be read again", "stream", s.Name())
			}
			failing = false
			w.show(r)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (w *Watcher) show(r Reading) {
	w.pending.WithLabelValues(r.Stream, r.Group).Set(float64(r.Pending))
	w.oldest.WithLabelValues(r.Stream, r.Group).Set(r.OldestPending.Seconds())
	w.length.WithLabelValues(r.Stream).Set(float64(r.Length))
	w.dead.WithLabelValues(r.Stream).Set(float64(r.DeadLetters))
	if r.Lag == nil {
		w.lag.DeleteLabelValues(r.Stream, r.Group)
		return
	}
	w.lag.WithLabelValues(r.Stream, r.Group).Set(float64(*r.Lag))
}

// forget makes a stream's series absent.
func (w *Watcher) forget(stream string) {
	named := prometheus.Labels{"stream": stream}
	for _, g := range []*prometheus.GaugeVec{w.lag, w.pending, w.length, w.dead, w.oldest} {
		g.DeletePartialMatch(named)
	}
}
