package naive

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"

	"paperlab/system/crawl"
	"paperlab/system/paper"
)

func TestPapersAreAddedInOrder(t *testing.T) {
	rdb, registry := connect(t), prometheus.NewRegistry()
	list := papers(3)
	add := Adding(rdb, Papers(""), crawl.NewMetrics(registry))
	for _, p := range list {
		if err := add(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := rdb.XRange(t.Context(), "naive:papers", "-", "+").Result()
	if err != nil || len(entries) != 3 {
		t.Fatalf("entries %v, %v, want 3", entries, err)
	}
	for i, e := range entries {
		var p paper.Paper
		if err := json.Unmarshal([]byte(e.Values["payload"].(string)), &p); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(p, list[i]) || len(e.Values) != 1 {
			t.Errorf("entry %d has %v", i, e.Values)
		}
	}
	want := `# HELP papers_produced_total Messages produced: added, or repeated when the stream had them already.
# TYPE papers_produced_total counter
papers_produced_total{outcome="added",stream="naive:papers"} 3
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "papers_produced_total"); err != nil {
		t.Error(err)
	}
}

func TestTheErrorNamesThePaperThatCouldNotBeAdded(t *testing.T) {
	rdb := connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := Adding(rdb, Papers(""), crawl.NewMetrics(nil))(ctx, papers(1)[0])
	if err == nil || !strings.Contains(err.Error(), "2101.00000v1") {
		t.Errorf("got %v", err)
	}
}

// The weakness, on purpose: nobody has read any of these.
func TestAddingTrimsWhatNobodyHasRead(t *testing.T) {
	rdb := connect(t)
	if err := rdb.XGroupCreateMkStream(t.Context(), Papers("").Key(), group, "0").Err(); err != nil {
		t.Fatal(err)
	}
	pipe := rdb.Pipeline()
	for range MaxLength + 1000 {
		pipe.XAdd(t.Context(), &redis.XAddArgs{Stream: Papers("").Key(), Values: []any{"payload", "x"}})
	}
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	produce(t, rdb, papers(1)...)
	// Whole nodes of 100 entries are trimmed.
	if n := rdb.XLen(t.Context(), Papers("").Key()).Val(); n < 10_000 || n > 10_100 {
		t.Errorf("%d entries are left, want 10,000 to 10,100", n)
	}
}
