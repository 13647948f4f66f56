package standin

import (
	"cmp"
	"math"
	"time"

	"paperlab/compose/standin/corpus"
	"paperlab/compose/standin/search"
	"paperlab/reports/history"
)

// ArxivConfig is what an arXiv stand-in needs.
type ArxivConfig struct {
	Recorder *history.Recorder
	Corpus   *corpus.Corpus
	// Interval is the least time between two answered requests, over all
	// callers: arXiv's own rule is 3 s. A request that comes earlier is
	// refused with 429. 0 means no rule; at most 1 min.
	Interval time.Duration
	// RetryAfter is what refusals ask for, up to 1 h, in whole seconds,
	// rounded up. 0 sends no Retry-After, as arXiv sometimes does.
	RetryAfter time.Duration
	// Latency is how long an answer takes.
	Latency Latency
	// Host is where to listen; empty means 127.0.0.1.
	Host string
	Seed uint64
}

func (c *ArxivConfig) check() error {
	return cmp.Or(
		present("arxiv", "Recorder", c.Recorder != nil),
		present("arxiv", "Corpus", c.Corpus != nil && len(c.Corpus.Versions) > 0),
		within("arxiv", "Interval", c.Interval, 0, time.Minute),
		within("arxiv", "RetryAfter", c.RetryAfter, 0, time.Hour),
		c.Latency.check("arxiv"),
	)
}

// Arxiv is a stand-in for arXiv's query API: GET /api/query. Nothing is out
// when it starts; Release lets the corpus appear.
type Arxiv struct {
	*queryAPI
	cfg ArxivConfig
	now func() time.Time

	// What follows is guarded by mu.
	index   *search.Index
	release release
	// last is when a request was let through, for the rule of the Interval.
	last time.Time
}

// NewArxiv makes an arXiv stand-in; Start it, then Release.
func NewArxiv(cfg ArxivConfig) (*Arxiv, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	a := &Arxiv{cfg: cfg, now: time.Now, index: search.New(cfg.Corpus)}
	a.release = release{now: func() time.Time { return a.now() }}
	a.queryAPI = newQueryAPI("arxiv", cfg.Host, cfg.Recorder, newDice(cfg.Seed, 30), a.query)
	return a, nil
}

// Release lets the corpus appear at a rate, in versions a second, from now on;
// 0 pauses it. It may be called again at any time to change the rate.
func (a *Arxiv) Release(rate float64) error {
	if err := within("arxiv", "the release's rate", rate, 0, fastest); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.catchUp()
	a.release.set(rate)
	return nil
}

// Released is how many versions have appeared.
func (a *Arxiv) Released() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.catchUp()
	return a.index.Released()
}

// Done tells whether the whole corpus has appeared.
func (a *Arxiv) Done() bool { return a.Released() == a.index.Len() }

// catchUp releases what is due. The caller holds mu.
func (a *Arxiv) catchUp() { a.index.Release(a.release.count() - a.index.Released()) }

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
