package reports

import (
	"image/color"
	"strings"

	"paperlab/reports/chart"
	"paperlab/reports/record"
)

// stages say how figures and tables call the stages of a detection, in their
// order: by its end in a bar, and by what passes until then in a table.
var stages = [5]struct {
	end, until string
	color      color.RGBA
}{
	{"first scrape that shows it", "from the effect to the first scrape that shows it", chart.Sky},
	{"pending", "to pending: the next evaluation of the rule", chart.Blue},
	{"firing", "to firing: as long as the rule's for, up to an evaluation", chart.Amber},
	{"sent", "to sent, by the notifier", chart.Purple},
	{"arrived", "to arrived, at the lab's Slack sink", chart.Red},
}

// detectionFigure draws the time to detect, a bar for each profile, cut at each
// stage whose time is known.
func detectionFigure(r record.Result) (*figure, string) {
	f := chart.Recovery{
		Name: "detection", Title: "Time to detect, taken apart",
		Alt: "One bar for each profile from the fault's effect to the alert's arrival, cut at each stage.",
	}
	for _, run := range r.Runs {
		if run.Detection == nil {
			continue
		}
		bar := chart.RecoveryBar{Label: run.Profile}
		for i, s := range run.Detection.Stages() {
			if s.At != nil {
				after := max(*s.At-run.Detection.EffectAtS, 0)
				bar.Milestones = append(bar.Milestones, chart.Milestone{Name: stages[i].end, After: after, Color: stages[i].color})
			}
		}
		f.Bars = append(f.Bars, bar)
	}
	if len(f.Bars) == 0 {
		return nil, ""
	}
	return &figure{f.Chart(), "A part of a bar ends with what is written below its right edge. " + strings.Join(disorders(r), " ")}, ""
}

// disorders say of which profiles' stages the order is wrong, in a sentence each.
func disorders(r record.Result) (said []string) {
	for _, run := range r.Runs {
		if d := run.Detection; d != nil && d.Disorder != "" {
			said = append(said, capital(run.Profile)+": "+d.Disorder)
		}
	}
	return said
}

// detectionTable has the length of each stage, and their sum; it has no rows
// where nothing was detected.
func detectionTable(r record.Result) table {
	lines := []line{{"alert", func(run record.Run) cell { return ofDetection(run, func(d record.Detection) string { return d.Alert }) }}}
	for i, stage := range stages {
		lines = append(lines, line{stage.until, func(run record.Run) cell {
			return ofDetection(run, func(d record.Detection) string { return lasted(d, i) })
		}})
	}
	lines = append(lines, line{"time to detect", func(run record.Run) cell {
		return ofDetection(run, func(d record.Detection) string { return chart.Seconds(d.ArrivedAtS - d.EffectAtS) })
	}})
	for _, run := range r.Runs {
		if run.Detection != nil {
			return sideBySide(r, "stage", lines)
		}
	}
	return table{}
}

func ofDetection(run record.Run, say func(record.Detection) string) cell {
	if run.Detection == nil {
		return cell{Text: "not detected"}
	}
	c := cell{Text: say(*run.Detection)}
	if run.Detection.Disorder != "" {
		c.Class = "bad"
	}
	return c
}

// lasted is the length of a stage, from the end of the last one that is known.
func lasted(d record.Detection, stage int) string {
	all, from := d.Stages(), d.EffectAtS
	for _, s := range all[:stage] {
		if s.At != nil {
			from = max(from, *s.At)
		}
	}
	switch at := all[stage].At; {
	case at == nil:
		return "not known"
	case stage == 0 && *at < from:
		return "0 s: a scrape was under way"
	default:
		return chart.Seconds(*at - from)
	}
}
