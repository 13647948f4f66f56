package run

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"paperlab/reports/history"
	"paperlab/reports/record"
	"paperlab/scenarios"
	"paperlab/scenarios/check"
)

// judge states what one profile's history says, held against the scenario and
// what was offered. It
// starts nothing and asks nobody: of the same events it says the same again.
func judge(s *scenarios.Scenario, o offer, events []history.Event) record.Run {
	a := history.AccountOf(events)
	found := check.Judge(a, s.Invariants)
	run := record.Run{
		Profile: a.Profile,
		Counts:  found.Counts, Invariants: found.Invariants, Anomalies: found.Anomalies, Blame: found.Blame, Undrained: !a.Drained, Exits: a.Exits,
		Phases: a.Phases, Faults: a.Faults, Struck: a.Strikes, Alerts: a.Alerts, FalseAlarms: a.FalseAlarms(),
	}
	if !a.Complete {
		spare(&run)
	}
	run.Load, run.Price = found.Load, a.Price()
	run.Load.RatePerS, run.Load.OfCapacity = o.rate, o.share
	run.Load.CapacityOf, run.Load.CapacityPerS = o.of, o.capacity
	run.Price.SaturationPerS = o.saturation
	measure(s, &run, a)
	machine, guards := a.MachineState()
	run.Machine, run.Guards = machine, append(run.Guards, guards...)
	run.Objectives = objectives(s, run)
	return run
}

// spare takes back what was concluded from the absence of an effect, in a run
// that gave it no time to come.
func spare(run *record.Run) {
	run.Counts.Lost = 0
	for i, found := range run.Invariants {
		if found.ID == "no-loss" || found.ID == "all-or-none" {
			run.Invariants[i] = record.Invariant{ID: found.ID, Answer: record.Unknown,
				Detail: "the run ended before what was on its way could arrive"}
		}
	}
}

// measure takes the times: to detect, to recover, and what steady state was.
func measure(s *scenarios.Scenario, run *record.Run, a *history.Account) {
	waitsFor := ""
	if s.Objectives.TimeToDetect != nil {
		waitsFor = s.Objectives.TimeToDetect.Alert
	}
	if alert, after := a.DetectedBy(waitsFor); alert != nil {
		run.DetectedBy, run.TimeToDetectS = alert, &after
		run.Detection = new(history.Detection(*run.EffectAt(), *alert))
	}
	load := history.Load{Rate: run.Load.RatePerS}
	if own := run.Price.SaturationPerS; own != nil {
		load.Capacity = *own
	}
	run.Steady, run.Guards = a.Steady(load)
	run.Guards = append(run.Guards, a.Witnesses()...)
	if !run.Bounded() {
		return
	}
	effect, heal := a.Recovery(run.Steady)
	run.LagRecoveryS, run.TimeToRecoverS = effect.Lag, effect.All
	run.LagRecoveryAfterHealS, run.TimeToRecoverAfterHealS = heal.Lag, heal.All
	run.Steady.Regained = effect.All != nil
}

// objectives judges the bounds of the scenario file, and that no alert was
// raised for nothing.
func objectives(s *scenarios.Scenario, run record.Run) []record.Objective {
	var list []record.Objective
	within := func(id, clock string, bound time.Duration, value *float64) {
		b := bound.Seconds()
		list = append(list, record.Objective{ID: id, Clock: clock, Unit: "s", Bound: b, Value: value, OK: value != nil && *value <= b})
	}
	recovery := func(id string, r *scenarios.Recovery, effect, heal *float64) {
		switch {
		case r == nil:
		case r.From == record.ClockLastHeal:
			within(id, r.From, r.Within, heal)
		default:
			within(id, r.From, r.Within, effect)
		}
	}
	if d := s.Objectives.TimeToDetect; d != nil {
		within("time_to_detect:"+d.Alert, record.ClockEffect, d.Within, run.TimeToDetectS)
	}
	recovery("time_to_recover", s.Objectives.TimeToRecover, run.TimeToRecoverS, run.TimeToRecoverAfterHealS)
	recovery("lag_recovery", s.Objectives.LagRecovery, run.LagRecoveryS, run.LagRecoveryAfterHealS)
	alarms := float64(len(run.FalseAlarms))
	return append(list, record.Objective{ID: "false_alarms", Unit: "alerts", Value: &alarms, OK: alarms == 0})
}

