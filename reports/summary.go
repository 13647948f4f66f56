package reports

import (
	"bytes"
	"fmt"
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
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 0, 3, ' ', 0)
	t := keyFigures(r, nil)
	fmt.Fprintf(w, "\n  \t%s\n", strings.Join(t.Head[1:], "\t"))
	for _, line := range t.Rows {
		texts, known := []string{}, false
		for _, c := range line.Cells {
			texts = append(texts, c.Text)
			known = known || c.Text != notMeasured
		}
		if known {
			fmt.Fprintf(w, "  %s\t%s\n", line.Label, strings.Join(texts, "\t"))
		}
	}
	_ = w.Flush() // into memory
	return out.String()
}

// BenchSummary is a benchmark's table as plain text.
func BenchSummary(b record.Bench) string {
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 0, 3, ' ', 0)
	t := benchTable(b)
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
