package reports

import (
	"strings"
	"testing"

	"paperlab/reports/record"
)

// TestRecordStoryTableAndChartAgree: what went wrong, and when, is the same
// everywhere.
func TestRecordStoryTableAndChartAgree(t *testing.T) {
	r := crashResult(1)
	for _, run := range r.Runs {
		rows := strips(r.Runs, run)
		for _, a := range anomalies {
			b := run.BlameOf(a.id)
			if b == nil {
				continue
			}
			parts, drawn := 0, 0
			for _, p := range b.Parts {
				parts += p.Count
			}
			for _, s := range rows {
				if s.Label == a.strip {
					drawn = len(s.Times)
				}
			}
			if n := a.in(run); n >= 0 && n != b.Total || parts != b.Total || drawn != b.Total {
				t.Errorf("%s of %s: %d counted, %d blamed, %d in parts, %d drawn", a.id, run.Profile, a.in(run), b.Total, parts, drawn)
			}
		}
	}
	if rows := strips(r.Runs, *r.Of(hardened)); len(rows) != 3 || len(rows[0].Times) != 0 {
		t.Errorf("the hardened run's strips are %+v, want the naive one's rows, empty", rows)
	}
	table := blameTable(r.InOrder())
	if len(table.Rows) != 3 || !strings.Contains(table.Rows[2].Cells[0].Text, "10 before any fault, 21 during kill-1; 0 caused by the faults (1 a second without one)") {
		t.Errorf("the table is %+v", table)
	}
}

func TestCaused(t *testing.T) {
	for want, b := range map[string]*record.Blame{
		"":                                      {Total: 3},
		" (no more often than without a fault)": {Total: 3, Caused: new(0)},
		" (by the faults' doing)":               {Total: 3, Caused: new(3)},
		" (2 of that by the faults' doing)":     {Total: 3, Caused: new(2)},
	} {
		if got := caused(b); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
