package monitor_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"paperlab/compose/monitor"
	"paperlab/compose/standin"
	"paperlab/grafana"
	"paperlab/reports/history"
	"paperlab/system/service"
	"paperlab/system/servicetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestConsumerDiesAndComesBack takes some ten seconds: it measures, with the
// production rules at the lab's own interval, how long a death takes to arrive
// at the webhook, and a return.
func TestConsumerDiesAndComesBack(t *testing.T) {
	slack := newSlack(t)
	one, two, watch := newProcess(t, calm), newProcess(t, calm), newProcess(t, calmStreams)
	targets := []monitor.Target{
		{Job: "summarize", Instance: "summarize-1", Addr: one.addr},
		{Job: "summarize", Instance: "summarize-2", Addr: two.addr},
		{Job: "watch", Instance: "watch-1", Addr: watch.addr},
	}
	m := start(t, monitor.Config{Rules: grafana.Alerts(), Targets: targets, Webhook: slack.url})

	waitQuery(t, m, `sum(up)`, 3)
	waitQuery(t, m, `count(count_over_time(up[10s]) >= 4)`, 3) // evaluated a few times, all calm
	if early := slack.all(); len(early) > 0 {
		t.Fatalf("false alarms: %v", early)
	}

	two.stop()
	died := time.Now()
	arrived := slack.wait(t, "ConsumerDown", history.Firing).Sub(died)
	t.Logf("ConsumerDown arrived %.2f s after the death", arrived.Seconds())
	if arrived > 5*time.Second {
		t.Errorf("ConsumerDown took %v, 5s is allowed", arrived)
	}
	waitQuery(t, m, `up{instance="summarize-2"}`, 0)

	listener, err := net.Listen("tcp", two.addr)
	if err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	serve(t, listener, calm)
	resolved := slack.wait(t, "ConsumerDown", history.Resolved).Sub(back)
	t.Logf("resolved arrived %.2f s after the return", resolved.Seconds())
	if resolved > 5*time.Second {
		t.Errorf("resolved took %v, 5s is allowed", resolved)
	}

	news := slack.all()
	if want := map[string]string{"instance": "summarize-2", "job": "summarize", "severity": "critical"}; len(news) != 2 || !maps.Equal(news[0].Labels, want) {
		t.Fatalf("Slack received %+v, want one firing and one resolved of summarize-2", news)
	}
	if order := []time.Time{died, news[0].At, news[1].At, time.Now()}; !ascending(order) {
		t.Errorf("the alert's times are not in order: %v", order)
	}
}

// TestGroupIntervalIsOverridden: production's interval of an hour would mean
// that nothing ever fires here.
func TestGroupIntervalIsOverridden(t *testing.T) {
	slack := newSlack(t)
	m := start(t, monitor.Config{
		Rules:    oneRule("interval: 1h", "vector(1)"),
		Webhook:  slack.url,
		Interval: 100 * time.Millisecond,
	})
	slack.wait(t, "Always", history.Firing)
	m.Stop()
	if news := slack.all(); len(news) != 1 {
		t.Errorf("received %+v, want one message however often the rule was evaluated", news)
	}
}

// TestManyAtOnceAreOneMessage: a process that loses all its Redis nodes is one
// message with an attachment for each.
func TestManyAtOnceAreOneMessage(t *testing.T) {
	slack := newSlack(t)
	p := newProcess(t, "n{i=\"1\"} 0\nn{i=\"2\"} 0\nn{i=\"3\"} 0\n")
	start(t, monitor.Config{
		Rules: oneRule("", "n == 0"), Webhook: slack.url, Interval: 100 * time.Millisecond,
		Targets: []monitor.Target{{Job: "j", Instance: "i", Addr: p.addr}},
	})
	slack.wait(t, "Always", history.Firing)
	if n := slack.messages(); n != 1 || len(slack.all()) != 3 {
		t.Errorf("%d messages with %d alerts, want 1 with 3", n, len(slack.all()))
	}
}

// TestWebhookFailsAtFirst: tried again, and told once.
func TestWebhookFailsAtFirst(t *testing.T) {
	slack := newSlack(t)
	slack.refuse(3)
	m := start(t, monitor.Config{Rules: oneRule("", "vector(1)"), Webhook: slack.url, Interval: 100 * time.Millisecond})
	slack.wait(t, "Always", history.Firing)
	m.Stop()
	if news := slack.all(); len(news) != 1 {
		t.Errorf("received %+v, want one", news)
	}
}

// TestStopWithDeadWebhook: a webhook that never answers does not hold Stop for
// longer than the time to drain.
func TestStopWithDeadWebhook(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	m := start(t, monitor.Config{
		Rules: oneRule("", "vector(1)"), Webhook: "http://" + silent.Addr().String(), Interval: 100 * time.Millisecond,
	})
	conn, err := silent.Accept() // the message is on its way, and is never answered
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	began := time.Now()
	m.Stop()
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("Stop took %v", took)
	}
}

