package history

import (
	"maps"
	"math"
	"slices"
	"strings"
)

// LabelText writes an alert's labels as name=value pairs in order of name, with
// a space between.
func (n AlertNews) LabelText() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(n.Labels)) {
		parts = append(parts, name+"="+n.Labels[name])
	}
	return strings.Join(parts, " ")
}

// Same tells whether the news are of one alert, whatever its state.
func (n AlertNews) Same(other AlertNews) bool {
	return n.Name == other.Name && maps.Equal(n.Labels, other.Labels)
}

// Effect gives the times of the first and the last proven effect of a fault.
func (a *Account) Effect() (first, last float64, proven bool) {
	first, last = math.Inf(1), math.Inf(-1)
	for _, f := range a.Faults {
		if f.EffectAt != nil {
			first, last, proven = min(first, *f.EffectAt), max(last, *f.EffectAt), true
		}
	}
	return first, last, proven
}

// FalseAlarms are the alerts that arrived before anything was injected; where
// nothing ever was, all.
func (a *Account) FalseAlarms() []Alarm {
	first := math.Inf(1)
	for _, f := range a.Faults {
		if f.Injected {
			first = min(first, f.InjectedAt)
		}
	}
	return slices.DeleteFunc(slices.Clone(a.Alerts), func(alarm Alarm) bool { return alarm.Arrived >= first })
}

// DetectedBy is the alert of that name, or of any if it is empty, that arrived
// first from the first proven effect on; nil if none did.
func (a *Account) DetectedBy(name string) *Alarm {
	effect, _, proven := a.Effect()
	for i, alarm := range a.Alerts { // in the order of arrival
		if proven && alarm.Arrived >= effect && (name == "" || alarm.Name == name) {
			return &a.Alerts[i]
		}
	}
	return nil
}

// Phase is the phase of that name, the zero value if it never began.
func (a *Account) Phase(name string) Span {
	for _, p := range a.Phases {
		if p.Name == name {
			return p
		}
	}
	return Span{}
}
