package standin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"paperlab/compose/standin/corpus"
	"paperlab/compose/standin/search"
	"paperlab/system/dial"
)

// UpstreamConfig is what an Upstream needs; the zero value is arXiv.
type UpstreamConfig struct {
	// URL is the address of a query API; empty means arXiv's.
	URL string
	// Interval is the least time from the end of an answer to the next request,
	// 1 ms to 1 min; 0 means arXiv's own rule, 3 s.
	Interval time.Duration
}

// Where arXiv is, and its rule: one request every three seconds and one
// connection (https://info.arxiv.org/help/api/tou.html).
const (
	arxivQueryURL = "https://export.arxiv.org/api/query"
	arxivInterval = 3 * time.Second
)

const (
	// connectWithin bounds finding arXiv's address and opening a connection, and
	// once more the TLS handshake.
	connectWithin = 5 * time.Second
	// upstreamWithin bounds one request; arXiv needs many seconds for large
	// pages.
	upstreamWithin = 60 * time.Second
	// longestPage is several times arXiv's largest page, of 2,000 entries.
	longestPage = 32 << 20
)

func (c *UpstreamConfig) check() error {
	c.URL = cmp.Or(c.URL, arxivQueryURL)
	c.Interval = cmp.Or(c.Interval, arxivInterval)
	at, err := url.Parse(c.URL)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" || at.RawQuery != "" {
		return fmt.Errorf("standin: upstream: URL is %q: want an http or https address without a query, such as %s", c.URL, arxivQueryURL)
	}
	return within("upstream", "Interval", c.Interval, time.Millisecond, time.Minute)
}

// Upstream asks arXiv itself, for the whole lab: one request at a time over one
// connection, each at least Interval after the last answer. The first one waits
// too, since a lab that is started again and again must not ask faster. A
// Retry-After is obeyed even if the crawler does not: a crawler under test may
// have any manners, arXiv is not where to try them out.
type Upstream struct {
	cfg    UpstreamConfig
	client *http.Client
	// turn holds a token while somebody waits for or has an answer; next, which
	// it guards, is when the next request may be made.
	turn chan struct{}
	next time.Time
}

// NewUpstream makes an upstream. It asks nothing yet. Close it in the end.
func NewUpstream(cfg UpstreamConfig) (*Upstream, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	return &Upstream{
		cfg: cfg, turn: make(chan struct{}, 1), next: time.Now().Add(cfg.Interval),
		client: &http.Client{
			Timeout: upstreamWithin,
			Transport: &http.Transport{
				Proxy:               http.ProxyFromEnvironment,
				DialContext:         (&net.Dialer{Timeout: connectWithin}).DialContext,
				TLSHandshakeTimeout: connectWithin,
				ForceAttemptHTTP2:   true,
				MaxConnsPerHost:     1,
				IdleConnTimeout:     30 * time.Second,
			},
			// A redirect followed is a second request without the interval.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// URL is the address that is asked.
func (u *Upstream) URL() string { return u.cfg.URL }

// Interval is the least time from an answer to the next request.
func (u *Upstream) Interval() time.Duration { return u.cfg.Interval }

// Close gives the connection back.
func (u *Upstream) Close() { u.client.CloseIdleConnections() }

// ask puts one question when its time has come.
func (u *Upstream) ask(ctx context.Context, query string) (got reply, err error) {
	select {
	case u.turn <- struct{}{}:
	case <-ctx.Done():
		return got, ctx.Err()
	}
	defer func() { <-u.turn }()
	if err := wait(ctx, time.Until(u.next), nil); err != nil {
		return got, err
	}
	got, err = u.get(ctx, query)
	now := time.Now()
	patience, _ := dial.RetryAfter(http.Header{"Retry-After": {got.retryAfter}}, now)
	u.next = now.Add(max(u.cfg.Interval, patience))
	return got, err
}

func (u *Upstream) get(ctx context.Context, query string) (got reply, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.cfg.URL+"?"+query, http.NoBody)
	if err != nil {
		return got, err
	}
	r.Header.Set("User-Agent", "paperlab/1 (a lab that tests a harvester of paper metadata; one request at a time, "+u.cfg.Interval.String()+" apart)")
	res, err := u.client.Do(r)
	if err != nil {
		// The wrapping repeats the whole query, which helps nobody.
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return got, err
	}
	defer res.Body.Close()
	got = reply{status: res.StatusCode, contentType: res.Header.Get("Content-Type"), retryAfter: res.Header.Get("Retry-After")}
	if got.body, err = io.ReadAll(io.LimitReader(res.Body, longestPage+1)); err != nil {
		return got, fmt.Errorf("the answer broke off: %w", err)
	}
	switch to := res.Header.Get("Location"); {
	case len(got.body) > longestPage:
		return got, fmt.Errorf("the answer is longer than %d bytes: ask for smaller pages", longestPage)
	case to != "" && got.status >= 300 && got.status < 400:
		// Passed on, it would lead the crawler past the witness.
		return got, fmt.Errorf("it redirects to %s: give that address", to)
	}
	return got, nil
}

// Sample asks for the first n versions, 1 to 2,000, that arXiv has from a minute
// on, in order of their dates. It makes one request, so it shows as well whether
// arXiv can be asked at all. The corpus is what to draw subscriptions from and
// where to begin a harvest; nobody was served it.
//
// An error says what was asked and what came instead.
func (u *Upstream) Sample(ctx context.Context, from time.Time, n int) (*corpus.Corpus, error) {
	if err := within("upstream", "the size of a sample", n, 1, search.MaxSlice); err != nil {
		return nil, err
	}
	const minute = "200601021504"
	to := time.Now().Add(24 * time.Hour) // a day ahead: our clock may be behind arXiv's
	got, err := u.ask(ctx, url.Values{
		"search_query": {fmt.Sprintf("lastUpdatedDate:[%s TO %s]", from.UTC().Format(minute), to.UTC().Format(minute))},
		"sortBy":       {"lastUpdatedDate"}, "sortOrder": {"ascending"},
		"start": {"0"}, "max_results": {strconv.Itoa(n)},
	}.Encode())
	if err == nil {
		err = refusedBy(got)
	}
	if err != nil {
		return nil, fmt.Errorf("ask arXiv at %s: %w", u.cfg.URL, err)
	}
	page, err := readAtom(got.body)
	if err != nil {
		return nil, fmt.Errorf("ask arXiv at %s: the answer is %w: is this arXiv's query API?", u.cfg.URL, err)
	}
	c := &corpus.Corpus{}
	for _, e := range page.Entries {
		if e.paper != nil {
			c.Versions = append(c.Versions, corpus.Version{Paper: *e.paper})
		}
	}
	if len(c.Versions) == 0 {
		return nil, fmt.Errorf("ask arXiv at %s: it has no papers from %s on", u.cfg.URL, from.UTC().Format(time.DateOnly))
	}
	slices.SortStableFunc(c.Versions, func(a, b corpus.Version) int { return a.Updated.Compare(b.Updated) })
	return c, nil
}

// refusedBy says what an answer that is no page wants.
func refusedBy(a reply) error {
	if a.status == http.StatusOK {
		return nil
	}
	if a.retryAfter != "" {
		return fmt.Errorf("it answers %d and wants to be left alone (Retry-After: %s): run again then", a.status, a.retryAfter)
	}
	return fmt.Errorf("it answers %d %q", a.status, oneLine(string(a.body[:min(len(a.body), 200)])))
}