func TestMonitorKeepsTheContract(t *testing.T) {
	p := newProcess(t, calm)
	servicetest.Lifecycle(t, func(t *testing.T) (service.Service, func(*testing.T)) {
		m, err := monitor.New(monitor.Config{
			Dir: t.TempDir(), Rules: grafana.Alerts(), Interval: 100 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
			Targets: []monitor.Target{{Job: "j", Instance: "i", Addr: p.addr}},
		})
		if err != nil {
			t.Fatal(err)
		}
		scraped := func() float64 {
			values, err := m.Query(t.Context(), "timestamp(up)")
			if err != nil {
				t.Fatal(err)
			}
			if len(values) == 0 {
				return 0
			}
			return values[0].F
		}
		return m, func(t *testing.T) {
			before := scraped()
			servicetest.Eventually(t, "it scrapes again", func() bool { return scraped() > before })
		}
	})
}

func TestQueriesOutsideOfALife(t *testing.T) {
	cfg := monitor.Config{Dir: t.TempDir(), Rules: grafana.Alerts()}
	m, err := monitor.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Query(t.Context(), "up"); !errors.Is(err, monitor.ErrNotRunning) {
		t.Errorf("Query before Start: %v", err)
	}
	m = start(t, cfg)
	if _, err := m.Query(t.Context(), "up{"); err == nil {
		t.Error("a query that does not parse must fail")
	}
	m.Stop()
	if _, err := m.Query(t.Context(), "up"); !errors.Is(err, monitor.ErrNotRunning) {
		t.Errorf("Query after Stop: %v", err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	dir := t.TempDir()
	for want, cfg := range map[string]monitor.Config{
		"Rules is nil":  {Dir: dir},
		"Dir":           {Dir: dir + "/absent", Rules: grafana.Alerts()},
		"no rule files": {Dir: dir, Rules: fstest.MapFS{}},
		"parse error":   {Dir: dir, Rules: oneRule("", "up ==")},
		"Interval":      {Dir: dir, Rules: grafana.Alerts(), Interval: time.Millisecond},
		"host:port":     {Dir: dir, Rules: grafana.Alerts(), Targets: []monitor.Target{{Job: "a", Instance: "b", Addr: "c"}}},
		"twice": {Dir: dir, Rules: grafana.Alerts(), Targets: []monitor.Target{
			{Job: "a", Instance: "b", Addr: "c:1"}, {Job: "a", Instance: "b", Addr: "c:2"},
		}},
	} {
		if _, err := monitor.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that names %q", err, want)
		}
	}
}

const (
	calm = `papers_llm_breaker_open{provider="ollama"} 0
papers_llm_breaker_open{provider="openai"} 0
papers_redis_node_reachable{node="127.0.1.1:7001"} 1
`
	calmStreams = `papers_stream_lag{stream="papers",group="summarize"} 12
papers_stream_pending{stream="papers",group="summarize"} 20
papers_stream_lag{stream="notifications",group="deliver"} 100
papers_stream_pending{stream="notifications",group="deliver"} 30
papers_dead_letters{stream="papers"} 0
`
)

func oneRule(interval, expr string) fstest.MapFS {
	return fstest.MapFS{"one.yaml": {Data: fmt.Appendf(nil,
		"groups: [{name: g, rules: [{alert: Always, expr: '%s'}], %s}]", expr, interval)}}
}

func start(t *testing.T, cfg monitor.Config) *monitor.Monitor {
	t.Helper()
	cfg.Dir = t.TempDir()
	cfg.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	m, err := monitor.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Stop)
	return m
}

// process answers /metrics until it is stopped.
type process struct {
	addr string
	stop func()
}

func newProcess(t *testing.T, metrics string) process {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, listener, metrics)
}

func serve(t *testing.T, listener net.Listener, metrics string) process {
	s := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = io.WriteString(w, metrics)
	})}}
	s.Start()
	stop := sync.OnceFunc(func() { s.CloseClientConnections(); s.Close() })
	t.Cleanup(stop)
	return process{s.Listener.Addr().String(), stop}
}

// slack receives webhooks.
type slack struct {
	url string

	mu      sync.Mutex
	refused int
	posts   int
	news    []standin.SlackAlert
	times   []time.Time
}

func newSlack(t *testing.T) *slack {
	s := &slack{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := time.Now()
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.refused > 0 {
			s.refused--
			http.Error(w, "not yet", http.StatusServiceUnavailable)
			return
		}
		news, err := standin.ReadSlackBody(body)
		if err != nil {
			t.Error(err)
		}
		s.posts++
		for _, n := range news {
			s.news, s.times = append(s.news, n), append(s.times, at)
		}
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *slack) refuse(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = n
}

func (s *slack) messages() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.posts
}

func (s *slack) all() []standin.SlackAlert {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]standin.SlackAlert(nil), s.news...)
}

// wait returns when news of that name and state arrived.
func (s *slack) wait(t *testing.T, name, state string) (at time.Time) {
	t.Helper()
	servicetest.Eventually(t, name+" "+state, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for i, n := range s.news {
			if n.Name == name && n.State == state {
				at = s.times[i]
				return true
			}
		}
		return false
	})
	return at
}

func waitQuery(t *testing.T, m *monitor.Monitor, expr string, want float64) {
	t.Helper()
	servicetest.Eventually(t, expr, func() bool {
		values, err := m.Query(t.Context(), expr)
		if err != nil {
			t.Fatal(err)
		}
		return len(values) == 1 && values[0].F == want
	})
}

func ascending(times []time.Time) bool {
	for i, at := range times {
		if at.IsZero() || i > 0 && at.Before(times[i-1]) {
			return false
		}
	}
	return true
}
