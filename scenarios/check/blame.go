package check

import (
	"cmp"
	"math"
	"slices"

	"paperlab/reports/history"
	"paperlab/reports/record"
)

// blame gathers the anomalies of all invariants, says when each happened beside
// the faults, and sums them up.
//
// What happens during or after a fault need not be its doing: a service that
// tells people out of order does so at any time. So what the same service does
// each second in the control and the steady phase is its background, and only
// what exceeds it, from the first fault to the end of the load, counts as caused.
func (l *reading) blame() (all []record.Anomaly, sums []record.Blame) {
	if l.Mixed {
		return nil, nil
	}
	for _, i := range Catalogue {
		var own []record.Anomaly
		for _, at := range i.check(l).at {
			own = append(own, record.Anomaly{Invariant: i.ID, AtS: at, Blamed: beside(l.Faults, at)})
		}
		if len(own) > 0 {
			all = append(all, own...)
			sums = append(sums, l.sum(i.ID, own))
		}
	}
	slices.SortStableFunc(all, func(a, b record.Anomaly) int { return cmp.Compare(a.AtS, b.AtS) })
	return all, sums
}

// beside says where a moment stands beside the faults. One that was not
// injected, or never took effect, has no part in anything.
func beside(faults []record.Fault, at float64) record.Blamed {
	none := record.Blamed{When: record.NoFault}
	var on, over *record.Fault
	for i := range faults {
		f := &faults[i]
		switch {
		case !f.Injected() || f.EffectAtS == nil:
			continue
		case at < f.InjectedAtS:
			none.When = record.Before
		case f.HealedAtS == nil || at <= *f.HealedAtS:
			if on == nil || f.InjectedAtS >= on.InjectedAtS {
				on = f
			}
		case over == nil || *f.HealedAtS >= *over.HealedAtS:
			over = f
		}
	}
	switch {
	case on != nil:
		return record.Blamed{When: record.During, Fault: on.Name()}
	case over != nil:
		return record.Blamed{When: record.After, Fault: over.Name()}
	}
	return none
}

// sum adds up the anomalies of an invariant.
func (l *reading) sum(id string, all []record.Anomaly) record.Blame {
	b := record.Blame{Invariant: id, Total: len(all)}
	for _, a := range all {
		at := slices.IndexFunc(b.Parts, func(p record.BlamedPart) bool { return p.Blamed == a.Blamed })
		if at < 0 {
			at = len(b.Parts)
			b.Parts = append(b.Parts, record.BlamedPart{Blamed: a.Blamed})
		}
		b.Parts[at].Count++
	}
	control, first := l.Phase(history.PhaseControl), record.FirstFault(l.Faults)
	if first == nil || *first <= control.StartS || control.EndS == 0 {
		return b
	}
	background, since := 0.0, 0.0
	for _, a := range all {
		switch {
		case a.AtS >= *first:
			since++
		case a.AtS >= control.StartS:
			background++
		}
	}
	background /= *first - control.StartS
	loaded := max(l.Phase(history.PhaseRecover).EndS-*first, 0)
	b.BackgroundPerS = &background
	b.Caused = new(int(math.Round(max(since-background*loaded, 0))))
	return b
}
