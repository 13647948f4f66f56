package reports

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"paperlab/reports/chart"
	"paperlab/reports/history"
	"paperlab/reports/record"
)

// keyFigures set the profiles side by side, naive first, so that the eye ends
// on the service as it should be.
func keyFigures(r record.Result, accounts map[string]*history.Account) table {
	runs := naiveFirst(r.Runs)
	t := table{Head: []string{"key figure"}}
	for _, run := range runs {
		t.Head = append(t.Head, run.Profile)
	}
	add := func(label string, value func(record.Run) cell) {
		line := row{Label: label}
		for _, run := range runs {
			line.Cells = append(line.Cells, value(run))
		}
		t.Rows = append(t.Rows, line)
	}
	add("time to detect", detected)
	add("backlog back in its bound", func(r record.Run) cell { return regained(r, r.LagRecoveryS) })
	add("steady state again", func(r record.Run) cell { return regained(r, r.TimeToRecoverS) })
	add("messages lost", func(r record.Run) cell { return mustBeZero(r, "no-loss", r.Counts.Lost) })
	add("duplicate effects", func(r record.Run) cell { return mustBeZero(r, "no-duplicate-effect", r.Counts.DuplicateEffects) })
	add("told out of order", func(r record.Run) cell { return mustBeZero(r, "key-order", r.Counts.OrderViolations) })
	add("papers told only in part", func(r record.Run) cell { return mustBeValid(r, "all-or-none") })
	add("alerts before any fault", func(r record.Run) cell { return zeroIsGood(len(r.FalseAlarms)) })
	add("end to end, p50 and p95", func(r record.Run) cell {
		a := accounts[r.Profile]
		if a == nil || len(a.Latency) == 0 {
			return cell{Text: notMeasured}
		}
		return cell{Text: chart.Seconds(history.Percentile(a.Latency, 50)) + ", " + chart.Seconds(history.Percentile(a.Latency, 95))}
	})
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
func mustBeZero(r record.Run, id string, n int) cell {
	switch verdict := r.AnswerOf(id); {
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

// mustBeValid is for what nobody counts.
func mustBeValid(r record.Run, id string) cell { return mustBeZero(r, id, 0) }

func zeroIsGood(n int) cell {
	if n == 0 {
		return cell{"0", "good"}
	}
	return cell{chart.Count(n), "bad"}
}

// countsTable shows every count of the record.
func countsTable(r record.Result) table {
	t := table{Head: []string{"count"}}
	runs := naiveFirst(r.Runs)
	for _, run := range runs {
		t.Head = append(t.Head, run.Profile)
	}
	for _, line := range []struct {
		label string
		value func(record.Counts) int
	}{
		{"paper versions offered by arXiv", func(c record.Counts) int { return c.Offered }},
		{"of these, acknowledged by the papers stream", func(c record.Counts) int { return c.Acknowledged }},
		{"notifications delivered, each counted once", func(c record.Counts) int { return c.Delivered }},
		{"lost", func(c record.Counts) int { return c.Lost }},
		{"recovered: outcome unknown, effect seen", func(c record.Counts) int { return c.Recovered }},
		{"unexpected effects", func(c record.Counts) int { return c.Unexpected }},
		{"duplicate deliveries (allowed)", func(c record.Counts) int { return c.DuplicateDeliveries }},
		{"duplicate effects", func(c record.Counts) int { return c.DuplicateEffects }},
		{"order violations", func(c record.Counts) int { return c.OrderViolations }},
		{"commits fenced", func(c record.Counts) int { return c.Fenced }},
		{"dead letters", func(c record.Counts) int { return c.DeadLetters }},
		{"LLM calls", func(c record.Counts) int { return c.LLMCalls }},
		{"LLM calls repeated", func(c record.Counts) int { return c.LLMCallsRepeated }},
	} {
		out := row{Label: line.label}
		for _, run := range runs {
			out.Cells = append(out.Cells, cell{Text: chart.Count(line.value(run.Counts))})
		}
		t.Rows = append(t.Rows, out)
	}
	return t
}

// moment is a line of the alerts' timeline.
type moment struct {
	At   float64
	What string
}

// timeline puts faults, alerts and takeovers in the order in which they came.
func timeline(r record.Run, takeovers []history.Event) []moment {
	var out []moment
	for _, f := range r.Faults {
		name := f.Name()
		out = append(out, moment{f.InjectedAtS, fmt.Sprintf("fault %s injected into %s", name, f.Target)})
		if f.EffectAtS != nil {
			out = append(out, moment{*f.EffectAtS, fmt.Sprintf("fault %s: effect proven", name)})
		}
		if f.HealedAtS != nil {
			out = append(out, moment{*f.HealedAtS, fmt.Sprintf("fault %s healed", name)})
		}
	}
	for _, a := range r.Alerts {
		labels := ""
		if a.Labels != "" {
			labels = " " + a.Labels
		}
		if a.AtOnce() {
			out = append(out, moment{a.NotifiedAtS, "alert " + a.Name + labels + " fires and arrives"})
		} else {
			out = append(out, moment{a.FiringAtS, "alert " + a.Name + labels + " fires"},
				moment{a.NotifiedAtS, "alert " + a.Name + labels + " arrives"})
		}
		if a.ResolvedAtS != nil {
			out = append(out, moment{*a.ResolvedAtS, "alert " + a.Name + labels + " resolved"})
		}
	}
	for _, m := range takeoverMarks(takeovers) {
		out = append(out, moment{m.T, m.Label + " changed owner"})
	}
	slices.SortStableFunc(out, func(a, b moment) int { return cmp.Compare(a.At, b.At) })
	return out
}

var isDuration = regexp.MustCompile(`\d\s*(ms|s|m)\b`)

// objectiveValue writes what was measured, in seconds if the bound is a
// duration.
func objectiveValue(o record.Objective) string {
	switch {
	case o.Value == nil:
		return "never reached"
	case isDuration.MatchString(o.Bound):
		return chart.Seconds(*o.Value)
	default:
		return chart.Number(*o.Value)
	}
}

// megabytes rounds up: a bound in MB must not be met by rounding.
func megabytes(n int64) string {
	if n <= 0 {
		return "an unknown amount"
	}
	return chart.Count(int64(math.Ceil(float64(n)/1e6))) + " MB"
}

func sorted(m map[string]string) [][2]string {
	var out [][2]string
	for k, v := range m {
		out = append(out, [2]string{k, v})
	}
	slices.SortFunc(out, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return out
}
