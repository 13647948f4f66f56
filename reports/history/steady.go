package history

import (
	"math"
	"slices"

	"paperlab/reports/record"
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

// minLatencyBound keeps a bound, in seconds, above what scheduling on a busy
// machine does to a service that answers in milliseconds.
const minLatencyBound = 1

// SteadyBounds measures the steady phase, [from, to): the backlog's bound is
// twice its 99th percentile, but not below the floor that the caller derives
// from its load; the latency's is twice its 95th percentile, but not below 1 s.
// It answers false if either series has no points there.
func SteadyBounds(backlog, latency []Point, from, to, floor float64) (record.Steady, bool) {
	backlog, latency = Between(backlog, from, to), Between(latency, from, to)
	if len(backlog) == 0 || len(latency) == 0 {
		return record.Steady{}, false
	}
	p95 := Percentile(latency, 95)
	return record.Steady{
		BacklogBound:  max(2*Percentile(backlog, 99), floor),
		LatencyP95S:   p95,
		LatencyBoundS: max(2*p95, minLatencyBound),
	}, true
}

// Steady has the bounds of the account's steady phase (see SteadyBounds), and
// whether the load was carried before the fault: a backlog that grows through
// the steady phase would pass any bound derived from itself.
func (a *Account) Steady(floor float64) (s record.Steady, known bool) {
	phase := a.Phase(PhaseSteady)
	s, known = SteadyBounds(a.Total, a.Latency, phase.StartS, phase.EndS, floor)
	middle := (phase.StartS + phase.EndS) / 2
	early := Percentile(Between(a.Total, phase.StartS, middle), 50)
	late := Percentile(Between(a.Total, middle, phase.EndS), 50)
	s.Held = late <= math.Max(2*early, s.BacklogBound/2)
	return s, known
}

// Recovery is that of Recover, from the first proven effect until the load ends;
// nil times if no effect was proven.
func (a *Account) Recovery(s record.Steady) (lag, all *float64) {
	effects := record.Effects(a.Faults)
	if len(effects) == 0 {
		return nil, nil
	}
	return Recover(a.Total, a.Latency, s, effects[0], effects[len(effects)-1], a.Phase(PhaseRecover).EndS)
}
