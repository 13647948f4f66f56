package watch_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"paperlab/system/redistest"
	"paperlab/system/servicetest"
	"paperlab/system/stream"
	"paperlab/system/watch"
)

// The tests of this package need redis-server 7.0 or newer and take about 5 s:
// they run against a real cluster of three masters.
func TestMain(m *testing.M) { redistest.Main(m) }

const group = "g"

// watched is a watcher that runs, and what it shows and says.
type watched struct {
	*prometheus.Registry
	*watch.Watcher
	log *log
}

func start(t *testing.T, sources ...watch.Source) watched {
	t.Helper()
	w := watched{Registry: prometheus.NewRegistry(), log: &log{}}
	w.Watcher = watch.New(w.Registry, slog.New(slog.NewTextHandler(w.log, nil)), sources...)
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return w
}

// log may be written and read at once.
type log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// shown are all series with their values, as "papers_stream_lag in 3".
func (w watched) shown(t *testing.T) map[string]float64 {
	t.Helper()
	families, err := w.Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := strings.TrimPrefix(f.GetName(), "papers_")
			for _, l := range m.GetLabel() {
				if l.GetName() == "stream" {
					name += " " + l.GetValue()
				}
			}
			series[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return series
}

// shows tells whether the series have these values; -1 is a series that is
// absent.
func (w watched) shows(t *testing.T, want map[string]float64) bool {
	t.Helper()
	shown := w.shown(t)
	for name, value := range want {
		got, found := shown[name]
		if found == (value == -1) || found && got != value {
			return false
		}
	}
	return true
}

// await waits until the series have these values.
func (w watched) await(t *testing.T, want map[string]float64) {
	t.Helper()
	w.eventually(t, fmt.Sprint(want), func() bool { return w.shows(t, want) })
}

// awaitAbout waits until a series is at the value, or up to half a minute above.
func (w watched) awaitAbout(t *testing.T, series string, value float64) {
	t.Helper()
	w.eventually(t, fmt.Sprint(series, " about ", value), func() bool {
		got := w.shown(t)[series]
		return got >= value && got < value+30
	})
}

func (w watched) eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("it shows %v", w.shown(t))
		}
	}()
	servicetest.Eventually(t, what, holds)
}

func open(t *testing.T, rdb *redis.ClusterClient, name string, shards int) *stream.Stream {
	t.Helper()
	s, err := stream.Open(t.Context(), rdb, stream.Spec{Name: name, Shards: shards})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.EnsureGroup(t.Context(), group); err != nil {
		t.Fatal(err)
	}
	return s
}

func produce(t *testing.T, s *stream.Stream, count int) {
	t.Helper()
	for i := range count {
		m := stream.Message{ID: fmt.Sprint("m", i), Key: fmt.Sprint("k", i), Payload: []byte("p")}
		if _, err := s.Produce(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
}

// keys lists the keys of a kind of a sharded stream, as documented by package
// stream.
func keys(t *testing.T, rdb *redis.ClusterClient, name, kind string) (all []string) {
	t.Helper()
	var mu sync.Mutex
	err := rdb.ForEachMaster(t.Context(), func(ctx context.Context, node *redis.Client) error {
		found, err := node.Keys(ctx, "{"+name+".*}:"+kind).Result()
		mu.Lock()
		defer mu.Unlock()
		all = append(all, found...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// deliver gives a consumer what is new, count entries at most.
func deliver(t *testing.T, rdb *redis.ClusterClient, key string, count int64) (ids []string) {
	t.Helper()
	streams, err := rdb.XReadGroup(t.Context(), &redis.XReadGroupArgs{
		Group: group, Consumer: "c", Streams: []string{key, ">"}, Count: count, Block: -1,
	}).Result()
	if err == redis.Nil {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range streams[0].Messages {
		ids = append(ids, e.ID)
	}
	return ids
}
