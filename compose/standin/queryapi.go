package standin

import (
	"context"
	"net/http"
	"sync"

	"paperlab/reports/history"
	"paperlab/system/paper"
)

// queryAPI is what whoever stands in arXiv's place has: the query API's address
// and what was served there.
type queryAPI struct {
	*server
	*manners
	dice     *dice
	recorder *history.Recorder

	mu sync.Mutex
	// served are the versions, by id, that were on a page.
	served map[string]bool
}

func newQueryAPI(name, host string, recorder *history.Recorder, dice *dice, query http.HandlerFunc) *queryAPI {
	return &queryAPI{
		server: newServer(name, host, "GET /api/query", query), manners: newManners(name),
		dice: dice, recorder: recorder, served: map[string]bool{},
	}
}

// QueryURL is the address of the query API. The stand-in must be started.
func (q *queryAPI) QueryURL() string { return q.URL() + "/api/query" }

// Served is how many versions were on a page so far, each counted once.
func (q *queryAPI) Served() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.served)
}

// record writes down that a version is on a page. The paper itself goes into
// the history once; copies share the corpus's memory. The caller holds mu.
func (q *queryAPI) record(p *paper.Paper) {
	q.recorder.Record(history.Served(p, q.served[p.VersionID()]))
	q.served[p.VersionID()] = true
}

// Probe asks for an empty page, apart from any rule of an interval, and asks
// the stand-in alone: arXiv is not where to take evidence. See Seen.
func (q *queryAPI) Probe(ctx context.Context) (Seen, error) {
	return q.probe(ctx, http.MethodGet, q.QueryURL()+"?max_results=0", "", "", func(body []byte) error {
		_, err := readAtom(body)
		return err
	})
}

func atomReply(status int, page []byte) reply {
	return reply{status: status, contentType: "application/atom+xml; charset=utf-8", body: page}
}
