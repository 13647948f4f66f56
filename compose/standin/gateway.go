package standin

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
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
	return cmp.Or(
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
	*queryAPI // which serves at most Limit versions
	cfg       GatewayConfig
	// released is closed by the first Release; until then requests wait.
	released chan struct{}
	release  sync.Once

	// What follows is guarded by mu. end is the last version of the last page that was asked for in full, ""
	// if it had none.
	end string
	// repeats counts the pages in a row that ended there too.
	repeats int
	// settled tells that no more versions will come and that the crawler has
	// them all; see atEnd. tail is how many versions it then asks for again.
	settled bool
	tail    int
}

// NewGateway makes a gateway; Start it, then Release. It does not close the
// upstream.
func NewGateway(cfg GatewayConfig) (*Gateway, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	g := &Gateway{cfg: cfg, released: make(chan struct{})}
	g.queryAPI = newQueryAPI("gateway", cfg.Host, cfg.Recorder, newDice(0, 40), g.query)
	return g, nil
}

// Release lets the load begin. The rate counts for nothing beyond its bounds:
// arXiv itself decides how fast papers come. Later calls change nothing.
func (g *Gateway) Release(rate float64) error {
	if err := within("gateway", "the release's rate", rate, 0, fastest); err != nil {
		return err
	}
	g.release.Do(func() { close(g.released) })
	return nil
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

// query passes one request on, and its answer back.
func (g *Gateway) query(w http.ResponseWriter, r *http.Request) {
	v := g.dice.visit(Latency{}, isProbe(r))
	if !v.probe {
		select {
		case <-g.released:
		case <-r.Context().Done():
			reset(w)
			return
		}
	}
	g.serve(w, r, v, func() reply {
		if v.probe {
			return atomReply(http.StatusOK, (&feed{}).page())
		}
		return g.forward(r)
	})
}

// forward asks arXiv.
func (g *Gateway) forward(r *http.Request) reply {
	got, err := g.cfg.Upstream.ask(r.Context(), g.question(r.URL.RawQuery))
	if err != nil {
		return reply{status: http.StatusBadGateway, body: fmt.Appendf(nil, "the lab's gateway got no answer from arXiv: %v\n", err)}
	}
	if got.status == http.StatusOK && r.Context().Err() == nil {
		got.body = g.witness(r.URL.RawQuery, got.body)
	}
	return got
}

// question is what arXiv is asked: what the crawler asks, but for the few entries
// that it begins with once it has them all. Hundreds of entries every few
// seconds, fetched to be cut off, would not be polite. Those few are enough to
// see that the crawler still stands at the end; if it does not (it died, and its
// cursor is an older one), the next question is the crawler's own again.
func (g *Gateway) question(raw string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	values, err := url.ParseQuery(raw)
	if err != nil || !g.settled {
		return raw
	}
	values.Set("max_results", strconv.Itoa(max(g.tail, 1)))
	return values.Encode()
}

// witness records the versions on the page and returns the page, cut off before
// the first one above Limit. What is no feed of arXiv's is passed on without a
// record: if the service makes a paper of it, that paper was never served, and
// the checkers say so.
func (g *Gateway) witness(question string, body []byte) []byte {
	page, err := readAtom(body)
	if err != nil {
		return body
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	exhausted := page.Start+len(page.Entries) >= *page.Total
	for place, e := range page.Entries {
		if e.paper != nil && !g.served[e.paper.VersionID()] && g.full() {
			body = page.cut(body, place)
			page.Entries = page.Entries[:place]
			break
		}
		if e.paper != nil {
			g.record(e.paper)
		}
	}
	g.settle(question, page, exhausted)
	return body
}

// settle notes where the page ends and what that says. The caller holds mu.
func (g *Gateway) settle(question string, page atomPage, exhausted bool) {
	end := page.end()
	if end == g.end {
		g.repeats++
	} else {
		g.repeats = 0
	}
	settled := (g.full() || exhausted) && end == g.end && g.atEnd(question, page)
	if !g.settled { // else this page was asked for its tail
		g.end = end
	}
	g.settled, g.tail = settled, len(page.Entries)
}

// lostInARow is how many answers in a row may get lost on their way without the
// crawler being taken for one that has them.
const lostInARow = 3

var since = regexp.MustCompile(`lastUpdatedDate:\[(\d{12}) TO`)

// atEnd tells whether the crawler, which asks for a page that ends as the one
// before did, has what is on it. A crawler that keeps its place begins with the
// last entry that it has: nothing else is on the page. One that keeps the last
// minute asks for that minute again and again; that it is the last entry's says
// the same, unless the page before ended in that minute too and this one was
// lost on its way, so that it must have asked a few times.
func (g *Gateway) atEnd(question string, page atomPage) bool {
	if len(page.Entries) <= 1 {
		return true
	}
	values, _ := url.ParseQuery(question)
	asked := since.FindStringSubmatch(values.Get("search_query"))
	last := page.Entries[len(page.Entries)-1].paper
	return asked != nil && last != nil && last.Updated.UTC().Format("200601021504") == asked[1] && g.repeats > lostInARow
}
