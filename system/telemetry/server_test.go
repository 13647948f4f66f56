package telemetry_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"paperlab/system/service"
	"paperlab/system/servicetest"
	"paperlab/system/telemetry"
)

// listening is a log handler that waits for the address that is logged.
type listening struct {
	slog.Handler
	address chan string
}

func (l listening) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "address" {
			l.address <- a.Value.String()
		}
		return true
	})
	return nil
}

func (l listening) Enabled(context.Context, slog.Level) bool { return true }

// startServer starts a server on a free port and says where.
func startServer(t *testing.T, registry *prometheus.Registry) (s *telemetry.Server, url string) {
	t.Helper()
	log := listening{slog.DiscardHandler, make(chan string, 1)}
	s = telemetry.NewServer("127.0.0.1:0", registry, slog.New(log))
	t.Cleanup(s.Stop)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, "http://" + <-log.address
}

var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func TestMetricsAnswerWhateverTheRoleDoes(t *testing.T) {
	registry := telemetry.NewRegistry()
	works := prometheus.NewCounter(prometheus.CounterOpts{Name: "papers_works_total", Help: "h"})
	registry.MustRegister(works)
	s, url := startServer(t, registry)
	for _, ready := range []bool{false, true, false} {
		s.Ready(ready)
		works.Inc()
		status, text := get(t, url+"/metrics")
		if status != http.StatusOK {
			t.Errorf("ready %v: status %d", ready, status)
		}
		for _, want := range []string{"go_goroutines ", "process_start_time_seconds ", "papers_works_total "} {
			if !strings.Contains(text, "\n"+want) {
				t.Errorf("ready %v: no %s in %d bytes", ready, want, len(text))
			}
		}
	}
}

func TestHealthFollowsTheRole(t *testing.T) {
	s, url := startServer(t, telemetry.NewRegistry())
	expect := func(want int) {
		t.Helper()
		if status, text := get(t, url+"/healthz"); status != want {
			t.Errorf("status %d (%q), want %d", status, text, want)
		}
	}
	expect(http.StatusServiceUnavailable)
	s.Ready(true)
	expect(http.StatusOK)
	s.Ready(false)
	expect(http.StatusServiceUnavailable)
}

func TestOnlyWhatIsDocumentedIsServed(t *testing.T) {
	_, url := startServer(t, telemetry.NewRegistry())
	for _, path := range []string{"/", "/debug/pprof/", "/metrics/x"} {
		if status, _ := get(t, url+path); status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, status)
		}
	}
}

func TestAnAddressThatIsTakenIsAnErrorWithARemedy(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for _, address := range []string{taken.Addr().String(), "127.0.0.1:99999", "127.0.0.1"} {
		s := telemetry.NewServer(address, telemetry.NewRegistry(), slog.New(slog.DiscardHandler))
		err = s.Start(t.Context())
		if err == nil || !strings.Contains(err.Error(), "--listen "+address) || !strings.Contains(err.Error(), "choose another address") {
			t.Errorf("error is %v, want the flag and the remedy", err)
		}
		s.Stop() // after a Start that failed
	}
}

func TestServerKeepsTheContract(t *testing.T) {
	servicetest.Lifecycle(t, func(*testing.T) (service.Service, func(*testing.T)) {
		log := listening{slog.DiscardHandler, make(chan string, 1)}
		url := sync.OnceValue(func() string { return "http://" + <-log.address })
		s := telemetry.NewServer("127.0.0.1:0", telemetry.NewRegistry(), slog.New(log))
		return s, func(t *testing.T) {
			if status, _ := get(t, url()+"/metrics"); status != http.StatusOK {
				t.Fatalf("status %d", status)
			}
		}
	})
}

func TestServerDoesNotAnswerAfterStop(t *testing.T) {
	s, url := startServer(t, telemetry.NewRegistry())
	s.Stop()
	if res, err := client.Get(url + "/metrics"); err == nil {
		_ = res.Body.Close()
		t.Error("it answers after Stop")
	}
}
