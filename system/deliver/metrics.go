package deliver

import "github.com/prometheus/client_golang/prometheus"

// Metrics counts deliveries. A nil *Metrics counts nothing.
type Metrics struct{ deliveries *prometheus.CounterVec }

// NewMetrics registers the metrics.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "papers_deliveries_total",
		Help: "Notifications by what became of an attempt: ok, repeat (told before) or error.",
	}, []string{"outcome"})}
	registry.MustRegister(m.deliveries)
	return m
}

// Count counts one attempt.
func (m *Metrics) Count(outcome string) {
	if m != nil {
		m.deliveries.WithLabelValues(outcome).Inc()
	}
}
