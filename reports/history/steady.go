package history

import (
	"math"
	"slices"
)

// Point is one reading of a series. T is in seconds since the profile's run
// began.
type Point struct{ T, Value float64 }

// Between keeps the points of [from, to) that are known.
func Between(points []Point, from, to float64) []Point {
	var kept []Point
	for _, p := range points {
		if p.T >= from && p.T < to && !math.IsNaN(p.Value) {
			kept = append(kept, p)
		}
	}
	return kept
}

// Percentile is the nearest-rank percentile of the points' values, 0 < p <= 100:
// always a value that occurred. Without points it is NaN, which no bound
// admits.
func Percentile(points []Point, p float64) float64 {
	if len(points) == 0 {
		return math.NaN()
	}
	var values []float64
	for _, point := range points {
		values = append(values, point.Value)
	}
	slices.Sort(values)
	rank := int(math.Ceil(p / 100 * float64(len(values))))
	return values[min(max(rank, 1), len(values))-1]
}

// Bounds are the steady state, as measured.
type Bounds struct {
	// Backlog is in entries, Latency in seconds (for the 95th percentile).
	Backlog, Latency float64
	// SteadyP95 is the steady phase's own 95th percentile of latency, in
	// seconds.
	SteadyP95 float64
}

// minLatencyBound keeps a bound, in seconds, above what scheduling on a busy
// machine does to a service that answers in milliseconds.
const minLatencyBound = 1

// SteadyBounds measures the steady phase, [from, to): the backlog's bound is
// twice its 99th percentile, but not below the floor that the caller derives
// from its load; the latency's is twice its 95th percentile, but not below 1 s.
// It answers false if either series has no points there.
func SteadyBounds(backlog, latency []Point, from, to, floor float64) (Bounds, bool) {
	backlog, latency = Between(backlog, from, to), Between(latency, from, to)
	if len(backlog) == 0 || len(latency) == 0 {
		return Bounds{}, false
	}
	p95 := Percentile(latency, 95)
	return Bounds{
		Backlog:   max(2*Percentile(backlog, 99), floor),
		Latency:   max(2*p95, minLatencyBound),
		SteadyP95: p95,
	}, true
}

// Bounds are those of the account's steady phase; see SteadyBounds.
func (a *Account) Bounds(floor float64) (Bounds, bool) {
	steady := a.Phase(PhaseSteady)
	return SteadyBounds(a.Total, a.Latency, steady.From, steady.To, floor)
}

// Held tells whether the load was carried before the fault: a backlog that
// grows through the steady phase would pass any bound derived from itself.
func (a *Account) Held(b Bounds) bool {
	steady := a.Phase(PhaseSteady)
	middle := (steady.From + steady.To) / 2
	early := Percentile(Between(a.Total, steady.From, middle), 50)
	late := Percentile(Between(a.Total, middle, steady.To), 50)
	return late <= math.Max(2*early, b.Backlog/2)
}

// Recovery is measured from the first proven effect until the load ends; nil
// times if no effect was proven.
func (a *Account) Recovery(b Bounds) Recovery {
	first, last, proven := a.Effect()
	if !proven {
		return Recovery{}
	}
	return Recover(a.Total, a.Latency, b, first, last, a.Phase(PhaseRecover).To)
}
