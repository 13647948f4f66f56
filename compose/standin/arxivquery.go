package standin

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"paperlab/compose/standin/corpus"
	"paperlab/compose/standin/search"
	"paperlab/reports/history"
)

// query answers one request of the query API.
func (a *Arxiv) query(w http.ResponseWriter, r *http.Request) {
	mode, err := a.linger(r)
	switch {
	case err != nil || mode == Refuse:
		reset(w)
		return
	case mode == Errors:
		a.refuse(w, http.StatusServiceUnavailable)
		return
	case mode == RateLimited:
		a.refuse(w, http.StatusTooManyRequests)
		return
	case !a.admit():
		a.refuse(w, a.cfg.RefuseWith)
		return
	}
	f, req, err := parseRequest(r.URL.RawQuery)
	if err != nil {
		a.write(w, http.StatusBadRequest, errorPage(err.Error(), a.now()))
		return
	}
	f.updated = a.now()
	f.entries, f.total = a.find(req)
	page := f.page()
	if r.Context().Err() != nil {
		reset(w)
		return
	}
	a.record(f.entries)
	a.write(w, http.StatusOK, page)
}

// linger lets the answer's latency pass and returns the mode to answer in.
func (a *Arxiv) linger(r *http.Request) (mode string, err error) {
	latency := a.dice.latency(a.cfg.Latency)
	for {
		mode, changed := a.current()
		d := latency
		if mode == Slow {
			d = a.cfg.SlowAnswer
		}
		early, err := wait(r.Context(), d, changed)
		if err != nil || !early {
			return mode, err
		}
	}
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

func (a *Arxiv) refuse(w http.ResponseWriter, status int) {
	if a.cfg.RetryAfter > 0 {
		w.Header().Set("Retry-After", retrySeconds(a.cfg.RetryAfter))
	}
	text := "Rate exceeded."
	if status == http.StatusServiceUnavailable {
		text = "Service Unavailable"
	}
	http.Error(w, text, status)
}

func (a *Arxiv) write(w http.ResponseWriter, status int, page []byte) {
	w.Header().Set("Content-Type", "application/atom+xml; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(status)
	_, _ = w.Write(page)
}

func (a *Arxiv) find(req search.Request) ([]*corpus.Version, int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.catchUp()
	return a.index.Find(req)
}

// record writes down what is on the page. The paper itself goes into the
// history once; copies share the corpus's memory.
func (a *Arxiv) record(entries []*corpus.Version) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, v := range entries {
		id := v.VersionID()
		a.cfg.Recorder.Record(history.Served(&v.Paper, a.served[id]))
		a.served[id] = true
	}
}

// parseRequest reads the parameters the way arXiv does. Its errors have arXiv's
// wording where that is known: it becomes the error entry's summary and id.
func parseRequest(raw string) (*feed, search.Request, error) {
	var req search.Request
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, req, fmt.Errorf("malformed query string: %w", err)
	}
	f := &feed{idList: values.Get("id_list")}
	if f.start, err = number(values, "start", 0); err != nil {
		return nil, req, err
	}
	if f.max, err = number(values, "max_results", 10); err != nil {
		return nil, req, err
	}
	if f.max > search.MaxResult || f.start+f.max > search.MaxResult {
		return nil, req, fmt.Errorf("start + max_results must be %d at most", search.MaxResult)
	}
	req.Start, req.Max = f.start, min(f.max, search.MaxSlice)
	if req.Sort, req.Descending, err = sorting(values); err != nil {
		return nil, req, err
	}
	if req.IDs, err = search.ParseIDs(f.idList); err != nil {
		return nil, req, err
	}
	if req.Query, err = search.Parse(values.Get("search_query")); err != nil {
		return nil, req, err
	}
	if req.Query != nil {
		f.query = req.Query.String()
	}
	return f, req, nil
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
