package reports

import (
	"math"

	"paperlab/reports/chart"
	"paperlab/reports/record"
)

// measure is a figure by which profiles are compared, beside the anomalies: what a
// profile costs while nothing is broken, and how soon it is back.
type measure struct {
	// name is what story.txt knows it by; one that it does not speak of has none.
	name string
	// label is that of its line in the table of prices, empty if it has none.
	label string
	// of is NaN where it was not measured, infinite where it was never reached.
	of    func(record.Run) float64
	words func(float64) string
	// more is better; else less.
	more bool
	// grain is the least difference that a reading can show, in the figure's unit.
	grain float64
}

var measures = []measure{
	{label: "latency before the fault, p50", of: func(r record.Run) float64 { return known(r.Price.LatencyP50S) }, words: chart.Seconds},
	{
		name: "latency", label: "latency before the fault, p95", grain: 0.02,
		of: func(r record.Run) float64 { return known(r.Price.LatencyP95S) }, words: chart.Seconds,
	},
	{label: "latency before the fault, p99", of: func(r record.Run) float64 { return known(r.Price.LatencyP99S) }, words: chart.Seconds},
	{
		name: "saturation", label: "papers a second at saturation", more: true, grain: 1,
		of: func(r record.Run) float64 { return known(r.Price.SaturationPerS) }, words: chart.Number,
	},
	{
		name: "commands", label: "Redis commands a message", grain: 1,
		of: func(r record.Run) float64 { return known(r.Price.CommandsPerMessage) }, words: chart.Number,
	},
	{
		name: "memory", label: "Redis memory a message", grain: 64,
		of:    func(r record.Run) float64 { return known(r.Price.MemoryBytesPerMessage) },
		words: func(bytes float64) string { return chart.Number(math.Round(bytes)) + " bytes" },
	},
	// Two readings of the backlog, or the seconds of a percentile. How soon an
	// alert arrives is the monitoring's doing and not compared.
	{
		name: "backlog", grain: 0.5, words: chart.Seconds,
		of: func(r record.Run) float64 { return back(r, r.LagRecoveryS) },
	},
	{
		name: "steady", grain: 1, words: chart.Seconds,
		of: func(r record.Run) float64 { return back(r, r.TimeToRecoverS) },
	},
}

// known is NaN for what was not measured.
func known(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// back is a time that was never reached if it is nil, and not measured where there
// is nothing to be back from.
func back(r record.Run, s *float64) float64 {
	switch {
	case r.EffectAt() == nil || !r.Bounded():
		return math.NaN()
	case s == nil:
		return math.Inf(1)
	}
	return *s
}

// least is the share of the worse figure by which one must be better to be called
// so: runs of the same profile differ by that much.
const least = 0.1

// better tells whether one figure is better than another by more than readings
// and runs differ anyway.
func (m measure) better(one, other float64) bool {
	if m.more {
		one, other = -one, -other
	}
	if math.IsInf(other, 1) {
		return one < other
	}
	return other-one > max(m.grain, least*math.Abs(other), least*math.Abs(one))
}

// advantage is what a simpler service does better, as story.txt tells of it: by
// its name, or in the words of an anomaly.
type advantage struct {
	Name string
	// Own and Other are its figure and that of the service it is compared with.
	Own, Other string
	// Never: a time of 0, in which nothing was left; OtherNever: one that was not
	// reached.
	Never, OtherNever bool
}

// advantages of a simpler profile's run, figures first.
func advantages(simple, main record.Run) (all []advantage) {
	for _, m := range measures {
		own, other := m.of(simple), m.of(main)
		if m.name != "" && m.better(own, other) {
			all = append(all, advantage{m.name, m.words(own), m.words(other), own == 0, math.IsInf(other, 1)})
		}
	}
	for _, a := range anomalies {
		own, other := a.barOf(simple), a.barOf(main)
		if a.always && own.Known && other.Known && own.Value < other.Value {
			all = append(all, advantage{Name: a.figure, Own: own.Text, Other: other.Text})
		}
	}
	return all
}

// rival is a simpler service as the first paragraph speaks of it.
type rival struct {
	record.Run
	Advantages []advantage
	// AsSound: it kept all invariants, as the other one did.
	AsSound bool
}

// rivals are the simpler services that have something to say for themselves,
// against the one with the most that is done against going wrong. Runs are in
// order. There are none in a run that shows nothing.
func rivals(r record.Result) (found []rival) {
	if r.Verdict != record.Pass && r.Verdict != record.Violation || len(r.Runs) < 2 {
		return nil
	}
	last := len(r.Runs) - 1
	main := r.Runs[last]
	for _, simple := range r.Runs[:last] {
		one := rival{simple, advantages(simple, main), sound(simple) && sound(main) && len(simple.Invariants) == len(main.Invariants)}
		if len(one.Advantages) > 0 || one.AsSound {
			found = append(found, one)
		}
	}
	return found
}

// sound tells whether invariants were judged, and all are valid.
func sound(r record.Run) bool {
	for _, i := range r.Invariants {
		if i.Answer != record.Valid {
			return false
		}
	}
	return len(r.Invariants) > 0
}

// costsTable sets what each step from one profile to the next buys beside what it
// costs. Runs are in order.
func costsTable(r record.Result) table {
	var lines []line
	for _, a := range anomalies {
		if a.always {
			lines = append(lines, line{a.figure, a.mustBeZero})
		}
	}
	for _, m := range measures {
		if m.label != "" {
			lines = append(lines, line{m.label, func(run record.Run) cell { return m.cell(run, r.Runs[0]) }})
		}
	}
	return sideBySide(r, "gain, then price", lines)
}

// cell is the figure with how many times it is that of the first run.
func (m measure) cell(run, first record.Run) cell {
	v, base := m.of(run), m.of(first)
	if math.IsNaN(v) {
		return cell{Text: notMeasured}
	}
	text := m.words(v)
	if run.Profile != first.Profile && base > 0 {
		text += " (" + chart.Number(v/base) + "×)"
	}
	return cell{Text: text}
}
