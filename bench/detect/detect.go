// Package detect measures how soon an alert detects the fault that should raise
// it, at several intervals of scraping. It is a package of its own because it
// breaks things, which no other benchmark does.
//
//	                 ┌─ monitor, every 1 s, a phase of its own ──▶ its Slack sink ──▶ a history
//	one service, ────┤  …                                                                │
//	one load,        └─ monitor, every 30 s, another phase ──────▶ its Slack sink ──▶ a history
//	one injection ──── nemesis ─────────────────────────────────────────────▶ the faults' history
//	                                                                                     │
//	                                            record.go ◀── cells ◀── measure.go ◀─────┘
//
// A time to detect at a long interval depends mostly on where the fault falls
// between two scrapes and two evaluations. So many monitors with phases from the
// seed look at each injection: one gives as many samples of each interval as
// there are monitors of it. They share the injection, so they say how monitoring
// spreads, and not how injections do: the rounds, few, say that.
//
// Each monitor is the one of a run (package monitor): Prometheus' scraper and
// rule engine, with the very rule files that production loads.
//
//	table.go    which fault should raise which alert, and why some have none
//	detect.yaml one round of faults, and the service and load
//
// # What happens on failure
//
// What is not detected before its fault is healed is missed, and counts as that.
// A fault whose effect is not proven gives no sample; one that never was is an
// error, and so is a process that ended by itself.
package detect

import (
	"context"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"paperlab/compose/monitor"
	"paperlab/compose/standin"
	"paperlab/faults"
	"paperlab/grafana"
	"paperlab/reports/history"
	"paperlab/reports/record"
	"paperlab/scenarios"
	"paperlab/scenarios/run"
)

// Name and About are as in `make bench NAME=detect` and `lab list`.
const (
	Name  = "detect"
	About = "How soon each alert arrives after the fault that should raise it, scraped every 1, 5, 15 and 30 s."
)

// Bench is what is measured.
type Bench struct {
	// Round has the service, its load, and one round of faults; a round lasts as
	// long as its fault phase. Rounds is how often it comes.
	Round  *scenarios.Scenario
	Rounds int
	// Causes are the alerts to wait for.
	Causes []Cause
	// Intervals of scraping, and how many monitors have each.
	Intervals []time.Duration
	Monitors  int
}

//go:embed detect.yaml
var source []byte

// Default is what `make bench NAME=detect` runs: some ten minutes.
func Default() (Bench, error) {
	round, err := scenarios.Parse("detect.yaml", source, nil)
	return Bench{
		Round: round, Rounds: 2, Causes: causes, Monitors: 6,
		Intervals: []time.Duration{time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second},
	}, err
}

// Scenario is the whole schedule: the rounds one after the other, with the
// papers that last so long.
func (b Bench) Scenario() *scenarios.Scenario {
	whole := *b.Round
	whole.Faults = nil
	whole.Phases.Fault *= time.Duration(b.Rounds)
	whole.Load.Papers = int(whole.Load.Rate*whole.Phases.Total().Seconds()) + 1
	for round := range b.Rounds {
		for _, f := range b.Round.Faults {
			f.ID = inRound(f.ID, round)
			f.At += time.Duration(round) * b.Round.Phases.Fault
			whole.Faults = append(whole.Faults, f)
		}
	}
	return &whole
}

// inRound is a fault's id in a round, counting from 0.
func inRound(fault string, round int) string { return fmt.Sprintf("%s.%d", fault, round+1) }

func (b Bench) validate() error {
	switch {
	case b.Rounds < 1 || b.Monitors < 1 || len(b.Intervals) == 0 || len(b.Causes) == 0:
		return fmt.Errorf("benchmark detect: %d rounds, %d monitors, intervals %v, %d causes; needs one of each at least", b.Rounds, b.Monitors, b.Intervals, len(b.Causes))
	case slices.Min(b.Intervals) < 100*time.Millisecond:
		return fmt.Errorf("benchmark detect: intervals %v, each must be 100ms or more", b.Intervals)
	}
	for _, c := range b.Causes {
		if !slices.ContainsFunc(b.Round.Faults, func(f faults.Planned) bool { return f.ID == c.Fault }) {
			return fmt.Errorf("benchmark detect: alert %s waits for the fault %s, which is not in the round", c.Alert, c.Fault)
		}
	}
	return nil
}

