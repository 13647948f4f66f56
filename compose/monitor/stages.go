package monitor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"paperlab/compose/standin"
)

// An alert's stages, and who knows them:
//
//	scraped   the storage's samples (here)
//	pending   rules.Alert.ActiveAt ┐ the times for which the rule was evaluated;
//	firing    rules.Alert.FiredAt  ┘ the evaluation itself takes milliseconds
//	sent      the notifier, at its first try
//	arrived   whoever receives it
//
// The first scrape that shows an alert is defined on what is stored. Of all
// samples of all series that the rule's expression reads, a stale marker (the end
// of a series) among them, take those up to the time when the alert became
// pending, and go back from the latest as long as the expression, evaluated at a
// sample's time, still has the alert's labels. Where that ends is the sample that
// made the condition true. So:
//
//   - with several series involved it is the scrape that brought the last of what
//     the condition needs, whichever target it was of;
//   - a target that does not answer shows in the scrape that failed: up is 0 at
//     the time when that scrape began, though it is known only when it has ended;
//   - a condition that became true without a sample, because time passed (a range
//     that a sample left, a series that was too old), was shown by no scrape: the
//     expression is not true at the latest sample's time, and the stage stays
//     unknown.

// lookFor bounds the search through the storage.
const lookFor = 2 * time.Second

// lookback is how old a sample may be and still count, Prometheus' default; where
// scrapes are rarer than half of that, twice their interval: else a series
// would end between two scrapes.
func lookback(interval time.Duration) time.Duration { return max(5*time.Minute, 2*interval) }

// findScrapes fills in Scraped of what fires. What cannot be found stays unknown:
// an alert must not wait for its own anatomy.
func (m *Monitor) findScrapes(db *tsdb.DB, found news) {
	ctx, cancel := context.WithTimeout(m.notifier.ctx, lookFor)
	defer cancel()
	s := search{query: rules.EngineQueryFunc(m.engine, db), expr: found.expr, at: map[int64]promql.Vector{}}
	for i := range found.alerts {
		a := &found.alerts[i]
		if a.Pending.IsZero() {
			continue
		}
		times, err := sampleTimes(ctx, db, found.expr, a.Pending.Add(-lookback(m.cfg.Interval)), a.Pending)
		if err == nil {
			a.Scraped, err = s.shown(ctx, *a, times)
		}
		if err != nil {
			m.cfg.Logger.Warn("the scrape that shows an alert was not found", "alert", a.Name, "err", err)
		}
	}
}

// search evaluates one rule's expression at the times of samples, each once.
type search struct {
	query rules.QueryFunc
	expr  string
	at    map[int64]promql.Vector
}

// shown is the first of the times, which are in order, from which on the
// expression always has the alert; zero if it has not at the last.
func (s search) shown(ctx context.Context, a standin.SlackAlert, times []int64) (first time.Time, err error) {
	for _, t := range slices.Backward(times) {
		vector, known := s.at[t]
		if !known {
			if vector, err = s.query(ctx, s.expr, time.UnixMilli(t)); err != nil {
				return time.Time{}, err
			}
			s.at[t] = vector
		}
		if !slices.ContainsFunc(vector, func(of promql.Sample) bool { return raises(of.Metric, a.Labels) }) {
			break
		}
		first = time.UnixMilli(t)
	}
	return first, nil
}

// raises tells whether an element of the expression's result is the one of which
// the alert was made: the rule adds labels of its own to those.
func raises(element labels.Labels, alert map[string]string) bool {
	same := true
	element.Range(func(l labels.Label) {
		same = same && (l.Name == model.MetricNameLabel || alert[l.Name] == l.Value)
	})
	return same
}

// sampleTimes are the times, in Unix milliseconds and in order, of all samples
// after from and up to to that the expression can read.
func sampleTimes(ctx context.Context, db *tsdb.DB, expr string, from, to time.Time) ([]int64, error) {
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", expr, err)
	}
	first, last := from.UnixMilli()+1, to.UnixMilli()
	querier, err := db.Querier(first, last)
	if err != nil {
		return nil, fmt.Errorf("open the storage: %w", err)
	}
	defer querier.Close()
	seen := map[int64]bool{}
	for _, matchers := range parser.ExtractSelectors(parsed) {
		set := querier.Select(ctx, false, &storage.SelectHints{Start: first, End: last}, matchers...)
		for set.Next() {
			it := set.At().Iterator(nil)
			for it.Next() != chunkenc.ValNone {
				seen[it.AtT()] = true
			}
			err = errors.Join(err, it.Err())
		}
		if err = errors.Join(err, set.Err()); err != nil {
			return nil, fmt.Errorf("read the samples of %s: %w", expr, err)
		}
	}
	var times []int64
	for t := range seen {
		times = append(times, t)
	}
	slices.Sort(times)
	return times, nil
}
