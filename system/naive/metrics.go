package naive

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics counts what consumers do, under the name that package stream uses, so
// that one dashboard shows both profiles. A process runs one profile only: both
// cannot be registered at once. A nil *Metrics counts nothing.
type Metrics struct{ entries *prometheus.CounterVec }

// NewMetrics registers the metrics.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	return &Metrics{entries: promauto.With(registry).NewCounterVec(prometheus.CounterOpts{
		Name: "papers_entries_total",
		Help: "Handlings of entries by outcome: done, retried.",
	}, []string{"stream", "outcome"})}
}

func (m *Metrics) count(stream, outcome string) {
	if m != nil {
		m.entries.WithLabelValues(stream, outcome).Inc()
	}
}
