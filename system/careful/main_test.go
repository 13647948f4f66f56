package careful

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
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

const (
	group      = "g"
	partitions = 6
)

var (
	quiet = slog.New(slog.DiscardHandler)
	topic = Papers("", partitions)
)

// connect returns the service's own client of an empty cluster.
func connect(t *testing.T) *redis.ClusterClient {
	t.Helper()
	redistest.Client(t)
	rdb := dial.Redis(redistest.Start(t), nil)
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// startTest starts a consumer of the papers topic, by default the only one, and
// stops it at the end of the test. It claims nothing unless the test sets
// MinIdle.
func startTest(t *testing.T, cfg Config) *Consumer {
	t.Helper()
	cfg.Topic, cfg.Group = topic, group
	cfg.Member = cmp.Or(cfg.Member, "m-0")
	cfg.Logger = cmp.Or(cfg.Logger, quiet)
	cfg.MinIdle = cmp.Or(cfg.MinIdle, time.Hour)
	cfg.Block = cmp.Or(cfg.Block, 50*time.Millisecond)
	cfg.Place = cmp.Or(cfg.Place, Place{0, 1})
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

// journal keeps the version ids that were handled, in order.
type journal struct {
	mu   sync.Mutex
	list []string
}

func (j *journal) note(payload []byte) (times int) {
	var p paper.Paper
	_ = json.Unmarshal(payload, &p)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.list = append(j.list, p.VersionID())
	for _, v := range j.list {
		if v == p.VersionID() {
			times++
		}
	}
	return times
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.list)
}

// papers are so many papers in two versions each.
func papers(count int) (list []paper.Paper) {
	for version := range 2 {
		for i := range count {
			list = append(list, paper.Paper{ID: fmt.Sprintf("2101.%05d", i), Version: version + 1, Title: "T", Categories: []string{"cs.DC"}})
		}
	}
	return list
}

func produce(t *testing.T, rdb *redis.ClusterClient, list ...paper.Paper) {
	t.Helper()
	add := Adding(rdb, topic, crawl.NewMetrics(nil))
	for _, p := range list {
		if err := add(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
}

// groups makes sure that every partition has its group.
func groups(t *testing.T, rdb *redis.ClusterClient) {
	t.Helper()
	for _, key := range topic.Keys() {
		if err := rdb.XGroupCreateMkStream(t.Context(), key, group, "0").Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// take reads as a consumer that then dies: nothing is acknowledged.
func take(t *testing.T, rdb *redis.ClusterClient, consumer, key string, count int64) (taken []redis.XMessage) {
	t.Helper()
	streams, err := rdb.XReadGroup(t.Context(), &redis.XReadGroupArgs{
		Streams: []string{key, ">"}, Group: group, Consumer: consumer, Count: count, Block: -1,
	}).Result()
	if err != nil {
		t.Fatal(err)
	}
	return streams[0].Messages
}

// backlog is what is not delivered or not acknowledged, over all partitions.
func backlog(t *testing.T, rdb *redis.ClusterClient) (sum int64) {
	t.Helper()
	for _, key := range topic.Keys() {
		list, err := rdb.XInfoGroups(t.Context(), key).Result()
		if err != nil || len(list) != 1 {
			t.Fatalf("groups of %s: %v, %v", key, list, err)
		}
		sum += list[0].Lag + list[0].Pending
	}
	return sum
}

// pending is what is delivered and not acknowledged, over all partitions.
func pending(t *testing.T, rdb *redis.ClusterClient) (sum int64) {
	t.Helper()
	for _, key := range topic.Keys() {
		found, err := rdb.XPending(t.Context(), key, group).Result()
		if err != nil {
			return -1 // the group is not there yet
		}
		sum += found.Count
	}
	return sum
}

// dead are the dead letters of all partitions.
func dead(t *testing.T, rdb *redis.ClusterClient) (all []redis.XMessage) {
	t.Helper()
	for _, key := range topic.Keys() {
		list, err := rdb.XRange(t.Context(), DeadKey(key), "-", "+").Result()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, list...)
	}
	return all
}

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
