package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"paperlab/reports/chart"
	"paperlab/reports/history"
	"paperlab/reports/record"
)

// A bar of recovery has the milestones that the record knows, from the effect on,
// and says what it misses: an alert that was waited for, and what never came back.
func TestRecoveryBar(t *testing.T) {
	crashed := func(change func(*record.Run)) record.Run {
		r := hardenedCrash()
		r.Faults = slices.Clone(r.Faults)
		change(&r)
		return r
	}
	for name, c := range map[string]struct {
		run           record.Run
		want, missing string
	}{
		"all": {crashed(func(*record.Run) {}), "alert fires 2.4, notified 3.1, taken over 3.4, backlog back 6.0, steady again 9.3", ""},
		"an alert that arrives as it fires": {crashed(func(r *record.Run) { r.DetectedBy.FiringAtS = r.DetectedBy.NotifiedAtS }),
			"notified 3.1, taken over 3.4, backlog back 6.0, steady again 9.3", ""},
		"no alert": {crashed(func(r *record.Run) { r.Alerts, r.DetectedBy, r.TimeToDetectS = nil, nil, nil }),
			"taken over 3.4, backlog back 6.0, steady again 9.3", "alert"},
		"nothing left its bounds": {crashed(func(r *record.Run) { r.LagRecoveryS, r.TimeToRecoverS = new(0.0), new(0.0) }),
			"alert fires 2.4, notified 3.1, taken over 3.4, backlog never left its bound 0.0, steady state was never left 0.0", ""},
		"nothing came back": {crashed(func(r *record.Run) { r.LagRecoveryS, r.TimeToRecoverS = nil, nil }),
			"alert fires 2.4, notified 3.1, taken over 3.4", "backlog back, steady again"},
		"no bounds, and another alert": {crashed(func(r *record.Run) { r.Steady, r.DetectedBy, r.TimeToDetectS = record.Steady{}, nil, nil }),
			"taken over 3.4", ""},
		"no bounds, and no alert": {crashed(func(r *record.Run) {
			r.Steady, r.Alerts, r.DetectedBy, r.TimeToDetectS = record.Steady{}, nil, nil, nil
		}),
			"taken over 3.4", "alert"},
		"two faults": {crashed(func(r *record.Run) {
			r.Faults = append(r.Faults, record.Fault{Processes: []string{"deliver-1"}, EffectAtS: new(15.02), Receipt: record.Receipt{Before: "alive"}})
		}), "next fault 5.0, alert fires 2.4, notified 3.1, taken over 3.4, backlog back 6.0, steady again 9.3", ""},
	} {
		b := recoveryBar(c.run, crashAccounts()[hardened].Takeovers)
		var got []string
		for _, m := range b.Milestones {
			got = append(got, fmt.Sprintf("%s %.1f", m.Name, m.After))
		}
		if b.Missing != c.missing || strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %q, missing %q; want %q, missing %q", name, strings.Join(got, ", "), b.Missing, c.want, c.missing)
		}
		if b.Label != hardened || math.Abs(b.Watched-49.98) > 1e-9 {
			t.Errorf("%s: the bar of %s was watched for %g s", name, b.Label, b.Watched)
		}
	}
}

// What was cut off before its first phase ended was watched for no time.
func TestRecoveryBarOfARunThatWasCut(t *testing.T) {
	r := hardenedCrash()
	r.Phases = nil
	if b := recoveryBar(r, nil); b.Watched != 0 {
		t.Errorf("watched for %g s", b.Watched)
	}
}

// The reason why there is no figure of recovery is the right one.
func TestNoRecoveryIsShown(t *testing.T) {
	unproven := hardenedCrash()
	unproven.Faults = []record.Fault{{ID: "kill-1"}}
	for want, r := range map[string]record.Result{
		"no fault was injected":        {Runs: []record.Run{{Profile: hardened}}},
		"no fault's effect was proven": {Runs: []record.Run{unproven}},
	} {
		if f, why := recoveryFigure(r, map[string]*history.Account{}); f != nil || !strings.Contains(why, want) {
			t.Errorf("%+v, %q; want %q", f, why, want)
		}
	}
	if f, why := anomalyFigure(record.Result{}); f != nil || !strings.Contains(why, "no profile was run") {
		t.Errorf("the anomalies of nothing: %+v, %q", f, why)
	}
}

