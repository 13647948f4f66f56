package record

import "math"

// Distribution is the distribution behind a metric.
type Distribution struct {
	// Values are all that were measured, in rising order.
	Values []float64 `json:"values"`
	// Missed is how many more should have been there and were not.
	Missed int `json:"missed"`
	// Least and Most bound the part of the value that does not depend on what was
	// measured ("what monitoring alone takes"); nil where there is no such bound.
	// Why says in a few words why there is none.
	Least *float64 `json:"least,omitempty"`
	Most  *float64 `json:"most,omitempty"`
	Why   string   `json:"why,omitempty"`
}

// NearestRank is the nearest-rank percentile of sorted values, 0 < p <= 100:
// always a value that occurred. Without values it is NaN.
func NearestRank(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
