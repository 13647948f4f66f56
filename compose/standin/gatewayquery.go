package standin

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"paperlab/reports/history"
	"paperlab/system/paper"
)

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
			// arXiv is not where to take evidence.
			return atomReply(http.StatusOK, (&feed{}).page())
		}
		return g.forward(r)
	})
}

// Probe asks the gateway, and not arXiv, for an empty page. See Seen.
func (g *Gateway) Probe(ctx context.Context) (Seen, error) { return g.probeAtom(ctx, g.QueryURL()) }

// forward asks arXiv.
func (g *Gateway) forward(r *http.Request) reply {
	got, err := g.cfg.Upstream.ask(r.Context(), g.question(r.URL.RawQuery))
	if err != nil {
		return reply{status: http.StatusBadGateway, body: fmt.Appendf(nil, "the lab's gateway got no answer from arXiv: %v\n", err)}
	}
	if got.status == http.StatusOK && r.Context().Err() == nil {
		got.body = g.witness(got.body)
	}
	return reply{status: got.status, contentType: got.header.Get("Content-Type"), retryAfter: got.header.Get("Retry-After"), body: got.body}
}

// question is what arXiv is asked: what the crawler asks, but for the one entry
// that it begins with once it has them all. Hundreds of entries every few
// seconds, fetched to be cut off, would not be polite. One is enough to see that
// the crawler still stands at the end; if it does not (it died, and its cursor
// is an older one), the next question is the crawler's own again.
func (g *Gateway) question(raw string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	values, err := url.ParseQuery(raw)
	if err != nil || !g.settled {
		return raw
	}
	values.Set("max_results", "1")
	return values.Encode()
}

// witness records the versions on the page and returns the page, cut off before
// the first one above Limit. What is no feed of arXiv's is passed on without a
// record: if the service makes a paper of it, that paper was never served, and
// the checkers say so.
func (g *Gateway) witness(body []byte) []byte {
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
		g.record(e.paper)
	}
	end := page.end()
	settled := (g.full() || exhausted) && len(page.Entries) <= 1 && end == g.end
	if !g.settled { // else this page was asked for one entry
		g.end = end
	}
	g.settled = settled
	return body
}

// record writes down that a version is on a page. The caller holds mu.
func (g *Gateway) record(p *paper.Paper) {
	if p == nil {
		return
	}
	g.cfg.Recorder.Record(history.Served(p, g.served[p.VersionID()]))
	g.served[p.VersionID()] = true
}
