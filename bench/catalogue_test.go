package bench

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"paperlab/reports"
	"paperlab/reports/record"
)

// Known from tables: Student's t for 95 % and 4 degrees of freedom is 2.776.
func TestInterval(t *testing.T) {
	mean, low, high := Interval([]float64{1, 2, 3, 4, 5})
	half := 2.776445 * math.Sqrt(2.5) / math.Sqrt(5)
	if mean != 3 || math.Abs(high-mean-half) > 1e-5 || math.Abs(mean-low-half) > 1e-5 {
		t.Errorf("mean %v, %v to %v; want 3 ± %v", mean, low, high, half)
	}
}

func shardingCases() []ShardingCase {
	work := 5 * time.Millisecond
	return []ShardingCase{
		{Shards: 1, Work: work, Rates: []float64{198, 200, 199}, Ratios: []float64{1, 1, 1}},
		{Shards: 12, Work: work, Rates: []float64{2350, 2400, 2380}, Ratios: []float64{11.87, 12, 11.96}},
		{Shards: 1, Rates: []float64{60_000, 70_000, 80_000}, Ratios: []float64{1, 1, 1}},
		{Shards: 12, Rates: []float64{70_000, 65_000, 85_000}, Ratios: []float64{1.17, 0.93, 1.06}},
	}
}

func TestShardingRecord(t *testing.T) {
	b := DefaultSharding().Record(shardingCases())
	if b.Name != "sharding" || b.X != "shards" || b.About == "" || len(b.Cases) != 4 {
		t.Fatalf("record is %+v", b)
	}
	c := b.Cases[1]
	if c.Name != "12 shards, 5 ms of work" || c.Params["shards"] != 12 || c.Params["work_ms"] != 5.0 {
		t.Errorf("case is %+v", c)
	}
	mean, low, high := Interval(shardingCases()[1].Ratios)
	if got, want := c.Metrics["speedup"], (record.Metric{Value: mean, Low: low, High: high, N: 3, Level: 0.95, Unit: "×"}); got != want {
		t.Errorf("speedup is %+v, want %+v", got, want)
	}
	if got := c.Metrics["messages_per_s"]; got.Unit != "messages/s" || got.N != 3 || got.Low >= got.Value {
		t.Errorf("messages_per_s is %+v", got)
	}
	notes := strings.Join(b.Notes, "\n")
	for _, want := range []string{
		"With 5 ms of work a message, 12 shards handled 11.94 times as many messages a second as 1 shard (95 % interval 11.",
		"With no work a message, 12 shards handled 1.05 times",
		"no difference that could be told from chance", "Student's t", "Without work there is no waiting",
	} {
		if strings.Count(notes, want) != 1 {
			t.Errorf("notes say %d times %q:\n%s", strings.Count(notes, want), want, notes)
		}
	}
}

func TestNotesSpeakOfWhatWasMeasured(t *testing.T) {
	b := DefaultSharding().Record(shardingCases()[:2])
	if strings.Contains(strings.Join(b.Notes, " "), "Without work") {
		t.Error("speaks of a case that was not measured")
	}
}

// The record makes a report: what the one writes, the other reads.
func TestShardingReport(t *testing.T) {
	dir := t.TempDir()
	if err := reports.WriteBench(dir, DefaultSharding().Record(shardingCases())); err != nil {
		t.Fatal(err)
	}
	b, err := record.LoadBench(dir)
	if err != nil {
		t.Fatal(err)
	}
	if b.Cases[3].Params["work_ms"] != 0.0 || b.Cases[3].Metrics["speedup"].N != 3 {
		t.Errorf("read back %+v", b.Cases[3])
	}
}

func TestCatalogue(t *testing.T) {
	var names []string
	for _, b := range Catalogue {
		if b.Name == "" || b.About == "" || strings.Contains(b.About, "\n") || b.Run == nil {
			t.Errorf("benchmark %+v lacks a name, one line about it or its run", b)
		}
		names = append(names, b.Name)
	}
	if slices.Sort(names); len(slices.Compact(names)) != len(Catalogue) || !slices.Contains(names, "sharding") {
		t.Errorf("names are %v, must be unique and hold sharding", names)
	}
}