// verdict says what the runs of all profiles mean, and why if it is not a pass:
// it is that of the hardened one. What others do wrong is shown and not judged:
// of them, only what keeps a run from showing anything counts, since nothing can
// be compared with that. Where the hardened one did not run, all that is in doubt
// about the others counts.
func verdict(runs []record.Run) (record.Verdict, []string) {
	hardened := slices.ContainsFunc(runs, record.Run.Judged)
	var wrong, doubtful []string
	for _, run := range runs {
		switch {
		case run.Judged():
			wrong, doubtful = append(wrong, violations(run)...), append(doubtful, doubts(run)...)
		case hardened:
			for _, reason := range blind(run) {
				doubtful = append(doubtful, fmt.Sprintf("The %s service cannot be compared with: %s", run.Profile, reason))
			}
		default:
			doubtful = append(doubtful, doubts(run)...)
		}
	}
	switch {
	case len(runs) == 0:
		return record.Infrastructure, nil
	case len(wrong) > 0:
		return record.Violation, append(wrong, doubtful...)
	case len(doubtful) > 0:
		return record.Inconclusive, doubtful
	}
	return record.Pass, nil
}

// violations are what the service did wrong.
func violations(run record.Run) (list []string) {
	for _, i := range run.Invariants {
		if i.Answer == record.Invalid {
			list = append(list, fmt.Sprintf("Invariant %s is violated: %s", i.ID, i.Detail))
		}
	}
	list = append(list, missed(run, true)...)
	for _, how := range run.Exits {
		list = append(list, "A process of the service ended by itself: "+how)
	}
	return list
}

// missed are the objectives that were missed and say something about the service,
// or those that say nothing.
func missed(run record.Run, telling bool) (list []string) {
	for _, o := range run.Objectives {
		if !o.OK && tells(run, o) == telling {
			list = append(list, fmt.Sprintf("Objective %s is missed: %s, measured %s.", o.ID, bound(o), measured(o.Value)))
		}
	}
	return list
}

// tells whether a missed objective says something about the service. Where a guard
// does not hold, nobody can say whose doing it was. A time after a fault needs the
// fault, and one that never ended a load that lasted as long as its bound.
func tells(run record.Run, o record.Objective) bool {
	switch {
	case slices.ContainsFunc(run.Guards, func(g record.Guard) bool { return !g.OK }):
		return false
	case o.Clock == "":
		return true
	case slices.ContainsFunc(run.Faults, unproven):
		return false
	}
	return o.Value != nil || room(run, o.Clock) >= o.Bound
}

// room is how long the load lasted from the begin of an objective's clock on.
func room(run record.Run, clock string) float64 {
	from := run.EffectAt()
	if clock == record.ClockLastHeal {
		from = record.LastHeal(run.Faults)
	}
	at := slices.IndexFunc(run.Phases, func(p record.Phase) bool { return p.Name == history.PhaseRecover })
	if from == nil || at < 0 {
		return 0
	}
	return run.Phases[at].EndS - *from
}

func unproven(f record.Fault) bool { return f.EffectAtS == nil || !f.Receipt.Complete() }

func doubts(run record.Run) []string {
	list := blind(run)
	list = append(list, missed(run, false)...)
	for _, i := range run.Invariants {
		if i.Answer == record.Unknown {
			list = append(list, fmt.Sprintf("Invariant %s could not be judged: %s", i.ID, i.Detail))
		}
	}
	if run.Undrained {
		list = append(list, "Work was still on its way when the time to drain was up.")
	}
	return list
}

// blind is what keeps a run from showing anything of the service, whatever the
// service did after the fault.
func blind(run record.Run) (list []string) {
	if !run.Steady.Held {
		list = append(list, "Never steady: the load is more than this machine carries or did not come, or the service was not well before the first fault.")
	}
	for _, g := range run.Guards {
		if !g.OK {
			list = append(list, fmt.Sprintf("Guard %s does not hold: %s.", g.ID, g.Detail))
		}
	}
	for _, f := range run.Faults {
		if unproven(f) {
			list = append(list, fmt.Sprintf("Fault %s has no full receipt: %s", f.ID, f.Error))
		}
	}
	return list
}

// capital makes a sentence of an error, which begins with a letter.
func capital(err error) string { return strings.ToUpper(err.Error()[:1]) + err.Error()[1:] }

// bound says in words what had to be.
func bound(o record.Objective) string {
	at := fmt.Sprintf("at most %g %s", o.Bound, o.Unit)
	if o.Clock == record.ClockLastHeal {
		at += " from the last heal"
	}
	return at
}

func measured(value *float64) string {
	if value == nil {
		return "never"
	}
	return fmt.Sprintf("%.1f", *value)
}
