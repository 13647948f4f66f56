package reports

import (
	"bytes"
	"compress/gzip"
	"errors"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"paperlab/reports/chart"
	"paperlab/reports/history"
	"paperlab/reports/record"
)

func filesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestWriteMakesAllFiles(t *testing.T) {
	dir := written(t)
	want := []string{
		"charts/anomalies.png", "charts/anomalies.svg", "charts/backlog.png", "charts/backlog.svg",
		"charts/detection.png", "charts/detection.svg",
		"charts/latency.png", "charts/latency.svg", "charts/llm-calls.png", "charts/llm-calls.svg",
		"charts/recovery.png", "charts/recovery.svg",
		"history.jsonl.gz", "junit.xml", "report.html", "report.md", "result.json", "slack.json",
	}
	if got := filesIn(t, dir); !slices.Equal(got, want) {
		t.Fatalf("files are %q, want %q", got, want)
	}
	for _, name := range want {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Size() == 0 || info.Mode().Perm() != 0o644 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	checkHistory(t, dir, crashResult(1))
	if got := read(t, dir, "slack.json"); got != "[]" {
		t.Errorf("slack.json is %q, must be as it was sent", got)
	}
}

// checkHistory: the profiles one after the other, in the order of the runs.
func checkHistory(t *testing.T, dir string, r record.Result) {
	t.Helper()
	got, err := history.ReadFile(filepath.Join(dir, "history.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	_, events := crash(1)
	if want := len(events[hardened]) + len(events[naive]); len(got) != want {
		t.Fatalf("%d events, want %d", len(got), want)
	}
	if got[0].Profile != r.Runs[0].Profile || got[len(got)-1].Profile != r.Runs[1].Profile {
		t.Errorf("the history begins with %s and ends with %s", got[0].Profile, got[len(got)-1].Profile)
	}
}

// Without histories there are fewer figures, and a sentence for each one that
// is missing. Write may be called again for the same folder.
func TestWriteWithoutHistoriesAndAgain(t *testing.T) {
	t.Parallel()
	dir, r := t.TempDir(), crashResult(1)
	if err := Write(dir, r, nil, nil); err != nil {
		t.Fatal(err)
	}
	got := filesIn(t, dir)
	if slices.Contains(got, "slack.json") || slices.Contains(got, "charts/backlog.svg") || !slices.Contains(got, "charts/anomalies.svg") {
		t.Errorf("files are %q", got)
	}
	page := read(t, dir, "report.md")
	for _, want := range []string{"No backlog is shown", "No latency is shown", "No LLM calls are shown", "| end to end, p50 and p95 | not measured | not measured |"} {
		if !strings.Contains(page, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	r.Verdict = record.Aborted
	if err := Write(dir, r, nil, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := record.LoadResult(dir); err != nil || got.Verdict != record.Aborted {
		t.Errorf("the record is %s, %v", got.Verdict, err)
	}
	if after := filesIn(t, dir); !slices.Equal(got, after) {
		t.Errorf("files were %q, are %q", got, after)
	}
}

// TestRedraw: the pages come again from record and history alone, and the rest
// stays as it is.
func TestRedraw(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(written(t))); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, name := range filesIn(t, dir) {
		want[name] = read(t, dir, name)
		if strings.HasPrefix(name, "report.") || strings.HasPrefix(name, "charts/") {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := Redraw(dir); err != nil {
		t.Fatal(err)
	}
	for name, content := range want {
		if read(t, dir, name) != content {
			t.Errorf("%s is not as it was", name)
		}
	}
}

// TestRedrawOfAnotherVersion: a folder of an older version is left as it is, and
// the error says what it is.
func TestRedrawOfAnotherVersion(t *testing.T) {
	dir := t.TempDir()
	if err := writeJSON(dir, "result.json", crashResult(1)); err != nil {
		t.Fatal(err)
	}
	writeOldHistory(t, dir)
	err := Redraw(dir)
	var schema *history.SchemaError
	if !errors.As(err, &schema) || !strings.Contains(err.Error(), "names no schema, as those of version 1 did not; this program reads paperlab/history/v2") {
		t.Errorf("error is %v", err)
	}
	if got := filesIn(t, dir); !slices.Equal(got, []string{"history.jsonl.gz", "result.json"}) {
		t.Errorf("files are %q", got)
	}
	if err := Redraw(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty folder gives %v", err)
	}
}

func writeOldHistory(t *testing.T, dir string) {
	t.Helper()
	if err := writeFile(dir, historyFile, func(w io.Writer) error {
		zip := gzip.NewWriter(w)
		_, err := zip.Write([]byte(`{"t":1,"profile":"hardened","process":"lab","type":"ok","op":"phase","name":"steady"}` + "\n"))
		return errors.Join(err, zip.Close())
	}); err != nil {
		t.Fatal(err)
	}
}

func TestWriteOfARunThatNeverBegan(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir, record.Result{Scenario: "s", Verdict: record.Infrastructure, Reasons: []string{"no redis-server"}}, nil, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"report.md", "report.html"} {
		page := read(t, dir, name)
		for _, want := range []string{"The lab itself failed", "no redis-server", "make scenario NAME=s SEED=0", "an unknown time"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s does not say %q", name, want)
			}
		}
	}
}

var (
	// loads are the ways in which a page makes a browser fetch something.
	loads = regexp.MustCompile(`(?i)<(link|script|iframe|object|embed|img|image|base|audio|video|source|form|meta http-equiv)\b|@import|url\(|\b(src|srcset|xlink:href|data|poster|action)\s*=`)
	links = regexp.MustCompile(`(?i)\bhref\s*=\s*"([^"]*)"`)
)

// report.html is one file that opens offline.
func TestHTMLIsOneFile(t *testing.T) {
	dir := written(t)
	page := read(t, dir, "report.html")
	if found := loads.FindAllString(page, -1); found != nil {
		t.Errorf("the page fetches: %q", found)
	}
	if found := links.FindAllString(page, -1); found != nil {
		t.Errorf("the page links to %q", found)
	}
	if n := strings.Count(page, "<svg "); n != 6 {
		t.Errorf("%d figures in the page, want 6", n)
	}
	if strings.Contains(page, "xmlns") || strings.Contains(page, "<?xml") {
		t.Error("a figure still has its document's prologue")
	}
	for _, must := range []string{`<meta charset="utf-8">`, "prefers-color-scheme:dark", "var(--c0072B2,#0072B2)", `aria-label="Backlog over time`} {
		if !strings.Contains(page, must) {
			t.Errorf("the page lacks %s", must)
		}
	}
}

// Colours follow the page's theme; a name that looks like one stays as it is.
func TestInlineColours(t *testing.T) {
	c, err := drawn(figure{Chart: chart.Timeline{Title: "#1F2328", Panels: []chart.Panel{{Title: "stroke:#1F2328"}}}.Chart()})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">#1F2328</text>", ">stroke:#1F2328</text>", "fill:var(--c1F2328,#1F2328)\"", "stroke:var(--c5B6470,#5B6470)"} {
		if !strings.Contains(string(c.SVG), want) {
			t.Errorf("the figure lacks %s", want)
		}
	}
}

// What is no SVG becomes no part of a page.
func TestInlineNeedsARoot(t *testing.T) {
	for _, doc := range []string{"", "<p>", "<svg", "no root >"} {
		if got, err := inline("alt", []byte(doc)); err == nil {
			t.Errorf("%q becomes %q", doc, got)
		}
	}
	got, err := inline(`"a" & b`, []byte(`<?xml version="1.0"?><svg width="9" viewBox="0 0 1 2" xmlns="x"><g style="fill:#0072B2"/></svg>`))
	if want := `<svg role="img" aria-label="&#34;a&#34; &amp; b" viewBox="0 0 1 2"><g style="fill:var(--c0072B2,#0072B2)"/></svg>`; err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

// The regular expressions above find what they are to find.
func TestLoadsAreFound(t *testing.T) {
	for _, s := range []string{`<script>`, `<link rel=x>`, `<img alt="">`, `<a src = "x">`, `background:url(x)`, `@import "x"`, `<use xlink:href="#a">`} {
		if !loads.MatchString(s) {
			t.Errorf("%s is not found", s)
		}
	}
}

func TestChartFilesAreImages(t *testing.T) {
	dir := written(t)
	for _, name := range filesIn(t, filepath.Join(dir, "charts")) {
		content := read(t, dir, "charts", name)
		if strings.HasSuffix(name, ".svg") {
			checkXML(t, name, content)
			continue
		}
		if _, err := png.Decode(strings.NewReader(content)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUnwritableFolder(t *testing.T) {
	// Permissions do not bind root, who may run the tests; a file in the way
	// does.
	parent := t.TempDir()
	if err := os.WriteFile(filepath.Join(parent, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(parent, "file", "run")
	err := Write(dir, crashResult(1), nil, nil)
	if !errors.Is(err, syscall.ENOTDIR) || !strings.Contains(err.Error(), "write report file "+dir) || !strings.Contains(err.Error(), "a file stands where a folder is needed") {
		t.Errorf("error is %v", err)
	}
	if err := Index(filepath.Join(parent, "file")); err == nil || !strings.Contains(err.Error(), "index the reports in") {
		t.Errorf("index gives %v", err)
	}
}

func TestNoHalfFiles(t *testing.T) {
	dir := t.TempDir()
	if err := writeBytes(dir, "a", []byte("old")); err != nil {
		t.Fatal(err)
	}
	for cause, remedy := range map[error]string{
		syscall.ENOSPC:    "the disk is full: free some space",
		syscall.EDQUOT:    "the disk is full: free some space",
		syscall.EACCES:    "check its permissions",
		syscall.EROFS:     "check its permissions",
		io.ErrClosedPipe:  "closed pipe",
		errors.New("odd"): "odd",
	} {
		err := writeFile(dir, "a", func(w io.Writer) error {
			if _, err := w.Write(bytes.Repeat([]byte("new"), 10_000)); err != nil {
				return err
			}
			return &os.PathError{Op: "write", Path: "x", Err: cause}
		})
		if !errors.Is(err, cause) || !strings.Contains(err.Error(), remedy) || !strings.Contains(err.Error(), filepath.Join(dir, "a")) {
			t.Errorf("error is %v, want %v with %q", err, cause, remedy)
		}
	}
	if got := filesIn(t, dir); !slices.Equal(got, []string{"a"}) || read(t, dir, "a") != "old" {
		t.Errorf("left behind: %q, a is %q", got, read(t, dir, "a"))
	}
}
