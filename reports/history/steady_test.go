package history

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"paperlab/reports/record"
	"paperlab/system/paper"
)

func sampleOf(t float64, stream, name string, value int64) Event {
	return Sampled(stream, name, value, true).At(t, "p")
}

func null(t float64, stream, name string) Event { return Sampled(stream, name, 0, false).At(t, "p") }

// same compares points, NaN being equal to itself.
func same(a, b []Point) bool {
	return slices.EqualFunc(a, b, func(a, b Point) bool {
		return a.T == b.T && (a.Value == b.Value || math.IsNaN(a.Value) && math.IsNaN(b.Value))
	})
}

func TestBacklogSumsRoundsAndNullIsNotZero(t *testing.T) {
	nan := math.NaN()
	a := AccountOf([]Event{
		sampleOf(1.0, "papers", "lag", 5), sampleOf(1.0, "papers", "pending", 2), sampleOf(1.1, "papers", "length", 100), sampleOf(1.2, "notifications", "lag", 1),
		null(2.1, "papers", "lag"), sampleOf(2.1, "papers", "pending", 2), sampleOf(2.2, "notifications", "lag", 1),
		sampleOf(3.0, "papers", "lag", 0), sampleOf(3.0, "papers", "pending", 0), // the other stream did not answer
		sampleOf(4.0, "papers", "lag", 0), sampleOf(4.0, "papers", "pending", 3), sampleOf(4.2, "notifications", "lag", 0),
	})
	if want := []Point{{1.2, 8}, {2.2, nan}, {3, nan}, {4.2, 3}}; !same(a.Total, want) {
		t.Errorf("in all %v; want %v", a.Total, want)
	}
	want := map[string][]Point{
		"papers":        {{1.2, 7}, {2.2, nan}, {3, 0}, {4.2, 3}},
		"notifications": {{1.2, 1}, {2.2, 1}, {3, nan}, {4.2, 0}},
	}
	for _, s := range a.Backlog {
		if !same(s.Points, want[s.Name]) {
			t.Errorf("%s: %v; want %v", s.Name, s.Points, want[s.Name])
		}
	}
	if known := Between(a.Total, 0, 99); !same(known, []Point{{1.2, 8}, {4.2, 3}}) {
		t.Errorf("known are %v", known)
	}
}

// TestAStreamThatComesLater: its readings join the round of the same look.
func TestAStreamThatComesLater(t *testing.T) {
	a := AccountOf([]Event{
		sampleOf(1, "papers", "lag", 5), sampleOf(1, "papers", "pending", 1),
		sampleOf(2, "papers", "lag", 6), sampleOf(2, "papers", "pending", 1), sampleOf(2.1, "notifications", "lag", 2), sampleOf(2.1, "notifications", "pending", 1),
		sampleOf(3, "papers", "lag", 0), sampleOf(3, "papers", "pending", 0), sampleOf(3.1, "notifications", "lag", 9), sampleOf(3.1, "notifications", "pending", 0),
	})
	if want := []Point{{1, math.NaN()}, {2.1, 10}, {3.1, 9}}; !same(a.Total, want) {
		t.Errorf("in all %v; want %v", a.Total, want)
	}
}

func TestStreamsAreInTheOrderOfTheWork(t *testing.T) {
	var names []string
	for _, s := range AccountOf([]Event{
		sampleOf(1, "zebra", "lag", 1), sampleOf(1, "notifications", "lag", 2), sampleOf(1, "alpha", "lag", 3), sampleOf(1, "papers", "lag", 4),
		Began("lag").At(1, "p"),
	}).Backlog {
		names = append(names, s.Name)
	}
	if want := []string{"papers", "notifications", "alpha", "zebra"}; !slices.Equal(names, want) {
		t.Errorf("streams are %q, want %q", names, want)
	}
	if got := AccountOf(nil); got.Backlog != nil || got.Total != nil {
		t.Errorf("the backlog of nothing is %+v", got)
	}
}

