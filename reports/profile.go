package reports

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"

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

// falseAlarms are alerts that arrived before anything was injected.
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

// tookOver are the changes of owner by which the targets of faults lost their
// shards. Without a match it returns none: changes of owner are also how
// members that come and go share the work anew.
func (r Run) tookOver(all []series.Takeover) []series.Takeover {
	var out []series.Takeover
	for _, t := range all {
		for _, f := range r.Faults {
			if f.EffectAtS != nil && t.T >= *f.EffectAtS && names(f.Target, t.From) && (f.HealedAtS == nil || t.T <= *f.HealedAtS) {
				out = append(out, t)
				break
			}
		}
	}
	return out
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
