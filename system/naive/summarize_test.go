package naive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"
	"github.com/sashabaranov/go-openai"

	"paperlab/system/dial"
	"paperlab/system/llm"
	"paperlab/system/paper"
	"paperlab/system/servicetest"
	"paperlab/system/store"
)

// model is an LLM whose answers can be planned: each is a status and a body,
// the last one is repeated. Status 0 is no answer.
type model struct {
	*httptest.Server
	asked   atomic.Int64
	mu      sync.Mutex
	last    openai.ChatCompletionRequest
	planned []answer
}

type answer struct {
	status int
	body   string
}

func newModel(t *testing.T, planned ...answer) *model {
	m := &model{planned: planned}
	m.Server = httptest.NewServer(m)
	t.Cleanup(m.Close)
	return m
}

func (m *model) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	number := m.asked.Add(1)
	m.mu.Lock()
	m.last = openai.ChatCompletionRequest{}
	_ = json.NewDecoder(r.Body).Decode(&m.last)
	a := answer{200, fmt.Sprintf(`{"choices":[{"message":{"role":"assistant","content":"text %d"}}]}`, number)}
	if len(m.planned) > 0 {
		a = m.planned[min(int(number), len(m.planned))-1]
	}
	m.mu.Unlock()
	if a.status == 0 {
		<-r.Context().Done()
		return
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

type everybody struct{}

func (everybody) Match(paper.Paper) []store.Wish {
	wish := func(id, subscriber string) store.Wish {
		return store.Wish{Subscription: paper.Subscription{ID: id, Subscriber: subscriber}, Webhook: "http://127.0.0.1:1/" + subscriber}
	}
	return []store.Wish{wish("s1", "u1"), wish("s2", "u2")}
}

func openStore(t *testing.T) *store.Store {
	t.Helper()
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "papers.db")
	if err := store.Migrate(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func client(t *testing.T) *http.Client {
	c := &http.Client{Transport: dial.Links(nil).Transport(16)}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func summarizing(t *testing.T, rdb *redis.ClusterClient, m *model, s Summaries, registry *prometheus.Registry) SummarizeConfig {
	return SummarizeConfig{
		Redis: rdb, Notifications: Notifications(""), LLM: llm.Provider{Name: "ollama", URL: m.URL + "/", Model: "llama3.2"}, Client: client(t),
		Store: s, Matcher: everybody{}, Metrics: llm.NewMetrics(registry), Logger: quiet,
	}
}

func notifications(t *testing.T, rdb *redis.ClusterClient) (list []paper.Notification) {
	t.Helper()
	entries, err := rdb.XRange(t.Context(), "naive:notifications", "-", "+").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		var n paper.Notification
		if err := json.Unmarshal([]byte(e.Values["payload"].(string)), &n); err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	return list
}

func calls(t *testing.T, registry *prometheus.Registry, lines ...string) {
	t.Helper()
	for _, outcome := range []string{"ok", "error", "timeout", "refused"} {
		line := fmt.Sprintf(`papers_llm_calls_total{outcome=%q,provider="ollama"} `, outcome)
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, line) }) {
			lines = append(lines, line+"0")
		}
	}
	want := `# HELP papers_llm_calls_total Requests to an LLM provider by how they ended.
# TYPE papers_llm_calls_total counter
` + strings.Join(lines, "\n") + "\n"
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "papers_llm_calls_total"); err != nil {
		t.Error(err)
	}
}

func TestSummarizeKeepsTheSummaryAndAddsNotifications(t *testing.T) {
	rdb, m, s, registry := connect(t), newModel(t), openStore(t), prometheus.NewRegistry()
	handle := Summarize(summarizing(t, rdb, m, s, registry))
	if err := handle(t.Context(), asJSON(t, papers(1)[0])); err != nil {
		t.Fatal(err)
	}
	user := m.last.Messages[len(m.last.Messages)-1].Content
	if !strings.HasPrefix(user, "arXiv:2101.00000v1\n") || m.last.Model != "llama3.2" {
		t.Errorf("asked %+v", m.last)
	}
	sum, found, err := s.Summary(t.Context(), "2101.00000", 1, llm.Prompt)
	if err != nil || !found || sum.Text != "text 1" || sum.Provider != "ollama" || sum.Model != "llama3.2" {
		t.Errorf("stored %+v, %v, %v", sum, found, err)
	}
	want := paper.Notification{
		ID: "2101.00000v1/s2", Subscriber: "u2", Subscription: "s2", Paper: "2101.00000", Version: 1, Title: "T",
		URL: "https://arxiv.org/abs/2101.00000v1", Summary: "text 1", Webhook: "http://127.0.0.1:1/u2",
	}
	if got := notifications(t, rdb); len(got) != 2 || got[1] != want {
		t.Errorf("notified %+v, want the second to be %+v", got, want)
	}
	calls(t, registry, `papers_llm_calls_total{outcome="ok",provider="ollama"} 1`)
}

