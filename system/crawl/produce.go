package crawl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"paperlab/system/paper"
	"paperlab/system/stream"
)

// Into is a Sink that produces to a sharded stream: the version id is the
// message id, so a paper that comes twice is added once; the paper id is the
// key, so its versions stay in order.
func Into(s *stream.Stream, metrics *Metrics) Sink {
	return func(ctx context.Context, papers []paper.Paper) error {
		messages := make([]stream.Message, len(papers))
		for i, p := range papers {
			payload, err := json.Marshal(p)
			if err != nil {
				return fmt.Errorf("writing %s as JSON: %w", p.VersionID(), err)
			}
			messages[i] = stream.Message{ID: p.VersionID(), Key: p.ID, Payload: payload}
		}
		produced, err := s.Produce(ctx, messages...)
		if err != nil {
			return err
		}
		for _, p := range produced {
			metrics.Produced(s.Name(), p.Repeated)
		}
		return nil
	}
}

// Metrics counts the crawler's work.
type Metrics struct {
	requests *prometheus.CounterVec
	produced *prometheus.CounterVec
}

// NewMetrics registers the crawler's metrics.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	factory := promauto.With(registry)
	return &Metrics{
		requests: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "papers_crawl_requests_total",
			Help: "Requests to arXiv by outcome: ok, limited (429 or 503) or error.",
		}, []string{"outcome"}),
		produced: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "papers_produced_total",
			Help: "Messages produced: added, or repeated when the stream had them already.",
		}, []string{"stream", "outcome"}),
	}
}

// Request counts one request by how it ended.
func (m *Metrics) Request(err error) {
	var limited *LimitedError
	outcome := "ok"
	switch {
	case errors.As(err, &limited):
		outcome = "limited"
	case err != nil:
		outcome = "error"
	}
	m.requests.WithLabelValues(outcome).Inc()
}

// Produced counts one message on the named stream.
func (m *Metrics) Produced(name string, repeated bool) {
	outcome := "added"
	if repeated {
		outcome = "repeated"
	}
	m.produced.WithLabelValues(name, outcome).Inc()
}
