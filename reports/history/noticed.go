package history

import (
	"math"
	"slices"

	"paperlab/reports/record"
)

// FalseAlarms are the alerts that arrived before anything was injected; where
// nothing ever was, all.
func (a *Account) FalseAlarms() []record.Alert {
	first := math.Inf(1)
	for _, f := range a.Faults {
		if f.Injected() {
			first = min(first, f.InjectedAtS)
		}
	}
	return slices.DeleteFunc(slices.Clone(a.Alerts), func(alert record.Alert) bool { return alert.NotifiedAtS >= first })
}

// DetectedBy is the alert of that name, or of any if it is empty, that arrived
// first from the first proven effect on, and the seconds since then; nil if none
// did.
func (a *Account) DetectedBy(name string) (alert *record.Alert, after float64) {
	effects := record.Effects(a.Faults)
	for i, alert := range a.Alerts { // in the order of arrival
		if len(effects) > 0 && alert.NotifiedAtS >= effects[0] && (name == "" || alert.Name == name) {
			return &a.Alerts[i], alert.NotifiedAtS - effects[0]
		}
	}
	return nil, 0
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
