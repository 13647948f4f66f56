package llm

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics counts calls per provider.
type Metrics struct {
	registry prometheus.Registerer
	calls    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

// NewMetrics registers the metrics of one client.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	factory := promauto.With(registry)
	return &Metrics{
		registry: registry,
		calls: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "papers_llm_calls_total",
			Help: "Requests to an LLM provider by how they ended.",
		}, []string{"provider", "outcome"}),
		seconds: factory.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "papers_llm_call_seconds",
			Help:    "Time from request to answer or failure.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 4, 8, 16, 32},
		}, []string{"provider"}),
	}
}

// call counts one call. Outcome is ok, error, timeout or refused.
func (m *Metrics) call(provider, outcome string, took time.Duration) {
	m.calls.WithLabelValues(provider, outcome).Inc()
	m.seconds.WithLabelValues(provider).Observe(took.Seconds())
}

// breaker shows a provider's breaker as it is when it is asked for.
func (m *Metrics) breaker(provider string, open func() bool) {
	promauto.With(m.registry).NewGaugeFunc(prometheus.GaugeOpts{
		Name:        "papers_llm_breaker_open",
		Help:        "1 while the provider's breaker is open or half-open.",
		ConstLabels: prometheus.Labels{"provider": provider},
	}, func() float64 {
		if open() {
			return 1
		}
		return 0
	})
}
