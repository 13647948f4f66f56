package standin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"paperlab/reports/history"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// startable is what all stand-ins have in common.
type startable interface {
	Start(context.Context) error
	Stop()
	URL() string
}

func start[S startable](t *testing.T, s S, err error) S {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func recorder() *history.Recorder { return history.NewRecorder("hardened") }

// answer is what a caller got.
type answer struct {
	status int
	header http.Header
	body   string
	err    error
}

// request asks over a connection of its own: nothing lingers, and nothing is
// asked a second time behind the test's back.
func request(ctx context.Context, method, url, body string, header ...string) answer {
	// Below the 30 s of a slow answer: what hangs fails, and says where.
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return answer{err: err}
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		return answer{err: err}
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(got), err}
}

// want checks an answer's status and that its body holds each text.
func (a answer) want(t *testing.T, status int, texts ...string) {
	t.Helper()
	if a.err != nil || a.status != status {
		t.Errorf("answer %d %q, %v: want %d", a.status, head(a.body), a.err, status)
		return
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("answer %d does not say %q: %q", a.status, text, head(a.body))
		}
	}
}

// wantReset: the connection was reset and there was no answer.
func (a answer) wantReset(t *testing.T) {
	t.Helper()
	if !errors.Is(a.err, syscall.ECONNRESET) && !errors.Is(a.err, io.EOF) {
		t.Errorf("answer %d %q, %v: want a reset connection", a.status, head(a.body), a.err)
	}
}

func head(text string) string { return text[:min(len(text), 300)] }

// background runs calls and waits for them at the latest when the test ends.
func background(t *testing.T, n int, f func(i int) answer) (wait func() []answer) {
	answers := make([]answer, n)
	var calls sync.WaitGroup
	for i := range n {
		calls.Go(func() { answers[i] = f(i) })
	}
	t.Cleanup(calls.Wait)
	return func() []answer {
		calls.Wait()
		return answers
	}
}

// entered makes the stand-in, which is not started yet, tell of each request
// that reached its handler.
func entered(s *server) <-chan struct{} {
	arrivals, handler := make(chan struct{}, 100), s.handler
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrivals <- struct{}{}
		handler.ServeHTTP(w, r)
	})
	return arrivals
}

// Manners as a fault could hand them over.
var (
	ordinary  = Manner{}
	slow      = Manner{Name: "slow", Delay: 10 * time.Minute}
	failing   = Manner{Name: "errors", Status: 503, Body: `{"error":"server busy, please try again.  maximum pending requests exceeded"}`}
	limited   = Manner{Name: "rate-limited", Status: 429, RetryAfter: "2", Body: `{"error":{"code":"rate_limit_exceeded"}}`}
	quota     = Manner{Name: "quota", Status: 429, Body: `{"error":{"code":"insufficient_quota"}}`}
	garbage   = Manner{Name: "garbage", Status: 200, Body: "<html><body>It works!</body></html>"}
	truncated = Manner{Name: "truncated", Ends: Truncated}
	stalled   = Manner{Name: "stalled", Ends: Stalled}
	silent    = Manner{Name: "hang", Ends: Silent}
	cut       = Manner{Name: "reset", Ends: Reset}
	lost      = Manner{Name: "answers-lost", Ends: Reset, Take: true}
)

func setManner(t *testing.T, s interface{ SetManner(Manner) error }, m Manner) {
	t.Helper()
	if err := s.SetManner(m); err != nil {
		t.Fatal(err)
	}
}

// events are those of one operation, in order.
func events(r *history.Recorder, op history.Op) []history.Event {
	return slices.DeleteFunc(r.Events(), func(e history.Event) bool { return e.Op != op })
}

// oversized is one byte more than a body may have.
var oversized = string(bytes.Repeat([]byte(" "), largestBody+1))

// ReleaseNow lets n more versions appear at once.
func (a *Arxiv) ReleaseNow(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.release.due += float64(n)
	a.catchUp()
}

func (s *slots) counts() (working, waiting int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total - s.free, len(s.waiting)
}

// Manner is the current manner.
func (m *manners) Manner() Manner {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.manner
}
