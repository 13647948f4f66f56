package telemetry

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"paperlab/system/dial"
	"paperlab/system/service"
)

const (
	// askEvery is the pause between two questions to one node, answerWithin
	// how long the answer may take.
	askEvery     = 500 * time.Millisecond
	answerWithin = 500 * time.Millisecond
)

// Reach asks every Redis node for a PING twice a second, through the process's
// own dialer, and shows which ones answer: a network that is cut for one
// process only is seen by that process only.
type Reach struct {
	nodes     []string
	links     dial.Links
	reachable *prometheus.GaugeVec
	life      service.Life
}

// NewReach makes a prober of these nodes, each host:port.
func NewReach(nodes []string, links dial.Links, registry prometheus.Registerer) *Reach {
	return &Reach{
		nodes: nodes, links: links,
		reachable: promauto.With(registry).NewGaugeVec(prometheus.GaugeOpts{
			Name: "papers_redis_node_reachable",
			Help: "1 if the Redis node answered this process's last PING within half a second, 0 if not.",
		}, []string{"node"}),
	}
}

// Start begins to ask.
func (r *Reach) Start(ctx context.Context) error {
	return r.life.Start(ctx, func(context.Context) error {
		for _, node := range r.nodes {
			r.life.Go(func() { r.ask(r.life.Taking(), node) })
		}
		return nil
	})
}

// Stop ends the asking. What was seen last stays shown.
func (r *Reach) Stop() { r.life.Stop() }

func (r *Reach) ask(ctx context.Context, node string) {
	client := dial.Node(node, r.links, answerWithin)
	defer func() { _ = client.Close() }()
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		limited, cancel := context.WithTimeout(ctx, answerWithin)
		err := client.Ping(limited).Err()
		cancel()
		if ctx.Err() != nil {
			return
		}
		answered := 1.0
		if err != nil {
			answered = 0
		}
		r.reachable.WithLabelValues(node).Set(answered)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
