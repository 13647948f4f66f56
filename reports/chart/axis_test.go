package chart

import (
	"math"
	"strings"
	"testing"

	"gonum.org/v1/plot"
)

func TestNumbers(t *testing.T) {
	for _, c := range []struct{ want, got string }{
		{"0", Count(0)}, {"999", Count(999)}, {"1,800", Count(1800)}, {"-1,234,567", Count(-1234567)},
		{"unknown", Number(math.NaN())}, {"12", Number(12)}, {"12.3", Number(12.34)}, {"1.23", Number(1.234)}, {"0.12", Number(0.1234)}, {"1,235", Number(1234.6)},
		{"0.0 s", Seconds(0)}, {"0.25 s", Seconds(0.25)}, {"1.0 s", Seconds(0.996)}, {"3.1 s", Seconds(3.12)}, {"125 s", Seconds(125.2)}, {"unknown", Seconds(math.Inf(1))},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func labels(ticks []plot.Tick) string {
	var out []string
	for _, t := range ticks {
		if t.Label != "" {
			out = append(out, t.Label)
		}
	}
	return strings.Join(out, " ")
}

func TestTicks(t *testing.T) {
	whole, any := countTicks{steps: 5, whole: true}, countTicks{steps: 5}
	for want, got := range map[string]string{
		"0 1":                              labels(whole.Ticks(0, 1)),
		"0 1 2 3":                          labels(whole.Ticks(0, 3)),
		"0 20 40 60 80":                    labels(whole.Ticks(0, 80)),
		"0 500 1,000":                      labels(countTicks{steps: 2}.Ticks(0, 1000)),
		"0 0.5 1 1.5 2":                    labels(any.Ticks(0, 2)),
		"0 % 50 % 100 %":                   labels(countTicks{steps: 2, unit: " %"}.Ticks(0, 100)),
		"200 ms 500 ms 1 s 2 s 5 s 10 s":   labels(secondsLogTicks{}.Ticks(0.2, 10)),
		"1 ms 10 ms 100 ms 1 s 10 s 100 s": labels(secondsLogTicks{}.Ticks(0.001, 100)),
	} {
		if got != want {
			t.Errorf("ticks are %q, want %q", got, want)
		}
	}
}

// An axis reaches the data, ends on a tick and has a length.
func TestTops(t *testing.T) {
	ticks := countTicks{steps: 5, whole: true}
	for _, max := range []float64{0, math.NaN(), math.Inf(1), 0.3, 1, 7, 99, 100, 101, 123456} {
		top := ticks.top(max)
		if !(top > 0) || max < math.MaxFloat64 && top < max || math.Mod(top, ticks.step(top)) != 0 {
			t.Errorf("the top for %v is %v", max, top)
		}
	}
	for _, r := range [][2]float64{{0.3, 14}, {1, 1}, {0.0004, 0.0005}, {3, 2000}} {
		lo, hi := logRange(r[0], r[1])
		if lo > r[0] || hi < r[1] || hi < 10*lo*(1-1e-9) {
			t.Errorf("the range for %v is %v to %v: it must hold them and a decade", r, lo, hi)
		}
	}
}

func TestMinutes(t *testing.T) {
	for want, s := range map[string]float64{"0.0 s": 0, "119 s": 119, "2 min": 120, "42 min": 2497, "119 min": 7140, "2 h 0 min": 7170, "3 h 10 min": 11400, "unknown": math.NaN()} {
		if got := Minutes(s); got != want {
			t.Errorf("%g s is %q, want %q", s, got, want)
		}
	}
}