// Run measures. Of the options, the scenario must be that of b.Scenario. The
// record lacks what only the caller knows: when it began, how long it took,
// code, versions, host.
func (b Bench) Run(ctx context.Context, o run.Options) (record.Bench, error) {
	if err := b.validate(); err != nil {
		return record.Bench{}, err
	}
	rules, err := grafana.Rules()
	if err != nil {
		return record.Bench{}, err
	}
	rec := history.NewRecorder(o.Profiles[0])
	var watchers []*watcher
	err = run.OnStage(ctx, o, rec, func(s run.Stage) (err error) {
		watchers, err = b.watch(ctx, o, s, rec)
		defer stop(watchers)
		if err != nil {
			return err
		}
		return b.breakAndWait(ctx, o, s)
	})
	if err != nil {
		return record.Bench{}, fmt.Errorf("benchmark detect: %w", err)
	}
	seen := newSeen(rec, watchers)
	cells, err := b.measure(seen, rules)
	if err != nil {
		return record.Bench{}, err
	}
	return b.Record(cells, seen), nil
}

// breakAndWait lets the phases pass, and says how far it is.
func (b Bench) breakAndWait(ctx context.Context, o run.Options, s run.Stage) error {
	well := b.Round.Phases.Control + b.Round.Phases.Steady
	o.Progress.Say("detect: nothing is broken for %v: what arrives now is a false alarm", well)
	if err := sleep(ctx, well); err != nil {
		return err
	}
	var nemesis sync.WaitGroup
	done := make(chan struct{})
	nemesis.Go(func() { defer close(done); s.Break(ctx) })
	defer nemesis.Wait()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for begin, broken := time.Now(), true; broken; {
		select {
		case <-done:
			broken = false
		case <-tick.C:
			o.Progress.Live("detect: faults, %.0f of %.0f s", time.Since(begin).Seconds(), o.Scenario.Phases.Fault.Seconds())
		}
	}
	o.Progress.Say("detect: all is mended; %v more for alerts that should not come", b.Round.Phases.Recover)
	if err := sleep(ctx, b.Round.Phases.Recover); err != nil {
		return err
	}
	return s.Well()
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// watcher is one monitor, with a Slack sink and a history of its own.
type watcher struct {
	every   time.Duration
	rec     *history.Recorder
	slack   *standin.Slack
	monitor *monitor.Monitor
}

// watch starts all monitors; what it has started it returns also with an error.
func (b Bench) watch(ctx context.Context, o run.Options, s run.Stage, rec *history.Recorder) (all []*watcher, err error) {
	phases := rand.New(rand.NewPCG(uint64(o.Seed), phaseChoice))
	for _, every := range b.Intervals {
		for range b.Monitors {
			w := &watcher{every: every, rec: rec.Beside(fmt.Sprintf("monitor-%d", len(all)+1))}
			w.slack = standin.NewSlack(w.rec, o.Environment.Host())
			if err := w.slack.Start(ctx); err != nil {
				return all, err
			}
			all = append(all, w)
			dir, err := s.Folder("prometheus/" + fmt.Sprint(len(all)))
			if err != nil {
				return all, err
			}
			made, err := monitor.New(monitor.Config{
				Dir: dir, Rules: grafana.Alerts(), Targets: s.Targets(), Webhook: w.slack.Webhook(),
				Interval: every, Phase: fmt.Sprintf("%016x", phases.Uint64()),
			})
			if err != nil {
				return all, err
			}
			w.monitor = made
			if err := made.Start(ctx); err != nil {
				return all, err
			}
		}
	}
	return all, nil
}

// phaseChoice keeps the draws of phases apart from a run's other choices.
const phaseChoice = 7

// stop ends them all at once: each waits for what it has in hand.
func stop(all []*watcher) {
	var g sync.WaitGroup
	for _, w := range all {
		g.Go(func() {
			if w.monitor != nil {
				w.monitor.Stop()
			}
			w.slack.Stop()
		})
	}
	g.Wait()
}
