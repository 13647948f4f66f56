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

// rounds gathers readings, of all gauges that ever were read.
type rounds struct {
	known []gauge
	all   []round
}

// add puts a reading into its round. A reader asks all gauges in turn, so one
// that comes up again begins the next.
func (r *rounds) add(e Event) {
	if e.Name != "lag" && e.Name != "pending" {
		return
	}
	g, value := gauge{e.Stream, e.Name}, e.Value
	if e.Type != OK {
		value = math.NaN()
	}
	if !slices.Contains(r.known, g) {
		r.known = append(r.known, g)
	}
	last := len(r.all) - 1
	if last >= 0 {
		if _, again := r.all[last].values[g]; !again {
			r.all[last].end, r.all[last].values[g] = e.T, value
			return
		}
	}
	r.all = append(r.all, round{e.T, map[gauge]float64{g: value}})
}

// series sums up each stream's gauges, and all. What a round lacks of the gauges
// that are known makes its sum unknown.
func (r *rounds) series() (streams []Stream, total []Point) {
	byStream := map[string][]gauge{}
	for _, g := range r.known {
		byStream[g.stream] = append(byStream[g.stream], g)
	}
	for name, gauges := range byStream {
		streams = append(streams, Stream{name, r.sum(gauges)})
	}
	slices.SortFunc(streams, func(a, b Stream) int { return cmp.Or(order(a.Name)-order(b.Name), cmp.Compare(a.Name, b.Name)) })
	return streams, r.sum(r.known)
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
