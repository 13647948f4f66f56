package run

import (
	"fmt"
	"strings"

	"paperlab/reports/history"
	"paperlab/reports/record"
	"paperlab/scenarios"
	"paperlab/scenarios/check"
)

// judge states what one profile's history says, held against the scenario. It
// starts nothing and asks nobody: of the same events it says the same again.
func judge(s *scenarios.Scenario, events []history.Event) record.Run {
	a := history.AccountOf(events)
	found := check.Judge(a, s.Invariants)
	run := record.Run{
		Counts: found.Counts, Invariants: found.Invariants, Undrained: !a.Drained, Exits: a.Exits,
		Phases: a.Phases, Faults: a.Faults, Alerts: a.Alerts, FalseAlarms: a.FalseAlarms(),
	}
	if len(events) > 0 {
		run.Profile = events[0].Profile
	}
	if !a.Complete {
		spare(&run)
	}
	measure(s, &run, a)
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
	}
	// A second's worth of load is what a healthy service may have in hand.
	steady, known := a.Steady(s.Load.Rate)
	if !known {
		return
	}
	run.LagRecoveryS, run.TimeToRecoverS = a.Recovery(steady)
	run.Steady = steady
	run.Steady.Regained = run.TimeToRecoverS != nil
}

// objectives judges the bounds of the scenario file, and that no alert was
// raised for nothing.
func objectives(s *scenarios.Scenario, run record.Run) []record.Objective {
	var list []record.Objective
	within := func(id string, bound float64, value *float64) {
		list = append(list, record.Objective{
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
	alarms := float64(len(run.FalseAlarms))
	return append(list, record.Objective{ID: "false_alarms", Bound: "0", Value: &alarms, OK: alarms == 0})
}

// verdict says what the run means, and why if it is not a pass. What the naive
// service does wrong is shown and not judged: of it, only what keeps the run
// from showing anything counts.
func verdict(run record.Run) (record.Verdict, []string) {
	violations, doubts := violations(run), doubts(run)
	if run.Profile == "naive" {
		violations = nil
	}
	switch {
	case len(violations) > 0:
		return record.Violation, append(violations, doubts...)
	case len(doubts) > 0:
		return record.Inconclusive, doubts
	}
	return record.Pass, nil
}

func violations(run record.Run) (list []string) {
	for _, i := range run.Invariants {
		if i.Answer == record.Invalid {
			list = append(list, fmt.Sprintf("Invariant %s is violated: %s", i.ID, i.Detail))
		}
	}
	for _, o := range run.Objectives {
		if !o.OK {
			list = append(list, fmt.Sprintf("Objective %s is missed: %s, measured %s.", o.ID, o.Bound, measured(o.Value)))
		}
	}
	for _, how := range run.Exits {
		list = append(list, "A process of the service ended by itself: "+how)
	}
	return list
}

func doubts(run record.Run) (list []string) {
	for _, i := range run.Invariants {
		if i.Answer == record.Unknown {
			list = append(list, fmt.Sprintf("Invariant %s could not be judged: %s", i.ID, i.Detail))
		}
	}
	for _, f := range run.Faults {
		if f.EffectAtS == nil || !f.Receipt.Complete() {
			list = append(list, fmt.Sprintf("Fault %s has no full receipt: %s", f.ID, f.Error))
		}
	}
	if !run.Steady.Held {
		list = append(list, "Steady state did not hold before the first fault: the load is more than this machine carries.")
	}
	if run.Undrained {
		list = append(list, "Work was still on its way when the time to drain was up.")
	}
	return list
}

// capital makes a sentence of an error, which begins with a letter.
func capital(err error) string { return strings.ToUpper(err.Error()[:1]) + err.Error()[1:] }

func measured(value *float64) string {
	if value == nil {
		return "never"
	}
	return fmt.Sprintf("%.1f", *value)
}
