package deliver

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics counts deliveries.
type Metrics struct{ deliveries *prometheus.CounterVec }

// NewMetrics registers the metrics.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	return &Metrics{promauto.With(registry).NewCounterVec(prometheus.CounterOpts{
		Name: "papers_deliveries_total",
		Help: "Notifications by what became of an attempt: ok, repeat (told before) or error.",
	}, []string{"outcome"})}
}

// Count counts one attempt.
func (m *Metrics) Count(outcome string) { m.deliveries.WithLabelValues(outcome).Inc() }
