package stream

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/system/redistest"
)

// The tests of this package need redis-server 7.0 or newer and take about 15 s:
// they run against a real cluster of three masters.
func TestMain(m *testing.M) { redistest.Main(m) }

// openTest opens a fresh stream on an empty cluster.
func openTest(t *testing.T, spec Spec) (*Stream, *redis.ClusterClient) {
	t.Helper()
	rdb := redistest.Client(t)
	if spec.Name == "" {
		spec.Name = "papers"
	}
	s, err := Open(t.Context(), rdb, spec)
	if err != nil {
		t.Fatal(err)
	}
	return s, rdb
}

func message(i int, key string) Message {
	return Message{ID: fmt.Sprintf("m%04d", i), Key: key, Payload: []byte(strings.Repeat("x", 20))}
}

func produceAll(t *testing.T, s *Stream, msgs ...Message) []Produced {
	t.Helper()
	produced, err := s.Produce(t.Context(), msgs...)
	if err != nil {
		t.Fatal(err)
	}
	return produced
}

// startTest starts a member with the short lease of a test and stops it at the
// end of the test.
func startTest(t *testing.T, cfg ConsumerConfig) *Consumer {
	t.Helper()
	cfg.Group = "g"
	if cfg.Lease == 0 {
		cfg.Lease = 500 * time.Millisecond
	}
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

// total sums one reading over all shards.
func total(t *testing.T, s *Stream, reading func(ShardInfo) int64) int64 {
	t.Helper()
	infos, err := s.Inspect(t.Context(), "g")
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, i := range infos {
		sum += reading(i)
	}
	return sum
}

func backlog(i ShardInfo) int64 {
	if i.Lag == nil {
		return 1 << 40
	}
	return i.Pending + *i.Lag
}
