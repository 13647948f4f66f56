package reports

import (
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"paperlab/reports/record"
)

func sampleBench() record.Bench {
	b := record.Bench{
		Schema: record.BenchSchema, Name: "sharding", About: "One stream against several shards.", StartedAt: time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC), WallS: 90,
		Code: record.Code{Commit: "0123456789abcdef"}, Versions: map[string]string{"redis": "7.0.15"}, Host: record.Host{CPUs: 2, MemoryBytes: 8 << 30},
		X: "shards", Notes: []string{"Found: more shards, more messages."},
	}
	for _, work := range []float64{5, 0} {
		for _, shards := range []float64{1, 4, 12} {
			rate := 200 * shards * (1 + work) / 6
			b.Cases = append(b.Cases, record.Case{
				Name:   fmt.Sprintf("%g shards, %g ms", shards, work),
				Params: map[string]any{"shards": shards, "work_ms": work},
				Metrics: map[string]record.Metric{
					"messages_per_s": {Value: rate, Low: rate * 0.9, High: rate * 1.1, N: 5, Level: 0.95, Unit: "messages/s"},
					"speedup":        {Value: shards, Low: shards, High: shards, N: 5, Level: 0.95, Unit: "×"},
				},
			})
		}
	}
	return b
}

func TestWriteBench(t *testing.T) {
	t.Parallel()
	dir, b := t.TempDir(), sampleBench()
	b.Schema = ""
	b.Notes = append(b.Notes, "And another note.")
	if err := WriteBench(dir, b); err != nil {
		t.Fatal(err)
	}
	b.Schema = record.BenchSchema
	if got, err := record.LoadBench(dir); err != nil || !reflect.DeepEqual(got, b) {
		t.Errorf("read back %v\n%+v\nwant\n%+v", err, got, b)
	}
	want := []string{"charts/messages-per-s.png", "charts/messages-per-s.svg", "charts/speedup.png", "charts/speedup.svg", "report.html", "report.md", "result.json"}
	if got := filesIn(t, dir); !slices.Equal(got, want) {
		t.Fatalf("files are %q, want %q", got, want)
	}
	for _, name := range []string{"report.html", "report.md"} {
		page := read(t, dir, name)
		for _, text := range []string{"Found: more shards, more messages.", "And another note.", "make bench NAME=sharding", "2,400 messages/s (2,160 to 2,640, n=5)", "12 ×"} {
			if !strings.Contains(page, text) {
				t.Errorf("%s does not say %q", name, text)
			}
		}
	}
	page := read(t, dir, "report.html")
	if found := loads.FindAllString(page, -1); found != nil {
		t.Errorf("the page fetches %q", found)
	}
	// A panel for each amount of work, named with its unit.
	for _, panel := range []string{">work 5 ms</text>", ">work 0 ms</text>", ">messages/s</text>", ">speedup (×)</text>", ">×12</text>"} {
		if !strings.Contains(page, panel) {
			t.Errorf("the figures lack %s", panel)
		}
	}
	// The mean of ratios stands in one figure; the ratio of means, which can be
	// another number, in none.
	if svg := read(t, dir, "charts/messages-per-s.svg"); strings.Contains(svg, ">×") {
		t.Error("the figure of rates has ratios of its own")
	}
	checkMarkdown(t, read(t, dir, "report.md"), "## Run it again")
}

// Whatever a record lacks, there is a report, and it says what is missing.
func TestBenchReportOfLittle(t *testing.T) {
	for name, c := range map[string]struct {
		cases []record.Case
		want  string
	}{
		"no cases":       {nil, "None was measured."},
		"one case":       {[]record.Case{{Name: "a", Params: map[string]any{"shards": 1}, Metrics: map[string]record.Metric{"m": {Value: 1}}}}, "No chart is shown"},
		"no metrics":     {[]record.Case{{Name: "a"}, {Name: "b"}}, "No chart is shown"},
		"x is no number": {[]record.Case{{Name: "a", Params: map[string]any{"shards": "many"}, Metrics: map[string]record.Metric{"m": {Value: 1}}}}, "No chart is shown"},
		"a gap": {[]record.Case{
			{Name: "a", Params: map[string]any{"shards": 1}, Metrics: map[string]record.Metric{"m": {Value: 1}, "n": {Value: 2}}},
			{Name: "b", Params: map[string]any{"shards": 2, "odd": true}, Metrics: map[string]record.Metric{"m": {Value: 2}}},
		}, "not measured"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := WriteBench(dir, record.Bench{Name: name, Cases: c.cases}); err != nil {
				t.Fatal(err)
			}
			for _, file := range []string{"report.html", "report.md"} {
				if page := read(t, dir, file); !strings.Contains(page, c.want) {
					t.Errorf("%s does not say %q", file, c.want)
				}
			}
		})
	}
}

