package reports

import (
	"cmp"
	"fmt"
	"slices"

	"paperlab/reports/chart"
	"paperlab/reports/history"
	"paperlab/reports/record"
)

// Profiles of a run, as they are written in Run.Profile.
const (
	hardened = "hardened"
	naive    = "naive"
)

// alertsAfter are the names of alerts that arrived from a moment on.
func alertsAfter(r record.Run, at float64) []string {
	var names []string
	for _, a := range r.Alerts {
		if a.NotifiedAtS >= at {
			names = append(names, a.Name)
		}
	}
	return unique(names)
}

// otherBefore tells whether another alert arrived between the effect and this
// one.
func otherBefore(r record.Run, a record.Alert) bool {
	return slices.ContainsFunc(r.Alerts, func(other record.Alert) bool {
		return other.NotifiedAtS >= *r.EffectAt() && other.NotifiedAtS < a.NotifiedAtS
	})
}

// steadyText says what steady state was and whether it came back.
func steadyText(r record.Run) string {
	if !r.Bounded() {
		return "No bounds could be measured before the fault."
	}
	was := func(b bool) string {
		if b {
			return "held"
		}
		return "did not hold"
	}
	s := fmt.Sprintf("Bounds measured before the fault: backlog %s, p95 latency %s (it was %s). They %s before the fault",
		count(int(r.Steady.BacklogBound), "entry", "entries"), chart.Seconds(r.Steady.LatencyBoundS), chart.Seconds(r.Steady.LatencyP95S), was(r.Steady.Held))
	if r.EffectAt() == nil {
		return s + "."
	}
	return s + " and " + was(r.Steady.Regained) + " again after it."
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

// whatHappened says that something happened only if that was proven.
func whatHappened(f record.Fault) string {
	name := f.Name()
	switch {
	case f.Receipt.Before == "" && f.EffectAtS == nil:
		// Without evidence that the target was well, nothing is injected.
		return fmt.Sprintf("the fault %s was given up before it was injected", name)
	case f.EffectAtS != nil && f.Happened != "":
		return f.Happened
	default:
		return fmt.Sprintf("the fault %s was injected into %s", name, cmp.Or(f.Target, "an unnamed target"))
	}
}
