package naive

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/system/crawl"
	"paperlab/system/dial"
	"paperlab/system/paper"
	"paperlab/system/redistest"
)

// The tests of this package need redis-server 7.0 or newer and take about 10 s:
// they run against a real cluster of three masters.
func TestMain(m *testing.M) { redistest.Main(m) }

const group = "g"

var quiet = slog.New(slog.DiscardHandler)

// connect returns the service's own client of an empty cluster.
func connect(t *testing.T) *redis.ClusterClient {
	t.Helper()
	redistest.Client(t)
	rdb := dial.Redis(redistest.Start(t), nil)
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// startTest starts a consumer of Papers and stops it at the end of the test. It
// claims nothing unless the test sets MinIdle.
func startTest(t *testing.T, cfg Config) *Consumer {
	t.Helper()
	cfg.Stream, cfg.Group = Papers(""), group
	cfg.Logger = cmp.Or(cfg.Logger, quiet)
	cfg.MinIdle = cmp.Or(cfg.MinIdle, time.Hour)
	cfg.Block = cmp.Or(cfg.Block, 50*time.Millisecond)
	cfg.Workers = cmp.Or(cfg.Workers, 4)
	c, err := NewConsumer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return c
}

// journal counts the handlings of each payload.
type journal struct {
	mu   sync.Mutex
	seen map[string]int
}

func (j *journal) note(payload []byte) (times int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.seen == nil {
		j.seen = map[string]int{}
	}
	j.seen[string(payload)]++
	return j.seen[string(payload)]
}

// sizes are the number of different payloads and of all handlings.
func (j *journal) sizes() (different, all int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, times := range j.seen {
		all += times
	}
	return len(j.seen), all
}

func papers(count int) []paper.Paper {
	list := make([]paper.Paper, count)
	for i := range list {
		list[i] = paper.Paper{ID: fmt.Sprintf("2101.%05d", i), Version: 1, Title: "T", Categories: []string{"cs.DC"}}
	}
	return list
}

func produce(t *testing.T, rdb *redis.ClusterClient, list ...paper.Paper) {
	t.Helper()
	for _, p := range list {
		if err := Adding(rdb, Papers(""), crawl.NewMetrics(nil))(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
}

// takeAsDead reads as a consumer that then dies: nothing is acknowledged.
func takeAsDead(t *testing.T, rdb *redis.ClusterClient, count int) (payloads [][]byte) {
	t.Helper()
	if err := rdb.XGroupCreateMkStream(t.Context(), Papers("").Key(), group, "0").Err(); err != nil {
		t.Fatal(err)
	}
	streams, err := rdb.XReadGroup(t.Context(), &redis.XReadGroupArgs{
		Streams: []string{Papers("").Key(), ">"}, Group: group, Consumer: "dead-1", Count: int64(count), Block: -1,
	}).Result()
	if err != nil || len(streams[0].Messages) != count {
		t.Fatalf("the dead consumer took %v, %v; want %d entries", streams, err, count)
	}
	for _, e := range streams[0].Messages {
		payloads = append(payloads, []byte(e.Values["payload"].(string)))
	}
	return payloads
}

// backlog is what is not delivered or not acknowledged.
func backlog(t *testing.T, rdb *redis.ClusterClient) int64 {
	t.Helper()
	groups, err := rdb.XInfoGroups(t.Context(), Papers("").Key()).Result()
	if err != nil || len(groups) != 1 {
		t.Fatalf("groups %v, %v", groups, err)
	}
	return groups[0].Lag + groups[0].Pending
}

// wait is for channels that tests close; an error instead of a test that hangs.
func wait(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(20 * time.Second):
		t.Errorf("never: %s", what)
	}
}

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
