package record

import (
	"runtime/debug"
	"slices"
	"testing"
)

// show writes a time that may not be there.
func show(v *float64) any {
	if v == nil {
		return nil
	}
	return *v
}

// What is counted from the faults: the first injection, the effects in order, and
// the last heal. A fault that was given up before its injection has no say in the
// first, one without a proven effect none in the others.
func TestMomentsOfFaults(t *testing.T) {
	alive := Receipt{Before: "alive"}
	for name, c := range map[string]struct {
		faults      []Fault
		first       any
		effects     []float64
		effect, end any
	}{
		"none": {},
		"one":  {[]Fault{{InjectedAtS: 10, EffectAtS: new(10.2), HealedAtS: new(20.0), Receipt: alive}}, 10.0, []float64{10.2}, 10.2, 20.0},
		"the later one is listed first": {[]Fault{
			{InjectedAtS: 13, EffectAtS: new(13.5), HealedAtS: new(18.0), Receipt: alive}, {InjectedAtS: 10, EffectAtS: new(10.2), HealedAtS: new(21.0), Receipt: alive},
		}, 10.0, []float64{10.2, 13.5}, 10.2, 21.0},
		"the first ends last": {[]Fault{
			{InjectedAtS: 10, EffectAtS: new(10.2), HealedAtS: new(21.0), Receipt: alive}, {InjectedAtS: 13, EffectAtS: new(13.5), HealedAtS: new(18.0), Receipt: alive},
		}, 10.0, []float64{10.2, 13.5}, 10.2, 21.0},
		"the first was given up": {[]Fault{{InjectedAtS: 9}, {InjectedAtS: 13, EffectAtS: new(13.5), HealedAtS: new(18.0), Receipt: alive}}, 13.0, []float64{13.5}, 13.5, 18.0},
		"no effect was proven":   {[]Fault{{InjectedAtS: 10, HealedAtS: new(20.0), Receipt: alive}}, 10.0, nil, nil, nil},
		"one is never healed": {[]Fault{
			{InjectedAtS: 10, EffectAtS: new(10.2), HealedAtS: new(20.0), Receipt: alive}, {InjectedAtS: 11, EffectAtS: new(11.5), Receipt: alive},
		}, 10.0, []float64{10.2, 11.5}, 10.2, nil},
		"what took no effect need not be healed": {[]Fault{
			{InjectedAtS: 10, Receipt: alive}, {InjectedAtS: 11, EffectAtS: new(11.5), HealedAtS: new(20.0), Receipt: alive},
		}, 10.0, []float64{11.5}, 11.5, 20.0},
	} {
		if got := show(FirstFault(c.faults)); got != c.first {
			t.Errorf("%s: the first is injected at %v, want %v", name, got, c.first)
		}
		if got := Effects(c.faults); !slices.Equal(got, c.effects) {
			t.Errorf("%s: effects at %v, want %v", name, got, c.effects)
		}
		if got := show(Run{Faults: c.faults}.EffectAt()); got != c.effect {
			t.Errorf("%s: the first effect is at %v, want %v", name, got, c.effect)
		}
		if got := show(LastHeal(c.faults)); got != c.end {
			t.Errorf("%s: the last heal is at %v, want %v", name, got, c.end)
		}
	}
}

func TestAReceiptHasAllThree(t *testing.T) {
	for r, want := range map[Receipt]bool{
		{"alive", "dead", "alive"}: true, {"", "dead", "alive"}: false, {"alive", "", "alive"}: false, {"alive", "dead", ""}: false, {}: false,
	} {
		if r.Complete() != want {
			t.Errorf("%+v is complete: %v", r, !want)
		}
	}
}

// Either bound is enough to say when steady state holds again; how low it is does
// not matter.
func TestBounded(t *testing.T) {
	for s, want := range map[Steady]bool{{}: false, {BacklogBound: 0.5}: true, {LatencyBoundS: 0.5}: true, {BacklogBound: 20, LatencyBoundS: 0.5}: true} {
		if (Run{Steady: s}).Bounded() != want {
			t.Errorf("%+v is bounded: %v", s, !want)
		}
	}
}

