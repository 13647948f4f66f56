package reports

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"

	"paperlab/reports/record"
)

// command is how to run the same again.
func command(r record.Result) string {
	seed := fmt.Sprintf("SEED=%d", r.Seed)
	switch {
	case r.Target != "":
	case len(r.Runs) == 1:
		return again(r, seed, "PROFILE="+quote(r.Runs[0].Profile))
	case len(r.Runs) == len(record.Profiles()):
		return again(r, seed, "PROFILE=all")
	}
	return again(r, seed)
}

// again is a command for the same scenario in the same place, with options.
func again(r record.Result, options ...string) string {
	parts := append([]string{"make", quote(cmp.Or(r.Target, "scenario")), "NAME=" + quote(cmp.Or(r.Source, r.Scenario))}, options...)
	if r.Corpus != "" && r.Corpus != "builtin" {
		parts = append(parts, "CORPUS="+quote(r.Corpus))
	}
	if r.Environment != "" && r.Environment != "process" {
		parts = append(parts, "ENVIRONMENT="+quote(r.Environment))
	}
	return strings.Join(parts, " ")
}

// redrawCommand draws the pages of a folder from its evidence.
func redrawCommand(dir string) string { return "make report RUN=" + quote(dir) }

var plainWord = regexp.MustCompile(`^[A-Za-z0-9._/@:+-]+$`)

// quote makes a word safe to paste into a shell.
func quote(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(oneLine(s), "'", `'\''`) + "'"
}

// Summary is the report's key figures as plain text, one line each, for a
// terminal. Figures that need the history are left out.
func Summary(r record.Result) string {
	if len(r.Runs) == 0 {
		return ""
	}
	r = r.InOrder()
	t := keyFigures(r, nil)
	t.Head[0] = ""
	for _, priced := range costsTable(r).Rows {
		if !slices.ContainsFunc(t.Rows, func(line row) bool { return line.Label == priced.Label }) {
			t.Rows = append(t.Rows, priced)
		}
	}
	t.Rows = slices.DeleteFunc(t.Rows, func(line row) bool {
		return !slices.ContainsFunc(line.Cells, func(c cell) bool { return c.Text != notMeasured })
	})
	return t.plain()
}

// BenchSummary is a benchmark's table as plain text.
func BenchSummary(b record.Bench) string { return benchTable(b).plain() }

func (t table) plain() string {
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 0, 3, ' ', 0)
	fmt.Fprintf(w, "\n  %s\n", strings.Join(t.Head, "\t"))
	for _, line := range t.Rows {
		fmt.Fprintf(w, "  %s", line.Label)
		for _, c := range line.Cells {
			fmt.Fprintf(w, "\t%s", c.Text)
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush() // into memory
	return out.String()
}

// notMeasured stands where a figure has no reading behind it.
const notMeasured = "not measured"
