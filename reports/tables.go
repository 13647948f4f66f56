package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"paperlab/reports/chart"
	"paperlab/reports/history"
	"paperlab/reports/record"
)

// keyFigures are what a reader looks for first.
func keyFigures(r record.Result, accounts map[string]*history.Account) table {
	lines := []line{
		{"time to detect", detected},
		{"backlog back in its bound", func(r record.Run) cell { return regained(r, r.LagRecoveryS) }},
		{"steady state again", func(r record.Run) cell { return regained(r, r.TimeToRecoverS) }},
	}
	for _, a := range anomalies {
		if a.figure != "" {
			lines = append(lines, line{a.figure, a.mustBeZero})
		}
	}
	return sideBySide(r, "key figure", append(lines,
		line{"alerts before any fault", func(r record.Run) cell { return zeroIsGood(len(r.FalseAlarms)) }},
		line{"end to end, p50 and p95", func(r record.Run) cell {
			a := accounts[r.Profile]
			if a == nil || len(a.Latency) == 0 {
				return cell{Text: notMeasured}
			}
			return cell{Text: chart.Seconds(history.Percentile(a.Latency, 50)) + ", " + chart.Seconds(history.Percentile(a.Latency, 95))}
		}}))
}

// line is a figure of a run, for each profile.
type line struct {
	label string
	value func(record.Run) cell
}

// sideBySide has a column for each run.
func sideBySide(r record.Result, head string, lines []line) table {
	t := table{Head: []string{head}}
	for _, run := range r.Runs {
		t.Head = append(t.Head, run.Profile)
	}
	for _, l := range lines {
		cells := row{Label: l.label}
		for _, run := range r.Runs {
			cells.Cells = append(cells.Cells, l.value(run))
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

// reached is a time since the effect; without an effect there is none.
func reached(r record.Run, s *float64, zero, never string) cell {
	switch {
	case r.EffectAt() == nil:
		return cell{Text: "no fault took effect"}
	case s == nil:
		return cell{never, "bad"}
	case *s == 0:
		return cell{Text: zero}
	default:
		return cell{Text: chart.Seconds(*s)}
	}
}

func detected(r record.Run) cell {
	at := r.EffectAt()
	switch {
	case at == nil || r.TimeToDetectS != nil || len(alertsAfter(r, *at)) == 0:
	case r.Bounded():
		return cell{"not by its alert", "bad"}
	default:
		return cell{Text: notMeasured}
	}
	return reached(r, r.TimeToDetectS, "at once", "no alert")
}

// regained needs the bounds of steady state: without them nothing was measured.
func regained(r record.Run, s *float64) cell {
	if r.EffectAt() != nil && !r.Bounded() {
		return cell{Text: notMeasured}
	}
	return reached(r, s, "never left it", "not in this run")
}

// mustBeZero shows a count as good only if its invariant was judged valid:
// nobody looked is not the same as nothing found.
func (a anomaly) mustBeZero(r record.Run) cell {
	switch verdict, n := r.AnswerOf(a.id), a.in(r); {
	case n > 0:
		return cell{chart.Count(n), "bad"}
	case verdict == record.Invalid:
		return cell{"yes, see invariants", "bad"}
	case verdict == record.Valid:
		return cell{"0", "good"}
	case verdict == record.Unknown:
		return cell{Text: "could not be judged"}
	default:
		return cell{Text: "not judged"}
	}
}

func zeroIsGood(n int) cell {
	if n == 0 {
		return cell{"0", "good"}
	}
	return cell{chart.Count(n), "bad"}
}

// countsTable shows every count of the record.
func countsTable(r record.Result) table {
	count := func(label string, of func(record.Counts) int) line {
		return line{label, func(r record.Run) cell { return cell{Text: chart.Count(of(r.Counts))} }}
	}
	return sideBySide(r, "count", []line{
		count("paper versions offered by arXiv", func(c record.Counts) int { return c.Offered }),
		count("of these, acknowledged by the papers stream", func(c record.Counts) int { return c.Acknowledged }),
		count("notifications delivered, each counted once", func(c record.Counts) int { return c.Delivered }),
		count("lost", func(c record.Counts) int { return c.Lost }),
		count("recovered: outcome unknown, effect seen", func(c record.Counts) int { return c.Recovered }),
		count("unexpected effects", func(c record.Counts) int { return c.Unexpected }),
		count("duplicate deliveries (allowed)", func(c record.Counts) int { return c.DuplicateDeliveries }),
		count("duplicate effects", func(c record.Counts) int { return c.DuplicateEffects }),
		count("order violations", func(c record.Counts) int { return c.OrderViolations }),
		count("commits fenced", func(c record.Counts) int { return c.Fenced }),
		count("dead letters", func(c record.Counts) int { return c.DeadLetters }),
		count("LLM calls", func(c record.Counts) int { return c.LLMCalls }),
		count("LLM calls repeated", func(c record.Counts) int { return c.LLMCallsRepeated }),
	})
}

// moment is a line of the alerts' timeline.
type moment struct {
	At   float64
	What string
}

// timeline puts faults, alerts and takeovers in the order in which they came.
func timeline(r record.Run, takeovers []history.Event) []moment {
	var out []moment
	add := func(at *float64, what ...string) {
		if at != nil {
			out = append(out, moment{*at, strings.Join(what, " ")})
		}
	}
	for _, f := range r.Faults {
		add(&f.InjectedAtS, "fault", f.Name(), "injected into", f.Target)
		add(f.EffectAtS, "fault", f.Name()+": effect proven")
		add(f.HealedAtS, "fault", f.Name(), "healed")
	}
	for _, a := range r.Alerts {
		name := "alert " + a.Title()
		if a.AtOnce() {
			add(&a.NotifiedAtS, name, "fires and arrives")
		} else {
			add(&a.FiringAtS, name, "fires")
			add(&a.NotifiedAtS, name, "arrives")
		}
		add(a.ResolvedAtS, name, "resolved")
	}
	for _, m := range takeoverMarks(takeovers) {
		add(&m.T, m.Label, "changed owner")
	}
	slices.SortStableFunc(out, func(a, b moment) int { return cmp.Compare(a.At, b.At) })
	return out
}

// reading writes a number with its unit; seconds as they are written elsewhere.
func reading(value float64, unit string) string {
	if unit == "s" {
		return chart.Seconds(value)
	}
	return strings.TrimSpace(chart.Number(value) + " " + unit)
}

// objectiveBound says what had to be, and from when on a time counts.
func objectiveBound(o record.Objective) string {
	from := map[string]string{record.ClockEffect: " from the effect", record.ClockLastHeal: " from the last heal"}
	return "at most " + reading(o.Bound, o.Unit) + from[o.Clock]
}

func objectiveValue(o record.Objective) string {
	if o.Value == nil {
		return "never reached"
	}
	return reading(*o.Value, o.Unit)
}

// guardValue is what a guard was judged by.
func guardValue(g record.Guard) string {
	if g.Value == nil {
		return "unknown"
	}
	return reading(*g.Value, g.Unit)
}

// size writes a length in bytes for people, rounded up to a tenth of a kilobyte.
func size(n int64) string {
	if n < 1000 {
		return count(int(n), "byte", "bytes")
	}
	return fmt.Sprintf("%.1f kB", math.Ceil(float64(n)/100)/10)
}

// megabytes rounds up: a bound in MB must not be met by rounding.
func megabytes(n int64) string {
	if n <= 0 {
		return "an unknown amount"
	}
	return chart.Count(int64(math.Ceil(float64(n)/1e6))) + " MB"
}