// The weakness, on purpose: the work was done, and its consumer died before it
// could say so.
func TestRedeliveredPaperIsPaidForAndAnnouncedAgain(t *testing.T) {
	rdb, m, s, registry := connect(t), newModel(t), openStore(t), prometheus.NewRegistry()
	handle := Summarize(summarizing(t, rdb, m, s, registry))
	produce(t, rdb, papers(1)...)
	if err := handle(t.Context(), takeAsDead(t, rdb, 1)[0]); err != nil {
		t.Fatal(err)
	}
	startTest(t, Config{Redis: rdb, Member: "a", MinIdle: 50 * time.Millisecond, Handler: handle})
	servicetest.Eventually(t, "it is acknowledged", func() bool { return backlog(t, rdb) == 0 })
	if asked := m.asked.Load(); asked != 2 {
		t.Errorf("the LLM was asked %d times, want 2", asked)
	}
	got := notifications(t, rdb)
	if len(got) != 4 || got[0].ID != got[2].ID || got[1].ID != got[3].ID {
		t.Errorf("notified %+v, want the same two twice", got)
	}
	calls(t, registry, `papers_llm_calls_total{outcome="ok",provider="ollama"} 2`)
}

func TestUnreadablePaperIsLeftOut(t *testing.T) {
	rdb, m := connect(t), newModel(t)
	handle := Summarize(summarizing(t, rdb, m, openStore(t), prometheus.NewRegistry()))
	for _, payload := range []string{"", "text", `"text"`} {
		if err := handle(t.Context(), []byte(payload)); err != nil {
			t.Errorf("%q: got %v, want it to be acknowledged", payload, err)
		}
	}
	if m.asked.Load() != 0 {
		t.Error("the LLM was asked about nothing")
	}
}

type fullDisk struct{}

func (fullDisk) SaveSummary(context.Context, paper.Paper, paper.Summary) error {
	return errors.New("the disk is full")
}

func TestSummaryThatIsNotKeptIsAnError(t *testing.T) {
	rdb, m := connect(t), newModel(t)
	handle := Summarize(summarizing(t, rdb, m, fullDisk{}, prometheus.NewRegistry()))
	if err := handle(t.Context(), asJSON(t, papers(1)[0])); err == nil {
		t.Error("got no error")
	}
	if got := notifications(t, rdb); len(got) != 0 {
		t.Errorf("notified %+v of a summary that is not kept", got)
	}
}

// Takes the back-off of 1.5 s.
func TestTheLLMIsAskedThreeTimesWithBackOff(t *testing.T) {
	rdb, registry := connect(t), prometheus.NewRegistry()
	m := newModel(t, answer{503, `{"error":"server busy"}`}, answer{500, "oops"},
		answer{429, `{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}`})
	handle := Summarize(summarizing(t, rdb, m, openStore(t), registry))
	begin := time.Now()
	err := handle(t.Context(), asJSON(t, papers(1)[0]))
	if err == nil || !strings.Contains(err.Error(), "2101.00000v1") || !strings.Contains(err.Error(), "429") {
		t.Errorf("got %v, want the last answer", err)
	}
	if took := time.Since(begin); took < firstBackOff+2*firstBackOff {
		t.Errorf("three tries took %s, want %s and %s in between", took, firstBackOff, 2*firstBackOff)
	}
	if asked := m.asked.Load(); asked != 3 {
		t.Errorf("asked %d times, want 3", asked)
	}
	calls(t, registry, `papers_llm_calls_total{outcome="error",provider="ollama"} 1`,
		`papers_llm_calls_total{outcome="refused",provider="ollama"} 2`)
}

func TestOutcomesOfOneCall(t *testing.T) {
	cases := map[string]struct {
		answer answer
		want   string
	}{
		"in time":           {answer{200, `{"choices":[{"message":{"content":"text"}}]}`}, "ok"},
		"no choices":        {answer{200, `{"choices":[]}`}, "error"},
		"not JSON":          {answer{200, `<html>`}, "error"},
		"none":              {answer{0, ""}, "timeout"},
		"a full queue":      {answer{503, `{"error":"server busy"}`}, "refused"},
		"a rate limit":      {answer{429, `{"error":{"message":"slow down"}}`}, "refused"},
		"a broken provider": {answer{500, "oops"}, "error"},
		"a refused request": {answer{400, `{"error":{"message":"too long"}}`}, "error"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			registry := prometheus.NewRegistry()
			cfg := summarizing(t, nil, newModel(t, c.answer), nil, registry)
			cfg.Timeout = 100 * time.Millisecond
			if c.want == "ok" {
				cfg.Timeout = 10 * time.Second
			}
			sum, err := llm.NewCaller(cfg.LLM, cfg.Client, cfg.Metrics).Summarize(t.Context(), cfg.Timeout, papers(1)[0])
			if (err == nil) != (c.want == "ok") || (sum.Text == "") != (err != nil) {
				t.Errorf("got %q, %v", sum.Text, err)
			}
			calls(t, registry, fmt.Sprintf(`papers_llm_calls_total{outcome=%q,provider="ollama"} 1`, c.want))
		})
	}
}

func TestAStopEndsTheTries(t *testing.T) {
	registry := prometheus.NewRegistry()
	m := newModel(t, answer{0, ""})
	cfg := summarizing(t, nil, m, nil, registry)
	cfg.Timeout = time.Minute
	ask := asking(cfg)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error)
	go func() {
		_, err := ask(ctx, papers(1)[0])
		ended <- err
	}()
	servicetest.Eventually(t, "it is asked", func() bool { return m.asked.Load() == 1 })
	cancel()
	begin := time.Now()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(begin); took >= firstBackOff {
		t.Errorf("it ended after %s: it was tried again, or the back-off was waited for", took)
	}
	// A caller that leaves is no outcome.
	calls(t, registry)
}
