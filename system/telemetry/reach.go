package telemetry

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"paperlab/system/dial"
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
	nodes     map[string]*redis.Client
	reachable *prometheus.GaugeVec

	cancel context.CancelFunc
	done   sync.WaitGroup
}

// NewReach makes a prober of these nodes, each host:port.
func NewReach(nodes []string, links dial.Links, registry prometheus.Registerer) *Reach {
	r := &Reach{
		nodes: make(map[string]*redis.Client, len(nodes)),
		reachable: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "papers_redis_node_reachable",
			Help: "1 if the Redis node answered this process's last PING within half a second, 0 if not.",
		}, []string{"node"}),
	}
	for _, node := range nodes {
		r.nodes[node] = dial.Node(node, links, answerWithin)
	}
	registry.MustRegister(r.reachable)
	return r
}

// Start begins to ask and returns.
func (r *Reach) Start(context.Context) error {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	for node, client := range r.nodes {
		r.done.Go(func() { r.ask(ctx, node, client) })
	}
	return nil
}

// Stop ends the asking. It may be called twice or before Start.
func (r *Reach) Stop() {
	if r.cancel != nil {
		r.cancel()
	}
	r.done.Wait()
	for _, client := range r.nodes {
		_ = client.Close()
	}
}

func (r *Reach) ask(ctx context.Context, node string, client *redis.Client) {
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
