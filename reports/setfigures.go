package reports

import (
	"fmt"
	"math"
	"strings"

	"paperlab/reports/chart"
	"paperlab/reports/record"
)

// setFigure is a figure of a set and the measures that it shows.
type setFigure struct {
	name, title string
	measures    []string
}

var setCharts = []setFigure{
	{"times", "How long it took, seed by seed", []string{"time_to_detect_s", "lag_recovery_s", "time_to_recover_s", "lag_recovery_after_heal_s", "time_to_recover_after_heal_s"}},
	{"anomalies", "What went wrong, seed by seed", []string{"lost", "lost_caused", "duplicate_effects", "duplicate_effects_caused", "order_violations", "order_violations_caused"}},
	{"price", "What it cost before the fault, seed by seed", []string{"latency_p50_s", "latency_p95_s", "latency_p99_s", "commands_per_message", "memory_bytes_per_message"}},
}

// setFigures draws what has readings, and says what has none or is always 0.
func setFigures(s record.Set) (able []figure, missing []string) {
	for _, f := range setCharts {
		d := chart.Dots{Name: f.name, Title: f.title}
		var names, zero []string
		for _, id := range f.measures {
			switch panel := dotPanel(s, id); {
			case len(panel.Rows) == 0:
			case allZero(panel):
				zero = append(zero, measureOf(id).Name)
			default:
				d.Panels = append(d.Panels, panel)
				names = append(names, measureOf(id).Name)
			}
		}
		note := ""
		if len(zero) > 0 {
			note = " 0 in every seed of every profile: " + list(zero) + "."
		}
		if len(d.Panels) == 0 {
			missing = append(missing, strings.TrimSpace(f.title+": there is nothing to draw."+note))
			continue
		}
		d.Alt = capital(list(names)) + " of each seed, one row for each profile, with the median and its interval."
		able = append(able, figure{d.Chart(), "Each dot is one seed's run. The stroke is the median, the grey area its 95 % interval by order statistics; a ring never got there." + note})
	}
	return able, missing
}

// dotPanel has a row for each profile that has a reading of the measure.
func dotPanel(s record.Set, id string) chart.DotPanel {
	m := measureOf(id)
	p := chart.DotPanel{Title: m.Name, Whole: m.Unit == "" || m.Unit == "bytes"}
	if m.Unit != "" {
		p.Title += " (" + m.Unit + ")"
	}
	for _, profile := range s.Profiles {
		spread := s.SpreadOf(id, profile)
		if spread == nil {
			continue
		}
		r := chart.DotRow{
			Label: label(profile), Color: profileColor(profile), Median: orNever(spread.Median), Low: math.NaN(), High: math.NaN(),
			Texts: []string{amount(spread.Median, m.Unit), fmt.Sprintf("n=%d: %s", spread.N, medianInterval(*spread, m.Unit))},
		}
		if spread.IntervalLevel > 0 {
			r.Low, r.High = orNever(spread.Low), orNever(spread.High)
		}
		for _, seed := range s.Seeds {
			if v, measured := seed.Values[profile][id]; measured && seed.Judged() {
				r.Values = append(r.Values, orNever(v))
			}
		}
		p.Rows = append(p.Rows, r)
	}
	return p
}

// orNever is infinite for what was never reached.
func orNever(v *float64) float64 {
	if v == nil {
		return math.Inf(1)
	}
	return *v
}

func allZero(p chart.DotPanel) bool {
	for _, r := range p.Rows {
		for _, v := range r.Values {
			if v != 0 {
				return false
			}
		}
	}
	return true
}
