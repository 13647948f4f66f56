// Package run carries one scenario out: it starts everything, loads it, breaks
// it as planned, looks on from outside, judges, and writes the report.
//
//	for each profile, with the same seed, in an order drawn from it:
//	  provision ─▶ warm up ─▶ steady ─▶ fault ─▶ recover ─▶ drain ─▶ observe ─▶ judge
//	     │                               │
//	     surroundings, stack, monitor    nemesis
//
// The files follow that flow: load.go (what is offered, a share of what the
// service can do), capacity.go (which is measured), run.go (all profiles, the report), profile.go (one
// profile), surroundings.go (the stand-ins), settle.go (when the load may come and
// when it is done), judge.go (from a history to a record). A profile has a cluster,
// a store and stand-ins of its own, so that nothing is left from the one before.
//
// # What happens on failure
//
// When the context ends, faults are healed first, then everything is stopped,
// and a report says that the run was aborted and what was seen until then. When
// something cannot be started, the verdict is infrastructure and the reason is
// the report's first sentence. When the environment lacks a power that a fault
// needs, it is inconclusive. All that is started stands in the undo ledger
// before it starts; see package undo for the death of the lab itself.
package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"paperlab/compose"
	"paperlab/compose/logs"
	"paperlab/compose/process"
	"paperlab/compose/standin"
	"paperlab/compose/standin/corpus"
	"paperlab/compose/undo"
	"paperlab/faults"
	"paperlab/reports"
	"paperlab/reports/history"
	"paperlab/reports/record"
	"paperlab/scenarios"
	"paperlab/scenarios/capacity"
	"paperlab/system/paper"
)

// Options say what to run. All fields must be set but Source,
// Target, Set, Env, Live, Remeasure and Beside. SetLoad sets Corpus, unless Live is
// set, and People and Wishes.
type Options struct {
	Scenario *scenarios.Scenario
	// Source is the file that the scenario was read from, if it is none of the
	// catalogue; Target is what make was told, if not "scenario".
	Source, Target string
	// Set is the ID of the set that the run belongs to, if it does.
	Set string
	// Profiles to run, at least one of record.Profiles; the order in which they
	// run is drawn from the seed.
	Profiles []string
	Seed     int64
	// Corpus is what arXiv's stand-in serves, and where subscriptions come
	// from; CorpusName is how the user called it. CorpusOf makes one of so many
	// versions, or of as many as there are.
	Corpus     *corpus.Corpus
	CorpusName string
	CorpusOf   func(versions int) (*corpus.Corpus, error)
	// People and Wishes are who is to be told of what.
	People []paper.Subscriber
	Wishes []paper.Subscription
	// Live, if it is not nil, is asked in the stand-in's place. Corpus is then
	// a sample of what it has, from the date on that the harvest begins at.
	// Run does not close it.
	Live *standin.Upstream
	// Out is the folder of all reports.
	Out string
	// Environment is where the parts run; Env is added to the environment of
	// the service's processes.
	Environment compose.Environment
	Env         []string
	// RedisVersion is that of the servers, Program the service's, a path.
	RedisVersion string
	Program      string
	// Remeasure has capacities measured though known ones hold.
	Remeasure bool
	// DrainWithin is how long the service has, after the load, to do what it
	// was offered.
	DrainWithin time.Duration
	Progress    *Progress
	// Beside names what else has run on this machine meanwhile; it may be nil.
	Beside func() []string

	// known are the capacities that SetLoad found, by profile.
	known map[string]capacity.Figure
}

// Run carries the scenario out and writes its report. It returns the record
// and the report's folder. The error is one of writing the report: what went
// wrong in the run is in the record.
func Run(ctx context.Context, o Options) (record.Result, string, error) {
	began := time.Now()
	result := record.Result{
		Schema: record.Schema, Scenario: o.Scenario.Name, About: o.Scenario.About, Source: o.Source, Target: o.Target, Set: o.Set, Seed: o.Seed,
		Environment: o.Environment.Name(), Corpus: o.CorpusName, StartedAt: began.UTC(),
		ScrapeS: o.Scenario.Monitoring.Scrape.Seconds(),
		Code:    record.ThisCode(), Host: record.ThisHost(),
		Versions: record.ThisVersions(o.RedisVersion),
	}
	events := map[string][]history.Event{}
	slack := map[string][]standin.SlackMessage{}
	var whole []record.Run // those that came to their end
	var kept []reports.Log
	err := o.withLedger(began, func(l lab) error {
		for _, profile := range o.order() {
			s, err := l.profile(ctx, profile)
			events[profile], slack[profile] = s.events, s.slack
			for _, one := range l.logsOf(profile) {
				kept, result.Logs = append(kept, one), append(result.Logs, one.Log)
			}
			if s.run.Profile != "" {
				result.Runs = append(result.Runs, s.run)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", profile, err)
			}
			whole = append(whole, s.run)
		}
		return nil
	})
	result.Verdict, result.Reasons = o.outcome(ctx, whole, err)
	o.doubt(result)
	result.FinishedAt = time.Now().UTC()
	result.WallS = time.Since(began).Seconds()
	if o.Beside != nil {
		result.Beside = o.Beside()
	}
	folder, err := write(o, result, events, slack, kept)
	return result, folder, err
}

