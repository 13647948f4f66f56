package standin

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"paperlab/compose/standin/corpus"
	"paperlab/compose/standin/search"
)

// query answers one request of the query API.
func (a *Arxiv) query(w http.ResponseWriter, r *http.Request) {
	v := a.dice.visit(a.cfg.Latency, isProbe(r))
	a.serve(w, r, v, func() reply { return a.answer(r, v.probe) })
}

// answer is the ordinary one, and records what is on it: served means offered,
// even if the page then gets lost.
func (a *Arxiv) answer(r *http.Request, probe bool) reply {
	if !probe && !a.admit() {
		return a.refusal()
	}
	f, req, err := parseRequest(r.URL.RawQuery)
	if err != nil {
		return atomReply(http.StatusBadRequest, errorPage(err.Error(), a.now()))
	}
	f.Updated = a.now()
	f.Entries, f.Total = a.find(req)
	page := f.page()
	if r.Context().Err() == nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		for _, v := range f.Entries {
			a.record(&v.Paper)
		}
	}
	return atomReply(http.StatusOK, page)
}

// admit keeps the rule of the Interval. A refused request does not count: the
// next one may come an interval after the last that was let through.
func (a *Arxiv) admit() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	if !a.last.IsZero() && now.Sub(a.last) < a.cfg.Interval {
		return false
	}
	a.last = now
	return true
}

// refusal is the answer to whom admit turned away.
func (a *Arxiv) refusal() reply {
	no := reply{status: http.StatusTooManyRequests, body: []byte("Rate exceeded.\n")}
	if a.cfg.RetryAfter > 0 {
		// Whole seconds, rounded up.
		no.retryAfter = strconv.FormatInt(int64((a.cfg.RetryAfter+time.Second-1)/time.Second), 10)
	}
	return no
}

func (a *Arxiv) find(req search.Request) ([]*corpus.Version, int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.catchUp()
	return a.index.Find(req)
}

// parseRequest reads the parameters the way arXiv does. Its errors have arXiv's
// wording where that is known: it becomes the error entry's summary and id.
func parseRequest(raw string) (*feed, search.Request, error) {
	var req search.Request
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, req, fmt.Errorf("malformed query string: %w", err)
	}
	f := &feed{Query: strings.TrimSpace(values.Get("search_query")), IDList: values.Get("id_list")}
	if f.Start, err = number(values, "start", 0); err != nil {
		return nil, req, err
	}
	if f.Max, err = number(values, "max_results", 10); err != nil {
		return nil, req, err
	}
	if f.Max > search.MaxResult || f.Start+f.Max > search.MaxResult {
		return nil, req, fmt.Errorf("start + max_results must be %d at most", search.MaxResult)
	}
	req.Start, req.Max = f.Start, min(f.Max, search.MaxSlice)
	if req.Sort, req.Descending, err = sorting(values); err != nil {
		return nil, req, err
	}
	if req.IDs, err = search.ParseIDs(f.IDList); err != nil {
		return nil, req, err
	}
	req.Query, err = search.Parse(values.Get("search_query"))
	return f, req, err
}

func number(values url.Values, name string, absent int) (int, error) {
	text := values.Get(name)
	if text == "" {
		return absent, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		return 0, fmt.Errorf("%s must be an integer", name)
	case n < 0:
		return 0, fmt.Errorf("%s must be non-negative", name)
	case err != nil || n > search.MaxResult:
		return 0, fmt.Errorf("%s must be %d at most", name, search.MaxResult)
	}
	return int(n), nil
}

func sorting(values url.Values) (by search.Sorting, descending bool, err error) {
	switch by = search.Sorting(values.Get("sortBy")); by {
	case "":
		by = search.Relevance
	case search.Relevance, search.LastUpdated, search.Submitted:
	default:
		return "", false, fmt.Errorf("sortBy must be in: relevance, lastUpdatedDate, submittedDate")
	}
	switch values.Get("sortOrder") {
	case "", "descending":
		return by, true, nil
	case "ascending":
		return by, false, nil
	default:
		return "", false, fmt.Errorf("sortOrder must be in: ascending, descending")
	}
}