func served(t float64, id string) Event {
	return Served(&paper.Paper{ID: id, Version: 1}, false).At(t, "p")
}

func hook(id, subscription string) Webhook {
	return Webhook{Subscriber: "u", IdempotencyKey: "k", Notification: paper.Notification{ID: id + "v1/" + subscription, Subscriber: "u", Subscription: subscription, Paper: id, Version: 1}}
}

func TestLatencyIsOfTheFirstEffectSinceTheFirstServing(t *testing.T) {
	tell := func(t float64, id, s string) Event { return Told(hook(id, s)).At(t, "p") }
	refused := func(t float64) Event { return Refused(hook("v", "a"), 500, "no").At(t, "p") }
	repeated := hook("v", "a")
	repeated.Repeat = true
	for name, c := range map[string]struct {
		events []Event
		want   []Point
	}{
		"each subscription once":           {[]Event{served(1, "v"), tell(2, "v", "a"), tell(4, "v", "b")}, []Point{{2, 1}, {4, 3}}},
		"the first time counts":            {[]Event{served(1, "v"), tell(2, "v", "a"), tell(9, "v", "a")}, []Point{{2, 1}}},
		"from the first page on":           {[]Event{served(1, "v"), served(5, "v"), tell(7, "v", "a")}, []Point{{7, 6}}},
		"refused, then taken":              {[]Event{served(1, "v"), refused(2), tell(4, "v", "a")}, []Point{{4, 3}}},
		"refused is not told":              {[]Event{served(1, "v"), refused(2)}, nil},
		"a repeat tells nobody":            {[]Event{served(1, "v"), Told(repeated).At(2, "p")}, nil},
		"a withheld answer tells":          {[]Event{served(1, "v"), ToldUnanswered(hook("v", "a")).At(2, "p")}, []Point{{2, 1}}},
		"and what follows it does not":     {[]Event{served(1, "v"), ToldUnanswered(hook("v", "a")).At(2, "p"), Told(repeated).At(5, "p")}, []Point{{2, 1}}},
		"what was not served has no start": {[]Event{tell(2, "w", "a")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := AccountOf(c.events)
			if !slices.Equal(a.Latency, c.want) {
				t.Errorf("latencies are %v, want %v", a.Latency, c.want)
			}
			// An effect is a latency, wherever its version was served: what checkers
			// count and what charts show are the same tellings.
			if len(a.Served) > 0 && len(a.Latency) != len(a.Told) {
				t.Errorf("%d latencies of %d notifications told", len(a.Latency), len(a.Told))
			}
		})
	}
}

func TestPercentile(t *testing.T) {
	var points []Point
	for v := 100.0; v > 0; v-- {
		points = append(points, Point{0, v})
	}
	for p, want := range map[float64]float64{1: 1, 50: 50, 95: 95, 99: 99, 99.5: 100, 100: 100} {
		if got := Percentile(points, p); got != want {
			t.Errorf("p%g is %g; want %g", p, got, want)
		}
	}
	if !math.IsNaN(Percentile(nil, 50)) {
		t.Error("a percentile of nothing is a number")
	}
}

// phased is an account of a control phase from 0 to 8 s and a steady phase until
// 14 s, with a backlog and latencies read twice a second, and ten papers a second.
func phased(backlog, latency func(t float64) float64) *Account {
	total := curve(0, 14, backlog)
	total = slices.DeleteFunc(total, func(p Point) bool { return math.IsInf(p.Value, 1) }) // nobody looked
	for t := 0.0; t < 14; t += 0.5 {                                                       // a null is a point, and no number
		if math.IsNaN(backlog(t)) {
			total = append(total, Point{t, math.NaN()})
		}
	}
	a := &Account{
		Total: total, Latency: curve(0, 14, latency), Serving: map[string]Serving{},
		Phases: []record.Phase{{Name: PhaseControl, StartS: 0, EndS: 8}, {Name: PhaseSteady, StartS: 8, EndS: 14}},
	}
	a.serving(10, 0, 14)
	return a
}

