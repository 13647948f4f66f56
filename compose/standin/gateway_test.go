package standin

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"paperlab/reports/history"
	"paperlab/system/service"
	"paperlab/system/servicetest"
)

// newUpstream asks the address with an interval short enough for a test.
func newUpstream(t *testing.T, url string, interval time.Duration) *Upstream {
	t.Helper()
	u, err := NewUpstream(UpstreamConfig{URL: url, Interval: interval})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(u.Close)
	return u
}

// newGateway is a gateway before the address, released.
func newGateway(t *testing.T, url string, limit int) (*Gateway, *history.Recorder) {
	t.Helper()
	rec := recorder()
	g, err := NewGateway(GatewayConfig{Recorder: rec, Upstream: newUpstream(t, url, time.Millisecond), Limit: limit})
	start(t, g, err)
	if err := g.Release(1); err != nil {
		t.Fatal(err)
	}
	return g, rec
}

// released is a stand-in of which everything is out, and its corpus's order.
func released(t *testing.T, n int) (a *Arxiv, ids []string) {
	t.Helper()
	c := builtin(t, n)
	a, _ = newArxiv(t, ArxivConfig{Recorder: recorder(), Corpus: c})
	a.ReleaseNow(n)
	return a, newest(c.Versions)
}

// slicePage asks the gateway for a slice of all there is, by date.
func slicePage(t *testing.T, g *Gateway, from, size int) []string {
	t.Helper()
	got := request(t.Context(), http.MethodGet, g.QueryURL()+"?"+slice(from, size), "")
	return readPage(t, got).ids()
}

func slice(from, size int) string {
	return "search_query=" + strings.ReplaceAll(everything, " ", "+") + "&sortBy=lastUpdatedDate&sortOrder=ascending&start=" +
		strconv.Itoa(from) + "&max_results=" + strconv.Itoa(size)
}

// TestGatewayPassesOn: what arXiv answers arrives as it was, and what was asked
// arrives there.
func TestGatewayPassesOn(t *testing.T) {
	page := "\n <?xml version='1.0'?>\n" + `<feed xmlns="http://www.w3.org/2005/Atom">nothing to count</feed> `
	answers := []answer{
		{status: 200, body: page},
		{status: 200, body: "<html>busy</html>"},
		{status: 200},
		{status: 400, body: string(errorPage("start must be an integer", time.Now()))},
		{status: 500, body: "oh no"},
		{status: 429, body: "Rate exceeded.", header: http.Header{"Retry-After": {"0"}}},
		{status: 503, body: "Service Unavailable", header: http.Header{"Retry-After": {"Mon, 06 May 2024 07:08:29 GMT"}}},
	}
	at := 0
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if want := fmt.Sprintf("b=%d&a=%%28x", at); r.URL.Path != "/q" || r.URL.RawQuery != want {
			t.Errorf("asked %s, want /q?%s", r.URL, want)
		}
		if agent := r.UserAgent(); !strings.HasPrefix(agent, "paperlab/1 (") {
			t.Errorf("user agent %q", agent)
		}
		w.Header().Set("Content-Type", "application/atom+xml; charset=utf-8")
		if after := answers[at].header.Get("Retry-After"); after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(answers[at].status)
		_, _ = io.WriteString(w, answers[at].body)
	}))
	defer upstream.Close()
	g, rec := newGateway(t, upstream.URL+"/q", 10)
	for ; at < len(answers); at++ {
		want := answers[at]
		got := request(t.Context(), http.MethodGet, fmt.Sprintf("%s?b=%d&a=%%28x", g.QueryURL(), at), "")
		got.want(t, want.status)
		if got.body != want.body || got.header.Get("Retry-After") != want.header.Get("Retry-After") ||
			got.header.Get("Content-Type") != "application/atom+xml; charset=utf-8" {
			t.Errorf("answer %d: %q %v, want %q", at, head(got.body), got.header, head(want.body))
		}
	}
	if n := len(rec.Events()); n != 0 || g.Served() != 0 {
		t.Errorf("%d events, %d served", n, g.Served())
	}
	request(t.Context(), http.MethodPost, g.QueryURL(), "").want(t, http.StatusMethodNotAllowed)
}

func TestGatewayRecordsWhatItServes(t *testing.T) {
	a, ids := released(t, 20)
	g, rec := newGateway(t, a.QueryURL(), 100)
	for _, from := range []int{0, 2} {
		if got := slicePage(t, g, from, 3); !slices.Equal(got, ids[from:from+3]) {
			t.Errorf("page at %d: %v, want %v", from, got, ids[from:from+3])
		}
	}
	var got []string
	for _, e := range events(rec, history.Serve) {
		if e.Process != "arxiv" || e.Type != history.OK || !strings.HasPrefix(e.Message, e.Key+"v") || e.Repeat != (e.Paper == nil) ||
			e.Paper != nil && e.Paper.VersionID() != e.Message {
			t.Errorf("event %+v", e)
		}
		got = append(got, fmt.Sprint(e.Message, e.Repeat))
	}
	want := []string{ids[0] + "false", ids[1] + "false", ids[2] + "false", ids[2] + "true", ids[3] + "false", ids[4] + "false"}
	if !slices.Equal(got, want) || g.Served() != 5 || g.Done() {
		t.Errorf("events %v, want %v; served %d, done %v", got, want, g.Served(), g.Done())
	}
}