func TestMomentsOfAnAlert(t *testing.T) {
	for _, c := range []struct {
		alert  Alert
		since  float64
		atOnce bool
	}{
		{Alert{FiringAtS: 12, NotifiedAtS: 12.5}, 12.5, false},
		{Alert{FiringAtS: 12, NotifiedAtS: 12.5, PendingAtS: new(10.0)}, 10, false},
		{Alert{FiringAtS: 12, NotifiedAtS: 12.04}, 12.04, true},
		{Alert{FiringAtS: 0.25, NotifiedAtS: 0.3125}, 0.3125, false},
		{Alert{FiringAtS: 12, NotifiedAtS: 12, PendingAtS: new(12.5)}, 12, true}, // clocks that disagree
	} {
		if c.alert.Since() != c.since || c.alert.AtOnce() != c.atOnce {
			t.Errorf("%+v: since %g, at once %v; want %g, %v", c.alert, c.alert.Since(), c.alert.AtOnce(), c.since, c.atOnce)
		}
	}
}

func TestTheEndIsThatOfTheLastPhase(t *testing.T) {
	if got := (Run{Phases: []Phase{{Name: "steady", EndS: 10}, {Name: "recover", StartS: 20, EndS: 48}, {Name: "fault", StartS: 10, EndS: 20}}}).End(); got != 48 {
		t.Errorf("the end is at %g, want 48", got)
	}
	if got := (Run{}).End(); got != 0 {
		t.Errorf("a run that never began ends at %g", got)
	}
}

func TestWordsOfBlame(t *testing.T) {
	for want, b := range map[string]Blamed{
		"without a fault": {When: NoFault}, "before any fault": {When: Before}, "during kill-1": {During, "kill-1"}, "after kill-2": {After, "kill-2"},
	} {
		if got := b.Words(); got != want {
			t.Errorf("%+v is %q, want %q", b, got, want)
		}
	}
}

// What is looked for by name is found by it, and what is not there is nothing.
func TestFoundByName(t *testing.T) {
	r := Result{Runs: []Run{{Profile: Naive, WallS: 1}, {Profile: Hardened, WallS: 2}}}
	if got := r.Of(Hardened); got != &r.Runs[1] {
		t.Errorf("the hardened run is %+v", got)
	}
	if got := r.Of(Careful); got != nil {
		t.Errorf("a profile that did not run is %+v", got)
	}
	run := Run{Invariants: []Invariant{{ID: "no-loss", Answer: Valid}, {ID: "key-order", Answer: Invalid}}, Blame: []Blame{{Invariant: "no-loss"}, {Invariant: "key-order"}}}
	if run.AnswerOf("key-order") != Invalid || run.AnswerOf("all-or-none") != "" {
		t.Errorf("answers are %q and %q", run.AnswerOf("key-order"), run.AnswerOf("all-or-none"))
	}
	if run.BlameOf("key-order") != &run.Blame[1] || run.BlameOf("all-or-none") != nil {
		t.Errorf("blame is %+v and %+v", run.BlameOf("key-order"), run.BlameOf("all-or-none"))
	}
	if m := MeasureOf("lost"); m == nil || m.Name != "messages lost" || MeasureOf("colour") != nil {
		t.Errorf("the measure of losses is %+v", m)
	}
}

// Profiles are shown with the simplest first, and one that this version does not
// know last. The record keeps the order in which they ran.
func TestInOrder(t *testing.T) {
	ran := Result{Runs: []Run{{Profile: "odd"}, {Profile: Hardened}, {Profile: Naive}, {Profile: Careful}}}
	profiles := func(r Result) (all []string) {
		for _, run := range r.Runs {
			all = append(all, run.Profile)
		}
		return all
	}
	if got := profiles(ran.InOrder()); !slices.Equal(got, []string{Naive, Careful, Hardened, "odd"}) {
		t.Errorf("shown in the order %q", got)
	}
	if got := profiles(ran); !slices.Equal(got, []string{"odd", Hardened, Naive, Careful}) {
		t.Errorf("the record's own order became %q", got)
	}
	for _, run := range ran.Runs {
		if run.Judged() != (run.Profile == "hardened") {
			t.Errorf("%s is judged: %v", run.Profile, run.Judged())
		}
	}
}

