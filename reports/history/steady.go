package history

import (
	"fmt"
	"math"
	"slices"

	"paperlab/reports/record"
)

// Load is what the service was offered and what it can do at most, both in
// papers a second. A Capacity of 0 is one that was not measured.
type Load struct{ Rate, Capacity float64 }

// How steady state is bounded.
const (
	// spare is how many seconds the service's spare capacity may need at most for
	// a backlog that still counts as steady: what takes longer is a queue.
	spare = 5.0
	// hand is the backlog that a healthy service may have in hand, and unmeasured
	// the most where nobody measured its capacity, in seconds of load.
	hand, unmeasured = 1.0, 2.0
	// quick is a latency that scheduling on a busy machine alone may cause, slow
	// one that no service has that is not behind, in seconds.
	quick, slow = 1.0, 3.0
	// known is the share of readings that must be there, and came that of the load.
	known, came = 0.8, 0.8
)

// ceiling is the largest backlog, in entries, that can be called steady,
// whatever the control phase shows.
func (l Load) ceiling() float64 {
	if l.Capacity <= 0 {
		return unmeasured * l.Rate
	}
	return max(spare*(l.Capacity-l.Rate), hand*l.Rate)
}

// Steady measures the control phase and judges the steady phase by it.
//
// The bounds are twice what the control phase shows: of the backlog its 99th
// percentile, of the latency its 95th. They are no less than what a healthy
// service has in hand, and no more than a ceiling that follows from the load and
// from the capacity: a control phase that is beyond the ceiling is no control.
// They never come from the phase that they judge. In that phase nine
// tenths of both must be within the bound, since a burst is no queue. And over
// control and steady phase together neither may grow by more than half of its
// bound, or by what a healthy service has in hand: a backlog that grows from the
// beginning lifts the control phase with it. What was offered must have come: an
// idle service is always steady.
//
// The guards say all this with figures. Held is true if all of them are.
func (a *Account) Steady(l Load) (s record.Steady, guards []record.Guard) {
	control, steady := a.Phase(PhaseControl), a.Phase(PhaseSteady)
	s.BacklogP99 = Percentile(Between(a.Total, control.StartS, control.EndS), 99)
	s.LatencyP95S, s.LatencyBoundS = a.usual()
	if math.IsNaN(s.BacklogP99) || math.IsNaN(s.LatencyP95S) {
		return record.Steady{}, []record.Guard{{ID: "control", Unit: "readings", Bound: 1,
			Detail: "the control phase has no reading of the backlog, or nobody was told anything in it, so there is nothing to judge steady state by"}}
	}
	ceiling := l.ceiling()
	s.BacklogBound = min(max(2*s.BacklogP99, hand*l.Rate), ceiling)
	offered := fmt.Sprintf("at %.3g papers/s offered", l.Rate)
	if l.Capacity > 0 {
		offered += fmt.Sprintf(" of a capacity of %.3g/s", l.Capacity)
	}
	before := func(points []Point) []Point { return Between(points, control.StartS, steady.EndS) }
	within := func(points []Point) []Point { return Between(points, steady.StartS, steady.EndS) }
	guards = []record.Guard{
		most("control-backlog", "entries", s.BacklogP99, ceiling, "the 99th percentile of the backlog in the control phase, "+offered+","),
		most("control-latency", "s", s.LatencyP95S, slow, "the 95th percentile of the latency in the control phase, "+offered+","),
		most("steady-backlog", "entries", Percentile(within(a.Total), 90), s.BacklogBound, "the 90th percentile of the backlog in the steady phase"),
		most("steady-latency", "s", Percentile(within(a.Latency), 90), s.LatencyBoundS, "the 90th percentile of the latency in the steady phase"),
		most("backlog-drift", "entries", growth(before(a.Total)), s.BacklogBound/2, "what the backlog grew by from the control phase to the first fault"),
		most("latency-drift", "s", growth(windows(a.Latency, control.StartS, steady.EndS)), s.LatencyBoundS/2, "what the latency grew by from the control phase to the first fault"),
		least("offered", "share", a.offered(control.StartS, steady.EndS)/l.Rate, came, fmt.Sprintf("the share of %.3g papers/s that was offered before the first fault", l.Rate)),
		least("readings", "share", a.seen(control.StartS, steady.EndS), known, "the share of the backlog's readings before the first fault, second by second, that there are and that Redis could give"),
	}
	s.Held = !slices.ContainsFunc(guards, func(g record.Guard) bool { return !g.OK })
	return s, guards
}

