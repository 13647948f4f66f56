package standin_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"paperlab/compose/standin"
	"paperlab/compose/standin/corpus"
	"paperlab/reports/history"
	"paperlab/system/crawl"
	"paperlab/system/naive"
	"paperlab/system/paper"
	"paperlab/system/service"
	"paperlab/system/servicetest"
)

// The gateway and the service's crawler read arXiv's answers each in their own
// way, and no code is shared. Here they read the same answers.

// realAnswers is a folder of arXiv's own answers. It is not part of the
// repository.
const realAnswers = "../../../shared/data/arxiv/atom"

func gateway(t *testing.T, url string, limit int) (*standin.Gateway, *history.Recorder) {
	t.Helper()
	u, err := standin.NewUpstream(standin.UpstreamConfig{URL: url, Interval: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(u.Close)
	rec := history.NewRecorder("hardened")
	g, err := standin.NewGateway(standin.GatewayConfig{Recorder: rec, Upstream: u, Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Stop)
	if err := g.Release(1); err != nil {
		t.Fatal(err)
	}
	return g, rec
}

// agree serves the answer through a gateway to the service's own client and
// compares what both read.
func agree(t *testing.T, status int, body []byte) crawl.Page {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	defer upstream.Close()
	g, rec := gateway(t, upstream.URL, 1000)
	client, err := crawl.NewArXiv(g.QueryURL(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	page, err := client.Updated(t.Context(), time.Now(), 0, 100)
	if (err == nil) != (status == http.StatusOK) {
		t.Fatalf("status %d: %v", status, err)
	}
	served := rec.Events()
	if len(served) != len(page.Papers) {
		t.Fatalf("the gateway read %d papers, the crawler %d", len(served), len(page.Papers))
	}
	for i, e := range served {
		if e.Paper == nil || !reflect.DeepEqual(*e.Paper, page.Papers[i]) {
			t.Errorf("entry %d:\ngateway %+v\ncrawler %+v", i, e.Paper, page.Papers[i])
		}
	}
	return page
}

func TestGatewayReadsRealAnswersAsTheCrawlerDoes(t *testing.T) {
	index, err := os.ReadFile(filepath.Join(realAnswers, "index.json"))
	if err != nil {
		t.Skipf("arXiv's real answers are not beside this repository, so nothing is compared on them: %v", err)
	}
	var requests []struct {
		File   string
		Status int
	}
	if err := json.Unmarshal(index, &requests); err != nil {
		t.Fatal(err)
	}
	papers := 0
	for _, r := range requests {
		t.Run(r.File, func(t *testing.T) {
			body, err := os.ReadFile(filepath.Join(realAnswers, r.File))
			if err != nil {
				t.Fatal(err)
			}
			papers += len(agree(t, r.Status, body).Papers)
		})
	}
	if papers < 100 {
		t.Errorf("only %d papers were compared", papers)
	}
}

// TestGatewayReadsHostileAnswersAsTheCrawlerDoes: white space of all kinds,
// control characters, elements of other worlds with the same names, and entries
// of which nothing can be made.
func TestGatewayReadsHostileAnswersAsTheCrawlerDoes(t *testing.T) {
	entry := func(id, rest string) string {
		return "<entry><id>" + id + "</id><published>2021-01-01T00:00:00Z</published><updated>2021-01-02T00:00:00+01:00</updated>" + rest + "</entry>"
	}
	page := agree(t, http.StatusOK, []byte(`<?xml version="1.0" encoding="UTF-8"?><!-- a comment -->
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:x="urn:x">
<title>a title of the feed's own</title><x:entry><id>no entry</id></x:entry><opensearch:totalResults> 7 </opensearch:totalResults>`+
		entry("http://arxiv.org/abs/solv-int/9901001v2", "<title>\n  A\u00a0B\u2003C\u0085D\u0080E &lt;&amp; \t F&#10;G </title><summary/><x:title>no</x:title>"+
			"<author><name> A\n  One </name><arxiv:affiliation>Some Place</arxiv:affiliation></author><author><name> </name></author><author><name>B. Two</name></author>"+
			`<category term="math.AG"/><category term=""/><category term="nlin.SI"/><arxiv:primary_category term="nlin.SI"/>`)+
		entry(" https://arxiv.org/abs/2101.00003v12\n", "<title>a<x:sub>b</x:sub>c</title><title>again</title><summary><![CDATA[x < y]]></summary><x:author><name>No</name></x:author>")+
		entry("http://arxiv.org/abs/2101.00004", "<title>no version</title>")+
		entry("http://arxiv.org/abs/2101.00005v0", "<title>no such version</title>")+
		entry("http://arxiv.org/abs/v1", "<title>no paper</title>")+
		"<entry><id>http://arxiv.org/abs/2101.00006v1</id><published>2021-01-01T00:00:00Z</published><updated>yesterday</updated></entry>"+
		`<entry><title>nothing</title></entry></feed> trailing`))
	if len(page.Papers) != 2 || len(page.Skipped) != 5 {
		t.Errorf("%d papers and %d skipped, want 2 and 5", len(page.Papers), len(page.Skipped))
	}
}

// harvested is where a crawler under test puts papers and its cursor.
type harvested struct {
	mu     sync.Mutex
	papers map[string]paper.Paper
	cursor string
}

func (h *harvested) sink(_ context.Context, papers []paper.Paper) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range papers {
		h.papers[p.VersionID()] = p
	}
	return nil
}

func (h *harvested) Cursor(context.Context, string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cursor, nil
}

func (h *harvested) SetCursor(_ context.Context, _, value string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cursor = value
	return nil
}

// TestHarvestThroughAGateway: each profile's crawler gets every version that was
// served, as it was served, although pages get lost on their way, the last one
// too, and although arXiv has more than the limit. Takes about 10 s: the naive
// crawler waits for a second after each lost page.
func TestHarvestThroughAGateway(t *testing.T) {
	for name, h := range map[string]harvesting{
		"hardened":                      {naive: false, size: 20, limit: 110},
		"naive":                         {naive: true, size: 50, limit: 110},
		"hardened, five to each minute": {naive: false, size: 20, limit: 110, apart: 12 * time.Second},
		// The last page begins and ends in the minute in which the one before ends.
		"naive, five to each minute": {naive: true, size: 58, limit: 59, apart: 12 * time.Second},
	} {
		t.Run(name, h.run)
	}
}

// harvesting is one harvest through a gateway.
type harvesting struct {
	naive       bool
	size, limit int
	// apart is the time between versions, 0 for the corpus's own.
	apart time.Duration
}

func (how harvesting) run(t *testing.T) {
	c, err := corpus.Builtin(1, 300)
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.Versions {
		if v := &c.Versions[i]; how.apart > 0 {
			v.Updated = c.Begin().Add(time.Duration(i) * how.apart)
			v.Published = c.Begin()
		}
	}
	arxiv, err := standin.NewArxiv(standin.ArxivConfig{Recorder: history.NewRecorder("hardened"), Corpus: c})
	if err != nil {
		t.Fatal(err)
	}
	if err := arxiv.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer arxiv.Stop()
	arxiv.ReleaseNow(300)
	g, rec := gateway(t, arxiv.QueryURL(), how.limit)
	lossy := httptest.NewServer(losing(t, g.QueryURL()))
	defer lossy.Close()
	h := &harvested{papers: map[string]paper.Paper{}}
	crawler := how.crawler(t, lossy.URL, h, c.Begin())
	if err := crawler.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer crawler.Stop()
	servicetest.Eventually(t, "it is done", g.Done)
	crawler.Stop()
	compare(t, rec, h, how.limit)
}

func (how harvesting) crawler(t *testing.T, url string, h *harvested, from time.Time) service.Service {
	t.Helper()
	client, err := crawl.NewArXiv(url, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	quiet, metrics := slog.New(slog.DiscardHandler), crawl.NewMetrics(nil)
	var crawler service.Service
	if how.naive {
		crawler, err = naive.NewCrawler(naive.CrawlConfig{
			ArXiv: client, Cursors: h, Interval: time.Millisecond, PageSize: how.size, From: from, Metrics: metrics, Logger: quiet,
			Add: func(ctx context.Context, p paper.Paper) error { return h.sink(ctx, []paper.Paper{p}) },
		})
	} else {
		crawler, err = crawl.New(crawl.Config{
			ArXiv: client, Sink: h.sink, Cursors: h, Interval: time.Millisecond, PageSize: how.size, From: from, Metrics: metrics, Logger: quiet,
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return crawler
}

// losing passes a page on only when it is asked for the third time.
func losing(t *testing.T, gateway string) http.HandlerFunc {
	asked := map[string]int{}
	return func(w http.ResponseWriter, r *http.Request) {
		r2, err := http.NewRequestWithContext(r.Context(), http.MethodGet, gateway+"?"+r.URL.RawQuery, http.NoBody)
		if err != nil {
			t.Error(err)
			return
		}
		res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r2)
		if err != nil {
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		page := r.URL.Query().Get("start") + strings.SplitN(r.URL.Query().Get("search_query"), " TO ", 2)[0]
		if asked[page]++; asked[page] < 3 {
			http.Error(w, "lost", http.StatusBadGateway)
			return
		}
		w.WriteHeader(res.StatusCode)
		_, _ = w.Write(body)
	}
}

func compare(t *testing.T, rec *history.Recorder, h *harvested, limit int) {
	t.Helper()
	served := 0
	for _, e := range rec.Events() {
		if e.Repeat {
			continue
		}
		served++
		if got, ok := h.papers[e.Message]; !ok || !reflect.DeepEqual(got, *e.Paper) {
			t.Errorf("%s was served and is harvested as %+v", e.Message, got)
		}
	}
	if served != limit || len(h.papers) != limit {
		t.Errorf("%d served, %d harvested: want %d", served, len(h.papers), limit)
	}
}
