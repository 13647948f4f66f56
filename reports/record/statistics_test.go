package record

import (
	"math"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) < 5e-5 }

// The known values come from solving (k/n - p)² = z² p(1-p)/n for p by bisection.
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 10, 0, 0.27753}, {5, 10, 0.23659, 0.76341}, {10, 10, 0.72247, 1},
		{20, 20, 0.83887, 1}, {17, 18, 0.74243, 0.99012}, {1, 1, 0.20655, 1},
	} {
		r := rateOf(c.k, c.n)
		if !near(r.Low, c.low) || !near(r.High, c.high) || r.Value != float64(c.k)/float64(c.n) {
			t.Errorf("%d of %d is %+v, want %g to %g", c.k, c.n, r, c.low, c.high)
		}
	}
}

// The ranks and their confidence come from sums of binomial coefficients, in whole
// numbers.
func TestMedianRank(t *testing.T) {
	for n, want := range map[int]struct {
		k     int
		level float64
	}{
		0: {}, 1: {}, 5: {}, // 1 - 2/32 is too little
		6: {1, 0.96875}, 8: {1, 0.99219}, 9: {2, 0.96094}, 10: {2, 0.97852}, 15: {4, 0.96484}, 20: {6, 0.95861}, 100: {40, 0.96480},
	} {
		if k, level := medianRank(n); k != want.k || !near(level, want.level) {
			t.Errorf("n = %d: rank %d with %.5f, want %+v", n, k, level, want)
		}
	}
}

func TestSignTest(t *testing.T) {
	for _, c := range []struct {
		better, worse int
		p             float64
	}{{0, 0, 1}, {5, 5, 1}, {9, 1, 0.02148}, {1, 9, 0.02148}, {6, 0, 0.03125}, {5, 0, 0.0625}, {15, 5, 0.04139}} {
		if p := signTest(c.better, c.worse); !near(p, c.p) {
			t.Errorf("%d better, %d worse: p is %.5f, want %.5f", c.better, c.worse, p, c.p)
		}
	}
}

// Type 7, as R's quantile() has it.
func TestSpread(t *testing.T) {
	s := spreadOf([]float64{10, 1, 9, 2, 8, 3, 7, 4, 6, 5})
	for name, c := range map[string]struct{ got, want float64 }{
		"median": {*s.Median, 5.5}, "p10": {*s.P10, 1.9}, "p90": {*s.P90, 9.1}, "min": {*s.Min, 1}, "max": {*s.Max, 10},
		"low": {*s.Low, 2}, "high": {*s.High, 9},
	} {
		if !near(c.got, c.want) {
			t.Errorf("%s is %g, want %g", name, c.got, c.want)
		}
	}
	if s := spreadOf([]float64{3, 1, 2}); *s.Median != 2 || s.Low != nil || s.High != nil || s.IntervalLevel != 0 {
		t.Errorf("of three readings an interval is given: %+v", s)
	}
	if s := spreadOf(nil); s != (Spread{}) {
		t.Errorf("of nothing: %+v", s)
	}
}

// Who never reaches it does not look quicker than who does, slowly.
func TestNeverCounts(t *testing.T) {
	never := math.Inf(1)
	s := spreadOf([]float64{3, never, 4, never, never, 5})
	if s.Never != 3 || s.N != 6 || s.Median != nil || *s.P10 != 3.5 || s.Max != nil || s.High != nil || *s.Low != 3 {
		t.Errorf("three of six never reached it: %+v", s)
	}
	if s := spreadOf([]float64{3, never, 4}); *s.Median != 4 {
		t.Errorf("the median of 3, 4 and never is %g", *s.Median)
	}
	if s := spreadOf([]float64{never, never, never, never}); s.Median != nil || s.Min != nil || s.Never != 4 {
		t.Errorf("of four that never did: %+v", s)
	}
	if s := spreadOf([]float64{math.Inf(-1), never}); s.Median != nil {
		t.Errorf("the middle of both infinities is %g", *s.Median)
	}
}
