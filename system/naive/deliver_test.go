package naive

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"paperlab/system/deliver"
	"paperlab/system/paper"
)

// sink takes webhooks and answers with its status; 0 is no answer.
type sink struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	heads  []http.Header
	bodies []paper.Notification
}

func newSink(t *testing.T) *sink {
	s := &sink{status: 200}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var n paper.Notification
	_ = json.NewDecoder(r.Body).Decode(&n)
	s.heads, s.bodies = append(s.heads, r.Header), append(s.bodies, n)
	if s.status == 0 {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(s.status)
}

func (s *sink) answer(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

func (s *sink) told() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.bodies)
}

func notification(s *sink) paper.Notification {
	return paper.Notification{
		ID: "2101.00001v1/s1", Subscriber: "u1", Subscription: "s1", Paper: "2101.00001", Version: 1,
		Title: "T", Summary: "text", Webhook: s.URL + "/hooks/u1",
	}
}

// ledger is a store that can be away.
type ledger struct {
	rows []paper.Notification
	away error
}

func (l *ledger) RecordDelivery(_ context.Context, n paper.Notification, at time.Time) error {
	if at.IsZero() {
		return errors.New("no time was given")
	}
	if l.away == nil {
		l.rows = append(l.rows, n)
	}
	return l.away
}

func delivering(t *testing.T, l *ledger, registry *prometheus.Registry) Handler {
	return Deliver(DeliverConfig{Client: client(t), Store: l, Metrics: deliver.NewMetrics(registry), Logger: quiet})
}

func TestDeliverPostsWithoutAKeyEachTimeItIsCalled(t *testing.T) {
	s, l := newSink(t), &ledger{}
	handle := delivering(t, l, prometheus.NewRegistry())
	n := notification(s)
	for range 2 {
		if err := handle(t.Context(), asJSON(t, n)); err != nil {
			t.Fatal(err)
		}
	}
	if s.told() != 2 || len(l.rows) != 2 {
		t.Fatalf("told %d times, recorded %d: want 2 and 2, nothing looks for the row", s.told(), len(l.rows))
	}
	for _, head := range s.heads {
		if _, has := head["Idempotency-Key"]; has {
			t.Errorf("the request has an Idempotency-Key: %v", head)
		}
	}
	want := n
	want.Webhook = ""
	if s.bodies[0] != want || l.rows[0] != n {
		t.Errorf("told %+v, recorded %+v", s.bodies[0], l.rows[0])
	}
}

func TestAnythingButSuccessIsAnErrorAndNotRecorded(t *testing.T) {
	for _, status := range []int{0, 304, 404, 408, 410, 429, 500, 503} {
		s, l, registry := newSink(t), &ledger{}, prometheus.NewRegistry()
		s.answer(status)
		err := delivering(t, l, registry)(t.Context(), asJSON(t, notification(s)))
		if err == nil || !strings.Contains(err.Error(), "2101.00001v1/s1") || len(l.rows) != 0 {
			t.Errorf("%d: got %v, recorded %v", status, err, l.rows)
		}
		want := `# HELP papers_deliveries_total Notifications by what became of an attempt: ok, repeat (told before) or error.
# TYPE papers_deliveries_total counter
papers_deliveries_total{outcome="error"} 1
papers_deliveries_total{outcome="ok"} 0
papers_deliveries_total{outcome="repeat"} 0
`
		if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "papers_deliveries_total"); err != nil {
			t.Error(err)
		}
	}
}

// The weakness, on purpose: the subscriber is told again until the row is there.
func TestTellingAgainBecauseTheStoreIsAway(t *testing.T) {
	s, l := newSink(t), &ledger{away: errors.New("the database is away")}
	handle := delivering(t, l, prometheus.NewRegistry())
	for range 2 {
		if err := handle(t.Context(), asJSON(t, notification(s))); !errors.Is(err, l.away) {
			t.Fatalf("got %v", err)
		}
	}
	if s.told() != 2 {
		t.Errorf("told %d times, want 2", s.told())
	}
}

func TestUnreadableNotificationIsLeftOut(t *testing.T) {
	l := &ledger{}
	if err := delivering(t, l, prometheus.NewRegistry())(t.Context(), []byte("text")); err != nil || len(l.rows) != 0 {
		t.Errorf("got %v, recorded %v, want it to be acknowledged", err, l.rows)
	}
}

func TestDeliverGivesUpAfterItsTimeout(t *testing.T) {
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer slow.Close()
	defer close(release)
	n := notification(newSink(t))
	n.Webhook = slow.URL
	handle := Deliver(DeliverConfig{Client: client(t), Timeout: 20 * time.Millisecond, Store: &ledger{}, Metrics: deliver.NewMetrics(prometheus.NewRegistry()), Logger: quiet})
	if err := handle(t.Context(), asJSON(t, n)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
