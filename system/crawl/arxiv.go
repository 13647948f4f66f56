package crawl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"paperlab/system/dial"
)

// ArXiv asks the query API. It makes one request at a time over one connection
// and is not for several goroutines: arXiv counts all of a user's requests
// together.
type ArXiv struct {
	endpoint url.URL
	filter   string
	client   *http.Client
}

// requestTimeout bounds one request; arXiv needs many seconds for large pages.
const requestTimeout = 60 * time.Second

// NewArXiv makes a client of the API at endpoint. Filter narrows every query in
// arXiv's own query language, as in "cat:cs.DC OR cat:cs.DB"; empty asks for
// everything.
func NewArXiv(endpoint, filter string, links dial.Links) (*ArXiv, error) {
	at, err := url.Parse(endpoint)
	if err != nil || at.Host == "" || (at.Scheme != "http" && at.Scheme != "https") {
		return nil, fmt.Errorf("arXiv address %q is not an http or https URL such as https://export.arxiv.org/api/query", endpoint)
	}
	client := &http.Client{Transport: links.Transport(1), Timeout: requestTimeout}
	return &ArXiv{endpoint: *at, filter: filter, client: client}, nil
}

// Close gives the connection back.
func (a *ArXiv) Close() { a.client.CloseIdleConnections() }

// LimitedError means that arXiv asks for patience (429 or 503).
type LimitedError struct {
	Status int
	// After is how long arXiv wants to be left alone; 0 if it did not say.
	After time.Duration
	// Asked tells whether it said so.
	Asked bool
}

func (e *LimitedError) Error() string {
	if !e.Asked {
		return fmt.Sprintf("arXiv answered %d without saying when to come back", e.Status)
	}
	return fmt.Sprintf("arXiv answered %d and wants to be left alone for %s", e.Status, e.After)
}

// minute is how arXiv writes times in a query: UTC, no seconds.
const minute = "200601021504"

// Updated asks for papers whose newest version dates from the minute of from or
// later, oldest first, skipping start of them and returning at most limit.
func (a *ArXiv) Updated(ctx context.Context, from time.Time, start, limit int) (Page, error) {
	// A day ahead, because our clock may be behind arXiv's.
	to := time.Now().Add(24 * time.Hour)
	query := fmt.Sprintf("lastUpdatedDate:[%s TO %s]", from.UTC().Format(minute), to.UTC().Format(minute))
	if a.filter != "" {
		query += " AND (" + a.filter + ")"
	}
	at := a.endpoint
	at.RawQuery = url.Values{
		"search_query": {query},
		"sortBy":       {"lastUpdatedDate"},
		"sortOrder":    {"ascending"},
		"start":        {strconv.Itoa(start)},
		"max_results":  {strconv.Itoa(limit)},
	}.Encode()
	page, err := a.get(ctx, at.String())
	if err != nil {
		return Page{}, fmt.Errorf("asking arXiv at %s for papers from %s on: %w", a.endpoint.Host, from.UTC().Format(minute), err)
	}
	return page, nil
}

func (a *ArXiv) get(ctx context.Context, address string) (Page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return Page{}, err
	}
	req.Header.Set("User-Agent", "paperlab/1 (a harvester of paper metadata; one request at a time)")
	res, err := a.client.Do(req)
	if err != nil {
		return Page{}, err
	}
	defer func() { _ = res.Body.Close() }()
	switch res.StatusCode {
	case http.StatusOK:
		return parse(res.Body, longestBody)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		limited := &LimitedError{Status: res.StatusCode}
		limited.After, limited.Asked = dial.RetryAfter(res.Header, time.Now())
		return Page{}, limited
	case http.StatusBadRequest:
		// The body is a feed with an error entry that says what is wrong.
		if _, err := parse(res.Body, longestBody); err != nil {
			return Page{}, err
		}
	}
	start, _ := io.ReadAll(io.LimitReader(res.Body, 200))
	return Page{}, errors.New("the answer is " + res.Status + ": " + fold(string(start)))
}
