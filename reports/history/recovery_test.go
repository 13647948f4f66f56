package history

import (
	"math"
	"slices"
	"testing"

	"paperlab/reports/record"
)

// TestSpells: a bound holds from a good reading to the last before one that is bad,
// unknown, or missing for too long. The bound itself is within it.
func TestSpells(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		points []Point
		want   []spell
	}{
		"nothing":                {nil, nil},
		"one, soon":              {[]Point{{1, 5}}, []spell{{0, 1}}},
		"one, at the last":       {[]Point{{2, 5}}, []spell{{0, 2}}},
		"one, late":              {[]Point{{2.5, 5}}, []spell{{2.5, 2.5}}},
		"the bound":              {[]Point{{1, 10}}, []spell{{0, 1}}},
		"bad at first":           {[]Point{{1, 11}, {2, 5}, {3, 5}}, []spell{{0, 0}, {2, 3}}},
		"bad in between":         {[]Point{{0, 5}, {1, 11}, {2, 5}}, []spell{{0, 0}, {2, 2}}},
		"unknown in between":     {[]Point{{0, 5}, {1, nan}, {2, 5}}, []spell{{0, 0}, {2, 2}}},
		"a silence that may be":  {[]Point{{0, 5}, {2, 5}}, []spell{{0, 2}}},
		"a silence for too long": {[]Point{{0, 5}, {2.1, 5}, {3, 5}}, []spell{{0, 0}, {2.1, 3}}},
	} {
		if got := spells(c.points, 10, 0); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestBothAreTheTimesInCommon(t *testing.T) {
	for name, c := range map[string]struct{ a, b, want []spell }{
		"one within two":   {[]spell{{0, 5}}, []spell{{1, 2}, {3, 9}}, []spell{{1, 2}, {3, 5}}},
		"two within one":   {[]spell{{1, 2}, {3, 9}}, []spell{{0, 5}}, []spell{{1, 2}, {3, 5}}},
		"they only touch":  {[]spell{{0, 2}}, []spell{{2, 4}}, nil},
		"one has none":     {[]spell{{0, 2}}, nil, nil},
		"the same end":     {[]spell{{0, 2}, {3, 5}}, []spell{{1, 2}, {3, 4}}, []spell{{1, 2}, {3, 4}}},
		"one after others": {[]spell{{0, 1}, {2, 3}, {4, 9}}, []spell{{5, 6}}, []spell{{5, 6}}},
	} {
		if got := both(c.a, c.b); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestRegained: the first spell of three seconds counts, from its beginning, if it
// is not lost again for three seconds in all, or for a tenth of the time that is
// left; one that was there before the last fault struck only if it was never broken
// since.
func TestRegained(t *testing.T) {
	never := math.NaN()
	for name, c := range map[string]struct {
		found []spell
		last  float64
		want  float64
	}{
		"none":                            {nil, 10, never},
		"just long enough":                {[]spell{{37, 40}}, 10, 27},
		"too short":                       {[]spell{{37.1, 40}}, 10, never},
		"the first that is long enough":   {[]spell{{11, 12}, {14, 20}, {22, 40}}, 10, 4},
		"lost for three seconds":          {[]spell{{14, 20}, {21, 22}, {24, 40}}, 10, 4},
		"lost for more, then regained":    {[]spell{{14, 20}, {21, 22}, {24.5, 40}}, 10, 14.5},
		"lost at the end":                 {[]spell{{14, 36.9}}, 10, never},
		"lost for three seconds at last":  {[]spell{{14, 37}}, 10, 4},
		"before the last fault, broken":   {[]spell{{11, 15}, {18, 40}}, 12, 8},
		"with the last fault, broken":     {[]spell{{12, 16}, {18, 40}}, 12, 8},
		"before the last fault, for good": {[]spell{{11, 40}}, 12, 1},
		"as good as the end":              {[]spell{{11, 38}}, 12, 1},
		"broken before the end":           {[]spell{{11, 37.9}}, 12, never},
	} {
		got := never
		if after := regained(c.found, 10, c.last, 40); after != nil {
			got = *after
		}
		if got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%s: regained after %g, want %g", name, got, c.want)
		}
	}
}

// TestRecoveryOnBothClocks: backlog and latency are both looked at, to the end of the load, on
// two clocks.
func TestRecoveryOnBothClocks(t *testing.T) {
	a := &Account{
		Phases:  []record.Phase{{Name: PhaseFault, StartS: 10, EndS: 20}, {Name: PhaseRecover, StartS: 20, EndS: 40}, {Name: PhaseDrain, StartS: 40, EndS: 60}},
		Faults:  []record.Fault{{InjectedAtS: 10, EffectAtS: new(10.0), HealedAtS: new(20.0), Receipt: record.Receipt{Before: "alive", During: "gone", After: "back"}}},
		Total:   curve(0, 60, during(5, 90, spell{11, 24})),
		Latency: curve(0, 60, during(0.2, 9, spell{12, 28})),
	}
	s := record.Steady{BacklogBound: 20, LatencyBoundS: 1}
	effect, heal := a.Recovery(s)
	for name, c := range map[string]struct {
		got  *float64
		want float64
	}{"backlog, effect": {effect.Lag, 14}, "both, effect": {effect.All, 18}, "backlog, heal": {heal.Lag, 4}, "both, heal": {heal.All, 8}} {
		if c.got == nil || *c.got != c.want {
			t.Errorf("%s: %v, want %g", name, show(c.got), c.want)
		}
	}
	// What holds only once there is nothing to do does not count.
	a.Total, a.Latency = curve(0, 60, during(5, 90, spell{11, 38})), curve(0, 60, flat(0.2))
	if effect, heal := a.Recovery(s); effect.Lag != nil || heal.All != nil {
		t.Errorf("regained after the load: %v, %v", show(effect.Lag), show(heal.All))
	}
	// A backlog that comes only with the next try, and stays, is no recovery.
	a.Total = curve(0, 60, during(5, 90, spell{24, 60}))
	if effect, heal := a.Recovery(s); effect.Lag != nil || heal.Lag != nil {
		t.Errorf("lost four seconds after the heal: %v, %v", show(effect.Lag), show(heal.Lag))
	}
	// Nor is one that is worked off when nothing is offered any more.
	a.Total = curve(0, 60, during(5, 90, spell{11, 30}))
	a.Served, a.Serving = []string{"v"}, map[string]Serving{"v": {T: 31.4}}
	if _, heal := a.Recovery(s); heal.Lag != nil {
		t.Errorf("regained with nothing to do: %v", show(heal.Lag))
	}
	a.Serving["v"] = Serving{T: 38}
	if _, heal := a.Recovery(s); heal.Lag == nil || *heal.Lag != 10 {
		t.Errorf("the last paper comes two seconds before the end: %v", show(heal.Lag))
	}
	a.Faults[0].HealedAtS = nil
	if _, heal := a.Recovery(s); heal != (Recovery{}) {
		t.Errorf("without a heal: %+v", heal)
	}
}
