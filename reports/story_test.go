package reports

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"paperlab/reports/history"
	"paperlab/reports/record"
)

var crashAccounts = sync.OnceValue(func() map[string]*history.Account {
	_, events := crash(1)
	accounts := map[string]*history.Account{}
	for profile, own := range events {
		accounts[profile] = history.AccountOf(own)
	}
	return accounts
})

// told is the story of the sample crash after a change, in one string.
func told(change func(*record.Result)) string {
	r := crashResult(1)
	if change != nil {
		change(&r)
	}
	return strings.Join(story(r.InOrder(), crashAccounts()), "\n")
}

// claims are what is said when nothing went wrong, with the invariant that has
// to be valid for it.
var claims = map[string]string{
	"nothing was lost":             "no-loss",
	"nobody was told twice":        "no-duplicate-effect",
	"nobody was told out of order": "key-order",
	"kept all 6 invariants":        "produce-once",
}

func TestStory(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(*record.Result)
		say, not []string
	}{
		"pass": {nil,
			[]string{
				"The hardened service kept all 6 invariants and met both objectives.",
				"At 10.0 s summarize-2 was killed (before: alive; then: pid 4711 gone by SIGKILL; 14 entries pending, none acknowledged).",
				"The first alert, ConsumerDown, arrived 3.1 s after that.",
				"Its 4 shards were taken over within 3.4 s.",
				"The backlog was back within its steady bound of 20 entries after 6.0 s.",
				"Steady state, latency included, held again after 9.3 s.",
				"Of 1,426 papers and 1,433 notifications, nothing was lost, nobody was told twice, and nobody was told out of order.",
				"3 webhooks were repeated and recognised by the key and 14 LLM calls were answered again",
				"The naive service, under the same load, seed and faults, lost 7 messages (by the faults' doing), told somebody the same thing again 12 times (by the faults' doing), and told somebody out of order 31 times (no more often than without a fault).",
				"Its backlog was back within its steady bound of 20 entries after 19.8 s.",
				"Its steady state, latency included, was not regained before the run ended.",
			},
			[]string{"unexpected", "could not"}},
		"several processes at once": {func(r *record.Result) {
			f := &r.Of(hardened).Faults[0]
			f.Processes, f.Happened = []string{"summarize-1", "summarize-2"}, "summarize-1 and summarize-2 were killed"
		},
			[]string{"At 10.0 s summarize-1 and summarize-2 were killed (before:", "Their 4 shards were taken over within 3.4 s."}, []string{"Its 4 shards"}},
		"violation": {func(r *record.Result) {
			r.Verdict = record.Violation
			r.Runs[0].Invariants[0].Answer = record.Invalid
			r.Runs[0].Counts.Lost = 1
			r.Runs[0].Objectives[1].OK = false
		},
			[]string{
				"The hardened service broke the invariant no-loss and missed the objective lag_recovery.",
				"Of 1,426 papers and 1,433 notifications, 1 message was lost, nobody was told twice",
			},
			[]string{"nothing was lost", "kept all"}},
		"violation that no checker found": {func(r *record.Result) {
			r.Verdict, r.Reasons = record.Violation, []string{"A process of the service ended by itself"}
		},
			[]string{"The hardened service did not keep its promise. A process of the service ended by itself."}, []string{"kept all"}},
		"violation that nobody counted": {func(r *record.Result) {
			r.Verdict = record.Violation
			r.Runs[0].Invariants[0].Answer = record.Invalid
		},
			[]string{"broke the invariant no-loss", "no-loss was broken; its table says how."}, []string{"nothing was lost"}},
		"inconclusive": {func(r *record.Result) {
			r.Verdict, r.Reasons = record.Inconclusive, []string{"Fault kill-1 has no full receipt: no evidence", " "}
			r.Runs[0].Faults[0].EffectAtS = nil
			r.Runs[0].Faults[0].Receipt.During = ""
		},
			[]string{
				"No conclusion can be drawn from this run. Fault kill-1 has no full receipt: no evidence.",
				"At 10.0 s the fault kill-1 was injected into summarize-2 (before: alive). That it took effect could not be proven.",
			},
			[]string{"was killed", "kept all", "The first alert", "No alert", "Steady state,"}},
		"infrastructure": {func(r *record.Result) {
			r.Verdict, r.Reasons, r.Runs = record.Infrastructure, []string{"Redis did not start"}, nil
		},
			[]string{"The lab itself failed, so this run says nothing about the service. Redis did not start."}, []string{"No fault", "naive"}},
		"infrastructure with a run": {func(r *record.Result) {
			r.Verdict = record.Infrastructure
			r.Runs = r.Runs[:1]
			r.Runs[0].Invariants = nil
		},
			[]string{"The lab itself failed", "Not judged in this run: no-loss, no-duplicate-effect, and key-order."}, []string{"kept"}},
		"aborted": {func(r *record.Result) {
			r.Verdict, r.Reasons = record.Aborted, []string{"The run was stopped before its end."}
			r.Runs = r.Runs[:1]
			r.Runs[0].Counts = record.Counts{}
		},
			[]string{"The run was aborted; what follows is what was seen until then. The run was stopped before its end.", "No paper was offered, so nothing was put to the test."},
			[]string{"nothing was lost", "kept all"}},
		"no profile": {func(r *record.Result) { r.Runs = nil },
			[]string{"No profile was run, so there is nothing to tell."}, []string{"kept"}},
		"naive only": {func(r *record.Result) { r.Verdict, r.Runs = record.Violation, r.Runs[1:] },
			[]string{"Only the naive service was run. What it does wrong is shown, not judged.", "7 messages were lost", "somebody was told out of order 31 times"},
			[]string{"hardened"}},
		"naive not judged": {func(r *record.Result) { r.Runs[1].Invariants, r.Runs[1].Counts = nil, record.Counts{Offered: 9} },
			[]string{"The naive service, under the same load, seed and faults, was run but not judged."}, []string{"in this run.", "Not judged for it"}},
		"naive without anomaly": {func(r *record.Result) {
			r.Runs[1].Counts = record.Counts{Offered: 9}
			r.Runs[1].Invariants = []record.Invariant{{ID: "no-loss", Answer: record.Valid}, {ID: "key-order", Answer: record.Unknown}}
		},
			[]string{"faults, kept no-loss in this run. What could not be judged for it: key-order. Not judged for it: no-duplicate-effect."}, []string{"shows no anomaly"}},
		"naive broke what nobody counted": {func(r *record.Result) {
			r.Runs[1].Counts = record.Counts{Offered: 9}
			r.Runs[1].Invariants = []record.Invariant{{ID: "no-loss", Answer: record.Invalid}, {ID: "all-or-none", Answer: record.Invalid}}
		},
			[]string{"faults, broke no-loss and published the notifications of some papers only in part."}, nil},
		"naive was offered nothing": {func(r *record.Result) { r.Runs[1].Counts = record.Counts{} },
			[]string{"The naive service was offered no paper, so there is nothing to compare with."}, []string{"lost 7"}},
		"no faults": {func(r *record.Result) {
			for i := range r.Runs {
				run := &r.Runs[i]
				run.Faults, run.Alerts, run.DetectedBy, run.TimeToDetectS = nil, nil, nil, nil
			}
		},
			[]string{"No fault was injected.", "nothing was lost"}, []string{"alert", "taken over", "held again", "backlog"}},
		"no faults and an alert": {func(r *record.Result) {
			run := &r.Runs[0]
			run.Faults, run.FalseAlarms, run.DetectedBy, run.TimeToDetectS = nil, run.Alerts, nil, nil
		},
			[]string{"2 alerts arrived before any fault: ConsumerDown and LagHigh."}, []string{"The first alert"}},
		"unknown invariants": {func(r *record.Result) {
			r.Verdict = record.Inconclusive
			for i := range r.Runs[0].Invariants {
				r.Runs[0].Invariants[i].Answer = record.Unknown
			}
		},
			[]string{"1,426 papers were offered and 1,433 notifications were told.", "Whether no-loss held could not be judged.", "Whether produce-once held could not be judged."},
			slices.Collect(maps.Keys(claims))},
		"a pass that was not judged": {func(r *record.Result) { r.Runs[0].Invariants = nil },
			[]string{"The run ended as planned, but no invariant was judged.", "Not judged in this run: no-loss, no-duplicate-effect, and key-order."},
			slices.Collect(maps.Keys(claims))},
		"a pass with an unknown": {func(r *record.Result) { r.Runs[0].Invariants[4].Answer = record.Unknown },
			[]string{"The verdict is pass, though key-order was not judged valid.", "Whether key-order held could not be judged.", "nothing was lost"},
			[]string{"nobody was told out of order", "kept all 6"}},
		"a pass with a miss": {func(r *record.Result) { r.Runs[0].Objectives[0].OK = false },
			[]string{"The verdict is pass, though the service missed time_to_detect:ConsumerDown."}, []string{"met both"}},
		"valid and yet counted": {func(r *record.Result) { r.Runs[0].Counts.Lost = 2 },
			[]string{"2 messages were lost"}, []string{"nothing was lost"}},
		"no alert": {func(r *record.Result) {
			r.Runs[0].Alerts, r.Runs[0].DetectedBy, r.Runs[0].TimeToDetectS = nil, nil, nil
		},
			[]string{"No alert arrived after that."}, []string{"The first alert"}},
		"another alert": {func(r *record.Result) {
			r.Runs[0].Alerts, r.Runs[0].DetectedBy, r.Runs[0].TimeToDetectS = r.Runs[0].Alerts[1:], nil, nil
		},
			[]string{"The alert that was to detect it did not arrive; what arrived is LagHigh."}, []string{"No alert"}},
		"alerts, and no bounds": {func(r *record.Result) {
			r.Runs[0].DetectedBy, r.Runs[0].TimeToDetectS, r.Runs[0].Steady = nil, nil, record.Steady{}
		},
			[]string{"Alerts arrived after that (ConsumerDown and LagHigh), but no time to detect was measured."}, []string{"did not arrive", "No alert"}},
		"the fault's own words": {func(r *record.Result) { r.Runs[0].Faults[0].Happened = "summarize-2 was cut off from 3 addresses" },
			[]string{"At 10.0 s summarize-2 was cut off from 3 addresses (before"}, []string{"was killed"}},
		"takeovers that are no fault's doing": {func(r *record.Result) { r.Runs[0].Faults[0].Processes = []string{"summarize-22"} },
			[]string{"summarize-2 was killed"}, []string{"taken over"}},
		"two faults": {func(r *record.Result) {
			f := r.Runs[0].Faults[0]
			f.EffectAtS = new(13.0)
			r.Runs[0].Faults = append(r.Runs[0].Faults, f)
		},
			[]string{"each within 0.4 s of its fault's effect"}, nil},
		"another alert first": {func(r *record.Result) { r.Runs[0].Alerts[1].NotifiedAtS = 12 },
			[]string{"The alert ConsumerDown arrived 3.1 s after that, and others before it."}, []string{"The first alert"}},
		"never recovered": {func(r *record.Result) { r.Runs[0].LagRecoveryS, r.Runs[0].TimeToRecoverS = nil, nil },
			[]string{"The backlog was not back within its steady bound of 20 entries when the run ended.", "Steady state was not regained before the run ended."}, []string{"held again"}},
		"never left": {func(r *record.Result) { r.Runs[0].LagRecoveryS, r.Runs[0].TimeToRecoverS = new(0.0), new(0.0) },
			[]string{"The backlog never left its steady bound of 20 entries.", "Steady state, latency included, was never left."}, []string{"after 0.0 s"}},
		"steady state unknown": {func(r *record.Result) {
			r.Runs[0].Steady, r.Runs[0].LagRecoveryS, r.Runs[0].TimeToRecoverS = record.Steady{}, nil, nil
		},
			[]string{"What steady state is could not be measured before the fault, so there is no time to recover."}, []string{"The backlog", "regained before the run ended. Of"}},
		"steady state did not hold": {func(r *record.Result) { r.Runs[0].Steady.Held = false },
			[]string{"Steady state did not hold even before the fault."}, nil},
		"many faults": {func(r *record.Result) {
			f := r.Runs[0].Faults[0]
			r.Runs[0].Faults = []record.Fault{f, f, f, f, f, f}
		},
			[]string{"2 further faults followed.", "after the first effect.", "The targets' 4 shards were taken over, each within 3.4 s of its fault's effect."}, []string{"after that"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := told(c.change)
			for _, want := range c.say {
				if !strings.Contains(got, want) {
					t.Errorf("does not say %q:\n%s", want, got)
				}
			}
			for _, unwanted := range append(c.not, "cannot be told") {
				if strings.Contains(got, unwanted) {
					t.Errorf("says %q:\n%s", unwanted, got)
				}
			}
		})
	}
}

