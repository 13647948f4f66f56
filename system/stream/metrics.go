package stream

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics are what consumers of either profile count, so that one dashboard shows
// both. Several consumers may share one.
type Metrics struct {
	entries     *prometheus.CounterVec
	fenced      *prometheus.CounterVec
	ownedShards *prometheus.GaugeVec
}

// NewMetrics makes the metrics and registers them, unless reg is nil.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	factory := promauto.With(reg)
	return &Metrics{
		entries: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "papers_entries_total",
			Help: "Handlings of entries by outcome: done, retried, dead.",
		}, []string{"stream", "outcome"}),
		fenced: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "papers_fenced_total",
			Help: "Steps refused because the shard was owned under another epoch.",
		}, []string{"stream"}),
		ownedShards: factory.NewGaugeVec(prometheus.GaugeOpts{
			Name: "papers_owned_shards",
			Help: "Shards that this process owns.",
		}, []string{"stream"}),
	}
}

// Count counts one handling of an entry.
func (m *Metrics) Count(stream, outcome string) { m.entries.WithLabelValues(stream, outcome).Inc() }
