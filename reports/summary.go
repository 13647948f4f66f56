package reports

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"paperlab/reports/record"
)

// Summary is the report's key figures as plain text, one line each, for a
// terminal. Figures that need the history are left out.
func Summary(r record.Result) string {
	if len(r.Runs) == 0 {
		return ""
	}
	t := keyFigures(r, nil)
	t.Head[0] = ""
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
