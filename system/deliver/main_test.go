package deliver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"paperlab/system/deliver"
	"paperlab/system/paper"
	"paperlab/system/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// receiver is a webhook's server. Status 0 takes the request and breaks the
// connection: the answer is lost.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	header http.Header
	keys   []string
	heads  []http.Header
	bodies []paper.Notification
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{status: 200, header: http.Header{}}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var n paper.Notification
	_ = json.NewDecoder(req.Body).Decode(&n)
	r.keys = append(r.keys, req.Header.Get("Idempotency-Key"))
	r.heads, r.bodies = append(r.heads, req.Header), append(r.bodies, n)
	if r.status == 0 {
		panic(http.ErrAbortHandler)
	}
	for name, values := range r.header {
		w.Header()[name] = values
	}
	w.WriteHeader(r.status)
}

func (r *receiver) answer(status int, header ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
	r.header = http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		r.header.Set(header[i], header[i+1])
	}
}

func (r *receiver) asked() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.keys)
}

// ledger is a store that can be away.
type ledger struct {
	rows               map[string]paper.Notification
	readAway, saveAway error
}

func (l *ledger) Delivered(_ context.Context, id string) (bool, error) {
	_, found := l.rows[id]
	return found, l.readAway
}

func (l *ledger) RecordDelivery(ctx context.Context, n paper.Notification, at time.Time) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("what was told would be forgotten: %w", err)
	}
	if at.IsZero() {
		return errors.New("no time was given")
	}
	if l.saveAway == nil {
		l.rows[n.ID] = n
	}
	return l.saveAway
}

type bench struct {
	*deliver.Deliverer
	ledger   *ledger
	registry *prometheus.Registry
}

func setUp(t *testing.T, timeout time.Duration) bench {
	t.Helper()
	b := bench{ledger: &ledger{rows: map[string]paper.Notification{}}, registry: prometheus.NewRegistry()}
	b.Deliverer = deliver.New(deliver.Config{
		Store: b.ledger, Timeout: timeout, Metrics: deliver.NewMetrics(b.registry), Logger: slog.New(slog.DiscardHandler),
	})
	t.Cleanup(b.Close)
	return b
}

const patience = 10 * time.Second

// counted compares papers_deliveries_total, given as "error 1", "ok 2".
func (b bench) counted(t *testing.T, outcomes ...string) {
	t.Helper()
	var want strings.Builder
	want.WriteString("# HELP papers_deliveries_total Notifications by what became of an attempt: ok, repeat (told before) or error.\n# TYPE papers_deliveries_total counter\n")
	for _, o := range []string{"error 0", "ok 0", "repeat 0"} {
		for _, counted := range outcomes {
			if word, _, _ := strings.Cut(counted, " "); strings.HasPrefix(o, word+" ") {
				o = counted
			}
		}
		outcome, count, _ := strings.Cut(o, " ")
		fmt.Fprintf(&want, "papers_deliveries_total{outcome=%q} %s\n", outcome, count)
	}
	if err := testutil.GatherAndCompare(b.registry, strings.NewReader(want.String()), "papers_deliveries_total"); err != nil {
		t.Error(err)
	}
}

func notification(webhook string) paper.Notification {
	return paper.Notification{
		ID: "2101.00001v2/s1", Subscriber: "u1", Subscription: "s1", Paper: "2101.00001", Version: 2,
		Title: "T", URL: "https://arxiv.org/abs/2101.00001v2", Summary: "text", Webhook: webhook,
	}
}

func entry(t *testing.T, v any) stream.Entry {
	t.Helper()
	payload, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return stream.Entry{ID: "1-1", Message: stream.Message{Payload: payload}}
}

// The kinds of error that a stream treats apart; their types are its own.
const (
	told        = "told"
	unavailable = "unavailable"
	rejected    = "rejected"
	plain       = "plain"
)

func kind(err error) string {
	if err == nil {
		return told
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		switch fmt.Sprintf("%T", e) {
		case fmt.Sprintf("%T", stream.Unavailable(e)):
			return unavailable
		case fmt.Sprintf("%T", stream.Reject(e)):
			return rejected
		}
	}
	return plain
}
