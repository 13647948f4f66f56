package reports

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"paperlab/reports/record"
)

// results lays a tree of reports out, whose pages are empty: the index reads
// records only.
func results(t *testing.T) (out string) {
	t.Helper()
	out = t.TempDir()
	put := func(folder string, record any) {
		t.Helper()
		dir := filepath.Join(out, folder)
		if err := errors.Join(writeJSON(dir, "result.json", record), writeBytes(dir, "report.html", nil)); err != nil {
			t.Fatal(err)
		}
	}
	newer, older := crashResult(2), crashResult(1)
	newer.StartedAt = older.StartedAt.Add(time.Hour)
	newer.Verdict, newer.Runs[0].Counts.Lost, newer.Runs[0].Invariants = record.Violation, 1, nil
	put("consumer-crash/a", older)
	put("consumer-crash/b", newer)
	put("bench-sharding/c", record.Bench{Schema: record.BenchSchema, Name: "sharding", StartedAt: older.StartedAt.Add(time.Minute), Cases: make([]record.Case, 3)})
	set := sampleSet()
	set.StartedAt = older.StartedAt.Add(2 * time.Hour)
	if err := WriteSet(filepath.Join(out, "consumer-crash/set-abc"), set); err != nil {
		t.Fatal(err)
	}
	put("consumer-crash/foreign", map[string]string{"schema": "other/v1"})
	if err := writeBytes(filepath.Join(out, "llm-outage/torn"), "result.json", []byte(`{"schema":"paperlab/res`)); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(out, "consumer-crash/running/charts"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := writeBytes(out, "a-file", nil); err != nil {
		t.Fatal(err)
	}
	if err := record.MarkLatest(filepath.Join(out, "consumer-crash/b")); err != nil {
		t.Fatal(err)
	}
	writeOldHistory(t, filepath.Join(out, "consumer-crash/a"))
	return out
}

var (
	tableRow = regexp.MustCompile(`(?s)<tr><th scope="row".*?</tr>`)
	tag      = regexp.MustCompile(`<[^>]*>`)
)

func TestIndex(t *testing.T) {
	out := results(t)
	if err := Index(out); err != nil {
		t.Fatal(err)
	}
	page := read(t, out, "index.html")
	rows := tableRow.FindAllString(page, -1)
	if len(rows) != 4 {
		t.Fatalf("%d results are listed, want 4: a link, a running folder and broken ones are not among them\n%s", len(rows), page)
	}
	for i, want := range []struct{ link, text string }{
		{"./consumer-crash/set-abc/report.html", "2026-03-14 11:26:53 UTC set of consumer-crash 1..20 violation 16 pass, 1 violation, 2 inconclusive, 1 not run yet of 20 0123456789 with changes"},
		{"./consumer-crash/b/report.html", "2026-03-14 10:26:53 UTC consumer-crash 2 violation 3.1 s 6.0 s 7 / 12 / 31 not run 1 / ? / ? 0123456789 with changes"},
		{"./bench-sharding/c/report.html", "2026-03-14 09:27:53 UTC bench sharding   3 cases    unknown"},
		{"./consumer-crash/a/report.html", "2026-03-14 09:26:53 UTC consumer-crash 1 pass 3.1 s 6.0 s 7 / 12 / 31 not run 0 / 0 / 0 0123456789 with changes older version"},
	} {
		text := strings.Join(strings.Fields(tag.ReplaceAllString(rows[i], " ")), " ")
		if !strings.Contains(rows[i], `href="`+want.link+`"`) || text != strings.Join(strings.Fields(want.text), " ") {
			t.Errorf("line %d is %q, want %q to %s", i, text, want.text, want.link)
		}
	}
	_, broken, _ := strings.Cut(page, "Not readable")
	for _, want := range []string{"<code>consumer-crash/foreign</code>", "<code>llm-outage/torn</code>", "its schema is", "unexpected end of JSON input"} {
		if strings.Count(broken, want) != 1 {
			t.Errorf("the list of what is not readable has not %q:\n%s", want, broken)
		}
	}
	for _, unwanted := range []string{"running", "latest", "a-file"} {
		if strings.Contains(page, unwanted) {
			t.Errorf("the index speaks of %s", unwanted)
		}
	}
	if found := loads.FindAllString(page, -1); found != nil {
		t.Errorf("the index fetches %q", found)
	}
}

// A run without pages is listed with what draws them, one without a name by its
// folder's, and one that was never begun with empty cells.
func TestIndexOfARunWithoutPages(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	r := crashResult(1)
	r.Scenario = ""
	undrawn, empty := filepath.Join(out, "some-name", "a"), filepath.Join(out, "some-name", "b")
	if err := errors.Join(writeJSON(undrawn, recordFile, r), writeJSON(empty, recordFile, record.Result{Schema: record.Schema, Verdict: record.Infrastructure}), writeBytes(empty, "report.html", nil)); err != nil {
		t.Fatal(err)
	}
	if err := Index(out); err != nil {
		t.Fatal(err)
	}
	rows := tableRow.FindAllString(read(t, out, "index.html"), -1)
	if len(rows) != 2 || !strings.Contains(rows[0], "make report RUN="+undrawn) || strings.Contains(rows[0], "report.html") || !strings.Contains(rows[0], "some-name") {
		t.Fatalf("the run without pages is listed as %q", rows)
	}
	if strings.Contains(rows[1], "make report") || strings.Count(rows[1], "<t") != strings.Count(rows[0], "<t") {
		t.Errorf("the run that never began is listed as\n%s\nthe other one as\n%s", rows[1], rows[0])
	}
}

func TestIndexOfNothing(t *testing.T) {
	out := filepath.Join(t.TempDir(), "not", "there")
	if err := Index(out); err != nil {
		t.Fatal(err)
	}
	if page := read(t, out, "index.html"); !strings.Contains(page, "There is no result yet") || strings.Contains(page, "Not readable") {
		t.Errorf("the index of nothing is\n%s", page)
	}
}

func TestFolderNames(t *testing.T) {
	at := time.Date(2026, 3, 14, 10, 26, 53, 589e6, time.FixedZone("", 3600))
	if got := record.Folder("out", "consumer-crash", at, 7); got != filepath.Join("out", "consumer-crash", "20260314T092653.589-7") {
		t.Errorf("folder is %s", got)
	}
}

func TestMarkLatest(t *testing.T) {
	out := t.TempDir()
	for _, run := range []string{"1", "2", "2"} {
		folder := filepath.Join(out, "name", run)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := record.MarkLatest(folder); err != nil {
			t.Fatal(err)
		}
		if to, err := os.Readlink(filepath.Join(out, "name", "latest")); err != nil || to != run {
			t.Errorf("latest points to %q, %v; want %s", to, err, run)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(out, "name", "latest.*")); left != nil {
		t.Errorf("left behind: %q", left)
	}
	if err := os.MkdirAll(filepath.Join(out, "other", "latest", "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := record.MarkLatest(filepath.Join(out, "other", "1")); err == nil || !strings.Contains(err.Error(), "is there a folder called latest?") {
		t.Errorf("a folder in the way gives %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(out, "other", "latest.*")); left != nil {
		t.Errorf("left behind: %q", left)
	}
}