// serving adds papers, so many a second from one time to another.
func (a *Account) serving(rate, from, to float64) {
	for n := range int(rate * (to - from)) {
		version := fmt.Sprintf("2101.%05dv1", len(a.Served))
		a.Served, a.Serving[version] = append(a.Served, version), Serving{T: from + float64(n)/rate}
	}
}

// TestWhatWasOfferedMustHaveCome: a service that has nothing to do is no steady one.
func TestWhatWasOfferedMustHaveCome(t *testing.T) {
	for name, c := range map[string]struct {
		rate, from, to float64
		want           float64
	}{
		"all of it":             {10, 0, 14, 1},
		"just enough":           {8, 0, 14, 0.8},
		"too little":            {7, 0, 14, 0.7},
		"nothing":               {10, 0, 0, 0},
		"only before and after": {10, 14, 28, 0},
		"it ends half way":      {10, 0, 7, 0.5},
		"it begins before":      {10, -3, 14, 1},
	} {
		a := phased(flat(5), flat(0.2))
		a.Served, a.Serving = nil, map[string]Serving{}
		a.serving(c.rate, c.from, c.to)
		s, guards := a.Steady(Load{Rate: 10})
		i := slices.IndexFunc(guards, func(g record.Guard) bool { return g.ID == "offered" })
		if g := guards[i]; math.Abs(*g.Value-c.want) > 1e-9 || g.OK != (c.want >= 0.8) || s.Held != g.OK {
			t.Errorf("%s: %+v, held %v, want %g", name, g, s.Held, c.want)
		}
	}
}

// TestWitnessesOfTheRecovery: nobody may look away while the backlog has to come
// back; before that and after the load anybody may.
func TestWitnessesOfTheRecovery(t *testing.T) {
	nobody := func(from, to float64) func(float64) float64 { return during(5, math.NaN(), spell{from, to}) }
	for name, c := range map[string]struct {
		total func(float64) float64
		heal  *float64
		want  float64
		none  bool
	}{
		"all is seen":          {flat(5), new(20.0), 1, false},
		"nobody looked":        {nobody(20, 60), new(20.0), 0, false},
		"just enough":          {nobody(20, 24), new(20.0), 0.8, false},
		"too little":           {nobody(30, 35), new(20.0), 0.75, false},
		"before and after":     {during(5, math.NaN(), spell{0, 20}, spell{40, 60}), new(20.0), 1, false},
		"never healed, unseen": {nobody(12, 60), nil, 0, false},
		"no time to come back": {flat(5), new(39.5), 0, true},
	} {
		a := &Account{
			Phases: []record.Phase{{Name: PhaseFault, StartS: 10, EndS: 20}, {Name: PhaseRecover, StartS: 20, EndS: 40}, {Name: PhaseDrain, StartS: 40, EndS: 60}},
			Faults: []record.Fault{{InjectedAtS: 10, EffectAtS: new(12.0), HealedAtS: c.heal, Receipt: record.Receipt{Before: "alive", During: "gone", After: "back"}}},
			Total:  curve(0, 60, c.total),
		}
		guards := a.Witnesses()
		if c.none {
			if guards != nil {
				t.Errorf("%s: %+v", name, guards)
			}
			continue
		}
		if len(guards) != 1 || math.Abs(*guards[0].Value-c.want) > 1e-9 || guards[0].OK != (c.want >= 0.8) {
			t.Errorf("%s: %+v, want %g", name, guards, c.want)
		}
	}
	if guards := (&Account{}).Witnesses(); guards != nil {
		t.Errorf("without a fault: %+v", guards)
	}
}

func flat(value float64) func(float64) float64 { return func(float64) float64 { return value } }