// usual is the latency's 95th percentile in the control phase, and the bound that
// follows from it; both NaN if nobody was told anything in it.
func (a *Account) usual() (p95, bound float64) {
	control := a.Phase(PhaseControl)
	p95 = Percentile(Between(a.Latency, control.StartS, control.EndS), 95)
	return p95, min(max(2*p95, quick), slow)
}

// LateBy is how long after a witness last saw a message it is missing: the bound of
// the latency, the most there is where nobody measured one.
func (a *Account) LateBy() float64 {
	if _, bound := a.usual(); !math.IsNaN(bound) {
		return bound
	}
	return slow
}

// Witnesses judges whether the backlog was looked at while it had to come back:
// from the last heal, or from the last effect where none was healed, to the end of
// the load. Without a fault, or without such a time, it says nothing.
func (a *Account) Witnesses() []record.Guard {
	effects := record.Effects(a.Faults)
	if len(effects) == 0 {
		return nil
	}
	from := effects[len(effects)-1]
	if heal := record.LastHeal(a.Faults); heal != nil {
		from = *heal
	}
	share := a.seen(from, a.Phase(PhaseRecover).EndS)
	if math.IsNaN(share) {
		return nil
	}
	return []record.Guard{least("recovery-readings", "share", share, known, "the share of the backlog's readings after the last fault, second by second, that there are and that Redis could give")}
}

// offered is how many versions were served for the first time in each second of
// [from, to).
func (a *Account) offered(from, to float64) float64 {
	count := 0.0
	for _, version := range a.Served {
		if t := a.Serving[version].T; t >= from && t < to {
			count++
		}
	}
	return count / (to - from)
}

// most is a guard that holds up to its bound. A value that is NaN holds never.
func most(id, unit string, value, bound float64, what string) record.Guard {
	return guard(id, unit, value, bound, value <= bound, what, "it must be at most")
}

// least is a guard that holds from its bound on.
func least(id, unit string, value, bound float64, what string) record.Guard {
	return guard(id, unit, value, bound, value >= bound, what, "it must be at least")
}

func guard(id, unit string, value, bound float64, ok bool, what, must string) record.Guard {
	g := record.Guard{ID: id, Unit: unit, Bound: bound, OK: ok}
	if math.IsNaN(value) {
		g.Detail = fmt.Sprintf("%s is not known; %s %.3g %s", what, must, bound, unit)
		return g
	}
	g.Value = &value
	g.Detail = fmt.Sprintf("%s is %.3g %s; %s %.3g", what, value, unit, must, bound)
	return g
}

// growth is how much a series rose over its length, by the Theil–Sen estimator:
// the median slope over all pairs of points, which neither a burst nor a gap
// moves (Sen, "Estimates of the Regression Coefficient Based on Kendall's Tau",
// 1968). NaN for fewer than two points.
func growth(points []Point) float64 {
	var slopes []Point
	for i, p := range points {
		for _, q := range points[i+1:] {
			if q.T > p.T {
				slopes = append(slopes, Point{Value: (q.Value - p.Value) / (q.T - p.T)})
			}
		}
	}
	if len(slopes) == 0 {
		return math.NaN()
	}
	return Percentile(slopes, 50) * (points[len(points)-1].T - points[0].T)
}

// seen is the share of the backlog's readings in [from, to) that are known, on
// average over its seconds: one without any reading, when nobody looked, counts
// as one in which Redis gave none. NaN for less than a second.
func (a *Account) seen(from, to float64) float64 {
	sum, seconds := 0.0, 0.0
	for ; from+Window <= to; from += Window {
		seconds++
		all := 0
		for _, p := range a.Total {
			if p.T >= from && p.T < from+Window {
				all++
			}
		}
		if all > 0 {
			sum += float64(len(Between(a.Total, from, from+Window))) / float64(all)
		}
	}
	return sum / seconds
}
