package watch_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"paperlab/system/redistest"
	"paperlab/system/service"
	"paperlab/system/servicetest"
	"paperlab/system/watch"
)

func TestShardedIsTheSumOfItsShards(t *testing.T) {
	rdb := redistest.Client(t)
	s := open(t, rdb, "in", 6)
	produce(t, s, 60)
	shards := keys(t, rdb, "in", "entries")
	var delivered, acknowledged int
	for i, key := range shards {
		ids := deliver(t, rdb, key, int64(i)+1)
		delivered += len(ids)
		if len(ids) > 1 {
			acknowledged++
			rdb.XAck(t.Context(), key, group, ids[0])
		}
	}
	for _, key := range shards[:2] {
		dead := strings.TrimSuffix(key, "entries") + "dead"
		rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: dead, Values: []any{"id", "m"}})
	}
	if delivered < 12 || acknowledged < 3 {
		t.Fatalf("%d delivered and %d acknowledged: too few to tell a sum from a shard", delivered, acknowledged)
	}
	start(t, watch.Sharded{Stream: s, Group: group}).await(t, map[string]float64{
		"stream_lag in":     float64(60 - delivered),
		"stream_pending in": float64(delivered - acknowledged),
		"stream_length in":  60,
		"dead_letters in":   2,
	})
}

// Redis answers null after an entry that nobody read was deleted: 0 would be a
// lie, and the sum over the other shards too.
func TestALagThatRedisDoesNotKnowIsAbsent(t *testing.T) {
	rdb := redistest.Client(t)
	s := open(t, rdb, "in", 3)
	produce(t, s, 30)
	w := start(t, watch.Sharded{Stream: s, Group: group})
	w.await(t, map[string]float64{"stream_lag in": 30, "stream_pending in": 0})
	key := keys(t, rdb, "in", "entries")[0]
	ids := deliver(t, rdb, key, 2)
	// The last but one: with the very next, 7.0 still knows the lag.
	unread := rdb.XRevRangeN(t.Context(), key, "+", "-", 2).Val()[1].ID
	rdb.XDel(t.Context(), key, unread)
	w.await(t, map[string]float64{"stream_lag in": -1, "stream_pending in": float64(len(ids)), "stream_length in": 29})
	rest := deliver(t, rdb, key, 100)
	w.await(t, map[string]float64{"stream_lag in": float64(29 - len(ids) - len(rest))})
	if text := w.log.String(); text != "" {
		t.Errorf("a lag that is not known is no failure: %s", text)
	}
}

func TestAReadingThatFailsMakesAllSeriesOfThatStreamAbsent(t *testing.T) {
	rdb := redistest.Client(t)
	in, out := open(t, rdb, "in", 3), open(t, rdb, "out", 3)
	produce(t, in, 10)
	produce(t, out, 10)
	w := start(t, watch.Sharded{Stream: in, Group: group}, watch.Sharded{Stream: out, Group: group},
		watch.Single{Redis: rdb, Stream: "plain", Key: "run:plain", Group: group})
	all := func(stream string, lag, rest float64) map[string]float64 {
		series := map[string]float64{"stream_lag " + stream: lag, "stream_length " + stream: lag}
		for _, name := range []string{"stream_pending ", "dead_letters ", "stream_oldest_pending_seconds "} {
			series[name+stream] = rest
		}
		return series
	}
	w.await(t, all("in", 10, 0))
	w.await(t, all("plain", 0, 0))
	// A string where a stream should be cannot be read.
	key := keys(t, rdb, "in", "entries")[1]
	kept := rdb.Dump(t.Context(), key).Val()
	rdb.Set(t.Context(), key, "not a stream", 0)
	rdb.Set(t.Context(), "run:plain", "not a stream", 0)
	w.await(t, all("in", -1, -1))
	w.await(t, all("plain", -1, -1))
	w.await(t, all("out", 10, 0))
	var shown map[string]float64
	w.eventually(t, "more readings fail", func() bool {
		if !w.shows(t, all("out", 10, 0)) {
			t.Fatalf("the other stream's series are absent too: %v", w.shown(t))
		}
		shown = w.shown(t)
		return shown["watch_errors_total in"] >= 4
	})
	if shown["watch_errors_total out"] != 0 {
		t.Errorf("errors: %v", shown)
	}
	if text := w.log.String(); !strings.Contains(text, "stream=in") || !strings.Contains(text, "WRONGTYPE") || strings.Contains(text, "stream=out") {
		t.Errorf("the log says %s", text)
	}
	rdb.RestoreReplace(t.Context(), key, 0, kept)
	w.await(t, all("in", 10, 0))
	if text := w.log.String(); strings.Count(text, "stream=in") != 2 || !strings.Contains(text, "level=INFO") {
		t.Errorf("of an outage, its begin and its end are to be logged: %s", text)
	}
}

func TestSingleReadsAPlainStream(t *testing.T) {
	rdb := redistest.Client(t)
	w := start(t, watch.Single{Redis: rdb, Stream: "plain", Key: "run:plain", Group: group})
	// Nobody has made it yet: an empty stream, and no failure.
	w.await(t, map[string]float64{
		"stream_lag plain": 0, "stream_pending plain": 0, "stream_length plain": 0, "stream_oldest_pending_seconds plain": 0,
	})
	for i := range 5 {
		rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: "run:plain", Values: []any{"n", i}})
	}
	// Nobody consumes it yet: all is to be delivered.
	w.await(t, map[string]float64{"stream_lag plain": 5, "stream_pending plain": 0, "stream_length plain": 5})
	rdb.XGroupCreate(t.Context(), "run:plain", "other", "$")
	rdb.XGroupCreate(t.Context(), "run:plain", group, "0")
	w.await(t, map[string]float64{"stream_lag plain": 5})
	deliver(t, rdb, "run:plain", 2)
	w.await(t, map[string]float64{"stream_lag plain": 3, "stream_pending plain": 2, "stream_length plain": 5})
	unread := rdb.XRevRangeN(t.Context(), "run:plain", "+", "-", 2).Val()[1].ID
	rdb.XDel(t.Context(), "run:plain", unread)
	w.await(t, map[string]float64{"stream_lag plain": -1, "stream_pending plain": 2, "stream_length plain": 4})
	if text := w.log.String(); text != "" || w.shown(t)["watch_errors_total plain"] != 0 {
		t.Errorf("it complains: %s", text)
	}
}