func TestBoundsComeFromTheControlPhase(t *testing.T) {
	load := Load{Rate: 10, Capacity: 20} // a ceiling of 50 entries
	for name, c := range map[string]struct {
		account          *Account
		backlog, latency float64
	}{
		"twice what it shows":           {phased(flat(15), flat(0.7)), 30, 1.4},
		"no less than what is in hand":  {phased(flat(1), flat(0.1)), 10, 1},
		"no more than the ceiling":      {phased(flat(40), flat(2)), 50, 3},
		"the steady phase adds nothing": {phased(during(15, 900, spell{8, 99}), during(0.7, 9, spell{8, 99})), 30, 1.4},
		"a burst in the control counts": {phased(during(5, 20, spell{2, 3}), during(0.2, 0.6, spell{2, 3})), 40, 1.2},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := c.account.Steady(load)
			if s.BacklogBound != c.backlog || s.LatencyBoundS != c.latency {
				t.Errorf("bounds are %g and %g, want %g and %g", s.BacklogBound, s.LatencyBoundS, c.backlog, c.latency)
			}
		})
	}
	if s, _ := phased(flat(1), flat(0.1)).Steady(Load{Rate: 10}); s.BacklogBound != 10 {
		t.Errorf("without a capacity the bound is %g, want 10", s.BacklogBound)
	}
}

// The ceiling follows from the spare capacity, and from the load alone where nobody
// measured it.
func TestCeiling(t *testing.T) {
	for load, want := range map[Load]float64{
		{Rate: 10, Capacity: 20}: 50, {Rate: 10, Capacity: 11}: 10, {Rate: 10, Capacity: 10}: 10, {Rate: 10, Capacity: 0.5}: 10, {Rate: 10}: 20,
	} {
		if got := load.ceiling(); got != want {
			t.Errorf("of %+v it is %g, want %g", load, got, want)
		}
	}
}

// One reading in two hundred is no 99th percentile, and one latency in twenty no 95th.
func TestPercentilesOfTheControl(t *testing.T) {
	a := phased(flat(5), flat(0.2))
	a.Total, a.Latency = nil, nil
	for i := range 200 {
		a.Total = append(a.Total, Point{float64(i) / 25, float64(1 + i/199*400)})
		a.Latency = append(a.Latency, Point{float64(i) / 25, float64(i+1) / 200})
	}
	if s, _ := a.Steady(Load{Rate: 10, Capacity: 20}); s.BacklogP99 != 1 || s.LatencyP95S != 0.95 {
		t.Errorf("the control shows %g entries and %g s", s.BacklogP99, s.LatencyP95S)
	}
	if _, guards := (&Account{}).Steady(Load{Rate: 10}); len(guards) != 1 || guards[0].Bound != 1 || guards[0].OK || guards[0].Value != nil {
		t.Errorf("of nothing: %+v", guards)
	}
}

// A guard says its figure, its bound and what was offered.
func TestGuardsSayTheirFigures(t *testing.T) {
	of := func(a *Account, l Load) map[string]record.Guard {
		_, list := a.Steady(l)
		by := map[string]record.Guard{}
		for _, g := range list {
			by[g.ID] = g
		}
		return by
	}
	load := Load{Rate: 10, Capacity: 20}
	guards := of(phased(flat(15), flat(0.7)), load)
	for id, want := range map[string][2]float64{
		"control-backlog": {15, 50}, "control-latency": {0.7, 3}, "steady-backlog": {15, 30}, "steady-latency": {0.7, 1.4},
		"backlog-drift": {0, 15}, "latency-drift": {0, 0.7}, "offered": {1, 0.8}, "readings": {1, 0.8},
	} {
		if g := guards[id]; g.Value == nil || *g.Value != want[0] || g.Bound != want[1] || !g.OK {
			t.Errorf("%s is %+v, want %v", id, g, want)
		}
	}
	if got, want := guards["control-backlog"].Detail, "the 99th percentile of the backlog in the control phase, at 10 papers/s offered of a capacity of 20/s, is 15 entries; it must be at most 50"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	for _, l := range []Load{{Rate: 10}, {Rate: 0.5, Capacity: 0.8}} {
		said := of(phased(flat(0.1), flat(0.7)), l)["control-backlog"].Detail
		if strings.Contains(said, "capacity") != (l.Capacity > 0) {
			t.Errorf("of %+v it says %q", l, said)
		}
	}
	if g := of(phased(flat(1), flat(2)), load); g["backlog-drift"].Bound != 5 || g["latency-drift"].Bound != 1.5 {
		t.Errorf("drifts may be %g entries and %g s", g["backlog-drift"].Bound, g["latency-drift"].Bound)
	}
	if most("a", "s", 5, 5, "it").OK != true || least("a", "s", 5, 5, "it").OK != true {
		t.Error("a figure at its bound does not hold")
	}
	if g := most("a", "s", math.NaN(), 5, "it"); g.OK || g.Value != nil || g.Detail != "it is not known; it must be at most 5 s" {
		t.Errorf("an unknown figure: %+v", g)
	}
}

