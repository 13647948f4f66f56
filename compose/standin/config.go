package standin

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"
)

// Latency is a lognormal distribution: half of all draws lie below Median, and
// Sigma is the spread of the logarithm. Sigma 0.4 gives a 95th percentile of
// about twice the median, 0 gives the median always. Draws are cut off at
// twenty medians.
type Latency struct {
	Median time.Duration
	Sigma  float64
}

const longestLatency = 10 * time.Minute

func (l Latency) check(name string) error {
	return cmp.Or(
		within(name, "Latency.Median", l.Median, 0, longestLatency),
		within(name, "Latency.Sigma", l.Sigma, 0, 3),
	)
}

func (l Latency) draw(rng *rand.Rand) time.Duration {
	// The draw is made even when it does not count, so that the sequence of
	// draws stays the same.
	factor := math.Exp(l.Sigma * rng.NormFloat64())
	return time.Duration(float64(l.Median) * min(factor, 20))
}

// dice are the seeded sources of one stand-in: of latencies, and of what a
// manner's share strikes. There are two, so that a manner shifts no latency.
type dice struct {
	mu        sync.Mutex
	rng, luck *rand.Rand
}

func newDice(seed uint64, stream uint64) *dice {
	return &dice{rng: rand.New(rand.NewPCG(seed, stream)), luck: rand.New(rand.NewPCG(seed, stream+1000))}
}

// visit makes a request's draws, which are the same whatever the manner. A
// probe draws nothing and has no latency.
func (d *dice) visit(l Latency, probe bool) *visit {
	if probe {
		return &visit{probe: true}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return &visit{latency: l.draw(d.rng), luck: d.luck.Float64()}
}

// within refuses a value outside its bounds, both included.
func within[T cmp.Ordered](name, field string, value, low, high T) error {
	// Written so that NaN is refused.
	if value >= low && value <= high {
		return nil
	}
	return fmt.Errorf("standin: %s: %s is %v: want %v to %v", name, field, value, low, high)
}

// present refuses what was left out.
func present(name, field string, there bool) error {
	if there {
		return nil
	}
	return fmt.Errorf("standin: %s: %s is missing", name, field)
}
