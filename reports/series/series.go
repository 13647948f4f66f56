// Package series reads from a history what the figures of a report show. Each
// function is pure: events of one profile's run in, numbers out. Nothing is
// estimated: where the history has no reading there is NaN, and where it has
// none at all the result is empty, so that no figure is drawn.
package series

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"paperlab/reports/chart"
	"paperlab/reports/history"
)

// Stream is the backlog of one logical stream over time.
type Stream struct {
	Name   string
	Points []chart.Point
}

// reading names one number of one shard's consumer group.
type reading struct {
	stream string
	shard  int
	name   string
}

// Backlog adds lag and pending over all shards of each stream, one point for
// each round of readings, papers first. A round with a null or missing reading
// is NaN: the sum is not known, and it is certainly not what is left of it.
func Backlog(events []history.Event) []Stream {
	expected := map[string]map[reading]bool{}
	for _, e := range events {
		if r, ok := readingOf(e); ok {
			if expected[r.stream] == nil {
				expected[r.stream] = map[reading]bool{}
			}
			expected[r.stream][r] = true
		}
	}
	rounds := map[string]*round{}
	for name, keys := range expected {
		rounds[name] = &round{expected: len(keys), seen: map[reading]float64{}}
	}
	for _, e := range events {
		if r, ok := readingOf(e); ok {
			rounds[r.stream].add(r, e)
		}
	}
	var out []Stream
	for _, name := range slices.SortedFunc(maps.Keys(rounds), streamOrder) {
		rounds[name].finish()
		out = append(out, Stream{Name: name, Points: withGaps(rounds[name].points)})
	}
	return out
}

func readingOf(e history.Event) (reading, bool) {
	if e.Op != history.Sample || e.Stream == "" || e.Name != "lag" && e.Name != "pending" {
		return reading{}, false
	}
	return reading{e.Stream, e.Shard, e.Name}, true
}

// streamOrder puts papers before notifications, as the work flows, and both
// before any other stream.
func streamOrder(a, b string) int {
	rank := func(s string) int {
		if i := slices.Index([]string{"papers", "notifications"}, s); i >= 0 {
			return i
		}
		return math.MaxInt
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

// round gathers the readings of a stream until one comes again.
type round struct {
	expected int
	at       float64
	seen     map[reading]float64
	points   []chart.Point
}

func (r *round) add(key reading, e history.Event) {
	if _, again := r.seen[key]; again {
		r.finish()
	}
	if len(r.seen) == 0 {
		r.at = e.T
	}
	v := e.Value
	if e.Type == history.Info {
		v = math.NaN()
	}
	r.seen[key] = v
}

func (r *round) finish() {
	if len(r.seen) == 0 {
		return
	}
	sum := 0.0
	for _, v := range r.seen {
		sum += v
	}
	if len(r.seen) < r.expected {
		sum = math.NaN()
	}
	r.points = append(r.points, chart.Point{T: r.at, V: sum})
	clear(r.seen)
}

// Total adds up what several streams have behind them, round by round. The
// rounds of all streams are made together, so that their points pair up; where
// they do not, there is no total.
func Total(streams []Stream) []chart.Point {
	if len(streams) < 2 {
		return nil
	}
	total := slices.Clone(streams[0].Points)
	for _, s := range streams[1:] {
		if len(s.Points) != len(total) {
			return nil
		}
		for i, p := range s.Points {
			total[i].V += p.V
		}
	}
	return total
}

// withGaps breaks the line where readings stopped for much longer than usual.
func withGaps(points []chart.Point) []chart.Point {
	usual := Interval(points)
	var out []chart.Point
	for i, p := range points {
		if i > 0 && usual > 0 && p.T-points[i-1].T > max(4*usual, 1) {
			out = append(out, chart.Point{T: points[i-1].T + usual, V: math.NaN()})
		}
		out = append(out, p)
	}
	return out
}

// Interval is the median time between points; 0 for fewer than two.
func Interval(points []chart.Point) float64 {
	var steps []float64
	for i := 1; i < len(points); i++ {
		steps = append(steps, points[i].T-points[i-1].T)
	}
	if len(steps) == 0 {
		return 0
	}
	slices.Sort(steps)
	return steps[len(steps)/2]
}

// Takeover is one change of a shard's owner.
type Takeover struct {
	T        float64
	Stream   string
	Shard    int
	From, To string
}

// Takeovers are the changes of owner in which somebody had owned the shard
// before: a first acquisition takes nothing over.
func Takeovers(events []history.Event) []Takeover {
	var out []Takeover
	for _, e := range events {
		if e.Op == history.Takeover && e.Previous != "" {
			out = append(out, Takeover{T: e.T, Stream: e.Stream, Shard: e.Shard, From: e.Previous, To: e.Owner})
		}
	}
	return out
}

// Phases are the phases of a run from its history. The last one ends with the
// last event.
func Phases(events []history.Event) []chart.Band {
	var out []chart.Band
	end := 0.0
	for _, e := range events {
		end = max(end, e.T)
		if e.Op != history.Phase {
			continue
		}
		if n := len(out); n > 0 {
			out[n-1].To = e.T
		}
		if e.Name != "done" {
			out = append(out, chart.Band{From: e.T, To: e.T, Label: e.Name})
		}
	}
	if n := len(out); n > 0 && out[n-1].To == out[n-1].From {
		out[n-1].To = end
	}
	return out
}
