package detect

import (
	"fmt"
	"slices"
	"time"

	"paperlab/grafana"
	"paperlab/reports/history"
	"paperlab/reports/record"
)

// Cell is one alert at one interval of scraping.
type Cell struct {
	Cause
	Every time.Duration
	// Rule is the alert's rule that can raise it first; Sees is false if none can
	// be relied on at the interval.
	Rule grafana.Rule
	Sees bool
	// Detections are those before the fault was healed, at most one for each
	// monitor and round; Missed are the monitors and rounds that had none.
	Detections []record.Detection
	Missed     int
	// FalseAlarms are the alert's arrivals that no fault accounts for.
	FalseAlarms int
}

// aftermath is how long, in seconds and beside two intervals, an alert may still
// come from a fault that has been healed: the service has to catch up.
const aftermath = 30

// seen is what all witnesses saw.
type seen struct {
	faults   map[string]record.Fault // by id
	watchers []watched
}

// watched are the alerts that arrived from one monitor.
type watched struct {
	every  time.Duration
	alerts []record.Alert
}

func newSeen(rec *history.Recorder, watchers []*watcher) seen {
	s := seen{faults: map[string]record.Fault{}}
	for _, f := range history.AccountOf(rec.Events()).Faults {
		s.faults[f.ID] = f
	}
	for _, w := range watchers {
		s.watchers = append(s.watchers, watched{w.every, history.AccountOf(w.rec.Events()).Alerts})
	}
	return s
}

// measure makes a cell for each cause and interval, in their order.
func (b Bench) measure(s seen, rules []grafana.Rule) (cells []Cell, err error) {
	for _, cause := range b.Causes {
		var proven []record.Fault
		for round := range b.Rounds {
			if f := s.faults[inRound(cause.Fault, round)]; f.EffectAtS != nil && f.HealedAtS != nil {
				proven = append(proven, f)
			}
		}
		if len(proven) == 0 {
			f := s.faults[inRound(cause.Fault, 0)]
			return nil, fmt.Errorf("benchmark detect: %s (%s) never took effect: %s", cause.Fault, cause.What, f.Error)
		}
		for _, every := range b.Intervals {
			c := Cell{Cause: cause, Every: every}
			c.Rule, _, c.Sees = grafana.Soonest(rules, cause.Alert, every)
			for _, w := range s.watchers {
				if w.every == every {
					c.take(w, proven)
					c.FalseAlarms += len(b.strays(s, w, cause.Alert))
				}
			}
			cells = append(cells, c)
		}
	}
	return cells, nil
}

// take adds what one monitor made of each injection: the first arrival of an
// alert whose condition was not found true before it.
func (c *Cell) take(w watched, proven []record.Fault) {
	for _, f := range proven {
		i := slices.IndexFunc(w.alerts, func(a record.Alert) bool {
			return a.Name == c.Alert && a.Since() >= f.InjectedAtS && a.NotifiedAtS <= *f.HealedAtS
		})
		if i < 0 {
			c.Missed++
			continue
		}
		c.Detections = append(c.Detections, history.Detection(*f.EffectAtS, w.alerts[i]))
	}
}

// strays are the arrivals of an alert, of all alerts for "", that no fault
// accounts for.
func (b Bench) strays(s seen, w watched, alert string) (stray []record.Alert) {
	for _, a := range w.alerts {
		if (alert == "" || a.Name == alert) && !b.accounted(s, a, w.every) {
			stray = append(stray, a)
		}
	}
	return stray
}

// accounted tells whether a fault that may raise the alert was there, or had been
// shortly before, when its condition was first found true.
func (b Bench) accounted(s seen, a record.Alert, every time.Duration) bool {
	for _, planned := range b.Round.Faults {
		raises := slices.Contains(besides[planned.ID], a.Name) || slices.ContainsFunc(b.Causes, func(c Cause) bool {
			return c.Alert == a.Name && c.Fault == planned.ID
		})
		for round := 0; raises && round < b.Rounds; round++ {
			f := s.faults[inRound(planned.ID, round)]
			until := f.InjectedAtS
			if f.HealedAtS != nil {
				until = *f.HealedAtS + aftermath + 2*every.Seconds()
			}
			if f.Injected() && a.Since() >= f.InjectedAtS && a.Since() <= until {
				return true
			}
		}
	}
	return false
}
