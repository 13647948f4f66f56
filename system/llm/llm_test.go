package llm_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"paperlab/system/llm"
	"paperlab/system/paper"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var example = paper.Paper{ID: "2101.00001", Version: 2, Title: "On Raft", Abstract: "Leaders.", Categories: []string{"cs.DC"}}

const wait = 5 * time.Second

// server is a provider whose behaviour can change while it runs.
type server struct {
	*httptest.Server
	name    string
	asked   atomic.Int64
	inside  atomic.Int64
	most    atomic.Int64
	handler atomic.Pointer[http.HandlerFunc]
}

func newServer(t *testing.T, name string) *server {
	s := &server{name: name}
	s.answerWell()
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		inside := s.inside.Add(1)
		defer s.inside.Add(-1)
		for most := s.most.Load(); inside > most && !s.most.CompareAndSwap(most, inside); most = s.most.Load() {
		}
		(*s.handler.Load())(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) behave(h http.HandlerFunc) { s.handler.Store(&h) }
func (s *server) answerWell()               { s.behave(s.well) }

func (s *server) well(w http.ResponseWriter, _ *http.Request) {
	_, _ = fmt.Fprintf(w, `{"choices":[{"message":{"role":"assistant","content":"summary by %s"}}]}`, s.name)
}

// answerAfter waits, or until the caller has gone.
func (s *server) answerAfter(d time.Duration) {
	s.behave(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server cannot see the caller go
		select {
		case <-time.After(d):
			s.well(w, r)
		case <-r.Context().Done():
		}
	})
}

