package check

import (
	"math"
	"slices"
	"testing"

	"paperlab/reports/history"
)

func sampleOf(t float64, stream, name string, value float64) history.Event {
	return history.Event{T: t, Op: history.Sample, Type: history.OK, Stream: stream, Name: name, Value: value}
}

func TestBacklogSumsRoundsAndSkipsNull(t *testing.T) {
	null := sampleOf(2.1, "papers", "lag", 0)
	null.Type = history.Info
	got := Backlog([]history.Event{
		sampleOf(1.0, "papers", "lag", 5), sampleOf(1.0, "papers", "pending", 2), sampleOf(1.1, "papers", "length", 100), sampleOf(1.2, "notifications", "lag", 1),
		null, sampleOf(2.1, "papers", "pending", 2), sampleOf(2.2, "notifications", "lag", 1),
		sampleOf(3.0, "papers", "lag", 0), sampleOf(3.0, "papers", "pending", 0), // the other stream did not answer
		sampleOf(4.0, "papers", "lag", 0), sampleOf(4.0, "papers", "pending", 3), sampleOf(4.2, "notifications", "lag", 0),
	})
	if want := []Point{{1.2, 8}, {4.2, 3}}; !slices.Equal(got, want) {
		t.Fatalf("got %v; want %v", got, want)
	}
}

func TestLatencyIsOfTheFirstEffectSinceTheFirstServing(t *testing.T) {
	serve := func(t float64, v string) history.Event {
		return history.Event{T: t, Op: history.Serve, Type: history.OK, Message: v}
	}
	tell := func(t float64, v, s string, status int, repeat bool) history.Event {
		return history.Event{T: t, Op: history.Tell, Type: history.OK, Version: v, Subscription: s, Status: status, Repeat: repeat}
	}
	got := Latencies([]history.Event{
		serve(1, "a"), serve(2, "a"),
		tell(3, "a", "s1", 503, false), tell(4, "a", "s1", 200, false), tell(5, "a", "s1", 200, false),
		tell(6, "a", "s2", 200, true), tell(7, "a", "s2", 200, false), tell(8, "never", "s2", 200, false),
	})
	if want := []Point{{4, 3}, {7, 6}}; !slices.Equal(got, want) {
		t.Fatalf("got %v; want %v", got, want)
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

func TestSteadyBounds(t *testing.T) {
	backlog := []Point{{0.5, 1000}, {1, 10}, {2, 30}, {9, 20}, {10, 5000}}
	latency := []Point{{1, 0.1}, {2, 0.9}, {11, 60}}
	if got, ok := SteadyBounds(backlog, latency, 1, 10, 40); !ok || got != (Bounds{Backlog: 60, Latency: 1.8, SteadyP95: 0.9}) {
		t.Errorf("got %+v, %v", got, ok)
	}
	if got, ok := SteadyBounds(backlog, latency[:1], 1, 10, 100); !ok || got != (Bounds{Backlog: 100, Latency: 1, SteadyP95: 0.1}) {
		t.Errorf("below the floors: got %+v, %v", got, ok)
	}
	if _, ok := SteadyBounds(nil, latency, 1, 10, 40); ok {
		t.Error("bounds without a backlog")
	}
	if _, ok := SteadyBounds(backlog, nil, 1, 10, 40); ok {
		t.Error("bounds without latencies")
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

func TestRecover(t *testing.T) {
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
		"at once":                       {during(5, 50, spell{0, 4}), during(0.1, 0), 4, 4, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := Recover(curve(t0, load+20, c.backlog), curve(t0, load+20, c.latency),
				Bounds{Backlog: 10, Latency: 1}, t0, t0+c.last, t0+load)
			for _, part := range []struct {
				name string
				got  *float64
				want float64
			}{{"lag", got.Lag, c.lag}, {"time", got.Time, c.time}} {
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
