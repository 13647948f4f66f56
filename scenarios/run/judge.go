package run

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"paperlab/compose/standin"
	"paperlab/faults"
	"paperlab/reports"
	"paperlab/reports/history"
	"paperlab/scenarios"
	"paperlab/scenarios/check"
)

// evidence is what a profile's run left behind.
type evidence struct {
	events   []history.Event
	phases   []reports.Phase
	outcomes []faults.Outcome
	alerts   []reports.Alert
	// drained is false if something was still on its way when time was up.
	drained bool
	fenced  int
	// cut tells that the run ended before its time: what was on its way then is
	// not lost.
	cut bool
	// died names the service's processes that ended though nobody ended them.
	died  error
	slack []standin.SlackMessage
}

// judge fills a run's record from its evidence. It starts nothing and asks
// nobody.
func judge(s *scenarios.Scenario, run *reports.Run, e evidence) {
	run.Phases, run.Alerts = e.phases, e.alerts
	for _, o := range e.outcomes {
		run.Faults = append(run.Faults, reports.Fault{
			ID: o.ID, Kind: o.Kind, Target: o.Target,
			InjectedAtS: o.InjectedAt, EffectAtS: o.EffectAt, HealedAtS: o.HealedAt,
			Receipt: reports.Receipt{Before: o.Before, During: o.During, After: o.After},
		})
	}
	found := check.Run(e.events, s.Invariants)
	run.Counts = reports.Counts(found.Counts)
	run.Counts.Fenced = e.fenced
	for _, v := range found.Verdicts {
		run.Invariants = append(run.Invariants, reports.Invariant{
			ID: v.ID, Verdict: string(v.Verdict), Detail: v.Detail, Examples: v.Examples,
		})
	}
	if e.cut {
		spare(run)
	}
	measure(s, run, e)
	run.Objectives = objectives(s, run)
}

// spare takes back what was concluded from the absence of an effect, in a run
// that gave it no time to come.
func spare(run *reports.Run) {
	run.Counts.Lost = 0
	for i, v := range run.Invariants {
		if v.ID == "no-loss" || v.ID == "all-or-none" {
			run.Invariants[i] = reports.Invariant{ID: v.ID, Verdict: string(check.Unknown),
				Detail: "the run ended before what was on its way could arrive"}
		}
	}
}

// measure takes the times: to detect, to recover, and what steady state was.
func measure(s *scenarios.Scenario, run *reports.Run, e evidence) {
	first, last, proven := effects(run.Faults)
	if proven {
		run.TimeToDetectS = detection(s, run.Alerts, first)
	}
	steady, load := phase(e.phases, "steady"), phase(e.phases, "recover")
	backlog, latency := check.Backlog(e.events), check.Latencies(e.events)
	// A second's worth of load is what a healthy service may have in hand.
	bounds, known := check.SteadyBounds(backlog, latency, steady.StartS, steady.EndS, s.Load.Rate)
	if !known {
		return
	}
	run.Steady = reports.Steady{
		BacklogBound: bounds.Backlog, LatencyP95S: bounds.SteadyP95, LatencyBoundS: bounds.Latency,
		Held: held(backlog, steady, bounds),
	}
	if !proven {
		return
	}
	recovery := check.Recover(backlog, latency, bounds, first, last, load.EndS)
	run.LagRecoveryS, run.TimeToRecoverS = recovery.Lag, recovery.Time
	run.Steady.Regained = recovery.Time != nil
}

// detection is the time from the first effect to the alert that the scenario
// waits for, or to any if it names none; nil if it never came.
func detection(s *scenarios.Scenario, alerts []reports.Alert, effect float64) *float64 {
	var soonest *float64
	for _, a := range alerts {
		want := s.Objectives.TimeToDetect
		after := a.NotifiedAtS - effect
		if after >= 0 && (want == nil || want.Alert == a.Name) && (soonest == nil || after < *soonest) {
			soonest = &after
		}
	}
	return soonest
}

// held tells whether the load was carried before the fault: a backlog that
// grows through the steady phase would pass any bound derived from itself.
func held(backlog []check.Point, steady reports.Phase, b check.Bounds) bool {
	middle := (steady.StartS + steady.EndS) / 2
	early := check.Percentile(check.Between(backlog, steady.StartS, middle), 50)
	late := check.Percentile(check.Between(backlog, middle, steady.EndS), 50)
	return late <= math.Max(2*early, b.Backlog/2)
}