// The steady phase may be beyond its bound for a tenth of its readings.
func TestPercentilesOfTheSteadyPhase(t *testing.T) {
	a := phased(flat(5), flat(0.2))
	for i := range 100 {
		at := 20 + float64(i)/100
		a.Total, a.Latency = append(a.Total, Point{at, float64(i + 1)}), append(a.Latency, Point{at, float64(i+1) / 100})
	}
	a.Phases[1].StartS, a.Phases[1].EndS = 20, 21
	_, guards := a.Steady(Load{Rate: 10, Capacity: 20})
	for _, g := range guards {
		if want := map[string]float64{"steady-backlog": 90, "steady-latency": 0.9}[g.ID]; want > 0 && *g.Value != want {
			t.Errorf("%s is %g, want %g", g.ID, *g.Value, want)
		}
	}
}

// TestGrowth: the median slope over the whole length; two readings of one moment
// have none.
func TestGrowth(t *testing.T) {
	for name, c := range map[string]struct {
		points []Point
		want   float64
	}{
		"a line":      {[]Point{{2, 1}, {4, 5}, {8, 13}}, 12},
		"two points":  {[]Point{{1, 0}, {3, 4}}, 4},
		"one moment":  {[]Point{{0, 0}, {0, 10}, {10, 10}}, 0},
		"one outlier": {[]Point{{0, 5}, {1, 5}, {2, 500}, {3, 5}, {4, 5}}, 0},
	} {
		if got := growth(c.points); got != c.want {
			t.Errorf("%s grew by %g, want %g", name, got, c.want)
		}
	}
	if !math.IsNaN(growth([]Point{{1, 1}})) || !math.IsNaN(growth(nil)) {
		t.Error("one point grows")
	}
}

// TestSeen: each second counts alike, also the last one, and none beyond it.
func TestSeen(t *testing.T) {
	a := &Account{Total: []Point{{0.1, 5}, {0.5, 5}, {1.5, math.NaN()}, {2.5, 5}, {2.6, math.NaN()}, {4.5, 5}}}
	for _, c := range []struct{ from, to, want float64 }{{0, 1, 1}, {0, 2, 0.5}, {0, 3, 0.5}, {2, 3, 0.5}, {0, 4, 0.375}, {3, 4, 0}, {4, 5, 1}} {
		if got := a.seen(c.from, c.to); got != c.want {
			t.Errorf("from %g to %g s, %g were seen, want %g", c.from, c.to, got, c.want)
		}
	}
	if !math.IsNaN(a.seen(0, 0.5)) {
		t.Error("of less than a second something was seen")
	}
}

