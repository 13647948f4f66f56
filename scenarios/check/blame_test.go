package check

import (
	"testing"

	"paperlab/reports/history"
	"paperlab/reports/record"
)

// proven is a fault that was on between two times; a nil end is none.
func proven(id string, from float64, to *float64) record.Fault {
	return record.Fault{ID: id, InjectedAtS: from, EffectAtS: new(from + 0.1), HealedAtS: to, Receipt: record.Receipt{Before: "well"}}
}

func TestBeside(t *testing.T) {
	two := []record.Fault{proven("a", 10, new(20.0)), proven("b", 30, new(40.0))}
	over := []record.Fault{proven("a", 10, new(30.0)), proven("b", 15, new(20.0))}
	never := record.Fault{ID: "c", InjectedAtS: 10}
	unproven := record.Fault{ID: "d", InjectedAtS: 10, Receipt: record.Receipt{Before: "well"}}
	for name, c := range map[string]struct {
		faults []record.Fault
		at     float64
		want   record.Blamed
	}{
		"before all":                      {two, 9.9, record.Blamed{When: record.Before}},
		"as it is injected":               {two, 10, record.Blamed{When: record.During, Fault: "a"}},
		"as it is healed":                 {two, 20, record.Blamed{When: record.During, Fault: "a"}},
		"between two":                     {two, 25, record.Blamed{When: record.After, Fault: "a"}},
		"during the second":               {two, 35, record.Blamed{When: record.During, Fault: "b"}},
		"after both":                      {two, 50, record.Blamed{When: record.After, Fault: "b"}},
		"the latest of two that are on":   {over, 17, record.Blamed{When: record.During, Fault: "b"}},
		"one is over, one is on":          {over, 25, record.Blamed{When: record.During, Fault: "a"}},
		"after the one that ended last":   {over, 35, record.Blamed{When: record.After, Fault: "a"}},
		"of two at once the later listed": {[]record.Fault{proven("a", 10, new(20.0)), proven("b", 10, new(20.0))}, 15, record.Blamed{When: record.During, Fault: "b"}},
		"of two over at once too":         {[]record.Fault{proven("a", 10, new(20.0)), proven("b", 10, new(20.0))}, 25, record.Blamed{When: record.After, Fault: "b"}},
		"never healed":                    {[]record.Fault{proven("a", 10, nil)}, 99, record.Blamed{When: record.During, Fault: "a"}},
		"no fault":                        {nil, 5, record.Blamed{When: record.NoFault}},
		"given up":                        {[]record.Fault{never}, 15, record.Blamed{When: record.NoFault}},
		"without effect":                  {[]record.Fault{unproven}, 15, record.Blamed{When: record.NoFault}},
	} {
		if got := beside(c.faults, c.at); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// TestCausedIsBeyondTheBackground: a service that does wrong at any time is not
// made worse by a fault.
func TestCausedIsBeyondTheBackground(t *testing.T) {
	each := func(from, to, every float64) (times []float64) {
		for at := from; at < to; at += every {
			times = append(times, at)
		}
		return times
	}
	for name, c := range map[string]struct {
		at     []float64
		faults []record.Fault
		total  int
		caused int // -1: unknown
	}{
		"as often without":      {each(2, 50, 1), []record.Fault{proven("a", 12, new(30.0))}, 48, 0},
		"only since":            {each(12, 22, 1), []record.Fault{proven("a", 12, new(30.0))}, 10, 10},
		"only before":           {each(2, 12, 1), []record.Fault{proven("a", 12, new(30.0))}, 10, 0},
		"twice as often since":  {append(each(2, 12, 1), each(12, 50, 0.5)...), []record.Fault{proven("a", 12, new(30.0))}, 86, 38},
		"the warm-up is not it": {append(each(0, 2, 0.1), each(12, 22, 1)...), []record.Fault{proven("a", 12, new(30.0))}, 30, 10},
		"no fault":              {each(2, 12, 1), nil, 10, -1},
		"in the first second":   {each(2, 12, 1), []record.Fault{proven("a", 1, new(30.0))}, 10, -1},
	} {
		t.Run(name, func(t *testing.T) {
			l := newReading(&history.Account{Faults: c.faults, Phases: []record.Phase{
				{Name: history.PhaseControl, StartS: 2, EndS: 8}, {Name: history.PhaseSteady, StartS: 8, EndS: 12}, {Name: history.PhaseRecover, StartS: 30, EndS: 50},
			}})
			var all []record.Anomaly
			for _, at := range c.at {
				all = append(all, record.Anomaly{AtS: at, Blamed: beside(c.faults, at)})
			}
			b := l.sum("key-order", all)
			caused, parts := -1, 0
			if b.Caused != nil {
				caused = *b.Caused
			}
			for _, p := range b.Parts {
				parts += p.Count
			}
			if b.Total != c.total || parts != b.Total || caused != c.caused {
				t.Errorf("%d in all, %d in parts, %d caused; want %d, %d caused: %+v", b.Total, parts, caused, c.total, c.caused, b)
			}
		})
	}
}