// outcome is the verdict on the runs that came to their end, and on what kept others
// from theirs, with the reasons. Before the hardened one has come to its end, what
// is in doubt about others is no verdict.
func (o Options) outcome(ctx context.Context, whole []record.Run, err error) (record.Verdict, []string) {
	if slices.Contains(o.Profiles, record.Hardened) && !slices.ContainsFunc(whole, record.Run.Judged) {
		whole = nil
	}
	judged, reasons := verdict(whole)
	switch {
	case ctx.Err() != nil:
		return worse(judged, record.Aborted), append(reasons, "The run was stopped before its end.")
	case errors.As(err, new(*compose.MissingPowerError)), errors.Is(err, faults.ErrNoTarget):
		return worse(judged, record.Inconclusive), append(reasons, o.secrets().Text(capital(err)))
	case err != nil:
		return worse(judged, record.Infrastructure), append(reasons, o.secrets().Text(capital(err)))
	}
	return judged, reasons
}

// order draws in which the profiles run. What a machine does while it is new, warm
// or tired would else always strike the same one.
func (o Options) order() []string {
	profiles := slices.Clone(o.Profiles)
	slices.SortFunc(profiles, record.Simpler)
	o.source(3).Shuffle(len(profiles), func(i, j int) { profiles[i], profiles[j] = profiles[j], profiles[i] })
	return profiles
}

// worse keeps what was judged, if that was worse.
func worse(judged, than record.Verdict) record.Verdict {
	if judged == record.Violation || judged == record.Inconclusive {
		return judged
	}
	return than
}

func write(o Options, r record.Result, events map[string][]history.Event, slack map[string][]standin.SlackMessage, kept []reports.Log) (string, error) {
	sent, err := json.MarshalIndent(slack, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write the alerts: %w", err)
	}
	folder := record.Folder(o.Out, r.Scenario, r.StartedAt, r.Seed)
	err = reports.Write(folder, r, events, sent, kept...)
	if err != nil && !errors.Is(err, reports.ErrNotDrawn) {
		return folder, err
	}
	err = errors.Join(err, reports.Index(o.Out))
	if r.Verdict != record.Aborted && r.Verdict != record.Infrastructure {
		// A run that says nothing does not hide the last one that did.
		err = errors.Join(err, record.MarkLatest(folder))
	}
	return folder, err
}

// lab is what all profiles of a run share.
type lab struct {
	Options
	ledger *undo.Ledger
	// prefix begins the names of the run's Redis keys: a cluster that was there
	// before may hold other things.
	prefix string
	// mask takes what must not be told out of what is kept.
	mask *logs.Mask
}

// withLedger opens the ledger, calls the work, and closes the ledger, which
// undoes whatever the work has left.
func (o Options) withLedger(began time.Time, work func(lab) error) error {
	ledger, err := undo.Open(fmt.Sprintf("%s-%s-%d", o.Scenario.Name, began.UTC().Format("20060102T150405.000"), o.Seed))
	if err != nil {
		return err
	}
	return errors.Join(work(lab{o, ledger, "run-" + strconv.FormatInt(began.UnixMilli(), 36), o.secrets()}), ledger.Close())
}

// Space that a run takes, in bytes: six append-only files and the store in the
// temp folder, the history beside the report.
const (
	spaceAtAll    = 64 << 20
	spacePerPaper = 60 << 10
	reportAtAll   = 16 << 20
	reportPer     = 4 << 10
)

// CheckSpace is nil if there is room for the run and for its report. Ask before
// Run.
func (o Options) CheckSpace() error {
	papers := int64(o.Scenario.Load.Papers)
	return errors.Join(
		process.CheckSpace(undo.Base(), spaceAtAll+papers*spacePerPaper),
		process.CheckSpace(o.Out, reportAtAll+papers*reportPer),
	)
}
