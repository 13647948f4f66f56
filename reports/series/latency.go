package series

import (
	"math"
	"slices"

	"paperlab/reports/chart"
	"paperlab/reports/history"
)

// Latency is the time from a version's first appearance on a page of arXiv's
// stand-in to the moment when a subscriber was first told of it, by the second
// in which they were told. Seconds in which nobody was told are NaN.
type Latency struct {
	P50, P95, Max []chart.Point
	// All are the latencies of the run in seconds, sorted.
	All []float64
}

// EndToEnd measures every notification once, at its first effect: a webhook
// that the sink took (ok, or info because its answer was withheld), answered
// with 2xx, and that is not the repeat of a key.
func EndToEnd(events []history.Event) Latency {
	served := map[string]float64{}
	told := map[[2]string]bool{}
	var bySecond [][]float64
	var l Latency
	for _, e := range events {
		switch e.Op {
		case history.Serve:
			if _, again := served[e.Message]; !again {
				served[e.Message] = e.T
			}
		case history.Tell:
			from, known := served[e.Version]
			who := [2]string{e.Subscription, e.Version}
			if !Effect(e) || !known || told[who] {
				continue
			}
			told[who] = true
			s := int(e.T)
			for len(bySecond) <= s {
				bySecond = append(bySecond, nil)
			}
			bySecond[s] = append(bySecond[s], e.T-from)
			l.All = append(l.All, e.T-from)
		}
	}
	slices.Sort(l.All)
	for s, values := range bySecond {
		slices.Sort(values)
		t := float64(s) + 0.5
		l.P50 = append(l.P50, chart.Point{T: t, V: Quantile(values, 0.5)})
		l.P95 = append(l.P95, chart.Point{T: t, V: Quantile(values, 0.95)})
		l.Max = append(l.Max, chart.Point{T: t, V: Quantile(values, 1)})
	}
	return l
}

// Effect tells whether a tell is one: somebody was told.
func Effect(e history.Event) bool {
	taken := e.Type == history.OK || e.Type == history.Info
	return e.Op == history.Tell && taken && !e.Repeat && e.Status/100 == 2
}

// Quantile is the smallest of the sorted values that at least the share q does
// not exceed (the nearest-rank method): always a value that was seen. NaN of
// none.
func Quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	i := int(math.Ceil(q*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}
