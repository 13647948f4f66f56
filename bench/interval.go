package bench

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Interval is the 95 % confidence interval of the mean of at least two
// repeats, by Student's t distribution.
func Interval(repeats []float64) (mean, low, high float64) {
	mean, deviation := stat.MeanStdDev(repeats, nil)
	n := float64(len(repeats))
	half := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile(0.975) * deviation / math.Sqrt(n)
	return mean, mean - half, mean + half
}