func TestPartitionedIsTheSumOfItsStreams(t *testing.T) {
	rdb := redistest.Client(t)
	partitions := []string{"topic:{0}", "topic:{1}", "topic:{2}"}
	w := start(t, watch.Partitioned{Redis: rdb, Topic: "topic", Keys: partitions, DeadKey: func(key string) string { return key + ":dead" }, Group: group})
	// Nobody has made them yet.
	w.await(t, map[string]float64{"stream_lag topic": 0, "stream_pending topic": 0, "stream_length topic": 0, "dead_letters topic": 0})
	for n, key := range partitions {
		rdb.XGroupCreateMkStream(t.Context(), key, group, "0")
		for range 5 {
			rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: key, Values: []any{"n", 1}})
		}
		deliver(t, rdb, key, int64(n)+1)
	}
	rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: partitions[1] + ":dead", Values: []any{"id", "m"}})
	w.await(t, map[string]float64{"stream_lag topic": 15 - 6, "stream_pending topic": 6, "stream_length topic": 15, "dead_letters topic": 1})
	unread := rdb.XRevRangeN(t.Context(), partitions[2], "+", "-", 2).Val()[1].ID
	rdb.XDel(t.Context(), partitions[2], unread)
	w.await(t, map[string]float64{"stream_lag topic": -1, "stream_pending topic": 6, "stream_length topic": 14})
}

func TestAShardedStreamThatNobodyConsumesYetIsAllLag(t *testing.T) {
	rdb := redistest.Client(t)
	s := open(t, rdb, "in", 3)
	produce(t, s, 12)
	start(t, watch.Sharded{Stream: s, Group: "nobody"}).await(t, map[string]float64{
		"stream_lag in": 12, "stream_pending in": 0, "stream_length in": 12,
	})
}

func TestOldestPendingIsAnAge(t *testing.T) {
	rdb := redistest.Client(t)
	s := open(t, rdb, "in", 3)
	old := keys(t, rdb, "in", "entries")[1]
	rdb.XGroupCreateMkStream(t.Context(), "run:plain", group, "0")
	for _, key := range []string{old, "run:plain"} {
		for _, age := range []time.Duration{100 * time.Second, 50 * time.Second, 0} {
			id := fmt.Sprintf("%d-0", time.Now().Add(-age).UnixMilli())
			rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: key, ID: id, Values: []any{"n", 1}})
		}
	}
	w := start(t, watch.Sharded{Stream: s, Group: group}, watch.Single{Redis: rdb, Stream: "plain", Key: "run:plain", Group: group})
	for key, name := range map[string]string{old: "in", "run:plain": "plain"} {
		series := "stream_oldest_pending_seconds " + name
		// Not delivered is not pending, however old.
		w.await(t, map[string]float64{series: 0, "stream_lag " + name: 3})
		ids := deliver(t, rdb, key, 3)
		w.awaitAbout(t, series, 100)
		rdb.XAck(t.Context(), key, group, ids[0])
		w.awaitAbout(t, series, 50)
		rdb.XAck(t.Context(), key, group, ids[1:]...)
		w.await(t, map[string]float64{"stream_pending " + name: 0, series: 0})
	}
}

// counted counts how often it was read.
type counted struct{ reads atomic.Int64 }

func (*counted) Name() string { return "counted" }
func (c *counted) Read(context.Context) (watch.Reading, error) {
	c.reads.Add(1)
	return watch.Reading{Stream: "counted", Group: group}, nil
}

func TestWatcherKeepsTheContract(t *testing.T) {
	servicetest.Lifecycle(t, func(*testing.T) (service.Service, func(*testing.T)) {
		c := &counted{}
		return watch.New(prometheus.NewRegistry(), slog.New(slog.DiscardHandler), c), func(t *testing.T) {
			before := c.reads.Load()
			servicetest.Eventually(t, "it is read again", func() bool { return c.reads.Load() > before })
		}
	})
}

// steady can be read once and then lets the watcher wait.
type steady struct{ reads atomic.Int64 }

func (s *steady) Name() string { return "steady" }
func (s *steady) Read(ctx context.Context) (watch.Reading, error) {
	if s.reads.Add(1) > 1 {
		<-ctx.Done()
	}
	return watch.Reading{Stream: "steady", Group: group, Length: 7, Lag: new(int64)}, ctx.Err()
}

type broken struct{}

func (broken) Name() string { return "broken" }
func (broken) Read(context.Context) (watch.Reading, error) {
	return watch.Reading{}, errors.New("away")
}

func TestAFailureOfOneStreamLeavesTheOthersSeriesAlone(t *testing.T) {
	w := start(t, &steady{}, broken{})
	w.eventually(t, "several readings fail", func() bool { return w.shown(t)["watch_errors_total broken"] >= 3 })
	if !w.shows(t, map[string]float64{"stream_length steady": 7, "stream_lag steady": 0, "stream_length broken": -1}) {
		t.Errorf("it shows %v", w.shown(t))
	}
}
