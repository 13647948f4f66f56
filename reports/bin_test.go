package reports

import (
	"math"
	"slices"
	"testing"

	"paperlab/reports/chart"
	"paperlab/reports/history"
)

// alike compares points, NaN being equal to itself.
func alike(a, b []chart.Point) bool {
	return slices.EqualFunc(a, b, func(a, b chart.Point) bool {
		return a.T == b.T && (a.V == b.V || math.IsNaN(a.V) && math.IsNaN(b.V))
	})
}

// Seconds in which nobody was told are NaN: there is no latency of nothing.
func TestLatencyBySecond(t *testing.T) {
	nan := math.NaN()
	latency := []history.Point{{T: 1.25, Value: 1.25}, {T: 1.5, Value: 1.5}, {T: 1.75, Value: 1.75}, {T: 3.5, Value: 3.5}}
	for percentile, want := range map[float64][]chart.Point{
		50:  {{T: 0.5, V: nan}, {T: 1.5, V: 1.5}, {T: 2.5, V: nan}, {T: 3.5, V: 3.5}},
		95:  {{T: 0.5, V: nan}, {T: 1.5, V: 1.75}, {T: 2.5, V: nan}, {T: 3.5, V: 3.5}},
		100: {{T: 0.5, V: nan}, {T: 1.5, V: 1.75}, {T: 2.5, V: nan}, {T: 3.5, V: 3.5}},
	} {
		if got := bySecond(latency, percentile); !alike(got, want) {
			t.Errorf("p%g is %v, want %v", percentile, got, want)
		}
	}
	if got := bySecond(nil, 50); got != nil {
		t.Errorf("the latency of nobody is %v", got)
	}
}

func TestABreakInTheReadingsBreaksTheLine(t *testing.T) {
	got := withGaps([]history.Point{{T: 1, Value: 1}, {T: 1.5, Value: 1}, {T: 2, Value: 1}, {T: 9, Value: 1}})
	if want := []chart.Point{{T: 1, V: 1}, {T: 1.5, V: 1}, {T: 2, V: 1}, {T: 2.5, V: math.NaN()}, {T: 9, V: 1}}; !alike(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestInterval(t *testing.T) {
	at := func(times ...float64) (p []history.Point) {
		for _, t := range times {
			p = append(p, history.Point{T: t})
		}
		return p
	}
	for _, c := range []struct {
		points []history.Point
		want   float64
	}{{nil, 0}, {at(3), 0}, {at(1, 1.5), 0.5}, {at(1, 1.5, 2, 2.5, 60), 0.5}} {
		if got := interval(c.points); got != c.want {
			t.Errorf("interval of %v is %v, want %v", c.points, got, c.want)
		}
	}
}

// calls is a history of asks: each pair of times is a call's begin and end.
type calls []history.Event

func (c *calls) begin(at float64, provider, id, version string) history.LLMCall {
	call := history.LLMCall{Provider: provider, ID: id, Version: version}
	*c = append(*c, history.Asked(call).At(at, "p"))
	return call
}

func (c *calls) end(at float64, e history.Event) { *c = append(*c, e.At(at, "p")) }

func TestProviders(t *testing.T) {
	var c calls
	c.end(0.2, history.Answered(c.begin(0.1, "openai", "1", "v"), 0.1))
	c.end(2.3, history.Unanswered(c.begin(0.3, "ollama", "2", "v"), 2, 503, "busy"))
	c.end(2.5, history.Abandoned(c.begin(2.4, "ollama", "3", "v"), 0.1, "gone"))
	c.begin(2.6, "ollama", "4", "v") // never ended: not counted
	c.end(4.2, history.Began(history.PhaseDone))
	got := providers(history.AccountOf(c))
	if len(got) != 2 || got[0].name != "ollama" || got[1].name != "openai" {
		t.Fatalf("providers are %+v, want ollama, the primary, and openai", got)
	}
	zero := []chart.Point{{T: 0.5}, {T: 1.5}, {T: 2.5}, {T: 3.5}}
	two, one := slices.Clone(zero), slices.Clone(zero)
	two[2].V, one[0].V = 2, 1
	for name, c := range map[string]struct{ got, want []chart.Point }{
		"ollama ok": {got[0].ok, zero}, "ollama without": {got[0].without, two},
		"openai ok": {got[1].ok, one}, "openai without": {got[1].without, zero},
	} {
		// The last second was not finished, and is left out.
		if !alike(c.got, c.want) {
			t.Errorf("%s is %v, want %v", name, c.got, c.want)
		}
	}
	if got := providers(history.AccountOf(nil)); got != nil {
		t.Errorf("providers of nothing are %+v", got)
	}
}

// TestFiguresOfAnOutage: where calls of the primary fail, both ways of looking
// at it are drawn.
func TestFiguresOfAnOutage(t *testing.T) {
	r, events := outage(1)
	accounts := map[string]*history.Account{}
	for profile, own := range events {
		accounts[profile] = history.AccountOf(own)
	}
	able, missing := figures(r, accounts)
	var names []string
	for _, f := range able {
		names = append(names, f.Name)
	}
	if want := []string{"backlog", "recovery", "anomalies", "latency", "llm-calls", "redundancy"}; !slices.Equal(names, want) || len(missing) > 0 {
		t.Errorf("figures %q, missing %q; want %q", names, missing, want)
	}
	if red := during(accounts[hardened], 28.1, 36); red.failed == 0 || red.failed != red.asks || red.without == 0 {
		t.Errorf("while both were down: %+v", red)
	}
}

func TestDuring(t *testing.T) {
	for name, c := range map[string]struct {
		calls []history.Call
		want  redundancy
	}{
		"the primary answers": {[]history.Call{
			{Provider: "ollama", Version: "v", From: 11, To: 12, OK: true},
		}, redundancy{asks: 1, versions: 1}},
		"the second helps": {[]history.Call{
			{Provider: "ollama", Version: "v", From: 11, To: 12},
			{Provider: "openai", Version: "v", From: 12, To: 13, OK: true},
		}, redundancy{asks: 1, failed: 1, versions: 1}},
		"nobody helps": {[]history.Call{
			{Provider: "ollama", Version: "v", From: 11, To: 12},
			{Provider: "openai", Version: "v", From: 12, To: 13},
		}, redundancy{asks: 1, failed: 1, versions: 1, without: 1}},
		"a later call helps": {[]history.Call{
			{Provider: "ollama", Version: "v", From: 11, To: 12},
			{Provider: "ollama", Version: "v", From: 14, To: 15, OK: true},
		}, redundancy{asks: 2, failed: 1, versions: 1}},
		"begun before, ended during": {[]history.Call{
			{Provider: "ollama", Version: "v", From: 9, To: 12},
		}, redundancy{}},
		"begun during, answered after": {[]history.Call{
			{Provider: "ollama", Version: "v", From: 19, To: 25, OK: true},
		}, redundancy{asks: 1, versions: 1}},
		"begun when the fault was over": {[]history.Call{
			{Provider: "ollama", Version: "v", From: 20, To: 21},
		}, redundancy{}},
		"two calls of one name at two providers": {[]history.Call{
			{Provider: "ollama", Version: "v", From: 11, To: 12, OK: true}, {Provider: "openai", Version: "w", From: 11, To: math.NaN()},
		}, redundancy{asks: 1, versions: 2, without: 1}},
		"nothing": {nil, redundancy{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := during(&history.Account{Calls: c.calls}, 10, 20); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
