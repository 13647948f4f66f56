package careful

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"paperlab/system/deliver"
	"paperlab/system/dial"
	"paperlab/system/llm"
	"paperlab/system/paper"
	"paperlab/system/servicetest"
	"paperlab/system/store"
)

// model is an LLM that answers with a status.
type model struct {
	*httptest.Server
	asked, status atomic.Int64
}

func newModel(t *testing.T, status int64) *model {
	m := &model{}
	m.status.Store(status)
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		number := m.asked.Add(1)
		w.WriteHeader(int(m.status.Load()))
		_, _ = fmt.Fprintf(w, `{"choices":[{"message":{"role":"assistant","content":"text %d"}}]}`, number)
	}))
	t.Cleanup(m.Close)
	return m
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

var told = Notifications("", partitions)

func summarizing(t *testing.T, rdb *redis.ClusterClient, s Summaries, models ...*model) Handler {
	cfg := SummarizeConfig{
		Redis: rdb, Notifications: told, Client: client(t), Timeout: time.Second,
		Store: s, Matcher: everybody{}, Metrics: llm.NewMetrics(prometheus.NewRegistry()),
	}
	for n, m := range models {
		cfg.LLMs = append(cfg.LLMs, llm.Provider{Name: fmt.Sprint("llm-", n), URL: m.URL, Model: "m"})
	}
	return Summarize(cfg)
}

func TestTheSecondLLMIsAskedWhenTheFirstFails(t *testing.T) {
	rdb, s := connect(t), openStore(t)
	first, second := newModel(t, 503), newModel(t, 200)
	handle := summarizing(t, rdb, s, first, second)
	if err := handle(t.Context(), asJSON(t, papers(1)[0])); err != nil {
		t.Fatal(err)
	}
	sum, found, err := s.Summary(t.Context(), "2101.00000", 1, llm.Prompt)
	if err != nil || !found || sum.Provider != "llm-1" || first.asked.Load() != 1 || second.asked.Load() != 1 {
		t.Errorf("stored %+v, %v, %v; asked %d and %d times", sum, found, err, first.asked.Load(), second.asked.Load())
	}
	second.status.Store(500)
	if err := handle(t.Context(), asJSON(t, papers(2)[1])); err == nil || errors.Is(err, ErrHopeless) {
		t.Errorf("both fail: got %v, want an error that is tried again", err)
	}
}

// The work was done, and its process died before it could say so: the LLM is not
// paid twice. What was added to the other topic is added again under the same
// ids, for Deliver to know.
func TestARedeliveredPaperIsPaidForOnce(t *testing.T) {
	rdb, m, s := connect(t), newModel(t, 200), openStore(t)
	handle := summarizing(t, rdb, s, m)
	produce(t, rdb, papers(1)[0])
	groups(t, rdb)
	e := take(t, rdb, "m-0", topic.key(topic.of("2101.00000")), 1)[0]
	if err := handle(t.Context(), []byte(field(e, payloadField))); err != nil {
		t.Fatal(err)
	}
	startTest(t, Config{Redis: rdb, Handler: handle})
	servicetest.Eventually(t, "it is acknowledged", func() bool { return backlog(t, rdb) == 0 })
	if n := m.asked.Load(); n != 1 {
		t.Errorf("the LLM was asked %d times, want once", n)
	}
	for subscriber, id := range map[string]string{"u1": "2101.00000v1/s1", "u2": "2101.00000v1/s2"} {
		list, err := rdb.XRange(t.Context(), told.key(told.of(subscriber)), "-", "+").Result()
		if err != nil {
			t.Fatal(err)
		}
		list = slices.DeleteFunc(list, func(e redis.XMessage) bool { return field(e, keyField) != subscriber })
		if len(list) != 2 || field(list[0], idField) != id || field(list[1], idField) != id {
			t.Errorf("%s: %v, want %s twice", subscriber, list, id)
		}
	}
}

// receiver takes webhooks and keeps their keys.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	keys   []string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{status: 200}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.keys = append(r.keys, req.Header.Get("Idempotency-Key"))
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) seen() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.keys)
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func note(r *receiver) paper.Notification {
	return paper.Notification{ID: "2101.00001v1/s1", Subscriber: "u1", Subscription: "s1", Paper: "2101.00001", Version: 1, Webhook: r.URL}
}

func delivering(t *testing.T, s deliver.Store) Handler {
	return Deliver(DeliverConfig{Client: client(t), Timeout: time.Second, Store: s, Metrics: deliver.NewMetrics(prometheus.NewRegistry())})
}

// The same message stands on the stream twice, and is delivered twice besides:
// the subscriber is told once.
func TestARepeatedDeliveryHasNoSecondEffect(t *testing.T) {
	r, handle := newReceiver(t), delivering(t, openStore(t))
	for range 3 {
		if err := handle(t.Context(), asJSON(t, note(r))); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.seen(); !slices.Equal(got, []string{"2101.00001v1/s1"}) {
		t.Errorf("told %q, want once", got)
	}
}

// forgetful loses the row once.
type forgetful struct {
	*store.Store
	lost bool
}

func (f *forgetful) RecordDelivery(ctx context.Context, n paper.Notification, at time.Time) error {
	if !f.lost {
		f.lost = true
		return errors.New("killed")
	}
	return f.Store.RecordDelivery(ctx, n, at)
}

// The weakness that is left: between the answer and the row. The receiver can
// know it by its key.
func TestACrashBeforeTheRowTellsAgainUnderTheSameKey(t *testing.T) {
	r, handle := newReceiver(t), delivering(t, &forgetful{Store: openStore(t)})
	if err := handle(t.Context(), asJSON(t, note(r))); err == nil {
		t.Fatal("the row is lost, and nobody says so")
	}
	if err := handle(t.Context(), asJSON(t, note(r))); err != nil {
		t.Fatal(err)
	}
	if got := r.seen(); !slices.Equal(got, []string{"2101.00001v1/s1", "2101.00001v1/s1"}) {
		t.Errorf("told with %q, want the same key twice", got)
	}
}

func TestWhatAnAnswerMeans(t *testing.T) {
	for status, hopeless := range map[int]bool{302: false, 400: true, 408: false, 410: true, 429: false, 500: false, 503: false} {
		r, s := newReceiver(t), openStore(t)
		r.answer(status)
		err := delivering(t, s)(t.Context(), asJSON(t, note(r)))
		if err == nil || errors.Is(err, ErrHopeless) != hopeless {
			t.Errorf("%d: got %v, hopeless: want %v", status, err, hopeless)
		}
		if done, _ := s.Delivered(t.Context(), note(r).ID); done {
			t.Errorf("%d: it counts as delivered", status)
		}
	}
}

func TestWhatCannotBeReadIsHopeless(t *testing.T) {
	for _, payload := range []string{"", "text", "{}", `"text"`} {
		for _, handle := range []Handler{summarizing(t, nil, nil, newModel(t, 200)), delivering(t, nil)} {
			if err := handle(t.Context(), []byte(payload)); !errors.Is(err, ErrHopeless) || json.Valid([]byte(err.Error())) {
				t.Errorf("%q: got %v", payload, err)
			}
		}
	}
}
