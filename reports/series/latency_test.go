package series

import (
	"math"
	"slices"
	"testing"

	"paperlab/reports/chart"
	"paperlab/reports/history"
)

func serve(at float64, version string) history.Event {
	return history.Event{T: at, Type: history.OK, Op: history.Serve, Message: version}
}

func tell(at float64, version, subscription string) history.Event {
	return history.Event{T: at, Type: history.OK, Op: history.Tell, Version: version, Subscription: subscription, Status: 200}
}

func TestEndToEnd(t *testing.T) {
	refused, failed, repeated, withheld := tell(2, "v", "a"), tell(2, "v", "a"), tell(2, "v", "a"), tell(2, "v", "a")
	refused.Status = 503
	failed.Type = history.Fail
	repeated.Repeat = true
	withheld.Type = history.Info
	for name, c := range map[string]struct {
		events []history.Event
		want   []float64
	}{
		"each subscription once":           {[]history.Event{serve(1, "v"), tell(2, "v", "a"), tell(4, "v", "b")}, []float64{1, 3}},
		"the first time counts":            {[]history.Event{serve(1, "v"), tell(2, "v", "a"), tell(9, "v", "a")}, []float64{1}},
		"from the first page on":           {[]history.Event{serve(1, "v"), serve(5, "v"), tell(7, "v", "a")}, []float64{6}},
		"refused, then taken":              {[]history.Event{serve(1, "v"), refused, tell(4, "v", "a")}, []float64{3}},
		"failed is not told":               {[]history.Event{serve(1, "v"), failed}, nil},
		"a repeat tells nobody":            {[]history.Event{serve(1, "v"), repeated}, nil},
		"a withheld answer tells":          {[]history.Event{serve(1, "v"), withheld}, []float64{1}},
		"what was not served has no start": {[]history.Event{tell(2, "w", "a")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := EndToEnd(c.events).All; !slices.Equal(got, c.want) {
				t.Errorf("latencies are %v, want %v", got, c.want)
			}
		})
	}
}

// Seconds in which nobody was told are NaN: there is no latency of nothing.
func TestEndToEndBySecond(t *testing.T) {
	nan := math.NaN()
	l := EndToEnd([]history.Event{serve(0, "v"), serve(0, "w"), tell(1.25, "v", "a"), tell(1.5, "v", "b"), tell(1.75, "w", "a"), tell(3.5, "w", "b")})
	for name, c := range map[string]struct{ got, want []chart.Point }{
		"p50": {l.P50, []chart.Point{{T: 0.5, V: nan}, {T: 1.5, V: 1.5}, {T: 2.5, V: nan}, {T: 3.5, V: 3.5}}},
		"p95": {l.P95, []chart.Point{{T: 0.5, V: nan}, {T: 1.5, V: 1.75}, {T: 2.5, V: nan}, {T: 3.5, V: 3.5}}},
		"max": {l.Max, []chart.Point{{T: 0.5, V: nan}, {T: 1.5, V: 1.75}, {T: 2.5, V: nan}, {T: 3.5, V: 3.5}}},
	} {
		if !equal(c.got, c.want) {
			t.Errorf("%s is %v, want %v", name, c.got, c.want)
		}
	}
	if !slices.Equal(l.All, []float64{1.25, 1.5, 1.75, 3.5}) {
		t.Errorf("all are %v", l.All)
	}
}

func TestQuantile(t *testing.T) {
	values := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for q, want := range map[float64]float64{0: 1, 0.05: 1, 0.5: 5, 0.51: 6, 0.95: 10, 1: 10} {
		if got := Quantile(values, q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if got := Quantile(nil, 0.5); !math.IsNaN(got) {
		t.Errorf("the median of nothing is %v", got)
	}
}
