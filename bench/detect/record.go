package detect

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dustin/go-humanize/english"
	"gonum.org/v1/gonum/stat/distuv"

	"paperlab/reports/record"
)

// level is the least confidence of a median's interval.
const level = 0.95

// Record is the report's record: a case for each cell, with the time to detect
// and its stages.
func (b Bench) Record(cells []Cell, s seen) record.Bench {
	r := record.Bench{Schema: record.BenchSchema, Name: Name, About: About, X: "scrape_s"}
	for _, c := range cells {
		r.Cases = append(r.Cases, record.Case{
			Name:    fmt.Sprintf("%s, scraped every %v", c.Alert, c.Every),
			Params:  map[string]any{"scrape_s": c.Every.Seconds(), "alert": c.Alert, "fault": c.What},
			Metrics: c.metrics(),
		})
	}
	r.Notes = append(b.findings(cells), b.limits(s)...)
	return r
}

func (c Cell) metrics() map[string]record.Metric {
	count := func(n int) record.Metric {
		return record.Metric{Value: float64(n), Low: float64(n), High: float64(n), N: len(c.Detections) + c.Missed}
	}
	m := map[string]record.Metric{"missed": count(c.Missed), "false_alarms": count(c.FalseAlarms)}
	detect := median(c.each(func(d record.Detection) *float64 { return &d.ArrivedAtS }))
	if len(c.Detections) == 0 {
		detect.Value, detect.Low, detect.High = 0, 0, 0 // JSON has no NaN; n says that there is none
	}
	detect.Distribution.Missed = c.Missed
	detect.Distribution.Why = "its rate needs two scrapes"
	if least, most := c.Rule.Delay(c.Every); c.Sees {
		detect.Distribution.Least, detect.Distribution.Most, detect.Distribution.Why = new(least.Seconds()), new(most.Seconds()), ""
	}
	m["time_to_detect_s"] = detect
	for name, until := range map[string]func(record.Detection) *float64{
		"until_scraped_s": func(d record.Detection) *float64 { return d.ScrapedAtS },
		"until_pending_s": func(d record.Detection) *float64 { return d.PendingAtS },
		"until_firing_s":  func(d record.Detection) *float64 { return &d.FiringAtS },
	} {
		if values := c.each(until); len(values) > 0 {
			stage := median(values)
			stage.Distribution = nil // the whole is drawn, its parts stand in the table
			m[name] = stage
		}
	}
	return m
}

// each is a stage's time since the effect, of all detections that know it, in
// rising order.
func (c Cell) each(stage func(record.Detection) *float64) (values []float64) {
	for _, d := range c.Detections {
		if at := stage(d); at != nil {
			values = append(values, *at-d.EffectAtS)
		}
	}
	slices.Sort(values)
	return values
}

// median has the interval between the two order statistics that hold the median
// with at least the level's confidence whatever the distribution is; fewer than
// six values have none.
func median(sorted []float64) record.Metric {
	n := len(sorted)
	mid := record.NearestRank(sorted, 50)
	m := record.Metric{Value: mid, Low: mid, High: mid, N: n, Unit: "s", Distribution: &record.Distribution{Values: sorted}}
	half := distuv.Binomial{N: float64(n), P: 0.5}
	for rank := 1; rank <= n/2; rank++ {
		if 1-2*half.CDF(float64(rank-1)) < level {
			break
		}
		m.Low, m.High, m.Level = sorted[rank-1], sorted[n-rank], level
	}
	return m
}

// findings say for each alert how the interval tells, and what was missed.
func (b Bench) findings(cells []Cell) (notes []string) {
	for _, cause := range b.Causes {
		var medians, missed, blind []string
		for _, c := range cells {
			if c.Cause != cause {
				continue
			}
			if m := c.metrics()["time_to_detect_s"]; m.N > 0 {
				medians = append(medians, fmt.Sprintf("%.1f s every %v", m.Value, c.Every))
			}
			if c.Missed > 0 {
				missed = append(missed, fmt.Sprintf("%d of %d every %v", c.Missed, c.Missed+len(c.Detections), c.Every))
			}
			if !c.Sees {
				blind = append(blind, c.Every.String())
			}
		}
		note := fmt.Sprintf("%s, when %s: ", cause.Alert, cause.What)
		if len(medians) > 0 {
			note += "in the median " + english.WordSeries(medians, "and")
		} else {
			note += "never detected"
		}
		if len(missed) > 0 {
			note += "; missed " + english.WordSeries(missed, "and")
		}
		if len(blind) > 0 {
			note += "; every " + english.WordSeries(blind, "and") + " its rate has less than two scrapes to be taken from"
		}
		notes = append(notes, note+".")
	}
	return notes
}

// limits say what the numbers do not tell, and what arrived for no reason.
func (b Bench) limits(s seen) []string {
	notes := []string{
		fmt.Sprintf("n counts %s of each interval over %s of the same faults. Monitors that look at one injection share it: they are paired, not independent, and their intervals are of where a fault falls between two scrapes, given these injections.",
			english.Plural(b.Monitors, "monitor", ""), english.Plural(b.Rounds, "round", "")),
		"The band is what monitoring alone takes once a condition is there: at least the rule's for, in whole intervals, at most two intervals more, one until the scrape and one until the evaluation. What lies above it is the service's own: a breaker that must open, a ping that must time out, a backlog that must grow.",
		"Missed is a monitor that had no alert before the fault was healed, a false alarm one that arrived though no fault accounts for it. The rules are evaluated as often as the service is scraped.",
	}
	if stray := b.strayNames(s); len(stray) > 0 {
		notes = append(notes, "False alarms: "+english.WordSeries(stray, "and")+".")
	}
	for _, alert := range slices.Sorted(maps.Keys(uncaused)) {
		notes = append(notes, fmt.Sprintf("%s is not benchmarked: %s.", alert, uncaused[alert]))
	}
	return notes
}

// strayNames are the false alarms of all alerts, in words.
func (b Bench) strayNames(s seen) (said []string) {
	count := map[string]int{}
	first := map[string]float64{}
	for _, w := range s.watchers {
		for _, a := range b.strays(s, w, "") {
			at := fmt.Sprintf("%s every %v", a.Title(), w.every.Round(time.Millisecond))
			if count[at]++; count[at] == 1 {
				first[at] = a.NotifiedAtS
			}
		}
	}
	for _, at := range slices.Sorted(maps.Keys(count)) {
		said = append(said, fmt.Sprintf("%s, %d times, first at %.1f s", at, count[at], first[at]))
	}
	return said
}
