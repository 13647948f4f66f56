package summarize

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// forgotten is when a paper no longer counts as waiting: its shard has gone to
// another process, which counts it there. It is longer than the longest retry
// back-off.
const forgotten = 30 * time.Second

// Waiting counts the papers that wait because no LLM is available.
type Waiting struct {
	mu sync.Mutex
	// last is when each paper was last refused.
	last map[string]time.Time
}

// NewWaiting registers the gauge.
func NewWaiting(registry prometheus.Registerer) *Waiting {
	w := &Waiting{last: map[string]time.Time{}}
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "papers_llm_waiting",
		Help: "Papers in hand that wait because no LLM provider is available.",
	}, func() float64 { return float64(w.Count()) }))
	return w
}

// Begin notes that a paper was refused now.
func (w *Waiting) Begin(versionID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last[versionID] = time.Now()
}

// End notes that a paper waits no longer.
func (w *Waiting) End(versionID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.last, versionID)
}

// Count is the number of papers that wait.
func (w *Waiting) Count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, at := range w.last {
		if time.Since(at) > forgotten {
			delete(w.last, id)
		}
	}
	return len(w.last)
}