// Whatever the verdict and the other invariants are: a claim that nothing went
// wrong is only made where an invariant was judged valid.
func TestNoClaimWithoutAValidVerdict(t *testing.T) {
	for _, verdict := range []record.Verdict{record.Pass, record.Violation, record.Inconclusive, record.Infrastructure, record.Aborted} {
		for claim, id := range claims {
			for _, judged := range []record.Answer{record.Invalid, record.Unknown, "", "valid?"} {
				for _, profiles := range [][]int{{0}, {0, 1}} {
					got := told(func(r *record.Result) {
						r.Verdict = verdict
						run := r.Runs[0]
						run.Invariants = slices.DeleteFunc(run.Invariants, func(i record.Invariant) bool { return judged == "" && i.ID == id })
						for i := range run.Invariants {
							if run.Invariants[i].ID == id {
								run.Invariants[i].Answer = judged
							}
						}
						runs := r.Runs
						r.Runs = nil
						for _, p := range profiles {
							r.Runs = append(r.Runs, runs[p])
						}
						r.Runs[0] = run
					})
					if strings.Contains(got, claim) {
						t.Errorf("verdict %s, %s %q: says %q:\n%s", verdict, id, judged, claim, got)
					}
				}
			}
		}
	}
}

// The table and the figure keep the same rule as the story.
func TestNoGoodZeroWithoutAValidVerdict(t *testing.T) {
	for verdict, want := range map[record.Answer]cell{
		record.Valid: {"0", "good"}, record.Invalid: {"yes, see invariants", "bad"}, record.Unknown: {Text: "could not be judged"}, "": {Text: "not judged"},
	} {
		r := record.Run{Invariants: []record.Invariant{{ID: "no-loss", Answer: verdict}}}
		if got := anomalies[0].mustBeZero(r); got != want {
			t.Errorf("verdict %q: cell is %+v, want %+v", verdict, got, want)
		}
		if bar := anomalies[0].barOf(r); bar.Known != (verdict == record.Valid) {
			t.Errorf("verdict %q: bar is %+v", verdict, bar)
		}
		r.Counts.Lost = 1200
		if got := anomalies[0].mustBeZero(r); got != (cell{"1,200", "bad"}) {
			t.Errorf("verdict %q with losses: cell is %+v", verdict, got)
		}
	}
}