// effects are the first and the last proven effect.
func effects(list []reports.Fault) (first, last float64, any bool) {
	for _, f := range list {
		if f.EffectAtS == nil {
			continue
		}
		if !any {
			first, last, any = *f.EffectAtS, *f.EffectAtS, true
		}
		first, last = math.Min(first, *f.EffectAtS), math.Max(last, *f.EffectAtS)
	}
	return first, last, any
}

func phase(phases []reports.Phase, name string) reports.Phase {
	for _, p := range phases {
		if p.Name == name {
			return p
		}
	}
	return reports.Phase{}
}

// objectives judges the bounds of the scenario file, and that no alert was
// raised before the first fault.
func objectives(s *scenarios.Scenario, run *reports.Run) []reports.Objective {
	var list []reports.Objective
	within := func(id string, bound float64, value *float64) {
		list = append(list, reports.Objective{
			ID: id, Bound: fmt.Sprintf("within %g s", bound), Value: value, OK: value != nil && *value <= bound,
		})
	}
	if d := s.Objectives.TimeToDetect; d != nil {
		within("time_to_detect:"+d.Alert, d.Within.Seconds(), run.TimeToDetectS)
	}
	if d := s.Objectives.TimeToRecover; d != nil {
		within("time_to_recover", d.Seconds(), run.TimeToRecoverS)
	}
	if d := s.Objectives.LagRecovery; d != nil {
		within("lag_recovery", d.Seconds(), run.LagRecoveryS)
	}
	alarms := 0.0
	steady := phase(run.Phases, "steady")
	for _, a := range run.Alerts {
		if a.NotifiedAtS < steady.EndS {
			alarms++
		}
	}
	return append(list, reports.Objective{ID: "false_alarms", Bound: "0", Value: &alarms, OK: alarms == 0})
}

// verdict says what the run means, and why if it is not a pass. What the naive
// service does wrong is shown and not judged: of it, only what keeps the run
// from showing anything counts.
func verdict(run reports.Run, e evidence) (reports.Verdict, []string) {
	violations, doubts := findings(run, e)
	if run.Profile == "naive" {
		violations = nil
	}
	switch {
	case len(violations) > 0:
		return reports.Violation, append(violations, doubts...)
	case len(doubts) > 0:
		return reports.Inconclusive, doubts
	}
	return reports.Pass, nil
}

func findings(run reports.Run, e evidence) (violations, doubts []string) {
	for _, i := range run.Invariants {
		switch check.Outcome(i.Verdict) {
		case check.Invalid:
			violations = append(violations, fmt.Sprintf("Invariant %s is violated: %s", i.ID, i.Detail))
		case check.Unknown:
			doubts = append(doubts, fmt.Sprintf("Invariant %s could not be judged: %s", i.ID, i.Detail))
		}
	}
	for _, o := range run.Objectives {
		if !o.OK {
			violations = append(violations, fmt.Sprintf("Objective %s is missed: %s, measured %s.", o.ID, o.Bound, measured(o.Value)))
		}
	}
	for i, f := range run.Faults {
		if f.EffectAtS == nil || !f.Receipt.Complete() {
			doubts = append(doubts, fmt.Sprintf("Fault %s has no full receipt: %v", f.ID, e.outcomes[i].Err))
		}
	}
	if !run.Steady.Held {
		doubts = append(doubts, "Steady state did not hold before the first fault: the load is more than this machine carries.")
	}
	if e.died != nil {
		violations = append(violations, "A process of the service ended by itself: "+e.died.Error())
	}
	if !e.drained {
		doubts = append(doubts, "Work was still on its way when the time to drain was up.")
	}
	return violations, doubts
}

func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return text
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

func measured(value *float64) string {
	if value == nil {
		return "never"
	}
	return fmt.Sprintf("%.1f", *value)
}

// arrivals are the alerts whose messages arrived at the Slack sink, each from
// its firing to its end.
func arrivals(events []history.Event) []reports.Alert {
	var list []reports.Alert
	firing := map[string]int{}
	for _, e := range events {
		if e.News == nil {
			continue
		}
		key := e.News.Name + " " + labels(e.News.Labels)
		i, fires := firing[key]
		switch {
		case e.News.State == history.Firing:
			firing[key] = len(list)
			list = append(list, reports.Alert{Name: e.News.Name, Labels: labels(e.News.Labels), FiringAtS: e.News.At, NotifiedAtS: e.T})
		case fires:
			list[i].ResolvedAtS = &e.News.At
			delete(firing, key)
		}
	}
	return list
}

// labels writes an alert's labels as name=value pairs in order of name.
func labels(set map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(set)) {
		parts = append(parts, name+"="+set[name])
	}
	return strings.Join(parts, " ")
}
