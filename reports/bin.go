package reports

import (
	"cmp"
	"math"
	"slices"

	"paperlab/reports/chart"
	"paperlab/reports/history"
)

// What a figure shows is the account's, sorted into seconds. Nothing is
// estimated: where the history has no reading there is NaN, and where it has
// none at all the result is empty, so that no figure is drawn.

// bySecond gives a percentile of the latencies of each second, at its middle.
// Seconds in which nobody was told are NaN: there is no latency of nothing.
func bySecond(latency []history.Point, percentile float64) []chart.Point {
	seconds := map[int][]history.Point{}
	last := -1
	for _, p := range latency {
		last = max(last, int(p.T))
		seconds[int(p.T)] = append(seconds[int(p.T)], p)
	}
	points := zeros(last + 1)
	for s := range points {
		points[s].V = history.Percentile(seconds[s], percentile)
	}
	return points
}

// withGaps breaks the line where readings stopped for much longer than usual.
func withGaps(points []history.Point) []chart.Point {
	usual := interval(points)
	var out []chart.Point
	for i, p := range points {
		if i > 0 && usual > 0 && p.T-points[i-1].T > max(4*usual, 1) {
			out = append(out, chart.Point{T: points[i-1].T + usual, V: math.NaN()})
		}
		out = append(out, chart.Point{T: p.T, V: p.Value})
	}
	return out
}

// interval is the median time between points; 0 for fewer than two.
func interval(points []history.Point) float64 {
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

// primary is the provider that the service asks first.
const primary = "ollama"

// provider is what one LLM stand-in was asked, by the second in which the calls
// ended. Calls without a summary ended in an error, or the caller gave up
// waiting.
type provider struct {
	name        string
	ok, without []chart.Point
}

// providers counts the ended calls of each provider, the primary first. Seconds
// without a call are 0: the stand-in would have seen one. The last second, which
// the run did not finish, is left out.
func providers(a *history.Account) []provider {
	var all []provider
	for _, c := range a.Calls {
		if math.IsNaN(c.To) {
			continue
		}
		i := slices.IndexFunc(all, func(p provider) bool { return p.name == c.Provider })
		if i < 0 {
			i = len(all)
			all = append(all, provider{c.Provider, zeros(int(a.End)), zeros(int(a.End))})
		}
		ended := all[i].without
		if c.OK {
			ended = all[i].ok
		}
		if s := int(c.To); s < len(ended) {
			ended[s].V++
		}
	}
	slices.SortFunc(all, func(a, b provider) int {
		switch primary {
		case a.name:
			return -1
		case b.name:
			return 1
		}
		return cmp.Compare(a.name, b.name)
	})
	return all
}

// zeros has a point in the middle of each of the first seconds.
func zeros(seconds int) []chart.Point {
	var points []chart.Point
	for s := range seconds {
		points = append(points, chart.Point{T: float64(s) + 0.5})
	}
	return points
}

// redundancy compares, for calls that began while a fault was on, the primary
// alone with all providers together.
type redundancy struct {
	// asks is how often the primary was asked, failed how many of these asks
	// brought no summary.
	asks, failed int
	// versions is how many versions any provider was asked for, without how many
	// of them got none from any call that began while the fault was on. They are
	// late, not lost.
	versions, without int
}

// during measures redundancy between two times.
func during(a *history.Account, from, to float64) redundancy {
	var r redundancy
	summarized := map[string]bool{}
	for _, c := range a.Calls {
		if c.From < from || c.From >= to {
			continue
		}
		summarized[c.Version] = summarized[c.Version] || c.OK
		if c.Provider == primary {
			r.asks++
			if !c.OK {
				r.failed++
			}
		}
	}
	r.versions = len(summarized)
	for _, ok := range summarized {
		if !ok {
			r.without++
		}
	}
	return r
}
