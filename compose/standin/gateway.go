package standin

import (
	"sync"

	"paperlab/compose/standin/corpus"
	"paperlab/reports/history"
)

// GatewayConfig is what a Gateway needs.
type GatewayConfig struct {
	Recorder *history.Recorder
	// Upstream is arXiv. It may be shared by gateways that follow each other,
	// so that its interval holds between them too.
	Upstream *Upstream
	// Limit is how many versions are served at most, each counted once; 1 to
	// corpus.Largest.
	Limit int
	// Host is where to listen; empty means 127.0.0.1.
	Host string
}

func (c *GatewayConfig) check() error {
	return firstOf(
		present("gateway", "Recorder", c.Recorder != nil),
		present("gateway", "Upstream", c.Upstream != nil),
		within("gateway", "Limit", c.Limit, 1, corpus.Largest),
	)
}

// Gateway stands in arXiv's place where arXiv itself is asked. It plays nothing;
// it is the witness of what arXiv served:
//
//	crawler ──▶ Gateway ──▶ Upstream ──▶ arXiv
//	               └─ records each version on a page, before the page is passed on
//
// Status, Retry-After and body are passed on as they came, with one exception.
// A run wants as many versions as its scenario says, and arXiv has more: a page
// is cut off before the first version above Limit, and only there. So a version
// that was served once is served again whenever it is asked for.
//
// Two simpler ways were rejected. To answer with an empty feed once Limit is
// reached: the last page may be lost on its way, the crawler rightly asks for it
// again, finds nothing, and the service is blamed for a loss that the gateway
// made. To ask for no more than is left: after a lost page nothing is left, and
// the crawler stands still before the papers that it did not get.
//
// When arXiv cannot be reached, the answer is 502 and says why. What a manner
// answers in arXiv's place, arXiv is not asked; manners strike requests of a
// share by the order in which they come, the same in each run.
type Gateway struct {
	*server
	*manners
	dice *dice
	cfg  GatewayConfig
	// released is closed by the first Release; until then requests wait.
	released chan struct{}
	release  sync.Once

	mu sync.Mutex
	// served are the versions, by id, that were on a page; at most Limit.
	served map[string]bool
	// end is the last version of the last page that was asked for in full, ""
	// if it had none.
	end string
	// settled tells that no more versions will come and that the crawler has
	// them all: its last page held nothing but the end of the one before, where
	// it began.
	settled bool
}

// NewGateway makes a gateway; Start it, then Release. It does not close the
// upstream.
func NewGateway(cfg GatewayConfig) (*Gateway, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	g := &Gateway{cfg: cfg, released: make(chan struct{}), served: map[string]bool{}, manners: newManners("gateway"), dice: newDice(0, 40)}
	g.server = newServer("gateway", cfg.Host, "GET /api/query", g.query)
	return g, nil
}

// QueryURL is the address of the query API. The gateway must be started.
func (g *Gateway) QueryURL() string { return g.URL() + "/api/query" }

// Release lets the load begin. The rate counts for nothing beyond its bounds:
// arXiv itself decides how fast papers come. Later calls change nothing.
func (g *Gateway) Release(rate float64) error {
	if err := within("gateway", "the release's rate", rate, 0, fastest); err != nil {
		return err
	}
	g.release.Do(func() { close(g.released) })
	return nil
}

// Served is how many versions were on a page so far, each counted once.
func (g *Gateway) Served() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.served)
}

// Done tells whether no more versions will come, because Limit or the end of
// what arXiv has is reached, and the crawler has them all, which shows in what
// it asks for. The last page alone would not do: it may be lost on its way, and
// a crawler that waits for its next turn looks as idle as one that is done.
func (g *Gateway) Done() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.settled
}

// full tells whether Limit is reached. The caller holds mu.
func (g *Gateway) full() bool { return len(g.served) >= g.cfg.Limit }
