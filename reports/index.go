package reports

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"paperlab/reports/history"
	"paperlab/reports/record"
)

// indexPage lists everything under one folder.
type indexPage struct {
	// Columns are the headings of the lines' cells.
	Columns []string
	Lines   []indexLine
	Broken  []brokenFolder
}

// indexLine is one run, set or benchmark.
type indexLine struct {
	// Link leads to the report; where it was not drawn, Redraw is what draws it.
	Name, Link string
	Redraw     string
	StartedAt  time.Time
	Verdict    record.Verdict // empty for a benchmark
	Seed       string
	About      string
	Cells      []cell
	Commit     string
	// Older says why this version cannot draw the run's pages again, empty if it
	// can.
	Older string
}

type brokenFolder struct{ Folder, Why string }

// Index writes outDir/index.html: all results in outDir/NAME/RUN/, newest
// first. A folder without a record is passed over: it may be a run that is
// still going on. One without pages is listed with what draws them. One whose
// record cannot be read, or is not ours, is listed
// with the reason and stops nothing. Symbolic links ("latest") are passed over,
// since what they point to is listed itself.
func Index(outDir string) error {
	p := indexPage{Columns: append([]string{"detected after", "backlog back after"}, record.Profiles()...)}
	names, err := folders(outDir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("index the reports in %s: %w", outDir, err)
	}
	for _, name := range names {
		runs, err := folders(filepath.Join(outDir, name))
		if err != nil {
			p.Broken = append(p.Broken, brokenFolder{name, err.Error()})
			continue
		}
		for _, run := range runs {
			p.take(outDir, name, run)
		}
	}
	slices.SortStableFunc(p.Lines, func(a, b indexLine) int {
		return cmp.Or(b.StartedAt.Compare(a.StartedAt), cmp.Compare(a.Link, b.Link))
	})
	return writeFile(outDir, "index.html", func(w io.Writer) error { return indexHTML.Execute(w, p) })
}

// folders lists the real folders in dir; a link is not one.
func folders(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	var out []string
	for _, e := range entries {
		if e.IsDir() {
			out = append(out, e.Name())
		}
	}
	return out, err
}

func (p *indexPage) take(outDir, name, run string) {
	folder := filepath.Join(outDir, name, run)
	if _, err := os.Lstat(record.FileIn(folder)); errors.Is(err, os.ErrNotExist) {
		return
	}
	line, err := readLine(folder)
	if err != nil {
		p.Broken = append(p.Broken, brokenFolder{name + "/" + run, err.Error()})
		return
	}
	// The dot keeps a colon in a name from looking like a scheme.
	line.Link = "./" + url.PathEscape(name) + "/" + url.PathEscape(run) + "/report.html"
	if _, err := os.Stat(filepath.Join(folder, "report.html")); errors.Is(err, os.ErrNotExist) {
		line.Redraw = redrawCommand(folder)
	}
	if line.Name == "" {
		line.Name = name
	}
	p.Lines = append(p.Lines, line)
}

// readLine finds out by the schema what kind of record a folder holds.
func readLine(folder string) (indexLine, error) {
	schema, err := record.SchemaOf(folder)
	if err != nil {
		return indexLine{}, err
	}
	if schema == record.BenchSchema {
		b, err := record.LoadBench(folder)
		return indexLine{
			Name: "bench " + b.Name, StartedAt: b.StartedAt, About: b.About, Commit: commit(b.Code),
			Cells: []cell{{Text: count(len(b.Cases), "case", "cases")}},
		}, err
	}
	if schema == record.SetSchema {
		s, err := record.LoadSet(folder)
		return setLine(s), err
	}
	r, err := record.LoadResult(folder)
	l := resultLine(r)
	var older *history.SchemaError
	if errors.As(history.Check(filepath.Join(folder, historyFile)), &older) {
		l.Older = older.Error()
	}
	return l, err
}

func resultLine(r record.Result) indexLine {
	l := indexLine{Name: r.Scenario, StartedAt: r.StartedAt, Verdict: r.Verdict, Seed: fmt.Sprint(r.Seed), About: r.About, Commit: commit(r.Code)}
	triple := func(profile string) cell {
		if run := r.Of(profile); run != nil {
			return cell{Text: anomalyTriple(*run)}
		}
		return cell{Text: "not run"}
	}
	if shown := r.InOrder().Runs; len(shown) > 0 {
		main := shown[len(shown)-1]
		l.Cells = []cell{detected(main), regained(main, main.LagRecoveryS)}
		for _, profile := range record.Profiles() {
			l.Cells = append(l.Cells, triple(profile))
		}
	}
	return l
}

// anomalyTriple is lost / twice / out of order, with a question mark where
// nothing was found and nothing was judged valid either.
func anomalyTriple(r record.Run) string {
	var parts []string
	for _, a := range anomalies {
		if !a.always {
			continue
		}
		if bar := a.barOf(r); bar.Known {
			parts = append(parts, bar.Text)
		} else {
			parts = append(parts, "?")
		}
	}
	return strings.Join(parts, " / ")
}

func commit(c record.Code) string {
	id := cmp.Or(c.Commit, "unknown")
	id = id[:min(len(id), 10)]
	if c.Dirty {
		id += " with changes"
	}
	return id
}

// Blank are the cells that a line leaves empty.
func (l indexLine) Blank() []struct{} { return make([]struct{}, 2+len(record.Profiles())-len(l.Cells)) }
