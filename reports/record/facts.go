package record

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Of returns the part of the named profile, or nil.
func (r Result) Of(profile string) *Run {
	for i := range r.Runs {
		if r.Runs[i].Profile == profile {
			return &r.Runs[i]
		}
	}
	return nil
}

// Effects are the times of the faults' proven effects, in order. Detection and
// recovery are counted from the first.
func Effects(faults []Fault) []float64 {
	var all []float64
	for _, f := range faults {
		if f.EffectAtS != nil {
			all = append(all, *f.EffectAtS)
		}
	}
	slices.Sort(all)
	return all
}

// EffectAt is the first proven effect; nil if none was proven.
func (r Run) EffectAt() *float64 {
	if all := Effects(r.Faults); len(all) > 0 {
		return &all[0]
	}
	return nil
}

// LastHeal is when the last of the faults was healed; nil if one that took effect
// never was, or none did.
func LastHeal(faults []Fault) (last *float64) {
	for _, f := range faults {
		switch {
		case f.EffectAtS == nil:
		case f.HealedAtS == nil:
			return nil
		case last == nil || *f.HealedAtS > *last:
			last = f.HealedAtS
		}
	}
	return last
}

// Injected tells whether the fault was injected: without evidence that its
// target was well before, nothing is.
func (f Fault) Injected() bool { return f.Receipt.Before != "" }

// BlameOf is the blame for an invariant, nil if nothing went wrong.
func (r Run) BlameOf(invariant string) *Blame {
	for i := range r.Blame {
		if r.Blame[i].Invariant == invariant {
			return &r.Blame[i]
		}
	}
	return nil
}

// Words are the moment in words: "during kill-1".
func (b Blamed) Words() string {
	switch b.When {
	case NoFault:
		return "without a fault"
	case Before:
		return "before any fault"
	default:
		return string(b.When) + " " + b.Fault
	}
}

// FirstFault is when the first fault was injected; nil if none was.
func FirstFault(faults []Fault) (first *float64) {
	for i, f := range faults {
		if f.Injected() && (first == nil || f.InjectedAtS < *first) {
			first = &faults[i].InjectedAtS
		}
	}
	return first
}

// Name is the fault's id, or its kind in a record that has none.
func (f Fault) Name() string { return cmp.Or(f.ID, f.Kind) }

// Label says in a word or three what the fault is, for a figure: its kind, mode
// and the processes that it strikes, of which only the first has its full name:
// "kill summarize-1,3".
func (f Fault) Label() string {
	words := []string{cmp.Or(f.Kind, f.ID)}
	if f.Mode != "" {
		words = append(words, f.Mode)
	}
	if len(f.Processes) > 0 {
		words = append(words, together(f.Processes))
	}
	return strings.Join(words, " ")
}

// together names processes of one role in short.
func together(names []string) string {
	short := names[0]
	role := strings.TrimRight(short, "0123456789")
	for _, name := range names[1:] {
		short += "," + strings.TrimPrefix(name, role)
	}
	return short
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

// Since is when the alert's condition was first found true, or, where that is
// not known, when it arrived.
func (a Alert) Since() float64 {
	if a.PendingAtS != nil {
		return min(*a.PendingAtS, a.NotifiedAtS)
	}
	return a.NotifiedAtS
}

// AtOnce tells whether the alert arrived when it fired, as far as a report in
// tenths of a second can tell.
func (a Alert) AtOnce() bool { return a.NotifiedAtS-a.FiringAtS < 0.05 }

// Title is the alert's name with its labels, in order of name: "ConsumerDown
// instance=deliver-1 job=deliver".
func (a Alert) Title() string {
	words := []string{a.Name}
	for _, name := range slices.Sorted(maps.Keys(a.Labels)) {
		words = append(words, name+"="+a.Labels[name])
	}
	return strings.Join(words, " ")
}

// AnswerOf is what was said of an invariant, or "" if it was not judged.
func (r Run) AnswerOf(id string) Answer {
	for _, i := range r.Invariants {
		if i.ID == id {
			return i.Answer
		}
	}
	return ""
}