// TestGatewayRecordsBeforeItAnswers: a page that gets lost on its way was served
// all the same.
func TestGatewayRecordsBeforeItAnswers(t *testing.T) {
	a, _ := released(t, 5)
	g, rec := newGateway(t, a.QueryURL(), 100)
	w := &unwritable{at: func() int { return len(events(rec, history.Serve)) }}
	r := httptest.NewRequest(http.MethodGet, g.QueryURL()+"?"+slice(0, 3), http.NoBody)
	g.handler.ServeHTTP(w, r)
	if w.recorded != 3 {
		t.Errorf("%d events when the answer began, want 3", w.recorded)
	}
}

// unwritable notes how much was recorded when the answer begins, and loses it.
type unwritable struct {
	at       func() int
	recorded int
}

func (w *unwritable) Header() http.Header       { return http.Header{} }
func (w *unwritable) WriteHeader(int)           { w.recorded = w.at() }
func (w *unwritable) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestGatewayLimit: a page ends before the first version above the limit, and
// what was served is served again: a crawler whose page was lost, or that died
// with an old cursor, must find it.
func TestGatewayLimit(t *testing.T) {
	a, ids := released(t, 60)
	g, rec := newGateway(t, a.QueryURL(), 25)
	ask := func(from int, want []string, done bool) {
		t.Helper()
		if got := slicePage(t, g, from, 10); !slices.Equal(got, want) {
			t.Errorf("page at %d: %v, want %v", from, got, want)
		}
		if g.Done() != done {
			t.Errorf("after the page at %d done is %v", from, g.Done())
		}
	}
	ask(0, ids[:10], false)
	ask(9, ids[9:19], false)
	ask(18, ids[18:25], false)
	ask(18, ids[18:25], false) // it was lost on its way
	ask(24, ids[24:25], true)
	ask(24, ids[24:25], true)
	ask(9, ids[9:10], false) // the crawler died, and begins where it was earlier
	ask(9, ids[9:19], false)
	ask(18, ids[18:25], false)
	ask(24, ids[24:25], true)
	ask(30, nil, false) // the ground has moved: nothing of what is there was served
	ask(24, ids[24:25], true)
	got := map[string]bool{}
	for _, e := range events(rec, history.Serve) {
		got[e.Message] = true
	}
	if len(got) != 25 || g.Served() != 25 {
		t.Errorf("%d versions recorded, %d served: want 25", len(got), g.Served())
	}
}

// TestGatewayCutsEntriesOnly: all else in the answer stays.
func TestGatewayCutsEntriesOnly(t *testing.T) {
	a, ids := released(t, 20)
	g, _ := newGateway(t, a.QueryURL(), 2)
	whole := request(t.Context(), http.MethodGet, a.QueryURL()+"?"+slice(0, 5), "").body
	got := request(t.Context(), http.MethodGet, g.QueryURL()+"?"+slice(0, 5), "").body
	at, end := strings.Index(whole, "<entry>\n    <id>http://arxiv.org/abs/"+ids[2]), strings.LastIndex(whole, "</entry>")+len("</entry>")
	if want := whole[:at] + whole[end:]; got != want {
		t.Errorf("the page is\n%s\nwant\n%s", got, want)
	}
	if p := readPage(t, answer{status: 200, body: got}); p.Total != len(ids) {
		t.Errorf("total %d, want arXiv's own, %d", p.Total, len(ids))
	}
}

// TestGatewayEndOfArxiv: done is also who has all that there is, and no more
// once there is more.
func TestGatewayEndOfArxiv(t *testing.T) {
	a, ids := released(t, 20)
	g, _ := newGateway(t, a.QueryURL(), 1000)
	slicePage(t, g, 0, 50)
	if g.Done() {
		t.Error("done, and the only page may be lost")
	}
	slicePage(t, g, len(ids)-1, 50)
	if !g.Done() || g.Served() != len(ids) {
		t.Errorf("done %v, served %d of %d", g.Done(), g.Served(), len(ids))
	}
}

// TestGatewayAsksForOneWhenDone: nothing is fetched to be cut off, again and
// again.
func TestGatewayAsksForOneWhenDone(t *testing.T) {
	a, _ := released(t, 20)
	var mu sync.Mutex
	var sizes []string
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		sizes = append(sizes, r.URL.Query().Get("max_results"))
		mu.Unlock()
		a.handler.ServeHTTP(w, r)
	}))
	defer upstream.Close()
	g, _ := newGateway(t, upstream.URL+"/api/query", 4)
	for _, from := range []int{0, 3, 3, 3, 0, 0, 3, 3} {
		slicePage(t, g, from, 9)
	}
	if want := []string{"9", "9", "1", "1", "1", "9", "9", "1"}; !slices.Equal(sizes, want) {
		t.Errorf("asked for %v, want %v", sizes, want)
	}
}