func TestBenchHostileNames(t *testing.T) {
	t.Parallel()
	b := sampleBench()
	b.Name, b.About, b.X, b.Notes, b.Code.Commit, b.Host.CPU = hostile, hostile, hostile, []string{hostile}, hostile, hostile
	for i := range b.Cases {
		c := &b.Cases[i]
		c.Name = hostile
		c.Params = map[string]any{hostile: c.Params["shards"], "a" + hostile: hostile}
		m := c.Metrics["messages_per_s"]
		m.Unit = hostile
		c.Metrics = map[string]record.Metric{hostile: m}
	}
	dir := t.TempDir()
	if err := WriteBench(dir, b); err != nil {
		t.Fatal(err)
	}
	if found := loads.FindAllString(read(t, dir, "report.html"), -1); found != nil {
		t.Errorf("got through: %q", found)
	}
	checkMarkdown(t, read(t, dir, "report.md"), "## Run it again")
	svgs := 0
	for _, name := range filesIn(t, filepath.Join(dir, "charts")) {
		if strings.HasSuffix(name, ".svg") {
			svgs++
			checkXML(t, name, read(t, dir, "charts", name))
		}
	}
	if svgs != 1 {
		t.Errorf("%d figures, want 1", svgs)
	}
}

func TestQuantity(t *testing.T) {
	for want, m := range map[string]record.Metric{
		"2,359 messages/s (2,194 to 2,524, n=5)": {Value: 2359.4, Low: 2194, High: 2524, N: 5, Unit: "messages/s"},
		"1 ×":                                    {Value: 1, Low: 1, High: 1, N: 5, Unit: "×"},
		"0.25":                                   {Value: 0.25},
		"unknown s":                              {Value: math.NaN(), Unit: "s"},
	} {
		if got := quantity(m); got != want {
			t.Errorf("%+v is %q, want %q", m, got, want)
		}
	}
}

func TestSummaries(t *testing.T) {
	got := Summary(crashResult(1))
	for _, want := range []string{"naive", "hardened", "time to detect", "3.3 s", "3.1 s", "messages lost"} {
		if !strings.Contains(got, want) {
			t.Errorf("the summary does not say %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "end to end") {
		t.Errorf("the summary speaks of what needs a history:\n%s", got)
	}
	if got := Summary(record.Result{}); got != "" {
		t.Errorf("the summary of nothing is %q", got)
	}
	if got := BenchSummary(sampleBench()); strings.Count(got, "\n") != 8 || !strings.Contains(got, "12 shards, 5 ms") {
		t.Errorf("the benchmark's summary is\n%s", got)
	}
}

// sampleSpreads are distributions: one, one of which all were missed, and one
// that nothing bounds, of another fault.
func sampleSpreads() record.Bench {
	b := record.Bench{Name: "detect", X: "scrape_s", Seed: 3}
	add := func(every float64, fault string, s *record.Distribution) {
		m := record.Metric{Unit: "s", Distribution: s, N: len(s.Values)}
		if m.N > 0 {
			m.Value, m.Low, m.High = record.NearestRank(s.Values, 50), s.Values[0], s.Values[m.N-1]
		}
		b.Cases = append(b.Cases, record.Case{
			Name: fmt.Sprintf("Down every %g s", every), Params: map[string]any{"scrape_s": every, "alert": "Down", "fault": fault},
			Metrics: map[string]record.Metric{"time_to_detect_s": m, "missed": {Value: float64(s.Missed)}},
		})
	}
	add(1, "a kill", &record.Distribution{Values: []float64{2.5, 3, 3.25, 4.5}, Least: new(2.0), Most: new(4.0)})
	add(15, "a kill", &record.Distribution{Missed: 12, Why: "its rate needs two scrapes"})
	add(1, "a cut", &record.Distribution{Values: []float64{5, 6, 7}, Missed: 1, Least: new(2.0)})
	return b
}

// TestBenchOfSpreads: distributions are drawn, and the other metrics stand in the
// table alone; what was missed is told, also of a case that has nothing else.
func TestBenchOfSpreads(t *testing.T) {
	t.Parallel()
	b := sampleSpreads()
	dir := t.TempDir()
	if err := WriteBench(dir, b); err != nil {
		t.Fatal(err)
	}
	if got, want := filesIn(t, dir), []string{"charts/time-to-detect-s.png", "charts/time-to-detect-s.svg", "report.html", "report.md", "result.json"}; !slices.Equal(got, want) {
		t.Errorf("files are %q, want %q", got, want)
	}
	page := read(t, dir, "report.md")
	for _, want := range []string{
		"| case | time to detect, median | least | quarter below | three quarters below | most | monitoring alone | missed |",
		"| Down every 1 s | 3 s (2.50 to 4.50, n=4) | 2.5 s | 2.5 s | 3.2 s | 4.5 s | 2.0 s to 4.0 s | 0 |",
		"| Down every 15 s | not measured |  |  |  |  | its rate needs two scrapes | 12 |",
		"| Down every 1 s | 6 s (5 to 7, n=3) | 5.0 s | 5.0 s | 7.0 s | 7.0 s | no bound | 1 |",
		"make bench NAME=detect SEED=3",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the table lacks %q:\n%s", want, page)
		}
	}
	svg := read(t, dir, "charts/time-to-detect-s.svg")
	for _, want := range []string{">Down: a kill</text>", ">12 missed</text>", ">what monitoring alone takes</text>", ">detect: time to detect (s), logarithmic scale</text>", ">scrape (s)</text>"} {
		if !strings.Contains(svg, want) {
			t.Errorf("the figure lacks %s", want)
		}
	}
	checkMarkdown(t, page, "## Run it again")
}