func TestKeyFiguresSayWhatWasNotMeasured(t *testing.T) {
	r := hardenedCrash()
	if got := detected(r); got != (cell{Text: "3.1 s"}) {
		t.Errorf("detected %+v", got)
	}
	r.TimeToDetectS = nil
	if got := detected(r); got != (cell{"not by its alert", "bad"}) {
		t.Errorf("detected %+v, though its alert did not come", got)
	}
	r.LagRecoveryS, r.Steady = nil, record.Steady{}
	result := record.Result{Runs: []record.Run{r, {Profile: naive}}}
	got := map[string][]cell{}
	for _, line := range keyFigures(result.InOrder(), nil).Rows {
		got[line.Label] = line.Cells
	}
	for label, want := range map[string][2]string{ // naive first
		"time to detect":            {"no fault took effect", "not measured"},
		"backlog back in its bound": {"no fault took effect", "not measured"},
		"messages lost":             {"not judged", "0"},
		"end to end, p50 and p95":   {"not measured", "not measured"},
	} {
		if c := got[label]; len(c) != 2 || c[0].Text != want[0] || c[1].Text != want[1] {
			t.Errorf("%s is %+v, want %q", label, c, want)
		}
	}
}

// The timeline has all that happened in its order: what arrives as it fires is one
// line, and what did not happen none.
func TestTimeline(t *testing.T) {
	r := record.Run{
		Faults: []record.Fault{{ID: "kill-1", Target: "summarize-2", InjectedAtS: 10, EffectAtS: new(10.5), HealedAtS: new(25.0)}, {Kind: "llm", Target: "ollama", InjectedAtS: 26}},
		Alerts: []record.Alert{{Name: "Down", FiringAtS: 12, NotifiedAtS: 12.5, ResolvedAtS: new(27.0)}, {Name: "LagHigh", FiringAtS: 11, NotifiedAtS: 11}},
	}
	var got []string
	for _, m := range timeline(r, []history.Event{history.TookOver("papers", 1, "a", "b").At(13, hardened), history.TookOver("papers", 2, "a", "b").At(13.5, hardened), history.TookOver("papers", 3, "a", "b").At(20, hardened)}) {
		got = append(got, fmt.Sprintf("%g: %s", m.At, m.What))
	}
	want := []string{
		"10: fault kill-1 injected into summarize-2", "10.5: fault kill-1: effect proven", "11: alert LagHigh fires and arrives", "12: alert Down fires", "12.5: alert Down arrives",
		"13: 2 shards changed owner", "20: 1 shard changed owner", "25: fault kill-1 healed", "26: fault llm injected into ollama", "27: alert Down resolved",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Of a time, the table says why there is none.
func TestTimesThatAreNotThere(t *testing.T) {
	bounded := record.Steady{BacklogBound: 20}
	struck := []record.Fault{{EffectAtS: new(10.0)}}
	late := []record.Alert{{Name: "Down", NotifiedAtS: 10}}
	for name, c := range map[string]struct {
		run                record.Run
		detected, regained cell
	}{
		"nothing was broken":            {record.Run{Steady: bounded}, cell{Text: "no fault took effect"}, cell{Text: "no fault took effect"}},
		"no alert, never back":          {record.Run{Faults: struck, Steady: bounded}, cell{"no alert", "bad"}, cell{"not in this run", "bad"}},
		"an alert before the fault":     {record.Run{Faults: struck, Steady: bounded, Alerts: []record.Alert{{NotifiedAtS: 9.5}}}, cell{"no alert", "bad"}, cell{"not in this run", "bad"}},
		"another alert":                 {record.Run{Faults: struck, Steady: bounded, Alerts: late}, cell{"not by its alert", "bad"}, cell{"not in this run", "bad"}},
		"an alert, and no bounds":       {record.Run{Faults: struck, Alerts: late}, cell{Text: notMeasured}, cell{Text: notMeasured}},
		"at once, and never left":       {record.Run{Faults: struck, Steady: bounded, TimeToDetectS: new(0.0), LagRecoveryS: new(0.0)}, cell{Text: "at once"}, cell{Text: "never left it"}},
		"after a while":                 {record.Run{Faults: struck, Steady: bounded, TimeToDetectS: new(3.0), LagRecoveryS: new(6.0)}, cell{Text: "3.0 s"}, cell{Text: "6.0 s"}},
		"detected, and not as expected": {record.Run{Faults: struck, Alerts: late, TimeToDetectS: new(3.0)}, cell{Text: "3.0 s"}, cell{Text: notMeasured}},
	} {
		if got := detected(c.run); got != c.detected {
			t.Errorf("%s: detected %+v, want %+v", name, got, c.detected)
		}
		if got := regained(c.run, c.run.LagRecoveryS); got != c.regained {
			t.Errorf("%s: back %+v, want %+v", name, got, c.regained)
		}
	}
	if zeroIsGood(0) != (cell{"0", "good"}) || zeroIsGood(1) != (cell{"1", "bad"}) {
		t.Error("a false alarm is good, or none is bad")
	}
}
