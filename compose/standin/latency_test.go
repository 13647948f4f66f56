package standin

import (
	"math"
	"slices"
	"testing"
	"time"

	"paperlab/reports/history"
)

func draws(seed uint64, n int, l Latency) (all []time.Duration) {
	d := newDice(seed, 1)
	for range n {
		all = append(all, d.visit(l, false).latency)
	}
	return all
}

func TestLatencyDistribution(t *testing.T) {
	const n = 20_000
	for _, sigma := range []float64{0.3, 0.4, 1} {
		all := draws(1, n, Latency{Median: 100 * time.Millisecond, Sigma: sigma})
		slices.Sort(all)
		for share, z := range map[float64]float64{0.5: 0, 0.95: 1.645, 0.05: -1.645} {
			want := 0.1 * math.Exp(sigma*z)
			if got := all[int(share*n)].Seconds(); math.Abs(got/want-1) > 0.05 {
				t.Errorf("sigma %v: %v of all draws are below %.4f s, want %.4f s", sigma, share, got, want)
			}
		}
	}
}

func TestLatencyBounds(t *testing.T) {
	for _, d := range draws(1, 100, Latency{Median: time.Second}) {
		if d != time.Second {
			t.Fatalf("without a spread a draw is %v", d)
		}
	}
	longest := slices.Max(draws(1, 20_000, Latency{Median: time.Second, Sigma: 3}))
	if longest != 20*time.Second {
		t.Errorf("longest draw %v, want twenty medians", longest)
	}
}

func TestLatencyIsSeeded(t *testing.T) {
	l := Latency{Median: time.Second, Sigma: 0.4}
	if !slices.Equal(draws(7, 50, l), draws(7, 50, l)) {
		t.Error("equal seeds, other draws")
	}
	if slices.Equal(draws(7, 50, l), draws(8, 50, l)) {
		t.Error("other seeds, equal draws")
	}
}

// TestLLMTakesItsTime: each call lasts as long as its draw, or longer, in the
// order of arrival.
func TestLLMTakesItsTime(t *testing.T) {
	latency := Latency{Median: 10 * time.Millisecond, Sigma: 0.4}
	l, rec := newLLM(t, LLMConfig{Latency: latency, Seed: 3})
	dice := newDice(3, 10)
	for range 10 {
		drawn := dice.visit(latency, false).latency
		ask(t.Context(), l).want(t, 200)
		last := rec.Events()[len(rec.Events())-1]
		if last.Type != history.OK || last.Seconds < drawn.Seconds() {
			t.Errorf("a call of %v took %.4f s", drawn, last.Seconds)
		}
	}
}
