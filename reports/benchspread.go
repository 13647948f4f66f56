package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"paperlab/reports/chart"
	"paperlab/reports/record"
)

// spreadMetrics are the metrics that some case has the distribution of. Where
// there are any, these are drawn, and the others stand in the table alone.
func spreadMetrics(b record.Bench) (names []string) {
	for _, name := range metricNames(b) {
		if slices.ContainsFunc(b.Cases, func(c record.Case) bool { return c.Metrics[name].Distribution != nil }) {
			names = append(names, name)
		}
	}
	return names
}

// spreadFigure draws a metric's distributions: a panel for each combination of
// the parameters beside X, a column for each X. What was missed
// has no dot: its column says how many.
func spreadFigure(b record.Bench, metric string) figure {
	f := chart.Spreads{
		Name: slug(metric), Title: b.Name + ": " + inSeconds(metric) + ", logarithmic scale", XLabel: inSeconds(benchX(b)),
		Bound: "what monitoring alone takes",
		Alt:   fmt.Sprintf("The distribution of %s by %s, a panel for each case.", inSeconds(metric), inSeconds(benchX(b))),
	}
	for _, c := range b.Cases {
		title := otherValues(b, c)
		i := slices.IndexFunc(f.Panels, func(p chart.SpreadPanel) bool { return p.Title == title })
		if i < 0 {
			i = len(f.Panels)
			f.Panels = append(f.Panels, chart.SpreadPanel{Title: title})
		}
		f.Panels[i].Columns = append(f.Panels[i].Columns, spreadColumn(b, c, metric))
	}
	return figure{f.Chart(), "Each dot is one measurement. Missed ones have no dot; their number stands at the foot of their column."}
}

func spreadColumn(b record.Bench, c record.Case, metric string) chart.SpreadColumn {
	column := chart.SpreadColumn{Label: fmt.Sprint(c.Params[benchX(b)]), Least: math.NaN(), Most: math.NaN()}
	m := c.Metrics[metric]
	if s := m.Distribution; s != nil {
		column.Values, column.Median = s.Values, m.Value
		if s.Least != nil && s.Most != nil {
			column.Least, column.Most = *s.Least, *s.Most
		}
		if s.Missed > 0 {
			column.Note = fmt.Sprintf("%d missed", s.Missed)
		}
	}
	return column
}

// spreadCells are a distribution's columns in the table of cases.
func spreadCells(m record.Metric, measured bool) []cell {
	s := m.Distribution
	if !measured || s == nil || len(s.Values) == 0 {
		why := ""
		if s != nil {
			why = s.Why
		}
		return []cell{{Text: notMeasured}, {}, {}, {}, {}, {Text: why}}
	}
	at := func(p float64) cell { return cell{Text: chart.Seconds(record.NearestRank(s.Values, p))} }
	alone := cmp.Or(s.Why, "no bound")
	if s.Least != nil && s.Most != nil {
		alone = chart.Seconds(*s.Least) + " to " + chart.Seconds(*s.Most)
	}
	return []cell{{Text: quantity(m)}, at(0.1), at(25), at(75), at(100), {Text: alone}}
}

// spreadHead are their headings.
func spreadHead(name string) []string {
	return []string{strings.TrimSuffix(spaced(name), " s") + ", median", "least", "quarter below", "three quarters below", "most", "monitoring alone"}
}

// inSeconds writes scrape_s as "scrape (s)".
func inSeconds(name string) string {
	bare, found := strings.CutSuffix(name, "_s")
	if !found {
		return spaced(name)
	}
	return spaced(bare) + " (s)"
}
