package observe_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"paperlab/compose/process"
	"paperlab/compose/undo"
	"paperlab/reports/history"
	"paperlab/scenarios/observe"
	"paperlab/system/cluster"
	"paperlab/system/servicetest"
)

// The tests need redis-server 7.0 or newer and take about 15 s: they share one
// cluster of six nodes, as the lab makes it.
func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "observe-")
	if err == nil {
		err = os.Setenv("TMPDIR", folder)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	servicetest.Main(m, func() {
		if shared != nil {
			shared.Stop()
		}
		if ledger != nil {
			if err := ledger.Close(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
		_ = os.RemoveAll(folder)
	})
}

var (
	once    sync.Once
	shared  *cluster.Cluster
	ledger  *undo.Ledger
	failure error
)

// connect returns a client of the cluster, emptied of what earlier tests wrote.
func connect(t *testing.T) *redis.ClusterClient {
	t.Helper()
	once.Do(func() {
		if ledger, failure = undo.Open("observe"); failure == nil {
			shared, failure = process.StartCluster(context.Background(), ledger, process.ClusterConfig{})
		}
	})
	if failure != nil {
		t.Fatal(failure)
	}
	rdb := shared.Client()
	t.Cleanup(func() { _ = rdb.Close() })
	err := rdb.ForEachMaster(t.Context(), func(ctx context.Context, node *redis.Client) error {
		return node.FlushAll(ctx).Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	// As the service documents it; where it runs itself it finds its own name
	// taken, so that tests of it use a prefix.
	for key, table := range map[string]string{
		"{papers}:routing":        `{"version": 1, "shards": 2, "tags": ["papers.0.3", "papers.1.0"]}`,
		"{notifications}:routing": `{"version": 1, "shards": 1, "tags": ["notifications.0.0"]}`,
	} {
		if err := rdb.Set(t.Context(), key, table, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	return rdb
}

// watched is an observer that runs and what it records.
type watched struct {
	*observe.Observer
	rec *history.Recorder
}

func start(t *testing.T, rdb *redis.ClusterClient) watched {
	t.Helper()
	return startUnder(t, rdb, "")
}

func startUnder(t *testing.T, rdb *redis.ClusterClient, prefix string) watched {
	t.Helper()
	w := watched{rec: history.NewRecorder("hardened")}
	w.Observer = observe.New(rdb, prefix, w.rec)
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return w
}

// events are those of an operation.
func (w watched) events(op history.Op) []history.Event {
	return slices.DeleteFunc(w.rec.Events(), func(e history.Event) bool { return e.Op != op })
}

// last is the latest sample of a stream by that name.
func (w watched) last(stream, name string) (e history.Event) {
	for _, sample := range w.events(history.Sample) {
		if sample.Stream == stream && sample.Name == name {
			e = sample
		}
	}
	return e
}

// add puts entries with these payloads on a stream, as the service writes them.
func add(t *testing.T, rdb *redis.ClusterClient, key string, payloads ...string) (ids []string) {
	t.Helper()
	pipe := rdb.Pipeline()
	for _, p := range payloads {
		pipe.XAdd(t.Context(), &redis.XAddArgs{Stream: key, Values: []any{"id", "m", "key", "k", "payload", p}})
	}
	replies, err := pipe.Exec(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range replies {
		ids = append(ids, r.(*redis.StringCmd).Val())
	}
	return ids
}

func paperJSON(n int) string { return fmt.Sprintf(`{"id": "2101.%05d", "version": 2}`, n) }

// read gives a consumer entries of a stream, count at most, and makes the group.
func read(t *testing.T, rdb *redis.ClusterClient, key, group, consumer string, count int64) (ids []string) {
	t.Helper()
	err := rdb.XGroupCreateMkStream(t.Context(), key, group, "0").Err()
	if err != nil && !strings.HasPrefix(err.Error(), "BUSYGROUP") {
		t.Fatal(err)
	}
	streams, err := rdb.XReadGroup(t.Context(), &redis.XReadGroupArgs{
		Group: group, Consumer: consumer, Streams: []string{key, ">"}, Count: count, Block: -1,
	}).Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range streams[0].Messages {
		ids = append(ids, e.ID)
	}
	return ids
}
