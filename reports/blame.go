package reports

import (
	"fmt"
	"strings"

	"paperlab/reports/chart"
	"paperlab/reports/record"
)

// strips are the anomalies of a run on its time axis: a row for each kind that
// any of the runs has, so that profiles can be compared.
func strips(all []record.Run, run record.Run) []chart.Strip {
	var rows []chart.Strip
	for _, a := range anomalies {
		seen := false
		for _, r := range all {
			seen = seen || r.BlameOf(a.id) != nil
		}
		if !seen {
			continue
		}
		row := chart.Strip{Label: a.strip, Color: chart.Red}
		for _, one := range run.Anomalies {
			if one.Invariant == a.id {
				row.Times = append(row.Times, one.AtS)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func stripsCaption(runs []record.Run) string {
	for _, r := range runs {
		if len(r.Blame) > 0 {
			return "Each stroke under the axis is one anomaly, at its time."
		}
	}
	return ""
}

// blameTable says of each kind of anomaly when it happened, and how much of it
// the faults brought: a column for each profile.
func blameTable(r record.Result) table {
	var lines []line
	for _, a := range anomalies {
		for _, run := range r.Runs {
			if run.BlameOf(a.id) != nil {
				lines = append(lines, line{a.strip, a.blamed})
				break
			}
		}
	}
	if len(lines) == 0 {
		return table{}
	}
	return sideBySide(r, "anomaly, and when", lines)
}

// blamed says when a run's anomalies of a kind happened.
func (a anomaly) blamed(r record.Run) cell {
	b := r.BlameOf(a.id)
	if b == nil {
		return a.mustBeZero(r)
	}
	var parts []string
	for _, p := range b.Parts {
		parts = append(parts, fmt.Sprintf("%s %s", chart.Count(p.Count), p.Words()))
	}
	text := strings.Join(parts, ", ")
	if b.Caused != nil {
		text += fmt.Sprintf("; %s caused by the faults", chart.Count(*b.Caused))
		if *b.BackgroundPerS > 0 {
			text += fmt.Sprintf(" (%s a second without one)", chart.Number(*b.BackgroundPerS))
		}
	}
	return cell{text, "bad"}
}

// caused says in a story how much of what went wrong the faults brought; empty
// where that is not known.
func caused(b *record.Blame) string {
	switch {
	case b == nil || b.Caused == nil:
		return ""
	case *b.Caused == 0:
		return " (no more often than without a fault)"
	case *b.Caused >= b.Total:
		return " (by the faults' doing)"
	default:
		return fmt.Sprintf(" (%s of that by the faults' doing)", chart.Count(*b.Caused))
	}
}
