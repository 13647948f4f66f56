package reports

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"

	"paperlab/reports/chart"
	"paperlab/reports/record"
)

// WriteBench makes the report of a benchmark in dir: result.json first, then
// report.html, report.md, charts/*.svg and .png. An empty Bench.Schema is filled
// in. The error wraps ErrNotDrawn if the record is there and the report is not.
func WriteBench(dir string, b record.Bench) error {
	if b.Schema == "" {
		b.Schema = record.BenchSchema
	}
	if err := writeJSON(dir, recordFile, b); err != nil {
		return err
	}
	return notDrawn(dir, drawBench(dir, b))
}

func drawBench(dir string, b record.Bench) error {
	p := newBenchPage(b)
	return writePages(dir, benchPages, p, p.Charts)
}

// benchPage is what a benchmark's report.html and report.md both show.
type benchPage struct {
	record.Bench
	Charts  []picture
	Missing []string
	Table   table
	Command string
}

func newBenchPage(b record.Bench) *benchPage {
	p := &benchPage{Bench: b, Table: benchTable(b), Command: "make bench NAME=" + quote(b.Name)}
	if b.Seed != 0 {
		p.Command += fmt.Sprintf(" SEED=%d", b.Seed)
	}
	able, missing := benchFigures(b)
	charts, failed := drawAll(able)
	p.Charts, p.Missing = charts, append(missing, failed...)
	return p
}

// benchFigures are of the distributions, if there are any, else of all metrics.
func benchFigures(b record.Bench) (able []figure, missing []string) {
	spreads := spreadMetrics(b)
	for _, metric := range spreads {
		able = append(able, spreadFigure(b, metric))
	}
	for _, metric := range metricNames(b) {
		if c, ok := benchChart(b, metric); ok && len(spreads) == 0 {
			able = append(able, figure{c, benchCaption(b, metric)})
		}
	}
	if len(able) == 0 {
		missing = append(missing, fmt.Sprintf("No chart is shown: no metric was measured at two or more values of %q.", benchX(b)))
	}
	return able, missing
}

func benchCaption(b record.Bench, metric string) string {
	interval := "There is no confidence interval."
	for _, c := range b.Cases {
		if m := c.Metrics[metric]; m.Level > 0 {
			interval = fmt.Sprintf("Bars are %g %% confidence intervals over repeats.", 100*m.Level)
			break
		}
	}
	return interval + " The dotted line is what exact proportion to the first point would be."
}

func benchX(b record.Bench) string { return cmp.Or(b.X, "shards") }

// metricNames are those of all cases, sorted.
func metricNames(b record.Bench) []string {
	names := map[string]bool{}
	for _, c := range b.Cases {
		for name := range c.Metrics {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// benchChart draws one metric against X, with a panel for each combination of
// the other parameters, in the order of the cases.
func benchChart(b record.Bench, metric string) (chart.Chart, bool) {
	t := chart.Throughput{
		Name: slug(metric), Title: b.Name + ": " + spaced(metric), XLabel: spaced(benchX(b)), YLabel: spaced(metric),
		Alt: fmt.Sprintf("%s against %s, with confidence intervals.", capital(spaced(metric)), spaced(benchX(b))),
		// A ratio of means is not the mean of ratios: where the record has
		// ratios, no second set of them is written beside the rates.
		Ratios: metric == speedup || !slices.Contains(metricNames(b), speedup),
	}
	widest := 0
	for _, c := range b.Cases {
		m, measured := c.Metrics[metric]
		x, numeric := asNumber(c.Params[benchX(b)])
		if !measured || !numeric || math.IsNaN(m.Value) || math.IsInf(m.Value, 0) {
			continue
		}
		t.YLabel = axisLabel(metric, m.Unit)
		label := otherParams(b, c)
		i := slices.IndexFunc(t.Series, func(s chart.RateSeries) bool { return s.Label == label })
		if i < 0 {
			i = len(t.Series)
			t.Series = append(t.Series, chart.RateSeries{Label: label})
		}
		t.Series[i].Points = append(t.Series[i].Points, chart.RatePoint{X: x, Value: m.Value, Low: m.Low, High: m.High})
		widest = max(widest, len(t.Series[i].Points))
	}
	return chart.ThroughputChart(t), widest > 1
}

// axisLabel is the unit where that says it all ("messages/s"), else the metric
// with its unit ("speedup (×)").
func axisLabel(metric, unit string) string {
	switch {
	case unit == "":
		return spaced(metric)
	case strings.ContainsFunc(unit, unicode.IsLetter):
		return unit
	default:
		return spaced(metric) + " (" + unit + ")"
	}
}

// asNumber reads a parameter: one that was set here, or read from a record.
func asNumber(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, true
	case int:
		return float64(n), true
	}
	return 0, false
}

// otherParams are a case's parameters beside X, in order of name.
func otherParams(b record.Bench, c record.Case) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(c.Params)) {
		if name != benchX(b) {
			parts = append(parts, withUnit(name, c.Params[name]))
		}
	}
	return strings.Join(parts, ", ")
}

// otherValues are the same parameters without their names: of what is a name or
// a sentence itself.
func otherValues(b record.Bench, c record.Case) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(c.Params)) {
		if name != benchX(b) {
			parts = append(parts, fmt.Sprint(c.Params[name]))
		}
	}
	return strings.Join(parts, ": ")
}

// speedup is the metric that holds ratios to the first case.
const speedup = "speedup"

// withUnit writes work_ms=5 as "work 5 ms".
func withUnit(name string, v any) string {
	for _, unit := range []string{"ms", "s", "bytes"} {
		if bare, found := strings.CutSuffix(name, "_"+unit); found {
			return fmt.Sprintf("%s %v %s", spaced(bare), v, unit)
		}
	}
	return fmt.Sprintf("%s %v", spaced(name), v)
}

// spaced writes a name from a record in words: messages_per_s as "messages/s".
func spaced(name string) string {
	if bare, found := strings.CutSuffix(name, "_per_s"); found {
		name = bare + "/s"
	}
	return strings.ReplaceAll(name, "_", " ")
}

// slug makes a name safe for a file.
func slug(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
}

// benchTable has one line for each case and a column for each metric.
func benchTable(b record.Bench) table {
	spreads := spreadMetrics(b)
	// A distribution stands before what belongs to it.
	metrics := slices.Concat(spreads, slices.DeleteFunc(metricNames(b), func(m string) bool { return slices.Contains(spreads, m) }))
	t := table{Head: []string{"case"}}
	for _, m := range metrics {
		if slices.Contains(spreads, m) {
			t.Head = append(t.Head, spreadHead(m)...)
			continue
		}
		t.Head = append(t.Head, spaced(m))
	}
	for _, c := range b.Cases {
		line := row{Label: c.Name}
		for _, name := range metrics {
			if slices.Contains(spreads, name) {
				m, measured := c.Metrics[name]
				line.Cells = append(line.Cells, spreadCells(m, measured)...)
				continue
			}
			text := notMeasured
			if m, ok := c.Metrics[name]; ok {
				text = quantity(m)
			}
			line.Cells = append(line.Cells, cell{Text: text})
		}
		t.Rows = append(t.Rows, line)
	}
	return t
}

// quantity writes a metric with its interval and number of repeats.
func quantity(m record.Metric) string {
	s := chart.Number(m.Value)
	if m.Unit != "" {
		s += " " + m.Unit
	}
	if m.High > m.Low {
		s += fmt.Sprintf(" (%s to %s, n=%d)", chart.Number(m.Low), chart.Number(m.High), m.N)
	}
	return s
}