// Each guard has its planted defect, which no other guard has to find.
func TestGuards(t *testing.T) {
	well, fast := flat(5), flat(0.2)
	ramp := func(from, to float64) func(float64) float64 {
		return func(t float64) float64 { return from + (to-from)*t/14 }
	}
	nulls := func(t float64) float64 {
		if int(2*t)%2 == 0 {
			return math.NaN()
		}
		return 5
	}
	for name, c := range map[string]struct {
		backlog, latency func(float64) float64
		want             []string // the guards that do not hold
	}{
		"all is well":                     {well, fast, nil},
		"a queue from the beginning":      {flat(60), fast, []string{"control-backlog", "steady-backlog"}},
		"late from the beginning":         {well, flat(4), []string{"control-latency", "steady-latency"}},
		"a backlog after the control":     {during(5, 30, spell{9, 99}), fast, []string{"steady-backlog"}},
		"a latency after the control":     {well, during(0.2, 2.5, spell{9, 99}), []string{"steady-latency"}},
		"a slow climb":                    {ramp(8, 32), fast, []string{"backlog-drift"}},
		"a slow climb of the latency":     {well, ramp(0.6, 2.4), []string{"latency-drift"}},
		"a shard that nobody works on":    {ramp(2, 11), fast, []string{"backlog-drift"}}, // of 16, and 10 papers/s
		"half of the readings are null":   {nulls, fast, []string{"readings"}},
		"nobody looks for four seconds":   {during(5, math.Inf(1), spell{5, 9}), fast, []string{"readings"}},
		"a million in ten seconds":        {ramp(0, 1e6), fast, []string{"control-backlog", "steady-backlog", "backlog-drift"}},
		"a first run that climbed to 400": {ramp(0, 400), fast, []string{"control-backlog", "steady-backlog", "backlog-drift"}},
		"a burst in the steady phase":     {during(5, 400, spell{10, 10.2}), fast, nil},
		"nobody told in the steady phase": {well, during(0.2, math.NaN(), spell{8, 99}), []string{"steady-latency"}},
		"no reading in the control":       {during(5, math.NaN(), spell{0, 8}), fast, []string{"control"}},
		"nobody told in the control":      {well, during(0.2, math.NaN(), spell{0, 8}), []string{"control"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, guards := phased(c.backlog, c.latency).Steady(Load{Rate: 10, Capacity: 20})
			var failed []string
			for _, g := range guards {
				if !g.OK {
					failed = append(failed, g.ID)
				}
			}
			if !slices.Equal(failed, c.want) || s.Held != (len(c.want) == 0) {
				t.Errorf("held %v, guards %q do not hold, want %q: %+v", s.Held, failed, c.want, guards)
			}
		})
	}
}

// curve reads a series twice a second from t0: value(t) with t counted from t0.
func curve(t0, seconds float64, value func(t float64) float64) []Point {
	var points []Point
	for t := 0.0; t < seconds; t += 0.5 {
		if v := value(t); !math.IsNaN(v) {
			points = append(points, Point{t0 + t, v})
		}
	}
	return points
}

// during is high while any of the spans lasts, and low otherwise.
func during(low, high float64, spans ...spell) func(float64) float64 {
	return func(t float64) float64 {
		for _, s := range spans {
			if t >= s.from && t < s.to {
				return high
			}
		}
		return low
	}
}

