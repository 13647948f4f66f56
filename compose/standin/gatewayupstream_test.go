package standin

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// polite is an upstream's server that notes when it is asked and when it has
// answered.
type polite struct {
	*httptest.Server
	answer http.HandlerFunc

	mu          sync.Mutex
	begun       []time.Time
	ended       []time.Time
	connections int
}

func newPolite(t *testing.T, answer http.HandlerFunc) *polite {
	t.Helper()
	p := &polite{answer: answer}
	p.Server = httptest.NewUnstartedServer(p)
	p.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if s == http.StateNew {
			p.connections++
		}
	}
	p.Start()
	t.Cleanup(p.Close)
	return p
}

func (p *polite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.begun = append(p.begun, time.Now())
	p.mu.Unlock()
	p.answer(w, r)
	p.mu.Lock()
	p.ended = append(p.ended, time.Now())
	p.mu.Unlock()
}

// TestUpstreamIsPolite: whoever asks, over whichever gateway, arXiv is asked one
// question at a time over one connection, each an interval after the last
// answer, and the first an interval after the lab began.
func TestUpstreamIsPolite(t *testing.T) {
	const interval = 40 * time.Millisecond
	server := newPolite(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "no feed") })
	began := time.Now()
	u := newUpstream(t, server.URL, interval)
	var gateways []*Gateway
	for range 2 {
		g, err := NewGateway(GatewayConfig{Recorder: recorder(), Upstream: u, Limit: 9})
		start(t, g, err)
		if err := g.Release(1); err != nil {
			t.Fatal(err)
		}
		gateways = append(gateways, g)
	}
	const n = 6
	for _, got := range background(t, n, func(i int) answer {
		return request(t.Context(), http.MethodGet, gateways[i%2].QueryURL(), "")
	})() {
		got.want(t, 200, "no feed")
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	if len(server.begun) != n || server.connections != 1 {
		t.Errorf("%d requests over %d connections: want %d over 1", len(server.begun), server.connections, n)
	}
	for i, at := range server.begun {
		after := began
		if i > 0 {
			after = server.ended[i-1]
		}
		if gap := at.Sub(after); gap < interval {
			t.Errorf("request %d came %v after the answer before it", i, gap)
		}
	}
}

// TestUpstreamIsPoliteToWhoFails: an answer that is cut off, or not waited for,
// is followed by the interval as well.
func TestUpstreamIsPoliteToWhoFails(t *testing.T) {
	const interval = 60 * time.Millisecond
	arrived := make(chan struct{}, 2)
	server := newPolite(t, func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
	})
	u := newUpstream(t, server.URL, interval)
	var given []time.Time
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		wait := background(t, 1, func(int) answer { _, err := u.ask(ctx, ""); return answer{err: err} })
		<-arrived
		given = append(given, time.Now())
		cancel()
		if got := wait()[0]; got.err == nil {
			t.Error("an answer came")
		}
	}
	if gap := given[1].Sub(given[0]); gap < interval {
		t.Errorf("asked again after %v", gap)
	}
}

// TestUpstreamObeysRetryAfter takes a second, the shortest that can be asked
// for.
func TestUpstreamObeysRetryAfter(t *testing.T) {
	server := newPolite(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	u := newUpstream(t, server.URL, time.Millisecond)
	for range 2 {
		if got, err := u.ask(t.Context(), ""); err != nil || got.status != 429 {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if gap := server.begun[1].Sub(server.ended[0]); gap < time.Second {
		t.Errorf("asked again after %v", gap)
	}
}

// TestUpstreamRefuses what would lead past the witness, or would not fit.
func TestUpstreamRefuses(t *testing.T) {
	server := newPolite(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/elsewhere", http.StatusMovedPermanently)
		case "/long":
			text := strings.Repeat(" ", 1<<20)
			for range longestPage>>20 + 1 {
				_, _ = io.WriteString(w, text)
			}
		case "/cut":
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "<feed")
		default:
			t.Errorf("asked for %s", r.URL.Path)
		}
	})
	for path, want := range map[string]string{
		"/moved": "it redirects to /elsewhere: give that address",
		"/long":  "longer than 33554432 bytes",
		"/cut":   "the answer broke off: unexpected EOF",
	} {
		if _, err := newUpstream(t, server.URL+path, time.Millisecond).ask(t.Context(), ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
}

func TestUpstreamConfig(t *testing.T) {
	u := newUpstream(t, "", 0)
	if u.URL() != "https://export.arxiv.org/api/query" || u.Interval() != 3*time.Second {
		t.Errorf("by default %s every %v", u.URL(), u.Interval())
	}
	for _, url := range []string{"arxiv.org", "127.0.0.1:1", "ftp://arxiv.org/x", "http:///x", "http://arxiv.org/?a=b", "://"} {
		if _, err := NewUpstream(UpstreamConfig{URL: url}); err == nil || !strings.Contains(err.Error(), "URL is") {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, interval := range []time.Duration{-1, time.Microsecond, time.Hour} {
		if _, err := NewUpstream(UpstreamConfig{Interval: interval}); err == nil || !strings.Contains(err.Error(), "Interval") {
			t.Errorf("%v: %v", interval, err)
		}
	}
}

func TestSample(t *testing.T) {
	a, ids := released(t, 40)
	u := newUpstream(t, a.QueryURL(), time.Millisecond)
	from := a.cfg.Corpus.Begin()
	c, err := u.Sample(t.Context(), from, 30)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Versions) != 30 || c.Versions[0].VersionID() != ids[0] || c.Versions[29].VersionID() != ids[29] {
		t.Errorf("%d versions from %s on, want 30 from %s on", len(c.Versions), c.Versions[0].VersionID(), ids[0])
	}
	if a.Served() != 30 {
		t.Errorf("one request would show 30 versions, %d were shown", a.Served())
	}
	for _, n := range []int{0, 2001} {
		if _, err := u.Sample(t.Context(), from, n); err == nil {
			t.Errorf("a sample of %d was taken", n)
		}
	}
}

// TestSampleErrors say what came in the place of papers.
func TestSampleErrors(t *testing.T) {
	server := newPolite(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/limited":
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(http.StatusTooManyRequests)
		case "/broken":
			http.Error(w, "an accident", http.StatusInternalServerError)
		case "/page":
			_, _ = io.WriteString(w, "<html><body>log in</body></html>")
		case "/empty":
			_, _ = w.Write((&feed{Updated: time.Now()}).page())
		}
	})
	for url, want := range map[string]string{
		server.URL + "/limited": "it answers 429 and wants to be left alone (Retry-After: 30): run again then",
		server.URL + "/broken":  `it answers 500 "an accident"`,
		server.URL + "/page":    "the answer is not an Atom feed: expected element type <feed> but have <html>: is this arXiv's query API?",
		server.URL + "/empty":   "it has no papers from 2026-04-12 on",
		"http://127.0.0.1:1/x":  "connection refused",
	} {
		_, err := newUpstream(t, url, time.Millisecond).Sample(t.Context(), (&clock{}).now(), 10)
		if err == nil || !strings.Contains(err.Error(), "ask arXiv at "+url+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", url, err, want)
		}
	}
}