// A fault's band ends with its healing; one that was never healed lasts until the
// run's end, and one after that has no length.
func TestFaultBands(t *testing.T) {
	r := record.Run{Phases: []record.Phase{{EndS: 48}}, Faults: []record.Fault{
		{Kind: "kill", InjectedAtS: 10, HealedAtS: new(25.0)}, {Kind: "freeze", InjectedAtS: 12}, {Kind: "llm", InjectedAtS: 50},
	}}
	want := []chart.Band{{From: 10, To: 25, Label: "kill"}, {From: 12, To: 48, Label: "freeze"}, {From: 50, To: 50, Label: "llm"}}
	if got := faultBands(r); !slices.Equal(got, want) {
		t.Errorf("bands are %+v, want %+v", got, want)
	}
}

// Marks of one name are drawn as one while each follows the one before it within
// a second; another name, or a longer pause, begins anew.
func TestMarksTogether(t *testing.T) {
	alert := func(name string, at float64) record.Alert { return record.Alert{Name: name, NotifiedAtS: at} }
	got := alertMarks(record.Run{Alerts: []record.Alert{
		alert("LagHigh", 14), alert("Down", 10), alert("Down", 12), alert("Down", 11), alert("Down", 13.25), alert("LagHigh", 14.5), alert("Late", 14.5),
	}})
	var words []string
	for _, m := range got {
		words = append(words, fmt.Sprintf("%s at %g", m.Label, m.T))
	}
	if want := "Down ×3 at 10, Down at 13.25, LagHigh ×2 at 14, Late at 14.5"; strings.Join(words, ", ") != want {
		t.Errorf("marks are %q, want %q", strings.Join(words, ", "), want)
	}
}

// Times count from the first fault where all runs had one.
func TestAligned(t *testing.T) {
	struck, alone := hardenedCrash(), record.Run{Profile: naive}
	for _, c := range []struct {
		runs []record.Run
		want string
	}{{nil, ""}, {[]record.Run{struck}, "the first fault"}, {[]record.Run{struck, naiveCrash()}, "the first fault"}, {[]record.Run{struck, alone}, ""}} {
		if got := aligned(c.runs); got != c.want {
			t.Errorf("%d runs count from %q, want %q", len(c.runs), got, c.want)
		}
	}
	if p := panel(struck, "the first fault"); p.Zero != 10 || len(p.Phases) != 4 || p.Title != hardened {
		t.Errorf("the panel is %+v", p)
	}
	if p := panel(alone, ""); p.Zero != 0 {
		t.Errorf("the panel of a run without a fault begins at %g", p.Zero)
	}
}

// Each profile has its colour.
func TestColours(t *testing.T) {
	for profile, want := range map[string]any{naive: chart.Red, careful: chart.Amber, hardened: chart.Blue, "odd": chart.Blue} {
		if got := profileColor(profile); got != want {
			t.Errorf("%s is %v, want %v", profile, got, want)
		}
	}
}

// Stages that are not in order are told under the figure, and marked in the table.
func TestDetectionOutOfOrder(t *testing.T) {
	r := crashResult(1)
	r.Runs[0].Detection.Disorder = "sent comes before firing"
	f, _ := detectionFigure(r)
	if f == nil || !strings.HasSuffix(f.Caption, "Hardened: sent comes before firing") {
		t.Errorf("the caption is %+v", f)
	}
	rows := detectionTable(r.InOrder()).Rows
	for _, line := range rows {
		if line.Cells[1].Class != "bad" || line.Cells[0].Class != "" {
			t.Errorf("%s: %+v", line.Label, line.Cells)
		}
	}
	r.Runs[0].Detection = nil
	if got := detectionTable(r.InOrder()).Rows[0].Cells[1].Text; got != "not detected" {
		t.Errorf("without a detection: %q", got)
	}
	r.Runs[1].Detection = nil
	if f, _ := detectionFigure(r); f != nil || len(detectionTable(r).Rows) > 0 {
		t.Error("nothing was detected, and it is shown")
	}
}