func TestRecovery(t *testing.T) {
	const t0, load = 100.0, 30.0
	const never = -2.0
	silent := math.NaN()
	for name, c := range map[string]struct {
		backlog, latency func(float64) float64
		lag, time        float64
		last             float64 // when the last fault hit, from t0
	}{
		"never broken":                  {during(5, 0), during(0.1, 0), 0, 0, 0},
		"breaks late, comes back":       {during(5, 50, spell{6, 9}), during(0.1, 0), 9, 9, 0},
		"latency takes longer":          {during(5, 50, spell{4, 9}), during(0.1, 9, spell{5, 12}), 9, 12, 0},
		"backlog alone takes longer":    {during(5, 50, spell{4, 15}), during(0.1, 9, spell{5, 12}), 15, 15, 0},
		"a short calm does not count":   {during(5, 50, spell{1, 4}, spell{6, 10}), during(0.1, 0), 10, 10, 0},
		"a long calm does":              {during(5, 50, spell{1, 4}, spell{8, 10}), during(0.1, 0), 4, 4, 0},
		"not back by the end":           {during(5, 50, spell{6, 99}), during(0.1, 0), never, never, 0},
		"back too late to be sure":      {during(5, 50, spell{6, 28}), during(0.1, 0), never, never, 0},
		"no backlog read":               {during(silent, 0), during(0.1, 0), never, never, 0},
		"nobody told":                   {during(5, 0), during(silent, 0), 0, never, 0},
		"no reading while it was worst": {during(5, silent, spell{3, 8}), during(0.1, 0), 8, 8, 0},
		"nobody told for a while":       {during(5, 0), during(0.1, silent, spell{3, 8}), 0, 8, 0},
		"nobody told any more":          {during(5, 0), during(0.1, silent, spell{10, 99}), 0, never, 0},
		"calm between two faults":       {during(5, 50, spell{1, 4}, spell{11, 15}), during(0.1, 0), 15, 15, 10},
		"the last fault did not hurt":   {during(5, 50, spell{1, 4}), during(0.1, 0), 4, 4, 10},
		"read late, and well by then":   {during(5, silent, spell{0, 4}), during(0.1, 0), 4, 4, 0},
		"read soon enough":              {during(5, silent, spell{0, 2}), during(0.1, 0), 0, 0, 0},
		"exactly at the bound":          {flat(10), flat(1), 0, 0, 0},
		"just as long as it must hold":  {during(5, 50, spell{1, 4}, spell{7.5, 9}), during(0.1, 0), 4, 4, 0},
		"half a second short of that":   {during(5, 50, spell{1, 4}, spell{7, 9}), during(0.1, 0), 9, 9, 0},
		"at once":                       {during(5, 50, spell{0, 4}), during(0.1, 0), 4, 4, 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := Account{
				Total: curve(t0, load+20, c.backlog), Latency: curve(t0, load+20, c.latency),
				Faults: []record.Fault{{EffectAtS: new(t0)}, {EffectAtS: new(t0 + c.last)}},
				Phases: []record.Phase{{Name: PhaseRecover, StartS: t0, EndS: t0 + load}},
			}
			effect, _ := a.Recovery(record.Steady{BacklogBound: 10, LatencyBoundS: 1})
			for _, part := range []struct {
				name string
				got  *float64
				want float64
			}{{"lag", effect.Lag, c.lag}, {"time", effect.All, c.time}} {
				switch {
				case part.got == nil && part.want == never:
				case part.got == nil:
					t.Errorf("%s recovery: never; want %g", part.name, part.want)
				case *part.got != part.want:
					t.Errorf("%s recovery: %g; want %g (%g is never)", part.name, *part.got, part.want, never)
				}
			}
		})
	}
}

// TestRecoveryFromTheLastHeal: what is mended before a fault ends does not count
// for the clock that begins there, and what is not mended by then does.
func TestRecoveryFromTheLastHeal(t *testing.T) {
	const t0 = 100.0
	for name, c := range map[string]struct {
		backlog func(float64) float64
		healed  *float64
		want    *float64
	}{
		"back before the heal":  {during(5, 50, spell{1, 6}), new(110.0), new(0.0)},
		"back after it":         {during(5, 50, spell{1, 14}), new(110.0), new(4.0)},
		"the heal itself hurts": {during(5, 50, spell{1, 6}, spell{11, 13}), new(110.0), new(3.0)},
		"never left":            {flat(5), new(110.0), new(0.0)},
		"not back":              {during(5, 50, spell{1, 99}), new(110.0), nil},
		"never healed":          {during(5, 50, spell{1, 6}), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := Account{
				Total: curve(t0, 30, c.backlog), Latency: curve(t0, 30, flat(0.1)),
				Faults: []record.Fault{{EffectAtS: new(t0), HealedAtS: c.healed}},
				Phases: []record.Phase{{Name: PhaseRecover, StartS: t0, EndS: t0 + 30}},
			}
			_, heal := a.Recovery(record.Steady{BacklogBound: 10, LatencyBoundS: 1})
			if (heal.Lag == nil) != (c.want == nil) || heal.Lag != nil && *heal.Lag != *c.want {
				t.Errorf("got %v, want %v", heal.Lag, c.want)
			}
		})
	}
}
