package record

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Level is the confidence level of all intervals in a set's record.
const Level = 0.95

// Spread is what can be said of the readings of many seeds. A reading that was
// never reached counts as longer than any that was: to leave it out would flatter
// whoever fails most. A quantile that falls among these is nil.
type Spread struct {
	// N is how many seeds have a reading, Never how many of them never reached
	// it.
	N     int `json:"n"`
	Never int `json:"never"`
	// Median, P10 and P90 lie between two readings in proportion: type 7 of
	// Hyndman and Fan, Sample Quantiles in Statistical Packages, The American
	// Statistician 50 (1996).
	Median *float64 `json:"median"`
	// Low and High are the interval of the median. IntervalLevel is how sure it
	// is, at least Level; 0 if there are fewer than six readings, of which no
	// interval can be that sure.
	Low           *float64 `json:"low"`
	High          *float64 `json:"high"`
	IntervalLevel float64  `json:"interval_level"`
	P10           *float64 `json:"p10"`
	P90           *float64 `json:"p90"`
	Min           *float64 `json:"min"`
	Max           *float64 `json:"max"`
}

// spreadOf sums readings up; an infinite one was never reached.
func spreadOf(readings []float64) Spread {
	sorted := slices.Sorted(slices.Values(readings))
	s := Spread{N: len(sorted)}
	if s.N == 0 {
		return s
	}
	for _, v := range sorted {
		if math.IsInf(v, 0) {
			s.Never++
		}
	}
	s.Median, s.P10, s.P90 = finite(quantile(sorted, 0.5)), finite(quantile(sorted, 0.1)), finite(quantile(sorted, 0.9))
	s.Min, s.Max = finite(sorted[0]), finite(sorted[s.N-1])
	if k, level := medianRank(s.N); k > 0 {
		s.Low, s.High, s.IntervalLevel = finite(sorted[k-1]), finite(sorted[s.N-k]), level
	}
	return s
}

// finite is nil for what is infinite or no number, which JSON cannot write.
func finite(v float64) *float64 {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return nil
	}
	return &v
}

// quantile is that of readings in order of size, at least one, 0 <= q <= 1.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	below := int(at)
	part := at - float64(below)
	if part == 0 || sorted[below] == sorted[below+1] { // also if both are infinite
		return sorted[below]
	}
	return sorted[below] + part*(sorted[below+1]-sorted[below])
}

// medianRank is k such that the median lies between the k-th smallest and the
// k-th largest of n readings with at least the confidence Level, and that
// confidence: 1 - 2 P(B < k), B binomial of n and 1/2. It assumes nothing of the
// distribution. See David and Nagaraja, Order Statistics, 3rd edition (2003),
// section 7.1. k is 0 if n is too small, below 6.
func medianRank(n int) (k int, confidence float64) {
	half := distuv.Binomial{N: float64(n), P: 0.5}
	for {
		next := 1 - 2*half.CDF(float64(k))
		if next < Level {
			return k, confidence
		}
		k, confidence = k+1, next
	}
}

// Rate is a share with its interval.
type Rate struct {
	// Value is Of by N.
	Value float64 `json:"value"`
	Of    int     `json:"of"`
	N     int     `json:"n"`
	// Low and High are Wilson's score interval at Level: it stays within 0 and 1,
	// and tells 20 of 20 from certainty.
	Low           float64 `json:"low"`
	High          float64 `json:"high"`
	IntervalLevel float64 `json:"interval_level"`
}

// rateOf is k of n, n > 0. The interval is that of Wilson, Probable Inference,
// the Law of Succession, and Statistical Inference, JASA 22 (1927).
func rateOf(k, n int) Rate {
	z := distuv.UnitNormal.Quantile(1 - (1-Level)/2)
	count, p := float64(n), float64(k)/float64(n)
	middle := (p + z*z/(2*count)) / (1 + z*z/count)
	half := z / (1 + z*z/count) * math.Sqrt(p*(1-p)/count+z*z/(4*count*count))
	return Rate{Value: p, Of: k, N: n, Low: max(middle-half, 0), High: min(middle+half, 1), IntervalLevel: Level}
}

// signTest is the two-sided exact p of the sign test: how probable it is that
// chance alone, as of a coin, divides better and worse at least so unevenly.
// Equal pairs are left out. See Dixon and Mood, The Statistical Sign Test, JASA
// 41 (1946). It is 1 if there is none.
func signTest(better, worse int) float64 {
	half := distuv.Binomial{N: float64(better + worse), P: 0.5}
	return min(1, 2*half.CDF(float64(min(better, worse))))
}