// The length of a stage counts from the end of the last one that is known.
func TestLastedFromTheLastKnown(t *testing.T) {
	d := record.Detection{EffectAtS: 10, ScrapedAtS: new(9.5), PendingAtS: new(10.5), FiringAtS: 12.5, ArrivedAtS: 13}
	for stage, want := range []string{"0 s: a scrape was under way", "0.5 s", "2.0 s", "not known", "0.5 s"} {
		if got := lasted(d, stage); got != want {
			t.Errorf("stage %d lasted %q, want %q", stage, got, want)
		}
	}
	d.ScrapedAtS = new(10.0)
	if got := lasted(d, 0); got != chart.Seconds(0) {
		t.Errorf("a scrape at the effect itself took %q", got)
	}
}

// A metric is drawn where it was measured at two or more values of X; what is no
// number has no point, and says nothing against the others.
func TestBenchFigures(t *testing.T) {
	of := func(values ...float64) (b record.Bench) {
		for i, v := range values {
			b.Cases = append(b.Cases, record.Case{Params: map[string]any{"shards": 1 + i}, Metrics: map[string]record.Metric{"m": {Value: v, Low: v, High: v}}})
		}
		return b
	}
	for name, c := range map[string]struct {
		bench   record.Bench
		figures int
		caption string
	}{
		"none":               {of(), 0, ""},
		"one":                {of(5), 0, ""},
		"two":                {of(5, 6), 1, "There is no confidence interval. The dotted line"},
		"one is no number":   {of(5, math.NaN()), 0, ""},
		"one is infinite":    {of(math.Inf(1), 5), 0, ""},
		"a gap between two":  {of(5, math.NaN(), 7), 1, "There is no confidence interval."},
		"the first is a gap": {of(math.Inf(-1), 6, 7), 1, "There is no confidence interval."},
		"a level at one only": {func() record.Bench {
			b := of(5, 6)
			b.Cases[1].Metrics["m"] = record.Metric{Value: 6, Level: 0.9}
			return b
		}(), 1, "Bars are 90 % confidence intervals"},
	} {
		able, missing := benchFigures(c.bench)
		if len(able) != c.figures || len(missing) != 1-c.figures || len(able) > 0 && !strings.HasPrefix(able[0].Caption, c.caption) {
			t.Errorf("%s: %d figures, %q missing; want %d\n%+v", name, len(able), missing, c.figures, able)
		}
	}
}

// A share is of something: of nothing there is none.
func TestShare(t *testing.T) {
	for _, c := range []struct {
		part, of int
		want     chart.Bar
	}{
		{0, 0, chart.Bar{Text: "none asked"}}, {1, 4, chart.Bar{Value: 25, Known: true, Text: "25 %\n1 of 4"}}, {1, 3, chart.Bar{Value: 100.0 / 3, Known: true, Text: "33.3 %\n1 of 3"}},
		{0, 1, chart.Bar{Known: true, Text: "0 %\n0 of 1"}},
	} {
		if got := share(c.part, c.of); got != c.want {
			t.Errorf("%d of %d is %+v, want %+v", c.part, c.of, got, c.want)
		}
	}
}

// Why one LLM is not compared with two: it was not asked, or never failed.
func TestNoRedundancyIsShown(t *testing.T) {
	r := record.Result{Runs: []record.Run{{Profile: hardened, Faults: []record.Fault{{Kind: "llm", InjectedAtS: 10, EffectAtS: new(12.0), HealedAtS: new(20.0)}}}}}
	for name, c := range map[string]struct {
		call  history.Call
		drawn bool
		why   string
	}{
		"not asked":         {history.Call{Provider: "openai", Version: "v", From: 15, To: 16}, false, "the primary was not asked"},
		"never failed":      {history.Call{Provider: "ollama", Version: "v", From: 15, To: 16, OK: true}, false, "no call to the primary failed"},
		"failed":            {history.Call{Provider: "ollama", Version: "v", From: 15, To: 16}, true, ""},
		"before its effect": {history.Call{Provider: "ollama", Version: "v", From: 11, To: 12}, false, "the primary was not asked"},
	} {
		f, why := redundancyFigure(r, map[string]*history.Account{hardened: {Calls: []history.Call{c.call}}})
		if (f != nil) != c.drawn || !strings.Contains(why, c.why) || c.drawn && why != "" {
			t.Errorf("%s: %+v, %q; want %q", name, f, why, c.why)
		}
	}
	if f, why := redundancyFigure(record.Result{Runs: []record.Run{{Profile: hardened}}}, map[string]*history.Account{}); f != nil || why != "" {
		t.Errorf("without a fault: %+v, %q", f, why)
	}
}
