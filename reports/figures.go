package reports

import (
	"cmp"
	"fmt"
	"image/color"
	"slices"
	"strings"

	"paperlab/reports/chart"
	"paperlab/reports/history"
	"paperlab/reports/record"
)

// figure is a chart with the words around it.
type figure struct {
	chart.Chart
	Caption string
}

// figures draws what the record and the histories allow, in the order of the
// page, and says in a sentence each what could not be drawn.
func figures(r record.Result, accounts map[string]*history.Account) (drawn []figure, missing []string) {
	take := func(f *figure, why string) {
		if f != nil {
			drawn = append(drawn, *f)
		} else if why != "" {
			missing = append(missing, why)
		}
	}
	take(backlogFigure(r, accounts))
	take(recoveryFigure(r, accounts))
	take(detectionFigure(r))
	take(anomalyFigure(r))
	take(latencyFigure(r, accounts))
	take(callsFigure(r, accounts))
	take(redundancyFigure(r, accounts))
	return drawn, missing
}

// aligned names the moment that the times of a figure count from: the first
// fault, if every run had one, so that profiles can be compared at the same
// moment.
func aligned(runs []record.Run) string {
	if len(runs) == 0 || slices.ContainsFunc(runs, func(r record.Run) bool { return record.FirstFault(r.Faults) == nil }) {
		return ""
	}
	return "the first fault"
}

// panel is a profile's empty panel: its faults, phases and name.
func panel(r record.Run, since string) chart.Panel {
	p := chart.Panel{Title: r.Profile, Bands: faultBands(r)}
	if since != "" {
		p.Zero = *record.FirstFault(r.Faults)
	}
	for _, phase := range r.Phases {
		p.Phases = append(p.Phases, chart.Band{From: phase.StartS, To: phase.EndS, Label: label(phase.Name)})
	}
	return p
}

// label makes a name fit for a figure: one line, and not so long that it leaves
// the figure. The tables have it in full.
func label(name string) string {
	const most = 32
	r := []rune(oneLine(name))
	if len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return string(r)
}

// faultBands span from injection to healing; a fault that was never healed
// lasts until the run's end.
func faultBands(r record.Run) []chart.Band {
	var out []chart.Band
	for _, f := range r.Faults {
		b := chart.Band{From: f.InjectedAtS, To: max(r.End(), f.InjectedAtS), Label: label(f.Label())}
		if f.HealedAtS != nil {
			b.To = *f.HealedAtS
		}
		out = append(out, b)
	}
	return out
}

func backlogFigure(r record.Result, accounts map[string]*history.Account) (*figure, string) {
	t := chart.Timeline{
		Name: "backlog", Title: "Backlog: entries not yet read, plus read and not yet acknowledged",
		Alt:    "Backlog over time, one panel for each profile, with the faults shaded, and under it each anomaly at its time.",
		YLabel: "entries", Since: aligned(r.Runs),
	}
	colors := []color.RGBA{chart.Green, chart.Purple, chart.Sky}
	step := 0.0
	for _, run := range r.Runs {
		own := accounts[run.Profile]
		p := panel(run, t.Since)
		if len(own.Backlog) > 1 {
			p.Lines = []chart.Line{{Label: "both, which the bound is for", Color: chart.Muted, Thin: true, Points: withGaps(own.Total)}}
		}
		for i, s := range own.Backlog {
			p.Lines = append(p.Lines, chart.Line{Label: label(s.Name), Color: colors[min(i, 2)], Points: withGaps(s.Points)})
			step = max(step, interval(s.Points))
		}
		if run.Steady.BacklogBound > 0 {
			p.Bound, p.BoundLabel = new(run.Steady.BacklogBound), "steady bound"
		}
		p.Marks = append(alertMarks(run), takeoverMarks(own.Takeovers)...)
		p.Strips = strips(r.Runs, run)
		t.Panels = append(t.Panels, p)
	}
	if t.Empty() {
		return nil, "No backlog is shown: the history has no reading of the streams."
	}
	return &figure{t.Chart(), fmt.Sprintf("Read from Redis by the lab about every %s. A gap is a reading that Redis could not give; it is not zero. %s", chart.Seconds(step), stripsCaption(r.Runs))}, ""
}

