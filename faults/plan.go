package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Planned is a fault with its window, relative to the begin of the fault
// phase.
type Planned struct {
	Fault
	// At is when it is injected; 0 and up.
	At time.Duration
	// For is how long it lasts; 0 means until the Nemesis is told to end.
	For time.Duration
}

// end is when it is healed; ok is false for a fault that lasts to the end.
func (p Planned) end() (at time.Duration, ok bool) { return p.At + p.For, p.For > 0 }

// String is a line of the schedule.
func (p Planned) String() string {
	lasting := "to the end"
	if end, ok := p.end(); ok {
		lasting = fmt.Sprintf("%v to %v", p.At, end)
	} else if p.At > 0 {
		lasting = fmt.Sprintf("from %v to the end", p.At)
	}
	return fmt.Sprintf("%s %s", p.ID(), lasting)
}

// Check refuses a schedule that cannot be carried out as written: times below
// zero, or two faults on one target at once. Two windows may
// touch; the second fault is then injected when the first is proven healed.
func Check(plan []Planned) error {
	for i, p := range plan {
		if p.At < 0 || p.For < 0 {
			return fmt.Errorf("fault %s: at %v for %v: times must be 0 or above", p.ID(), p.At, p.For)
		}
		for _, q := range plan[:i] {
			held := shared(p, q)
			if held == "" || !overlap(p, q) {
				continue
			}
			return fmt.Errorf("faults %q and %q both hold %s at the same time: the heal of one would end the other; let one end before the other begins", q, p, held)
		}
	}
	return nil
}

func overlap(p, q Planned) bool {
	pEnd, pEnds := p.end()
	qEnd, qEnds := q.end()
	return (!pEnds || q.At < pEnd) && (!qEnds || p.At < qEnd)
}

// shared names something that both hold.
func shared(p, q Planned) string {
	other := q.Holds()
	for _, held := range p.Holds() {
		if slices.Contains(other, held) {
			return held
		}
	}
	return ""
}

// Pick chooses targets by name: "one" or a number of them at random, "all", or
// the name of one. The order of from does not matter, so that equal seeds give
// equal picks however the names were gathered; the result is sorted.
func Pick(rng *rand.Rand, how string, from []string) ([]string, error) {
	names := slices.Sorted(slices.Values(from))
	count := 0
	switch n, err := strconv.Atoi(how); {
	case slices.Contains(names, how):
		return []string{how}, nil
	case how == "all":
		count = len(names)
	case how == "one":
		count = 1
	case err == nil:
		count = n
	default:
		return nil, fmt.Errorf("pick %q: must be one, all, a number, or one of %s", how, strings.Join(names, ", "))
	}
	if count < 1 || count > len(names) {
		return nil, fmt.Errorf("pick %q of %d (%s): must be from 1 to %d", how, len(names), strings.Join(names, ", "), len(names))
	}
	rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return slices.Sorted(slices.Values(names[:count])), nil
}
