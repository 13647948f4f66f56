package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"paperlab/reports/chart"
	"paperlab/reports/series"
)

// Profiles of a run, as they are written in Run.Profile.
const (
	hardened = "hardened"
	naive    = "naive"
)

// run returns the part of the named profile, or nil.
func (r Result) run(profile string) *Run {
	for i := range r.Runs {
		if r.Runs[i].Profile == profile {
			return &r.Runs[i]
		}
	}
	return nil
}

// effectAt is the proven effect of the earliest fault, from which detection and
// recovery are counted; nil if no effect was proven.
func (r Run) effectAt() *float64 {
	var first *float64
	for _, f := range r.Faults {
		if f.EffectAtS != nil && (first == nil || *f.EffectAtS < *first) {
			first = f.EffectAtS
		}
	}
	return first
}

// laterEffects are the proven effects after the first, in order.
func (r Run) laterEffects() []float64 {
	var all []float64
	for _, f := range r.Faults {
		if f.EffectAtS != nil {
			all = append(all, *f.EffectAtS)
		}
	}
	slices.Sort(all)
	if len(all) == 0 {
		return nil
	}
	return all[1:]
}

// bounded tells whether steady state was measured before the fault. Without its
// bounds nobody can say what recovery is.
func (r Run) bounded() bool { return r.Steady.BacklogBound > 0 || r.Steady.LatencyBoundS > 0 }

// alertsAfter are the names of alerts that arrived from a moment on.
func (r Run) alertsAfter(at float64) []string {
	var names []string
	for _, a := range r.Alerts {
		if a.NotifiedAtS >= at {
			names = append(names, a.Name)
		}
	}
	return unique(names)
}

// end is when the run's last phase ended.
func (r Run) end() float64 {
	end := 0.0
	for _, p := range r.Phases {
		end = max(end, p.EndS)
	}
	return end
}

// detecting is the alert that the time to detect speaks of; nil without one.
func (r Run) detecting() *Alert {
	effect := r.effectAt()
	if r.TimeToDetectS == nil || effect == nil || len(r.Alerts) == 0 {
		return nil
	}
	want := *effect + *r.TimeToDetectS
	nearest := slices.MinFunc(r.Alerts, func(a, b Alert) int {
		return cmp.Compare(math.Abs(a.NotifiedAtS-want), math.Abs(b.NotifiedAtS-want))
	})
	// The record rounds nothing, so a real match is exact but for arithmetic.
	if math.Abs(nearest.NotifiedAtS-want) > 0.05 {
		return nil
	}
	return &nearest
}

// atOnce tells whether the alert arrived when it fired, as far as a report in
// tenths of a second can tell.
func (a Alert) atOnce() bool { return a.NotifiedAtS-a.FiringAtS < 0.05 }

// otherBefore tells whether another alert arrived between the effect and this
// one.
func (r Run) otherBefore(a Alert) bool {
	return slices.ContainsFunc(r.Alerts, func(other Alert) bool {
		return other.NotifiedAtS >= *r.effectAt() && other.NotifiedAtS < a.NotifiedAtS
	})
}

// falseAlarms are alerts that arrived before anything was injected; without
// faults, all.
func (r Run) falseAlarms() []Alert {
	first := math.Inf(1)
	for _, f := range r.Faults {
		first = min(first, f.InjectedAtS)
	}
	var out []Alert
	for _, a := range r.Alerts {
		if a.NotifiedAtS < first {
			out = append(out, a)
		}
	}
	return out
}

// steadyText says what steady state was and whether it came back.
func (r Run) steadyText() string {
	if !r.bounded() {
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
	if r.effectAt() == nil {
		return s + "."
	}
	return s + " and " + was(r.Steady.Regained) + " again after it."
}

// tookOver are the changes of owner by which the targets of faults lost their
// shards. Without a match it returns none: changes of owner are also how
// members that come and go share the work anew.
func (r Run) tookOver(all []series.Takeover) []series.Takeover {
	var out []series.Takeover
	for _, t := range all {
		if r.lostOwner(t) != nil {
			out = append(out, t)
		}
	}
	return out
}

// lostOwner is the fault by which the shard's former owner lost it, the latest
// of several; nil if it was none.
func (r Run) lostOwner(t series.Takeover) *Fault {
	var last *Fault
	for i := range r.Faults {
		f := &r.Faults[i]
		if f.EffectAtS == nil || t.T < *f.EffectAtS || !names(f.Target, t.From) || f.HealedAtS != nil && t.T > *f.HealedAtS {
			continue
		}
		if last == nil || *f.EffectAtS >= *last.EffectAtS {
			last = f
		}
	}
	return last
}

// names tells whether the text holds the process's name as a whole word:
// "summarize-1" does not stand in "summarize-12".
func names(text, process string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_'
	})
	return process != "" && slices.Contains(words, process)
}

// invariant returns the verdict on an invariant, or "" if it was not judged.
func (r Run) invariant(id string) string {
	for _, i := range r.Invariants {
		if i.ID == id {
			return i.Verdict
		}
	}
	return ""
}

// The verdicts on an invariant.
const (
	valid   = "valid"
	invalid = "invalid"
	unknown = "unknown"
)
