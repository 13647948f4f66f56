package reports

import (
	"slices"

	"paperlab/reports/history"
	"paperlab/reports/record"
)

// alertsAfter are the alerts that arrived from a moment on.
func alertsAfter(r record.Run, at float64) []record.Alert {
	return slices.DeleteFunc(slices.Clone(r.Alerts), func(a record.Alert) bool { return a.NotifiedAtS < at })
}

// names are those of the alerts, each once, sorted.
func names(alerts []record.Alert) []string {
	var all []string
	for _, a := range alerts {
		all = append(all, a.Name)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// tookOver are the changes of owner by which the targets of faults lost their
// shards. Without a match it returns none: changes of owner are also how
// members that come and go share the work anew.
func tookOver(r record.Run, all []history.Event) []history.Event {
	var out []history.Event
	for _, t := range all {
		if lostOwner(r, t) != nil {
			out = append(out, t)
		}
	}
	return out
}

// lostOwner is the fault by which the shard's former owner lost it, the latest
// of several; nil if it was none.
func lostOwner(r record.Run, t history.Event) *record.Fault {
	var last *record.Fault
	for i := range r.Faults {
		f := &r.Faults[i]
		if f.EffectAtS == nil || t.T < *f.EffectAtS || !slices.Contains(f.Processes, t.Previous) || f.HealedAtS != nil && t.T > *f.HealedAtS {
			continue
		}
		if last == nil || *f.EffectAtS >= *last.EffectAtS {
			last = f
		}
	}
	return last
}
