package standin

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"paperlab/compose/standin/corpus"
	"paperlab/compose/standin/search"
)

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
		err = got.refused()
	}
	if err != nil {
		return nil, fmt.Errorf("ask arXiv at %s: %w", u.cfg.URL, err)
	}
	page, err := readAtom(got.body)
	if err != nil {
		return nil, fmt.Errorf("ask arXiv at %s: the answer is %w: is this arXiv's query API?", u.cfg.URL, err)
	}
	c := &corpus.Corpus{Name: "live"}
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

// refused says what an answer that is no page wants.
func (a upstreamAnswer) refused() error {
	if a.status == http.StatusOK {
		return nil
	}
	if after := a.header.Get("Retry-After"); after != "" {
		return fmt.Errorf("it answers %d and wants to be left alone (Retry-After: %s): run again then", a.status, after)
	}
	return fmt.Errorf("it answers %d %q", a.status, oneLine(string(a.body[:min(len(a.body), 200)])))
}
