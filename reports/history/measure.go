package history

import (
	"math"
	"slices"

	"paperlab/reports/record"
)

// Point is one reading of a series. T is in seconds since the profile's run
// began.
type Point struct{ T, Value float64 }

// Between keeps the points of [from, to) that are known.
func Between(points []Point, from, to float64) []Point {
	var kept []Point
	for _, p := range points {
		if p.T >= from && p.T < to && !math.IsNaN(p.Value) {
			kept = append(kept, p)
		}
	}
	return kept
}

// Percentile is the nearest-rank percentile of the points' values, 0 < p <= 100.
// Without points it is NaN, which no bound admits.
func Percentile(points []Point, p float64) float64 {
	var values []float64
	for _, point := range points {
		values = append(values, point.Value)
	}
	slices.Sort(values)
	return record.NearestRank(values, p)
}

// FalseAlarms are the alerts that arrived, or whose condition was found true,
// before anything was injected; where nothing ever was, all.
func (a *Account) FalseAlarms() []record.Alert {
	return slices.DeleteFunc(slices.Clone(a.Alerts), func(alert record.Alert) bool { return a.caused(alert) })
}

// caused tells whether something had been injected when the alert's condition
// was found true, and when it was first to be seen.
func (a *Account) caused(alert record.Alert) bool {
	first := record.FirstFault(a.Faults)
	return first != nil && alert.Since() >= *first && (alert.ScrapedAtS == nil || *alert.ScrapedAtS >= *first-underWay)
}

// underWay is how long a scrape may have been under way when a fault struck that it
// shows: it bears the time of its begin.
const underWay = 1.0

// DetectedBy is the alert of that name, or of any if it is empty, that arrived
// first of those that a fault can have caused, and the seconds since the first
// proven effect: 0 if it arrived before the proof, and nil if none arrived. One that
// is a false alarm detects nothing, however well it arrives.
func (a *Account) DetectedBy(name string) (alert *record.Alert, after float64) {
	effects := record.Effects(a.Faults)
	for i, alert := range a.Alerts { // in the order of arrival
		if len(effects) > 0 && a.caused(alert) && (name == "" || alert.Name == name) {
			return &a.Alerts[i], max(0, alert.NotifiedAtS-effects[0])
		}
	}
	return nil, 0
}

// Detection takes the time to an alert's arrival apart; alert is one of
// DetectedBy, or another that arrived after the effect. The alert bears witness,
// too: one that arrived before the effect was proven shows that it was there.
func Detection(effect float64, alert record.Alert) record.Detection {
	return record.Detection{
		Alert: alert.Name, EffectAtS: min(effect, alert.NotifiedAtS), ScrapedAtS: alert.ScrapedAtS, PendingAtS: alert.PendingAtS,
		FiringAtS: alert.FiringAtS, SentAtS: alert.SentAtS, ArrivedAtS: alert.NotifiedAtS,
	}.InOrder()
}

// Phase is the phase of that name, the zero value if it never began.
func (a *Account) Phase(name string) record.Phase {
	for _, p := range a.Phases {
		if p.Name == name {
			return p
		}
	}
	return record.Phase{}
}
