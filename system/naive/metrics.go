package naive

import "github.com/prometheus/client_golang/prometheus"

// Metrics counts what consumers do, under the name that package stream uses, so
// that one dashboard shows both profiles. A process runs one profile only: both
// cannot be registered at once. A nil *Metrics counts nothing.
type Metrics struct{ entries *prometheus.CounterVec }

// NewMetrics registers the metrics.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{entries: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "papers_entries_total",
		Help: "Handlings of entries by outcome: done, retried.",
	}, []string{"stream", "outcome"})}
	registry.MustRegister(m.entries)
	return m
}

func (m *Metrics) count(stream, outcome string) {
	if m != nil {
		m.entries.WithLabelValues(stream, outcome).Inc()
	}
}
