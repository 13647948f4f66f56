package record

import "slices"

// Of returns the part of the named profile, or nil.
func (r Result) Of(profile string) *Run {
	for i := range r.Runs {
		if r.Runs[i].Profile == profile {
			return &r.Runs[i]
		}
	}
	return nil
}

// EffectAt is the proven effect of the earliest fault, from which detection and
// recovery are counted; nil if no effect was proven.
func (r Run) EffectAt() *float64 {
	var first *float64
	for _, f := range r.Faults {
		if f.EffectAtS != nil && (first == nil || *f.EffectAtS < *first) {
			first = f.EffectAtS
		}
	}
	return first
}

// LaterEffects are the proven effects after the first, in order.
func (r Run) LaterEffects() []float64 {
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

// Bounded tells whether steady state was measured before the fault. Without its
// bounds nobody can say what recovery is.
func (r Run) Bounded() bool { return r.Steady.BacklogBound > 0 || r.Steady.LatencyBoundS > 0 }

// End is when the run's last phase ended.
func (r Run) End() float64 {
	end := 0.0
	for _, p := range r.Phases {
		end = max(end, p.EndS)
	}
	return end
}

// AtOnce tells whether the alert arrived when it fired, as far as a report in
// tenths of a second can tell.
func (a Alert) AtOnce() bool { return a.NotifiedAtS-a.FiringAtS < 0.05 }

// AnswerOf is what was said of an invariant, or "" if it was not judged.
func (r Run) AnswerOf(id string) Answer {
	for _, i := range r.Invariants {
		if i.ID == id {
			return i.Answer
		}
	}
	return ""
}
