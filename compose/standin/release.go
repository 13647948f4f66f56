package standin

import (
	"math"
	"time"
)

// release is the clock by which a corpus appears: so many versions a second,
// in the corpus's order. It has no goroutine: how many are out is computed
// whenever somebody looks, so that nothing depends on being scheduled in time.
// A rate of 0 is a pause.
type release struct {
	now  func() time.Time
	rate float64 // versions a second
	// due is how many should be out at since; it has a fraction.
	due   float64
	since time.Time
}

// fastest bounds the rate: far more than any crawler takes.
const fastest = 100_000

// set changes the rate from now on.
func (r *release) set(rate float64) {
	r.due, r.since, r.rate = r.exactly(), r.now(), rate
}

func (r *release) exactly() float64 {
	if r.rate == 0 {
		return r.due
	}
	return r.due + r.rate*r.now().Sub(r.since).Seconds()
}

// count is how many should be out.
func (r *release) count() int { return int(math.Min(r.exactly(), math.MaxInt32)) }
