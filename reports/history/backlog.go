package history

import (
	"cmp"
	"math"
	"slices"
)

// Stream is the backlog of one logical stream.
type Stream struct {
	Name   string
	Points []Point
}

// gauge is one number of a stream's consumer group.
type gauge struct{ stream, name string }

// round is one look at all gauges; a null is NaN.
type round struct {
	end    float64
	values map[gauge]float64
}

// rounds gathers readings. A reader asks all gauges in turn, so one that comes
// up again begins the next round.
type rounds struct {
	known map[gauge]bool
	all   []round
}

func (r *rounds) add(e Event) {
	if e.Name != "lag" && e.Name != "pending" {
		return
	}
	g := gauge{e.Stream, e.Name}
	if r.known == nil {
		r.known = map[gauge]bool{}
	}
	r.known[g] = true
	last := len(r.all) - 1
	if last >= 0 {
		_, again := r.all[last].values[g]
		if !again {
			r.all[last].put(g, e)
			return
		}
	}
	next := round{values: map[gauge]float64{}}
	next.put(g, e)
	r.all = append(r.all, next)
}

func (r *round) put(g gauge, e Event) {
	r.end, r.values[g] = e.T, e.Value
	if e.Type != OK {
		r.values[g] = math.NaN()
	}
}

// series sums up each stream's gauges, and all. What a round lacks of the gauges
// that are known makes its sum unknown.
func (r *rounds) series() (streams []Stream, total []Point) {
	names := map[string][]gauge{}
	var every []gauge
	for g := range r.known {
		names[g.stream] = append(names[g.stream], g)
		every = append(every, g)
	}
	for name, gauges := range names {
		streams = append(streams, Stream{name, r.sum(gauges)})
	}
	slices.SortFunc(streams, func(a, b Stream) int { return cmp.Or(order(a.Name)-order(b.Name), cmp.Compare(a.Name, b.Name)) })
	return streams, r.sum(every)
}

// order puts papers before notifications, as the work flows, and both before
// any other stream.
func order(stream string) int {
	if i := slices.Index([]string{"papers", "notifications"}, stream); i >= 0 {
		return i
	}
	return 2
}

func (r *rounds) sum(gauges []gauge) []Point {
	var points []Point
	for _, round := range r.all {
		sum := 0.0
		for _, g := range gauges {
			value, read := round.values[g]
			if !read {
				value = math.NaN()
			}
			sum += value
		}
		points = append(points, Point{round.end, sum})
	}
	return points
}
