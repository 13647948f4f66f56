package check

import (
	"slices"
	"testing"

	"paperlab/reports/history"
	"paperlab/reports/record"
	"paperlab/system/paper"
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

// TestALossIsBlamedOnWhatItWasLostBy: what a process had in its hands when it was
// killed was last seen before the kill, and is not something that is lost at any
// time. What was late before the fault already is.
func TestALossIsBlamedOnWhatItWasLostBy(t *testing.T) {
	for name, c := range map[string]struct {
		seen   float64
		want   record.When
		caused int
	}{
		"in hand":            {11.9, record.During, 1},
		"late as it strikes": {11.0, record.During, 1},
		"late before":        {10.9, record.Before, 0},
		"since the fault":    {13, record.During, 1},
	} {
		served := paper.Paper{ID: "2101.00001", Version: 1, Categories: []string{"cs"}}
		note := notification(served.VersionID(), "s", "u")
		events := []history.Event{
			history.Subscribed(paper.Subscription{ID: "s", Subscriber: "u", Kind: paper.Category, Term: "cs"}).At(0, "p"),
			history.Began(history.PhaseControl).At(2, "p"), history.Began(history.PhaseSteady).At(8, "p"),
			history.Served(&served, false).At(c.seen, "p"),
			history.AcceptedNotification(history.Place{Stream: "notifications", Entry: "1-0"}, note).At(c.seen, "p"),
			history.FaultInjected(history.FaultFacts{ID: "kill-a", Kind: "kill"}, "alive").At(12, "p"),
			history.FaultProven("kill-a", "gone", 0).At(12.1, "p"),
			history.Began(history.PhaseRecover).At(20, "p"), history.Began(history.PhaseDone).At(30, "p"),
		}
		a := history.AccountOf(events)
		a.Latency = []history.Point{{T: 5, Value: 0.3}} // late after a second
		found := Judge(a, nil)
		i := slices.IndexFunc(found.Blame, func(b record.Blame) bool { return b.Invariant == "no-loss" })
		if i < 0 {
			t.Fatalf("%s: nothing is lost: %+v", name, found.Invariants)
		}
		if b := found.Blame[i]; b.Parts[0].When != c.want || *b.Caused != c.caused {
			t.Errorf("%s: %+v, %d caused; want %s, %d", name, b.Parts, *b.Caused, c.want, c.caused)
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
