package standin

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"paperlab/compose/standin/corpus"
	"paperlab/reports/history"
	"paperlab/system/servicetest"
)

// everything is a query that finds whatever is out.
const everything = "lastUpdatedDate:[202001010000 TO 203001010000]"

func builtin(t *testing.T, n int) *corpus.Corpus {
	t.Helper()
	c, err := corpus.Builtin(1, n)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// clock is a time that passes only when it is told to.
type clock struct{ passed atomic.Int64 }

func (c *clock) now() time.Time {
	return time.Date(2026, 4, 12, 22, 0, 0, 0, time.UTC).Add(time.Duration(c.passed.Load()))
}
func (c *clock) pass(d time.Duration) { c.passed.Add(int64(d)) }

func newArxiv(t *testing.T, cfg ArxivConfig) (*Arxiv, *clock) {
	t.Helper()
	a, err := NewArxiv(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{}
	a.now = c.now
	return start(t, a, nil), c
}

// page is what a crawler reads of an answer.
type page struct {
	Total int `xml:"totalResults"`
	Per   int `xml:"itemsPerPage"`
	Start int `xml:"startIndex"`
	Entry []struct {
		ID      string `xml:"id"`
		Title   string `xml:"title"`
		Summary string `xml:"summary"`
	} `xml:"entry"`
}

func (p page) ids() (ids []string) {
	for _, e := range p.Entry {
		ids = append(ids, strings.TrimPrefix(e.ID, "http://arxiv.org/abs/"))
	}
	return ids
}

func query(t *testing.T, a *Arxiv, values ...string) answer {
	t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(values); i += 2 {
		v.Set(values[i], values[i+1])
	}
	return request(t.Context(), http.MethodGet, a.QueryURL()+"?"+v.Encode(), "")
}

func readPage(t *testing.T, a answer) (p page) {
	t.Helper()
	a.want(t, http.StatusOK)
	if err := xml.Unmarshal([]byte(a.body), &p); err != nil {
		t.Fatalf("not XML: %v: %q", err, head(a.body))
	}
	return p
}

// crawl pages through everything that is out.
func crawl(t *testing.T, a *Arxiv, slice int) (ids []string) {
	t.Helper()
	for {
		p := readPage(t, query(t, a, "search_query", everything, "sortBy", "lastUpdatedDate", "sortOrder", "ascending",
			"start", strconv.Itoa(len(ids)), "max_results", strconv.Itoa(slice)))
		if p.Start != len(ids) || p.Per != slice {
			t.Errorf("page at %d of %d says start %d, %d a page", len(ids), slice, p.Start, p.Per)
		}
		ids = append(ids, p.ids()...)
		if len(ids) >= p.Total || len(p.Entry) == 0 {
			return ids
		}
	}
}

// newest are the versions of a corpus that no later one hides.
func newest(versions []corpus.Version) (ids []string) {
	for i, v := range versions {
		if !slices.ContainsFunc(versions[i+1:], func(w corpus.Version) bool { return w.ID == v.ID }) {
			ids = append(ids, v.VersionID())
		}
	}
	return ids
}

func TestArxivPages(t *testing.T) {
	c := builtin(t, 150)
	a, _ := newArxiv(t, ArxivConfig{Recorder: recorder(), Corpus: c})
	if ids := crawl(t, a, 25); len(ids) != 0 {
		t.Errorf("out before the release: %v", ids)
	}
	a.ReleaseNow(len(c.Versions))
	want := newest(c.Versions)
	for _, slice := range []int{25, 2000} {
		if got := crawl(t, a, slice); !slices.Equal(got, want) {
			t.Errorf("by %d: %d versions %v…, want %d in the corpus's order", slice, len(got), got[:3], len(want))
		}
	}
	p := readPage(t, query(t, a, "search_query", everything, "sortBy", "lastUpdatedDate", "sortOrder", "ascending"))
	if len(p.Entry) != 10 || p.Per != 10 || p.Total != len(want) {
		t.Errorf("by default %d of %d entries, %d a page: want 10", len(p.Entry), p.Total, p.Per)
	}
	first := c.Versions[slices.IndexFunc(c.Versions, func(v corpus.Version) bool { return v.VersionID() == want[0] })]
	if e := p.Entry[0]; e.Title != first.Title || e.Summary != first.Abstract {
		t.Errorf("the first entry is %+v, want %+v", e, first)
	}
}

// TestArxivServesTheWholeCorpus: who crawls as often as something comes out
// sees every version, those that are replaced later too, in the corpus's order.
func TestArxivServesTheWholeCorpus(t *testing.T) {
	c, rec := builtin(t, 80), recorder()
	a, _ := newArxiv(t, ArxivConfig{Recorder: rec, Corpus: c})
	for i := range c.Versions {
		a.ReleaseNow(1)
		p := readPage(t, query(t, a, "search_query", everything, "sortBy", "lastUpdatedDate", "max_results", "2"))
		if want := c.Versions[i].VersionID(); p.ids()[0] != want {
			t.Fatalf("newest is %s, want %s", p.ids()[0], want)
		}
	}
	if a.Served() != len(c.Versions) || a.Released() != len(c.Versions) || !a.Done() {
		t.Errorf("served %d, released %d, done %v: want all %d", a.Served(), a.Released(), a.Done(), len(c.Versions))
	}
	var first []string
	for _, e := range events(rec, history.Serve) {
		if !e.Repeat {
			first = append(first, e.Message)
		}
	}
	if !slices.EqualFunc(first, c.Versions, func(id string, v corpus.Version) bool { return id == v.VersionID() }) {
		t.Errorf("first serves %v: want the corpus", first)
	}
}

func TestArxivRecordsWhatItServes(t *testing.T) {
	c, rec := builtin(t, 5), recorder()
	a, _ := newArxiv(t, ArxivConfig{Recorder: rec, Corpus: c})
	a.ReleaseNow(2)
	for range 2 {
		readPage(t, query(t, a, "search_query", everything, "sortBy", "lastUpdatedDate", "sortOrder", "ascending"))
	}
	got := events(rec, history.Serve)
	if len(got) != 4 || a.Served() != 2 {
		t.Fatalf("%d events, %d served: want 4 and 2", len(got), a.Served())
	}
	for i, e := range got {
		v := c.Versions[i%2]
		if e.Process != "arxiv" || e.Type != history.OK || e.Message != v.VersionID() || e.Key != v.ID {
			t.Errorf("event %d: %+v, want %s", i, e, v.VersionID())
		}
		if again := i >= 2; e.Repeat != again || (e.Paper == nil) != again {
			t.Errorf("event %d: repeat %v, paper %v", i, e.Repeat, e.Paper)
		}
	}
	if p := got[1].Paper; p == nil || p.Title != c.Versions[1].Title {
		t.Errorf("paper %+v", p)
	}
	// A version that is asked for by its name was served, too.
	readPage(t, query(t, a, "id_list", c.Versions[0].VersionID()))
	if n := len(events(rec, history.Serve)); n != 5 {
		t.Errorf("%d events after an id_list, want 5", n)
	}
}

func TestArxivReleasesByTheClock(t *testing.T) {
	a, clock := newArxiv(t, ArxivConfig{Recorder: recorder(), Corpus: builtin(t, 100)})
	release := func(rate float64) {
		t.Helper()
		if err := a.Release(rate); err != nil {
			t.Fatal(err)
		}
	}
	step := func(d time.Duration, want int) {
		t.Helper()
		clock.pass(d)
		if got := a.Released(); got != want {
			t.Errorf("after %v: %d released, want %d", time.Duration(clock.passed.Load()), got, want)
		}
	}
	step(time.Hour, 0)
	release(4)
	step(time.Second, 4)
	step(200*time.Millisecond, 4)
	step(50*time.Millisecond, 5)
	release(0.5)
	step(2*time.Second, 6)
	release(0)
	step(time.Hour, 6)
	a.ReleaseNow(10)
	step(0, 16)
	release(10)
	step(time.Second, 26)
	if a.Done() {
		t.Error("done too early")
	}
	step(time.Hour, 100)
	if !a.Done() {
		t.Error("not done when all is out")
	}
	for _, rate := range []float64{-1, fastest + 1} {
		if err := a.Release(rate); err == nil {
			t.Errorf("rate %v was taken", rate)
		}
	}
}

func TestArxivInterval(t *testing.T) {
	for _, refusal := range []struct {
		retryAfter time.Duration
		header     string
	}{{0, ""}, {3 * time.Second, "3"}, {2500 * time.Millisecond, "3"}} {
		a, clock := newArxiv(t, ArxivConfig{Recorder: recorder(), Corpus: builtin(t, 3),
			Interval: 3 * time.Second, RetryAfter: refusal.retryAfter})
		ask := func(want int) {
			t.Helper()
			got := query(t, a, "search_query", everything)
			got.want(t, want)
			header := refusal.header
			if want == 200 {
				header = ""
			}
			if after := got.header.Get("Retry-After"); after != header {
				t.Errorf("Retry-After %q, want %q", after, header)
			}
		}
		ask(200)
		ask(429)
		clock.pass(2900 * time.Millisecond)
		ask(429) // and a refused request does not count:
		clock.pass(100 * time.Millisecond)
		ask(200)
		ask(429)
	}
}

func TestArxivManners(t *testing.T) {
	a, _ := newArxiv(t, ArxivConfig{Recorder: recorder(), Corpus: builtin(t, 3)})
	ask := func() answer { return query(t, a, "search_query", everything) }
	for manner, want := range map[Manner]int{
		failing: 503, limited: 429, garbage: 200, truncated: 200, ordinary: 200,
		{Name: "503", Status: 503, RetryAfter: "5"}: 503, {Name: "429", Status: 429}: 429,
	} {
		setManner(t, a, manner)
		got := ask()
		got.want(t, want, manner.Body)
		if after := got.header.Get("Retry-After"); after != manner.RetryAfter {
			t.Errorf("%s: Retry-After %q", manner.Name, after)
		}
		if _, err := readAtom([]byte(got.body)); (err == nil) != (manner == ordinary) {
			t.Errorf("%s: the page: %v", manner.Name, err)
		}
	}
	setManner(t, a, cut)
	ask().wantReset(t)
	setManner(t, a, ordinary)
	ask().want(t, 200)
	if a.Struck() != 7 || a.Answered() != 2 {
		t.Errorf("%d struck, %d answered", a.Struck(), a.Answered())
	}
}

// TestArxivHealsAtOnce: who waits when the manner changes goes on under the new
// one, and what is then refused was not served.
func TestArxivHealsAtOnce(t *testing.T) {
	for manner, want := range map[Manner]int{ordinary: 200, failing: 503} {
		for _, before := range []Manner{slow, silent} {
			a, err := NewArxiv(ArxivConfig{Recorder: recorder(), Corpus: builtin(t, 3)})
			if err != nil {
				t.Fatal(err)
			}
			start(t, a, nil)
			a.ReleaseNow(3)
			setManner(t, a, before)
			wait := background(t, 3, func(int) answer { return query(t, a, "search_query", everything) })
			servicetest.Eventually(t, "all three wait", func() bool { return a.Struck() == 3 })
			if a.Served() != 0 {
				t.Errorf("%d served before the answer's time", a.Served())
			}
			setManner(t, a, manner)
			for _, got := range wait() {
				got.want(t, want)
			}
			if served := a.Served() > 0; served != (want == 200) || a.Struck() != 3 {
				t.Errorf("%s, then %q: served %d, struck %d", before.Name, manner.Name, a.Served(), a.Struck())
			}
		}
	}
}

// TestArxivSlowAnswersInTheEnd: slow is late, not lost.
func TestArxivSlowAnswersInTheEnd(t *testing.T) {
	a, _ := newArxiv(t, ArxivConfig{Recorder: recorder(), Corpus: builtin(t, 3)})
	setManner(t, a, Manner{Name: "slow", Delay: 50 * time.Millisecond})
	began := time.Now()
	query(t, a, "search_query", everything).want(t, 200)
	if took := time.Since(began); took < 50*time.Millisecond {
		t.Errorf("answered in %v", took)
	}
}

func TestArxivConfig(t *testing.T) {
	good := ArxivConfig{Recorder: recorder(), Corpus: builtin(t, 1)}
	for field, spoil := range map[string]func(*ArxivConfig){
		"Recorder":       func(c *ArxivConfig) { c.Recorder = nil },
		"Corpus":         func(c *ArxivConfig) { c.Corpus = &corpus.Corpus{} },
		"Interval":       func(c *ArxivConfig) { c.Interval = -1 },
		"RetryAfter":     func(c *ArxivConfig) { c.RetryAfter = 2 * time.Hour },
		"Latency.Median": func(c *ArxivConfig) { c.Latency.Median = -1 },
		"Latency.Sigma":  func(c *ArxivConfig) { c.Latency.Sigma = 4 },
	} {
		bad := good
		spoil(&bad)
		if _, err := NewArxiv(bad); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}
