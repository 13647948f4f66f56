package history

import (
	"math"

	"paperlab/reports/record"
)

// How steady state is judged, in seconds.
const (
	// Hold is how long a bound must hold before it counts as regained.
	Hold = 3.0
	// Window is the stretch of time over which a percentile of latency is
	// taken.
	Window = 1.0
	// Silence is the longest time without a reading, or without an effect, over
	// which a bound may be assumed to have held.
	Silence = 2.0
	// relapse is the share of the time that is left in which a bound that was
	// regained may be broken again, as in the steady phase; but Hold seconds may be.
	relapse = 0.1
)

// Recovery is how long steady state was away, in seconds: Lag is the backlog's
// time, All that of backlog and latency together. Nil means that it did not come
// back, that the clock never began, or that no witness can say so; 0 that it was
// not away.
type Recovery struct{ Lag, All *float64 }

// Recovery says how long steady state was away, on two clocks: from the first
// fault's proven effect, and from the last heal.
//
// It finds the first stretch of Hold seconds within the bounds that comes after
// the bounds were first broken and is not lost again, and measures to its
// beginning. Looking for the first such stretch after the effect alone would find
// the seconds before the fault began to hurt: a dead consumer's backlog grows
// slowly. From the heal on there may be such seconds, too: arXiv's flood comes
// with the crawler's next try.
//
// Several faults in a row are one disturbance, from the first one's effect to the
// last one's: what was regained between them and lost again after the last does
// not count.
//
// It looks no further than the end of the load: a service that has nothing to do
// has no backlog. A time without a witness, longer than Silence, breaks a stretch
// like a time out of bounds.
func (a *Account) Recovery(s record.Steady) (effect, heal Recovery) {
	if effects := record.Effects(a.Faults); len(effects) > 0 {
		effect = a.recovery(s, effects[0], effects[len(effects)-1])
		if last := record.LastHeal(a.Faults); last != nil {
			heal = a.recovery(s, *last, math.Inf(-1))
		}
	}
	return effect, heal
}

// recovery counts from t0; the last disturbance was at last.
func (a *Account) recovery(s record.Steady, t0, last float64) Recovery {
	until := a.Phase(PhaseRecover).EndS
	calm := spells(Between(a.Total, t0, min(until, a.loadEnd())), s.BacklogBound, t0)
	quick := spells(windows(a.Latency, t0, until), s.LatencyBoundS, t0)
	return Recovery{regained(calm, t0, last, until), regained(both(calm, quick), t0, last, until)}
}

// loadEnd is when nothing is offered any more, some Silence after the last paper.
func (a *Account) loadEnd() float64 {
	if len(a.Served) == 0 {
		return math.Inf(1)
	}
	return a.Serving[a.Served[len(a.Served)-1]].T + Silence
}

// windows turns single latencies into a 95th percentile for each Window that
// has any, at the time at which it begins.
func windows(latency []Point, t0, until float64) []Point {
	var points []Point
	for from := t0; from < until; from += Window {
		if part := Between(latency, from, min(from+Window, until)); len(part) > 0 {
			points = append(points, Point{from, Percentile(part, 95)})
		}
	}
	return points
}

// spell is a maximal time during which a bound held, both ends included.
type spell struct{ from, to float64 }

// spells begins the first one at t0 itself if the first point is soon and
// good: the time until then is no more silent than that between points.
func spells(points []Point, bound, t0 float64) []spell {
	var found []spell
	open := len(points) > 0 && points[0].T-t0 <= Silence
	if open {
		found = append(found, spell{t0, t0})
	}
	for _, p := range points {
		switch {
		case !(p.Value <= bound):
			open = false
		case open && p.T-found[len(found)-1].to <= Silence:
			found[len(found)-1].to = p.T
		default:
			found, open = append(found, spell{p.T, p.T}), true
		}
	}
	return found
}

// both are the times that lie in a spell of each list.
func both(a, b []spell) []spell {
	var common []spell
	for len(a) > 0 && len(b) > 0 {
		overlap := spell{max(a[0].from, b[0].from), min(a[0].to, b[0].to)}
		if overlap.from < overlap.to {
			common = append(common, overlap)
		}
		if a[0].to < b[0].to {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return common
}

// regained measures to the beginning of the first spell of at least Hold that is
// not lost again. One that began before the last fault hit counts only if it was
// never broken since: if it was, steady state was lost after it.
func regained(found []spell, t0, last, until float64) *float64 {
	for i, s := range found {
		broken := s.to < until-Silence
		if s.to-s.from < Hold || s.from <= last && broken || lost(found[i:], until) > max(Hold, relapse*(until-s.from)) {
			continue
		}
		after := s.from - t0
		return &after
	}
	return nil
}

// lost is the time between spells and after the last, in seconds.
func lost(found []spell, until float64) (sum float64) {
	for i, s := range found[1:] {
		sum += s.from - found[i].to
	}
	if end := found[len(found)-1].to; end < until-Silence {
		sum += until - end
	}
	return sum
}
