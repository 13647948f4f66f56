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

// Steady measures the steady phase: the backlog's bound is twice its 99th
// percentile, but not below the floor that the caller derives from its load; the
// latency's is twice its 95th percentile, but not below 1 s. It answers false if
// either series has no points there.
//
// Held tells whether the load was carried before the fault: a backlog that grows
// through the steady phase would pass any bound derived from itself.
func (a *Account) Steady(floor float64) (s record.Steady, known bool) {
	phase := a.Phase(PhaseSteady)
	backlog, latency := Between(a.Total, phase.StartS, phase.EndS), Between(a.Latency, phase.StartS, phase.EndS)
	if len(backlog) == 0 || len(latency) == 0 {
		return s, false
	}
	s.BacklogBound = max(2*Percentile(backlog, 99), floor)
	s.LatencyP95S = Percentile(latency, 95)
	s.LatencyBoundS = max(2*s.LatencyP95S, minLatencyBound)
	middle := (phase.StartS + phase.EndS) / 2
	early := Percentile(Between(backlog, phase.StartS, middle), 50)
	late := Percentile(Between(backlog, middle, phase.EndS), 50)
	s.Held = late <= max(2*early, s.BacklogBound/2)
	return s, true
}

// FalseAlarms are the alerts that arrived before anything was injected; where
// nothing ever was, all.
func (a *Account) FalseAlarms() []record.Alert {
	first := math.Inf(1)
	for _, f := range a.Faults {
		if f.Injected() {
			first = min(first, f.InjectedAtS)
		}
	}
	return slices.DeleteFunc(slices.Clone(a.Alerts), func(alert record.Alert) bool { return alert.NotifiedAtS >= first })
}

// DetectedBy is the alert of that name, or of any if it is empty, that arrived
// first from the first proven effect on, and the seconds since then; nil if none
// did.
func (a *Account) DetectedBy(name string) (alert *record.Alert, after float64) {
	effects := record.Effects(a.Faults)
	for i, alert := range a.Alerts { // in the order of arrival
		if len(effects) > 0 && alert.NotifiedAtS >= effects[0] && (name == "" || alert.Name == name) {
			return &a.Alerts[i], alert.NotifiedAtS - effects[0]
		}
	}
	return nil, 0
}

// Phase is the phase of that name, the zero value if it never began.
func (a *Account) Phase(name string) record.Phase {
	for _, p := range a.Phases {
		if p.Name == name {
			return p
		}
	}
	return record.Phase{}
}
