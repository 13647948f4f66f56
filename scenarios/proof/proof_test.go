package proof_test

import (
	"slices"
	"testing"

	"paperlab/reports/record"
	"paperlab/scenarios/check"
	"paperlab/scenarios/proof"
	"paperlab/system/sabotage"
)

// TestCases: the names are those that a process understands, each of its
// defects is planted, and each invariant has a defect that must turn it red.
func TestCases(t *testing.T) {
	want := []string{
		"", sabotage.AckBeforeEffect, sabotage.NoEpochCheck, sabotage.NoRepeatCheck, sabotage.DropNotification,
		sabotage.SwapNotifications, sabotage.FreshIdempotencyKey, sabotage.TellStranger, sabotage.SlowDrift,
	}
	var planted, red []string
	for _, c := range proof.Cases {
		planted, red = append(planted, c.Sabotage), append(red, c.Red)
		if s := c.Scenario(); s.Name != c.Name() || len(s.Invariants) != len(check.IDs()) {
			t.Errorf("%s: the scenario is %s and judges %v; it must judge all", c.Name(), s.Name, s.Invariants)
		}
	}
	if !slices.Equal(planted, want) {
		t.Errorf("planted are %v, want %v", planted, want)
	}
	for _, id := range check.IDs() {
		if !slices.Contains(red, id) {
			t.Errorf("no defect turns %s red", id)
		}
	}
}

// TestJudge: exactly the named checker, and none that could not judge.
func TestJudge(t *testing.T) {
	verdicts := func(keyOrder, noLoss record.Answer) record.Result {
		return record.Result{Runs: []record.Run{{Struck: map[string]int{"swap-notifications": 1}, Invariants: []record.Invariant{
			{ID: "key-order", Answer: keyOrder}, {ID: "no-loss", Answer: noLoss},
		}}}}
	}
	steady := func(held bool) record.Result {
		r := verdicts("valid", "valid")
		r.Runs[0].Steady.Held = held
		return r
	}
	planted, control := proof.Case{Sabotage: "swap-notifications", Red: "key-order"}, proof.Case{}
	for _, c := range []struct {
		name   string
		of     proof.Case
		result record.Result
		ok     bool
		found  string
	}{
		{"its checker alone", planted, verdicts("invalid", "valid"), true, "key-order red"},
		{"its checker and another", planted, verdicts("invalid", "invalid"), false, "key-order, no-loss red"},
		{"another checker", planted, verdicts("valid", "invalid"), false, "no-loss red"},
		{"no checker", planted, verdicts("valid", "valid"), false, "no checker red"},
		{"one could not judge", planted, verdicts("invalid", "unknown"), false, "key-order red; could not judge no-loss"},
		{"nothing planted, nothing red", control, verdicts("valid", "valid"), true, "no checker red"},
		{"nothing planted, one red", control, verdicts("invalid", "valid"), false, "key-order red"},
		{"nothing was judged", control, record.Result{Reasons: []string{"No Redis."}}, false, "nothing was judged: No Redis."},
		{"a drift that passed", proof.Case{Unsteady: true}, steady(true), false, "no checker red; it passed for steady"},
		{"a drift that was found", proof.Case{Unsteady: true}, steady(false), true, "no checker red; never steady"},
		{"it never struck", proof.Case{Sabotage: "tell-stranger", Red: "key-order"}, verdicts("invalid", "valid"), false, "key-order red; the defect never struck"},
	} {
		if found, ok := c.of.Judge(c.result); found != c.found || ok != c.ok {
			t.Errorf("%s: %q, %v; want %q, %v", c.name, found, ok, c.found, c.ok)
		}
	}
}
