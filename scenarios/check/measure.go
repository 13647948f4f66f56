package check

import (
	"math"
	"slices"

	"paperlab/reports/history"
)

// Point is one reading of a series. T is in seconds since the profile's run
// began.
type Point struct{ T, Value float64 }

// Backlog is the number of entries not yet done, lag and pending summed over
// all streams. Each point stands for one round of readings and for its end.
//
// A round in which a reading is null or missing gives no point: null is not
// 0, and an older reading is not today's.
func Backlog(events []history.Event) []Point {
	type gauge struct{ stream, name string }
	known := map[gauge]bool{}
	var rounds []map[gauge]history.Event
	var ends []float64
	for _, e := range events {
		if e.Op != history.Sample || e.Name != "lag" && e.Name != "pending" {
			continue
		}
		g := gauge{e.Stream, e.Name}
		known[g] = true
		// A reader asks all gauges in turn, so one that comes up again begins
		// the next round.
		last := len(rounds) - 1
		if last < 0 || rounds[last][g].Op != "" {
			rounds, ends = append(rounds, map[gauge]history.Event{}), append(ends, 0)
			last++
		}
		rounds[last][g], ends[last] = e, e.T
	}
	var points []Point
	for i, round := range rounds {
		sum, whole := 0.0, len(round) == len(known)
		for _, e := range round {
			sum += e.Value
			whole = whole && e.Type == history.OK
		}
		if whole {
			points = append(points, Point{ends[i], sum})
		}
	}
	return points
}

// Latencies gives, for each notification, the seconds from the first serving
// of its version until its first effect, at the time of that effect. Effects of
// versions that were never served are left out.
func Latencies(events []history.Event) []Point {
	served := map[string]float64{}
	seen := map[note]bool{}
	var points []Point
	var l ledger
	l.told, l.toldOf, l.confirmed = map[note][]effect{}, map[string]int{}, map[note]bool{}
	for _, e := range events {
		switch e.Op {
		case history.Serve:
			if _, again := served[e.Message]; !again {
				served[e.Message] = e.T
			}
		case history.Tell:
			before := len(l.effects)
			l.addTell(e)
			n := note{e.Subscription, e.Version}
			at, known := served[e.Version]
			if len(l.effects) > before && known && !seen[n] {
				seen[n] = true
				points = append(points, Point{e.T, e.T - at})
			}
		}
	}
	return points
}

// Between keeps the points of [from, to).
func Between(points []Point, from, to float64) []Point {
	var kept []Point
	for _, p := range points {
		if p.T >= from && p.T < to {
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