func TestCodeOf(t *testing.T) {
	setting := func(key, value string) debug.BuildSetting { return debug.BuildSetting{Key: key, Value: value} }
	for want, settings := range map[Code][]debug.BuildSetting{
		{}:                            {setting("GOOS", "linux")},
		{Commit: "0123"}:              {setting("vcs", "git"), setting("vcs.revision", "0123"), setting("vcs.modified", "false")},
		{Commit: "0123", Dirty: true}: {setting("vcs.revision", "0123"), setting("vcs.modified", "true")},
	} {
		if got := codeOf(settings); got != want {
			t.Errorf("%v is %+v, want %+v", settings, got, want)
		}
	}
}

func TestThisHostIsNotEmpty(t *testing.T) {
	if h := ThisHost(); h.CPUs < 1 || h.MemoryBytes < 1<<20 {
		t.Errorf("this machine is %+v", h)
	}
}

// The nearest rank is a value that occurred, whatever the percentile.
func TestNearestRank(t *testing.T) {
	for _, c := range []struct {
		sorted []float64
		p      float64
		want   float64
	}{
		{[]float64{3, 5, 8, 9}, 0.1, 3}, {[]float64{3, 5, 8, 9}, 25, 3}, {[]float64{3, 5, 8, 9}, 26, 5}, {[]float64{3, 5, 8, 9}, 50, 5},
		{[]float64{3, 5, 8, 9}, 75, 8}, {[]float64{3, 5, 8, 9}, 75.1, 9}, {[]float64{3, 5, 8, 9}, 100, 9}, {[]float64{7}, 50, 7}, {[]float64{3, 5}, 0, 3},
	} {
		if got := NearestRank(c.sorted, c.p); got != c.want {
			t.Errorf("p%g of %v is %g, want %g", c.p, c.sorted, got, c.want)
		}
	}
	if got := NearestRank(nil, 50); got == got {
		t.Errorf("the median of nothing is %g, want NaN", got)
	}
}

// Stages may be out of order by the clocks' grain, and no further; a stage that is
// not known says nothing, and the next one is held against the one before it.
func TestStagesInOrder(t *testing.T) {
	whole := Detection{ScrapedAtS: new(9.0), PendingAtS: new(10.0), FiringAtS: 12, SentAtS: new(12.5), ArrivedAtS: 13}
	for name, c := range map[string]struct {
		change func(*Detection)
		want   string
	}{
		"in order":                 {func(*Detection) {}, ""},
		"all at once":              {func(d *Detection) { d.PendingAtS, d.FiringAtS, d.SentAtS, d.ArrivedAtS = new(9.0), 9, new(9.0), 9 }, ""},
		"by a grain":               {func(d *Detection) { d.ArrivedAtS = 12.496 }, ""},
		"by the clock":             {func(d *Detection) { d.ArrivedAtS = 12.25 }, "arrived at 12.250 s comes before sent at 12.500 s, so the clocks"},
		"past one unknown":         {func(d *Detection) { d.SentAtS, d.ArrivedAtS = nil, 11 }, "arrived at 11.000 s comes before firing at 12.000 s"},
		"the first is unknown":     {func(d *Detection) { d.ScrapedAtS, d.FiringAtS = nil, 9.5 }, "firing at 9.500 s comes before pending at 10.000 s"},
		"the last ones only":       {func(d *Detection) { d.ScrapedAtS, d.PendingAtS, d.SentAtS = nil, nil, nil }, ""},
		"what was said is no more": {func(d *Detection) { d.Disorder = "as it was" }, ""},
	} {
		d := whole
		c.change(&d)
		if got := d.InOrder().Disorder; len(got) < len(c.want) || got[:len(c.want)] != c.want || c.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
