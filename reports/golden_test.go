package reports

import (
	"bytes"
	"html"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"paperlab/reports/history"
	"paperlab/reports/record"
)

// TestGoldenMarkdown compares the whole report.md of the sample crash, its
// junit.xml and what a terminal shows of it. Read the diff as its reader would.
func TestGoldenMarkdown(t *testing.T) {
	t.Parallel()
	dir := written(t)
	checkGolden(t, "consumer-crash.txtar", part(t, dir, "report.md"), part(t, dir, "junit.xml"), txtar.File{Name: "summary", Data: []byte(Summary(crashResult(1)))})
}

// TestGoldenBenches compares the reports of both kinds of benchmark.
func TestGoldenBenches(t *testing.T) {
	t.Parallel()
	var files []txtar.File
	for _, b := range []record.Bench{sampleBench(), sampleSpreads()} {
		var md bytes.Buffer
		if err := benchPages["md"].Execute(&md, newBenchPage(b)); err != nil {
			t.Fatal(err)
		}
		files = append(files, txtar.File{Name: b.Name + ".md", Data: md.Bytes()}, txtar.File{Name: b.Name + " summary", Data: []byte(BenchSummary(b))})
	}
	checkGolden(t, "bench.txtar", files...)
}

// TestGoldenFigures compares all that stands written in the figures of the
// samples, and the sentences on those that are not drawn.
func TestGoldenFigures(t *testing.T) {
	t.Parallel()
	var files []txtar.File
	add := func(of string, drawn []figure, missing []string) {
		for _, f := range drawn {
			files = append(files, txtar.File{Name: of + "/" + f.Name, Data: []byte(wordsOf(t, f))})
		}
		if len(missing) > 0 {
			files = append(files, txtar.File{Name: of + " lacks", Data: []byte(strings.Join(missing, "\n") + "\n")})
		}
	}
	of := func(r record.Result, events map[string][]history.Event) ([]figure, []string) {
		accounts := map[string]*history.Account{}
		for _, run := range r.Runs {
			accounts[run.Profile] = history.AccountOf(events[run.Profile])
		}
		return figures(r.InOrder(), accounts)
	}
	for _, c := range []struct {
		name   string
		sample func(uint64) (record.Result, map[string][]history.Event)
	}{{"crash", crash}, {"outage", outage}, {"left alone", leftAlone}} {
		drawn, missing := of(c.sample(1))
		add(c.name, drawn, missing)
	}
	drawn, missing := setFigures(sampleSet())
	add("set", drawn, missing)
	for _, b := range []record.Bench{sampleBench(), sampleSpreads()} {
		drawn, missing := benchFigures(b)
		add("bench "+b.Name, drawn, missing)
	}
	checkGolden(t, "figures.txtar", files...)
}

// leftAlone is a run without a fault, an alert or a bound.
func leftAlone(seed uint64) (record.Result, map[string][]history.Event) {
	r, events := crash(seed)
	for i, run := range r.Runs {
		r.Runs[i] = record.Run{Profile: run.Profile, Phases: run.Phases, Counts: record.Counts{LLMCallsRepeated: 2}}
	}
	return r, events
}

// wordsOf is a figure in words: what is told of it, and what stands in it, in the
// order in which it was drawn.
func wordsOf(t *testing.T, f figure) string {
	t.Helper()
	var doc bytes.Buffer
	if err := f.Chart.SVG(&doc); err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, text := range inFigures.FindAllStringSubmatch(doc.String(), -1) {
		words = append(words, html.UnescapeString(text[1]))
	}
	return f.Title + "\n" + f.Alt + "\n" + f.Caption + "\n" + strings.Join(words, " · ") + "\n"
}

var inFigures = regexp.MustCompile(`>([^<>]+)</text>`)

// part is a file of a report as part of a golden.
func part(t *testing.T, dir, name string) txtar.File {
	t.Helper()
	return txtar.File{Name: name, Data: []byte(read(t, dir, name))}
}

// checkGolden compares texts with a golden.
func checkGolden(t *testing.T, name string, got ...txtar.File) {
	t.Helper()
	path := filepath.Join("testdata", name)
	golden, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(golden.Comment) < 100 {
		t.Fatalf("%s must have a header in prose", path)
	}
	if reflect.DeepEqual(got, golden.Files) {
		return
	}
	if !*update {
		t.Fatalf("not as in %s; if it should be, rewrite it with -update and read the diff\n%s", path, firstDifference(txtar.Format(&txtar.Archive{Comment: golden.Comment, Files: got}), txtar.Format(golden)))
	}
	golden.Files = got
	if err := os.WriteFile(path, txtar.Format(golden), 0o644); err != nil {
		t.Fatal(err)
	}
}

func firstDifference(got, want []byte) string {
	g, w := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(g), len(w)) {
		if !bytes.Equal(g[i], w[i]) {
			return "got:  " + string(g[i]) + "\nwant: " + string(w[i])
		}
	}
	return "one is longer than the other"
}
