package reports

import (
	"fmt"
	"image/color"
	"slices"
	"strings"

	"paperlab/reports/chart"
	"paperlab/reports/history"
	"paperlab/reports/record"
)

// recoveryFigure draws, for each profile, what happened between the first
// fault's proven effect and steady state.
func recoveryFigure(r record.Result, accounts map[string]*history.Account) (*figure, string) {
	f := chart.Recovery{
		Name: "recovery", Title: "Time to detect and to recover",
		Alt: "One bar for each profile from the fault's effect to steady state, cut at each milestone.",
	}
	for _, run := range r.Runs {
		if run.EffectAt() != nil {
			f.Bars = append(f.Bars, recoveryBar(run, accounts[run.Profile].Takeovers))
		}
	}
	if len(f.Bars) == 0 {
		if len(r.Runs) == 0 || len(r.Runs[0].Faults) == 0 {
			return nil, "No time to detect or recover is shown: no fault was injected."
		}
		return nil, "No time to detect or recover is shown: no fault's effect was proven."
	}
	return &figure{f.Chart(), "A part of a bar ends with what is written below its right edge; its length is on it or above it. Steady again means backlog and latency both."}, ""
}

func recoveryBar(run record.Run, takeovers []history.Event) chart.RecoveryBar {
	effect := *run.EffectAt()
	b := chart.RecoveryBar{Label: run.Profile, Watched: max(run.End()-effect, 0)}
	add := func(name string, after float64, c color.RGBA) {
		b.Milestones = append(b.Milestones, chart.Milestone{Name: name, After: max(after, 0), Color: c})
	}
	for _, at := range record.Effects(run.Faults)[1:] {
		add("next fault", at-effect, chart.Amber)
	}
	var missing []string
	if a := run.DetectedBy; a != nil && !a.AtOnce() {
		add("alert fires", a.FiringAtS-effect, chart.Amber)
	}
	switch {
	case run.TimeToDetectS != nil:
		add("notified", *run.TimeToDetectS, chart.Red)
	case run.Bounded() || len(alertsAfter(run, effect)) == 0:
		missing = append(missing, "alert")
	}
	if taken := tookOver(run, takeovers); len(taken) > 0 {
		add("taken over", taken[len(taken)-1].T-effect, chart.Purple)
	}
	for _, m := range []struct {
		name, never string
		after       *float64
		color       color.RGBA
	}{
		{"backlog back", "backlog never left its bound", run.LagRecoveryS, chart.Sky},
		{"steady again", "steady state was never left", run.TimeToRecoverS, chart.Blue},
	} {
		switch {
		case !run.Bounded():
		case m.after == nil:
			missing = append(missing, m.name)
		case *m.after == 0:
			add(m.never, 0, m.color)
		default:
			add(m.name, *m.after, m.color)
		}
	}
	b.Missing = strings.Join(missing, ", ")
	return b
}

// allowed may happen, and cost.
var allowed = []anomaly{
	{bar: "duplicate deliveries", count: func(c record.Counts) int { return c.DuplicateDeliveries }},
	{bar: "LLM calls repeated", count: func(c record.Counts) int { return c.LLMCallsRepeated }},
	{bar: "dead letters", count: func(c record.Counts) int { return c.DeadLetters }},
}

// barOf shows a count of 0 only where the verdict of the invariant, if there is
// one, is valid: nobody looked is not nothing found.
func (a anomaly) barOf(r record.Run) chart.Bar {
	n := a.in(r)
	if n == 0 && a.id != "" && r.AnswerOf(a.id) != record.Valid {
		return chart.Bar{Text: "not\njudged"}
	}
	return chart.Bar{Value: float64(n), Text: chart.Count(n), Known: true}
}

// anomalyFigure sets the profiles' counts side by side: on the left what must
// not happen, on the right what may happen and costs.
func anomalyFigure(r record.Result) (*figure, string) {
	if len(r.Runs) == 0 {
		return nil, "No anomalies are shown: no profile was run."
	}
	f := chart.Bars{
		Name: "anomalies", Title: "What went wrong, by kind",
		Alt:    "Counts of each kind of anomaly, one bar for each profile.",
		Panels: []chart.BarPanel{{Title: "violations", YLabel: "count"}, {Title: "allowed, but paid for", YLabel: "count"}},
	}
	for _, run := range r.Runs {
		f.Series = append(f.Series, chart.BarSeries{Label: run.Profile, Color: profileColor(run.Profile)})
	}
	caption := "Counted by the checkers from the witnesses' history. By faults is what exceeds what the same service does without one."
	for p, kinds := range [][]anomaly{anomalies, allowed} {
		for _, kind := range kinds {
			if kind.bar == "" {
				continue
			}
			g := chart.BarGroup{Label: kind.bar}
			for _, run := range r.Runs {
				bar := kind.barOf(run)
				if b := run.BlameOf(kind.id); b != nil && b.Caused != nil {
					bar.Text += "\n" + chart.Count(*b.Caused) + " by faults"
				}
				g.Bars = append(g.Bars, bar)
			}
			f.Panels[p].Groups = append(f.Panels[p].Groups, g)
		}
	}
	if slices.ContainsFunc(r.Runs, func(run record.Run) bool { return run.Counts.Offered == 0 }) {
		caption += " A profile that was offered nothing could do nothing wrong."
	}
	return &figure{f.Chart(), caption}, ""
}

func profileColor(profile string) color.RGBA {
	switch profile {
	case record.Naive:
		return chart.Red
	case record.Careful:
		return chart.Amber
	}
	return chart.Blue
}

// redundancyFigure compares the primary LLM alone with all providers together,
// for each fault during which some call of the primary brought no summary.
func redundancyFigure(r record.Result, accounts map[string]*history.Account) (*figure, string) {
	f := chart.Bars{
		Name: "redundancy", Title: "No summary while the fault was on: before and after redundancy",
		Alt: "Share of failed calls to the primary LLM beside the share of papers that no provider summarized, for each fault.",
		Series: []chart.BarSeries{
			{Label: "calls to " + primary + " alone that gave none", Color: chart.Red},
			{Label: "papers that no provider summarized meanwhile", Color: chart.Blue},
		},
	}
	p := chart.BarPanel{YLabel: "share", Percent: true}
	failed, asked := 0, 0
	for _, run := range r.Runs {
		for i, b := range faultBands(run) {
			from := b.From
			if at := run.Faults[i].EffectAtS; at != nil {
				from = *at
			}
			red := during(accounts[run.Profile], from, b.To)
			failed += red.failed
			asked += red.asks
			p.Groups = append(p.Groups, chart.BarGroup{
				Label: fmt.Sprintf("%s\n%s", b.Label, run.Profile),
				Bars:  []chart.Bar{share(red.failed, red.asks), share(red.without, red.versions)},
			})
		}
	}
	switch {
	case len(p.Groups) == 0:
		return nil, ""
	case asked == 0:
		return nil, "No comparison of one LLM with two is shown: the primary was not asked while a fault was on."
	case failed == 0:
		return nil, "No comparison of one LLM with two is shown: no call to the primary failed while a fault was on."
	}
	f.Panels = []chart.BarPanel{p}
	return &figure{f.Chart(), "A paper without a summary when the fault ended is late, not lost. An open breaker keeps the calls to the primary few."}, ""
}
