package faults

import (
	"fmt"
	"time"

	"paperlab/reports/history"
)

// Planned is a fault with its window, relative to the begin of the fault phase.
type Planned struct {
	// ID is the kind and the entry's place among those of its kind: "llm-2". It
	// is the fault's one name, from the scenario's file to the report.
	ID, Kind string
	Fault
	// At is when it is injected; 0 and up.
	At time.Duration
	// For is how long it lasts; 0 means until the Nemesis is told to end.
	For time.Duration
}

// End is when it is healed; ok is false for a fault that lasts to the end.
func (p Planned) End() (at time.Duration, ok bool) { return p.At + p.For, p.For > 0 }

// lasts tells whether it holds what it holds at a moment.
func (p Planned) lasts(at time.Duration) bool {
	end, ends := p.End()
	return p.At <= at && (!ends || at < end)
}

// window is when it lasts, in words.
func (p Planned) window() string {
	if end, ends := p.End(); ends {
		return fmt.Sprintf("%v to %v", p.At, end)
	}
	return fmt.Sprintf("%v to the end", p.At)
}

// Armed is a planned fault with its targets.
type Armed struct {
	Planned
	Act   Act
	facts history.FaultFacts
}

// Arm aims the faults of a plan, in its order. The error names the fault, and is
// one of Aim's.
func Arm(plan []Planned, site *Site) ([]Armed, error) {
	var armed []Armed
	for _, p := range plan {
		act, err := p.Aim(site)
		if err != nil {
			return nil, fmt.Errorf("fault %s: %w", p.ID, err)
		}
		facts := act.Facts()
		facts.ID, facts.Kind, facts.Mode = p.ID, p.Kind, p.Mode()
		armed = append(armed, Armed{p, act, facts})
	}
	return armed, nil
}

// String is a line of the schedule.
func (a Armed) String() string {
	lasting := "to the end"
	if end, ok := a.End(); ok {
		lasting = fmt.Sprintf("%v to %v", a.At, end)
	} else if a.At > 0 {
		lasting = fmt.Sprintf("from %v to the end", a.At)
	}
	what := a.Kind
	if a.facts.Mode != "" {
		what += " " + a.facts.Mode
	}
	return fmt.Sprintf("%s: %s of %s, %s", a.ID, what, a.facts.Target, lasting)
}
