package run

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"paperlab/faults"
	"paperlab/reports"
	"paperlab/reports/history"
	"paperlab/scenarios"
)

// good is a run with nothing wrong.
func good() (reports.Run, evidence) {
	at := 10.0
	run := reports.Run{
		Profile:    "hardened",
		Invariants: []reports.Invariant{{ID: "no-loss", Verdict: "valid"}, {ID: "key-order", Verdict: "valid"}},
		Objectives: []reports.Objective{{ID: "lag_recovery", Bound: "within 15 s", Value: &at, OK: true}},
		Faults: []reports.Fault{{ID: "kill-summarize-1", EffectAtS: &at,
			Receipt: reports.Receipt{Before: "alive", During: "gone", After: "back"}}},
		Steady: reports.Steady{Held: true},
	}
	return run, evidence{drained: true, outcomes: []faults.Outcome{{}}}
}

// TestVerdict: what is missing never passes, and what is wrong is never called
// missing.
func TestVerdict(t *testing.T) {
	cases := map[string]struct {
		spoil  func(*reports.Run, *evidence)
		want   reports.Verdict
		reason string
	}{
		"all is well":        {func(*reports.Run, *evidence) {}, reports.Pass, ""},
		"invariant violated": {func(r *reports.Run, _ *evidence) { r.Invariants[1].Verdict = "invalid" }, reports.Violation, "key-order is violated"},
		"invariant unknown":  {func(r *reports.Run, _ *evidence) { r.Invariants[0].Verdict = "unknown" }, reports.Inconclusive, "no-loss could not be judged"},
		"objective missed":   {func(r *reports.Run, _ *evidence) { r.Objectives[0].OK = false }, reports.Violation, "lag_recovery is missed"},
		"objective never reached": {func(r *reports.Run, _ *evidence) {
			r.Objectives[0].OK, r.Objectives[0].Value = false, nil
		}, reports.Violation, "measured never"},
		"no effect proven": {func(r *reports.Run, e *evidence) {
			r.Faults[0].EffectAtS = nil
			e.outcomes[0].Err = errors.New("still runs")
		}, reports.Inconclusive, "no full receipt: still runs"},
		"half a receipt": {func(r *reports.Run, _ *evidence) { r.Faults[0].Receipt.After = "" }, reports.Inconclusive, "no full receipt"},
		"unsteady":       {func(r *reports.Run, _ *evidence) { r.Steady.Held = false }, reports.Inconclusive, "Steady state did not hold"},
		"not drained":    {func(_ *reports.Run, e *evidence) { e.drained = false }, reports.Inconclusive, "still on its way"},
		"a process died": {func(_ *reports.Run, e *evidence) { e.died = errors.New("deliver-1 ended") }, reports.Violation, "ended by itself: deliver-1"},
		"naive and wrong": {func(r *reports.Run, _ *evidence) {
			r.Profile, r.Invariants[1].Verdict, r.Objectives[0].OK = "naive", "invalid", false
		}, reports.Pass, ""},
		"naive without proof": {func(r *reports.Run, _ *evidence) {
			r.Profile, r.Faults[0].EffectAtS = "naive", nil
		}, reports.Inconclusive, "no full receipt"},
		"wrong and uncertain": {func(r *reports.Run, e *evidence) { r.Invariants[1].Verdict, e.drained = "invalid", false }, reports.Violation, "key-order"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			run, e := good()
			c.spoil(&run, &e)
			got, reasons := verdict(run, e)
			if got != c.want {
				t.Errorf("verdict %s, want %s", got, c.want)
			}
			if c.reason != "" && !slices.ContainsFunc(reasons, func(r string) bool { return strings.Contains(r, c.reason) }) {
				t.Errorf("reasons %q do not say %q", reasons, c.reason)
			}
		})
	}
}

// TestFalseAlarmIsAnObjective: an alert before the first fault is held against
// the run, one after it is not.
func TestFalseAlarmIsAnObjective(t *testing.T) {
	s := &scenarios.Scenario{Objectives: scenarios.Objectives{TimeToDetect: &scenarios.Detection{Alert: "ConsumerDown", Within: 5 * time.Second}}}
	run := &reports.Run{
		Phases: []reports.Phase{{Name: "steady", StartS: 2, EndS: 12}},
		Alerts: []reports.Alert{{Name: "LagHigh", NotifiedAtS: 11}, {Name: "ConsumerDown", NotifiedAtS: 15}},
	}
	list := objectives(s, run)
	if got := list[len(list)-1]; got.ID != "false_alarms" || got.OK || *got.Value != 1 {
		t.Errorf("got %+v", got)
	}
	if list[0].OK {
		t.Error("a detection that was not measured counts as met")
	}
}

// TestDetectionCountsFromTheEffect and only for the alert that was asked for.
func TestDetectionCountsFromTheEffect(t *testing.T) {
	s := &scenarios.Scenario{
		Load:       scenarios.Workload{Rate: 10},
		Objectives: scenarios.Objectives{TimeToDetect: &scenarios.Detection{Alert: "ConsumerDown", Within: 5 * time.Second}},
	}
	effect := 12.5
	e := evidence{
		phases:   []reports.Phase{{Name: "steady", StartS: 2, EndS: 12}, {Name: "recover", StartS: 20, EndS: 30}},
		outcomes: []faults.Outcome{{ID: "kill", EffectAt: &effect}},
		alerts:   []reports.Alert{{Name: "LagHigh", NotifiedAtS: 13}, {Name: "ConsumerDown", NotifiedAtS: 16}},
	}
	for i := range 120 {
		at := float64(i) / 4
		for _, name := range []string{"lag", "pending"} {
			e.events = append(e.events, history.Event{T: at, Type: history.OK, Op: history.Sample, Stream: "papers", Name: name})
		}
		version := "2101.0000" + string(rune('0'+i%10)) + "v1"
		e.events = append(e.events,
			history.Event{T: at, Type: history.OK, Op: history.Serve, Message: version},
			history.Event{T: at, Type: history.OK, Op: history.Tell, Version: version, Subscription: "s", Status: 200})
	}
	var run reports.Run
	judge(s, &run, e)
	if run.TimeToDetectS == nil || *run.TimeToDetectS != 3.5 {
		t.Errorf("time to detect is %v, want 3.5", run.TimeToDetectS)
	}
	if run.LagRecoveryS == nil || *run.LagRecoveryS != 0 {
		t.Errorf("a backlog that never left its bound has recovery %v, want 0", run.LagRecoveryS)
	}
}

// TestArrivals: the witness's time counts, and a message that never came told
// nobody.
func TestArrivals(t *testing.T) {
	news := func(at float64, state, node string) history.Event {
		return history.Alerted(history.AlertNews{Name: "Down", State: state, At: at - 1, Labels: map[string]string{"node": node, "job": "watch"}}).At(at, "hardened")
	}
	got := arrivals([]history.Event{
		news(3, history.Firing, "a"), news(5, history.Resolved, "a"), news(6, history.Resolved, "b"), news(7, history.Firing, "a"),
	})
	if len(got) != 2 || got[0].NotifiedAtS != 3 || got[0].FiringAtS != 2 || *got[0].ResolvedAtS != 4 || got[1].NotifiedAtS != 7 || got[1].ResolvedAtS != nil {
		t.Errorf("got %+v, want the two of node a, told at 3 and 7", got)
	}
	if want := "job=watch node=a"; got[0].Labels != want {
		t.Errorf("labels %q, want %q", got[0].Labels, want)
	}
}