func (s *server) fail(status int, body string, header ...string) {
	s.behave(func(w http.ResponseWriter, _ *http.Request) {
		if len(header) == 2 {
			w.Header().Set(header[0], header[1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

const (
	ollamaFull = `{"error":"server busy, please try again.  maximum pending requests exceeded"}`
	rateLimit  = `{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}`
	noQuota    = `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}`
	tooLong    = `{"error":{"message":"too long","type":"invalid_request_error","code":"context_length_exceeded"}}`
)

type pair struct {
	ollama, openai *server
	client         *llm.Client
	registry       *prometheus.Registry
}

func start(t *testing.T, change func(*llm.Config)) *pair {
	t.Helper()
	p := &pair{ollama: newServer(t, "ollama"), openai: newServer(t, "openai"), registry: prometheus.NewRegistry()}
	cfg := llm.Config{
		Providers: []llm.Provider{
			{Name: "ollama", URL: p.ollama.URL + "/", Model: "llama3.2"},
			{Name: "openai", URL: p.openai.URL, Model: "gpt-4o-mini", Key: "secret"},
		},
		Timeout: 300 * time.Millisecond, Slow: 100 * time.Millisecond, BreakerDelay: 100 * time.Millisecond,
		Metrics: llm.NewMetrics(p.registry), Logger: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&cfg)
	}
	client, err := llm.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.client = client
	t.Cleanup(client.Close)
	return p
}

func (p *pair) by(t *testing.T) string {
	t.Helper()
	sum, err := p.client.Summarize(t.Context(), example)
	if err != nil {
		t.Fatal(err)
	}
	if sum.Text != "summary by "+sum.Provider {
		t.Fatalf("summary %+v names another provider than the one that wrote it", sum)
	}
	return sum.Provider
}

// until asks until the named provider answers, and fails the test if none does.
func (p *pair) until(t *testing.T, provider string) (took time.Duration) {
	t.Helper()
	begin := time.Now()
	for time.Since(begin) < wait {
		if p.by(t) == provider {
			return time.Since(begin)
		}
	}
	t.Fatalf("%s did not answer within %s", provider, wait)
	return 0
}

func (p *pair) breaker(t *testing.T, open int) {
	t.Helper()
	want := fmt.Sprintf(`# HELP papers_llm_breaker_open 1 while the provider's breaker is open or half-open.
# TYPE papers_llm_breaker_open gauge
papers_llm_breaker_open{provider="ollama"} %d
papers_llm_breaker_open{provider="openai"} 0
`, open)
	if err := testutil.GatherAndCompare(p.registry, strings.NewReader(want), "papers_llm_breaker_open"); err != nil {
		t.Error(err)
	}
}

func TestRequestIsWhatAStandInCanRead(t *testing.T) {
	p := start(t, nil)
	var body struct {
		Model    string
		Messages []struct{ Role, Content string }
	}
	p.ollama.behave(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/chat/completions" {
			t.Errorf("path %s", r.URL.Path)
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		p.ollama.well(w, r)
	})
	sum, err := p.client.Summarize(t.Context(), example)
	if err != nil {
		t.Fatal(err)
	}
	user := body.Messages[len(body.Messages)-1]
	if user.Role != "user" || !strings.HasPrefix(user.Content, "arXiv:2101.00001v2\n") || body.Model != "llama3.2" {
		t.Errorf("asked %+v", body)
	}
	if sum.PaperID != "2101.00001" || sum.Version != 2 || sum.Prompt != llm.Prompt || sum.Model != "llama3.2" || sum.CreatedAt.IsZero() {
		t.Errorf("got %+v", sum)
	}
}

func TestErrorsOpenTheBreakerAndRecoveryClosesIt(t *testing.T) {
	p := start(t, nil)
	p.breaker(t, 0)
	p.ollama.fail(503, ollamaFull)
	for range 30 {
		if got := p.by(t); got != "openai" {
			t.Fatalf("%s answered while ollama was down", got)
		}
	}
	// 5 to open it, and a trial for each 100 ms that the loop took.
	if asked := p.ollama.asked.Load(); asked < 5 || asked > 15 {
		t.Errorf("ollama was asked %d times of 30 while it was down", asked)
	}
	p.breaker(t, 1)
	p.ollama.answerWell()
	if took := p.until(t, "ollama"); took > time.Second {
		t.Errorf("ollama was back after %s, want about the breaker's 100 ms", took)
	}
	p.by(t)
	p.breaker(t, 0)
}

func TestSlowAnswersAreUsedAndOpenTheBreaker(t *testing.T) {
	p := start(t, nil)
	p.ollama.answerAfter(150 * time.Millisecond)
	for i := range 5 {
		if got := p.by(t); got != "ollama" {
			t.Fatalf("answer %d came from %s, want the slow one to be used", i, got)
		}
	}
	p.breaker(t, 1)
	if got := p.by(t); got != "openai" {
		t.Errorf("after five slow answers %s was asked", got)
	}
}

func TestTimeoutFallsBack(t *testing.T) {
	p := start(t, nil)
	p.ollama.answerAfter(time.Minute)
	begin := time.Now()
	if got := p.by(t); got != "openai" {
		t.Fatalf("%s answered", got)
	}
	if took := time.Since(begin); took < 300*time.Millisecond || took > 2*time.Second {
		t.Errorf("it took %s, want the time-out of 300 ms", took)
	}
	want := `# HELP papers_llm_calls_total Requests to an LLM provider by how they ended.
# TYPE papers_llm_calls_total counter
papers_llm_calls_total{outcome="error",provider="ollama"} 0
papers_llm_calls_total{outcome="error",provider="openai"} 0
papers_llm_calls_total{outcome="ok",provider="ollama"} 0
papers_llm_calls_total{outcome="ok",provider="openai"} 1
papers_llm_calls_total{outcome="refused",provider="ollama"} 0
papers_llm_calls_total{outcome="refused",provider="openai"} 0
papers_llm_calls_total{outcome="timeout",provider="ollama"} 1
papers_llm_calls_total{outcome="timeout",provider="openai"} 0
`
	if err := testutil.GatherAndCompare(p.registry, strings.NewReader(want), "papers_llm_calls_total"); err != nil {
		t.Error(err)
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	p := start(t, nil)
	p.ollama.fail(429, rateLimit, "Retry-After", "1")
	p.by(t)
	begin := time.Now()
	p.ollama.answerWell()
	p.until(t, "ollama")
	if took := time.Since(begin); took < 900*time.Millisecond || took > 3*time.Second {
		t.Errorf("ollama was asked again after %s, want 1 s", took)
	}
	if asked := p.ollama.asked.Load(); asked != 2 {
		t.Errorf("ollama was asked %d times, want once before and once after the wait", asked)
	}
	p.breaker(t, 0)
}

func TestQuotaIsNotTriedAgain(t *testing.T) {
	p := start(t, func(cfg *llm.Config) { cfg.QuotaPause = time.Hour })
	p.ollama.fail(429, noQuota, "Retry-After", "0")
	for range 20 {
		p.by(t)
	}
	if asked := p.ollama.asked.Load(); asked != 1 {
		t.Errorf("a provider without quota was asked %d times", asked)
	}
}

func TestBothDownIsUnavailable(t *testing.T) {
	p := start(t, nil)
	p.ollama.fail(500, "oops")
	p.openai.fail(429, rateLimit)
	_, err := p.client.Summarize(t.Context(), example)
	if !errors.Is(err, llm.ErrUnavailable) || !strings.Contains(err.Error(), "2101.00001v2") {
		t.Fatalf("got %v", err)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Fatal("the key is in the error")
	}
	p.ollama.answerWell()
	p.until(t, "ollama")
}

func TestRefusedRequestIsNotUnavailable(t *testing.T) {
	p := start(t, nil)
	p.ollama.fail(400, tooLong)
	if got := p.by(t); got != "openai" {
		t.Fatal(got)
	}
	p.openai.fail(400, tooLong)
	for range 20 {
		_, err := p.client.Summarize(t.Context(), example)
		if err == nil || errors.Is(err, llm.ErrUnavailable) {
			t.Fatalf("got %v, want an error that waiting does not cure", err)
		}
	}
	p.breaker(t, 0)
}

func TestEmptyAndBrokenAnswersAreErrors(t *testing.T) {
	for _, body := range []string{`{"choices":[]}`, `{"choices":[{"message":{"content":" "}}]}`, `<html>`, ``} {
		p := start(t, nil)
		p.ollama.fail(200, body)
		if got := p.by(t); got != "openai" {
			t.Errorf("%q was taken for a summary by %s", body, got)
		}
	}
}

func TestLimitOfRequestsInFlight(t *testing.T) {
	p := start(t, func(cfg *llm.Config) { cfg.InFlight, cfg.Timeout, cfg.Slow = 3, wait, wait })
	p.ollama.answerAfter(20 * time.Millisecond)
	var wg sync.WaitGroup
	for range 24 {
		wg.Go(func() { p.by(t) })
	}
	wg.Wait()
	if most := p.ollama.most.Load(); most != 3 {
		t.Errorf("%d requests at once, want 3", most)
	}
	if p.openai.asked.Load() != 0 {
		t.Error("a full limit went to the fallback though a place was free within the time-out")
	}
}

func TestCallerThatLeavesBlamesNobody(t *testing.T) {
	p := start(t, nil)
	p.ollama.answerAfter(time.Minute)
	for range 10 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		_, err := p.client.Summarize(ctx, example)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, llm.ErrUnavailable) {
			t.Fatalf("got %v", err)
		}
	}
	p.breaker(t, 0)
	if p.openai.asked.Load() != 0 {
		t.Error("the fallback was asked for a caller that has left")
	}
}

func TestNewNeedsAProvider(t *testing.T) {
	if _, err := llm.New(llm.Config{}); err == nil {
		t.Error("no provider was accepted")
	}
	if _, err := llm.New(llm.Config{Providers: []llm.Provider{{}}, InFlight: -1}); err == nil {
		t.Error("a limit of -1 was accepted")
	}
}

// Errors go to logs and dead letters.
func TestAKeyThatTheServerQuotesIsNotInTheError(t *testing.T) {
	const key = "sk-0123456789abcdef"
	for _, status := range []int{400, 401, 429, 500} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"error": {"message": "you came with %s"}}`, r.Header.Get("Authorization"))
		}))
		defer server.Close()
		client, err := llm.New(llm.Config{
			Providers: []llm.Provider{{Name: "openai", URL: server.URL, Model: "m", Key: key}},
			Metrics:   llm.NewMetrics(prometheus.NewRegistry()), Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		_, err = client.Summarize(t.Context(), paper.Paper{ID: "2101.00001", Version: 1})
		if err == nil || strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "you came with Bearer [API key]") {
			t.Errorf("status %d: %v", status, err)
		}
	}
}
