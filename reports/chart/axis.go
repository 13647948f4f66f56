package chart

import (
	"fmt"
	"math"
	"strconv"

	"github.com/dustin/go-humanize"
	"gonum.org/v1/plot"
)

// Count writes a number with thousands apart: 1,800. It is the one way in which
// figures and pages write counts.
func Count[N ~int | ~int64](n N) string {
	return humanize.Comma(int64(n))
}

// Number writes a measured value with three significant digits, and no more
// than one decimal from 10 up.
func Number(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "unknown"
	case a >= 100 || a == math.Trunc(a) && a < 1e15:
		return Count(int64(math.Round(v)))
	case a >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a >= 1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	default:
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
}

// Seconds writes a duration for a label: 0.25 s, 3.1 s, 125 s.
func Seconds(s float64) string {
	switch a := math.Abs(s); {
	case math.IsNaN(s) || math.IsInf(s, 0):
		return "unknown"
	case a >= 100:
		return fmt.Sprintf("%.0f s", s)
	case a >= 0.995 || a == 0:
		return fmt.Sprintf("%.1f s", s)
	default:
		return fmt.Sprintf("%.2g s", s)
	}
}

// Minutes writes a long duration, given in seconds: 90 s, 42 min, 3 h 10 min.
func Minutes(s float64) string {
	switch minutes := int(math.Round(s / 60)); {
	case math.IsNaN(s) || math.IsInf(s, 0) || s < 120:
		return Seconds(s)
	case minutes < 120:
		return fmt.Sprintf("%d min", minutes)
	default:
		return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
	}
}

// niceStep is the smallest of 1, 2, 5 times a power of ten that divides span
// into at most n steps.
func niceStep(span float64, n int) float64 {
	raw := span / float64(n)
	base := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5} {
		if base*m >= raw*(1-1e-9) {
			return base * m
		}
	}
	return base * 10
}

// countTicks label a linear axis that has a tick at 0.
type countTicks struct {
	steps int
	whole bool // only whole numbers: half a message does not exist
	unit  string
}

// Ticks implements plot.Ticker.
func (t countTicks) Ticks(min, max float64) []plot.Tick {
	step := t.step(max - min)
	var ticks []plot.Tick
	for i := math.Ceil(min/step - 1e-9); i*step <= max+step*1e-9; i++ {
		v := i*step + 0 // of a minus zero, a zero
		// No more digits than the step needs: 0.5, 1, 1.5.
		ticks = append(ticks, plot.Tick{Value: v, Label: humanize.Commaf(math.Round(v*1e9)/1e9) + t.unit})
	}
	return ticks
}

func (t countTicks) step(max float64) float64 {
	if step := niceStep(max, t.steps); step >= 1 || !t.whole {
		return step
	}
	return 1
}

// top is a maximum for an axis: the data's, raised to the next tick.
func (t countTicks) top(max float64) float64 {
	if max <= 0 || math.IsNaN(max) || math.IsInf(max, 0) {
		return 1
	}
	step := t.step(max)
	return step * math.Ceil(max/step-1e-9)
}

// secondsLogTicks label a logarithmic axis of durations in seconds.
type secondsLogTicks struct{}

// Ticks implements plot.Ticker.
func (secondsLogTicks) Ticks(min, max float64) []plot.Tick {
	var ticks []plot.Tick
	wide := max/min > 150 // every 2 and 5 as well would crowd the axis
	for e := math.Floor(math.Log10(min)); e <= math.Ceil(math.Log10(max)); e++ {
		for m := 1.0; m < 10; m++ {
			v := m * math.Pow(10, e)
			if v < min*(1-1e-9) || v > max*(1+1e-9) {
				continue
			}
			t := plot.Tick{Value: v}
			if m == 1 || !wide && (m == 2 || m == 5) {
				t.Label = shortDuration(v)
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}

func shortDuration(s float64) string {
	if s < 0.9995 {
		return Number(math.Round(s*1e6)/1e3) + " ms"
	}
	return Number(s) + " s"
}

// logRange widens a range of positive values to the nearest 1, 2 or 5 times a
// power of ten on either side.
func logRange(lo, hi float64) (float64, float64) {
	bottom := 1 / niceStep(1/lo, 1) // one divided by such a number is one as well
	return bottom, max(niceStep(hi, 1), 10*bottom)
}