// alertMarks merges alerts of one name that arrived together.
func alertMarks(r record.Run) []chart.Mark {
	var alerts []chart.Mark
	for _, a := range r.Alerts {
		alerts = append(alerts, chart.Mark{T: a.NotifiedAtS, Label: label(a.Name), Kind: chart.AlertMark})
	}
	return cluster(alerts, func(of string, n int) string { return fmt.Sprintf("%s ×%d", of, n) })
}

func takeoverMarks(takeovers []history.Event) []chart.Mark {
	var marks []chart.Mark
	for _, t := range takeovers {
		marks = append(marks, chart.Mark{T: t.T, Label: "1 shard", Kind: chart.TakeoverMark})
	}
	return cluster(marks, func(_ string, n int) string { return fmt.Sprintf("%d shards", n) })
}

// together is how close marks of one name must follow each other, in seconds,
// to be drawn as one.
const together = 1.0

func cluster(marks []chart.Mark, name func(of string, n int) string) []chart.Mark {
	slices.SortStableFunc(marks, func(a, b chart.Mark) int {
		return cmp.Or(strings.Compare(a.Label, b.Label), cmp.Compare(a.T, b.T))
	})
	var out []chart.Mark
	for i := 0; i < len(marks); {
		n := 1
		for i+n < len(marks) && marks[i+n].Label == marks[i].Label && marks[i+n].T-marks[i+n-1].T <= together {
			n++
		}
		m := marks[i]
		if n > 1 {
			m.Label = name(m.Label, n)
		}
		out = append(out, m)
		i += n
	}
	return out
}

func latencyFigure(r record.Result, accounts map[string]*history.Account) (*figure, string) {
	t := chart.Timeline{
		Name: "latency", Title: "Latency from arXiv's page to the subscriber (logarithmic scale)",
		Alt:        "Latency per second over time on a logarithmic scale, one panel for each profile.",
		LogSeconds: true, Since: aligned(r.Runs),
	}
	for _, run := range r.Runs {
		own := accounts[run.Profile]
		p := panel(run, t.Since)
		p.Lines = []chart.Line{
			{Label: "slowest", Color: chart.Muted, Thin: true, Points: bySecond(own.Latency, 100)},
			{Label: "p95", Color: chart.Red, Points: bySecond(own.Latency, 95)},
			{Label: "p50", Color: chart.Blue, Points: bySecond(own.Latency, 50)},
		}
		if run.Steady.LatencyBoundS > 0 {
			p.Bound, p.BoundLabel = new(run.Steady.LatencyBoundS), "p95 bound"
		}
		t.Panels = append(t.Panels, p)
	}
	if t.Empty() {
		return nil, "No latency is shown: the history has nobody who was told of a paper that was served."
	}
	return &figure{t.Chart(), "Each second holds the notifications that arrived in it; a gap is a second in which nobody was told."}, ""
}

func callsFigure(r record.Result, accounts map[string]*history.Account) (*figure, string) {
	t := chart.Timeline{
		Name: "llm-calls", Title: "LLM calls by provider and outcome",
		Alt:    "Calls per second over time for each LLM provider, one panel for each profile.",
		YLabel: "calls/s", Since: aligned(r.Runs),
	}
	asked := false
	colors := [][2]color.RGBA{{chart.Blue, chart.Red}, {chart.Green, chart.Purple}}
	for _, run := range r.Runs {
		p := panel(run, t.Since)
		for i, c := range providers(accounts[run.Profile]) {
			asked = true
			hue := colors[min(i, 1)]
			p.Lines = append(p.Lines,
				chart.Line{Label: label(c.name) + " summarized", Color: hue[0], Points: c.ok},
				chart.Line{Label: label(c.name) + " gave no summary", Color: hue[1], Dashes: chart.Dashed, Points: c.without})
		}
		t.Panels = append(t.Panels, p)
	}
	if !asked {
		return nil, "No LLM calls are shown: the stand-ins saw none."
	}
	return &figure{t.Chart(), "Counted by the stand-ins. A call gave no summary when it ended in an error or when the caller stopped waiting."}, ""
}

// share is a bar in percent that says what of what.
func share(part, of int) chart.Bar {
	if of == 0 {
		return chart.Bar{Text: "none asked"}
	}
	pct := 100 * float64(part) / float64(of)
	return chart.Bar{Value: pct, Known: true, Text: fmt.Sprintf("%s %%\n%s of %s", strings.TrimSuffix(fmt.Sprintf("%.1f", pct), ".0"), chart.Count(part), chart.Count(of))}
}