func TestGatewayWaitsForItsRelease(t *testing.T) {
	a, ids := released(t, 5)
	u := newUpstream(t, a.QueryURL(), time.Millisecond)
	g, err := NewGateway(GatewayConfig{Recorder: recorder(), Upstream: u, Limit: 9})
	if err != nil {
		t.Fatal(err)
	}
	arrivals := entered(g.server)
	start(t, g, nil)
	wait := background(t, 1, func(int) answer {
		return request(t.Context(), http.MethodGet, g.QueryURL()+"?"+slice(0, 9), "")
	})
	<-arrivals
	for range 3 { // turns of others, in which the request would have had its own
		if _, err := u.ask(t.Context(), slice(0, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if g.Served() != 0 {
		t.Error("served before the release")
	}
	for _, rate := range []float64{60, 0, 1} {
		if err := g.Release(rate); err != nil {
			t.Fatal(err)
		}
	}
	if got := readPage(t, wait()[0]).ids(); !slices.Equal(got, ids) {
		t.Errorf("got %v", got)
	}
	if err := g.Release(-1); err == nil {
		t.Error("rate -1 was taken")
	}
}

func TestGatewayWithoutArxiv(t *testing.T) {
	g, rec := newGateway(t, "http://127.0.0.1:1/api/query", 9)
	got := request(t.Context(), http.MethodGet, g.QueryURL()+"?"+slice(0, 9), "")
	got.want(t, http.StatusBadGateway, "no answer from arXiv", "127.0.0.1:1", "connection refused")
	if len(rec.Events()) != 0 {
		t.Errorf("recorded %v", rec.Events())
	}
}

func TestGatewayKeepsTheContract(t *testing.T) {
	servicetest.Lifecycle(t, func(t *testing.T) (service.Service, func(*testing.T)) {
		g, err := NewGateway(GatewayConfig{Recorder: recorder(), Upstream: newUpstream(t, "", 0), Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		if g.URL() != "" {
			t.Errorf("an address before Start: %s", g.URL())
		}
		return g, answers(g)
	})
}

// TestGatewayStops: a request that waits gets no answer when the gateway stops,
// whatever it waits for.
func TestGatewayStops(t *testing.T) {
	for _, what := range []string{"release", "interval"} {
		g, err := NewGateway(GatewayConfig{Recorder: recorder(), Upstream: newUpstream(t, "", time.Minute), Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		arrivals := entered(g.server)
		start(t, g, nil)
		if what == "interval" {
			if err := g.Release(1); err != nil {
				t.Fatal(err)
			}
		}
		wait := background(t, 2, func(int) answer { return request(t.Context(), http.MethodGet, g.QueryURL(), "") })
		<-arrivals
		<-arrivals
		began := time.Now()
		g.Stop()
		g.Stop()
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s: Stop took %v", what, took)
		}
		for _, got := range wait() {
			got.wantReset(t)
		}
	}
}

func TestGatewayConfig(t *testing.T) {
	good := GatewayConfig{Recorder: recorder(), Upstream: newUpstream(t, "", 0), Limit: 1}
	for field, spoil := range map[string]func(*GatewayConfig){
		"Recorder": func(c *GatewayConfig) { c.Recorder = nil },
		"Upstream": func(c *GatewayConfig) { c.Upstream = nil },
		"Limit":    func(c *GatewayConfig) { c.Limit = 0 },
	} {
		bad := good
		spoil(&bad)
		if _, err := NewGateway(bad); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// TestGatewayManners: what a manner answers in arXiv's place, arXiv is not
// asked, and nobody was served.
func TestGatewayManners(t *testing.T) {
	asked := 0
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = w.Write((&feed{}).page())
	}))
	defer upstream.Close()
	g, rec := newGateway(t, upstream.URL, 10)
	ask := func() answer { return request(t.Context(), http.MethodGet, g.QueryURL(), "") }
	for _, m := range []Manner{failing, limited, garbage} {
		setManner(t, g, m)
		ask().want(t, m.Status, m.Body)
	}
	setManner(t, g, cut)
	ask().wantReset(t)
	if asked != 0 || len(rec.Events()) != 0 || g.Struck() != 4 || g.Answered() != 0 {
		t.Errorf("arXiv was asked %d times; %d events, %d struck, %d answered", asked, len(rec.Events()), g.Struck(), g.Answered())
	}
	setManner(t, g, ordinary)
	ask().want(t, http.StatusOK, "<feed")
	if asked != 1 || g.Answered() != 1 {
		t.Errorf("arXiv was asked %d times, %d answered", asked, g.Answered())
	}
}
