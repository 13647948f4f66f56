package history

import (
	"fmt"
	"maps"
	"math"
	"testing"

	"paperlab/reports/record"
	"paperlab/system/paper"
)

// workOf is a paper a second from 0 s to 30 s: summarized half a second after it
// was served, told n/100 s later, so that latency tells papers apart. The steady
// phase lasts from 5 s to 15 s; from then on everything is ten times slower.
func workOf(readings ...Event) []Event {
	var all []Event
	for n := range 30 {
		at := float64(n)
		p := &paper.Paper{ID: fmt.Sprintf("2101.%05d", n), Version: 1}
		call := LLMCall{Provider: "ollama", ID: p.ID, Version: p.VersionID()}
		told := Told(Webhook{Subscriber: "u", Notification: paper.Notification{ID: p.ID, Subscriber: "u", Subscription: "s", Paper: p.ID, Version: 1}})
		late := 0.5 + float64(n)/100
		if n >= 15 {
			late *= 10
		}
		all = append(all, Served(p, false).At(at, "p"), Asked(call).At(at, "p"), Answered(call, 0.5).At(at+0.5, "p"), told.At(at+late, "p"),
			told.At(at+late+20, "p")) // again, much later: its work was done before
	}
	for _, begun := range []struct {
		phase string
		at    float64
	}{{PhaseSteady, 5}, {PhaseFault, 15}, {PhaseRecover, 20}, {PhaseDrain, 40}} {
		all = append(all, Began(begun.phase).At(begun.at, "p"))
	}
	return append(all, readings...)
}

// readings of both totals: 100 a second of commands, 1,000 of bytes, and ten times
// as much from 15 s on.
func readings(from, to int) (all []Event) {
	for t := from; t <= to; t++ {
		total := int64(t)
		if t > 15 {
			total += 9 * (total - 15)
		}
		all = append(all, Used(Commands, 100*total, true).At(float64(t), "p"), Used(Memory, 1000*total, true).At(float64(t), "p"))
	}
	return all
}

func TestPriceIsThatOfTheTimeBeforeTheFault(t *testing.T) {
	p := AccountOf(workOf(readings(0, 30)...)).Price()
	for what, c := range map[string]struct {
		got  *float64
		want float64
	}{
		"p50": {p.LatencyP50S, 0.59}, "p95": {p.LatencyP95S, 0.64}, "p99": {p.LatencyP99S, 0.64},
		// Readings from 5 s to 14 s; in that time nine papers were done.
		"commands": {p.CommandsPerMessage, 100}, "memory": {p.MemoryBytesPerMessage, 1000},
	} {
		if c.got == nil || math.Abs(*c.got-c.want) > 1e-6 {
			t.Errorf("%s is %v, want %g", what, show(c.got), c.want)
		}
	}
}

// One who was told is enough for a latency.
func TestPriceOfOne(t *testing.T) {
	a := &Account{Phases: []record.Phase{{Name: PhaseSteady, EndS: 9}}, Latency: []Point{{5, 0.7}}}
	if p := a.Price(); p.LatencyP50S == nil || *p.LatencyP50S != 0.7 || *p.LatencyP99S != 0.7 {
		t.Errorf("the price is %+v", p)
	}
}

// The quantiles of many are the nearest ranks, and without phases there is no calm.
func TestPriceOfMany(t *testing.T) {
	a := &Account{}
	for i := range 200 {
		a.Latency = append(a.Latency, Point{float64(i) / 200, float64(i + 1)})
	}
	if p := a.Price(); p.LatencyP50S != nil {
		t.Errorf("without phases the price is %+v", p)
	}
	a.Phases = []record.Phase{{Name: PhaseSteady, EndS: 1}}
	if p := a.Price(); *p.LatencyP50S != 100 || *p.LatencyP95S != 190 || *p.LatencyP99S != 198 {
		t.Errorf("p50 %g, p95 %g, p99 %g", *p.LatencyP50S, *p.LatencyP95S, *p.LatencyP99S)
	}
}

// Work is done with the first summary and the first telling of each subscription,
// whichever is later; what has no summary is not done.
func TestDone(t *testing.T) {
	told := func(at ...float64) (effects []Effect) {
		for _, t := range at {
			effects = append(effects, Effect{T: t})
		}
		return effects
	}
	a := &Account{
		Calls: []Call{{Version: "v", To: 5, OK: true}, {Version: "v", To: 3, OK: true}, {Version: "v", To: 7, OK: true}, {Version: "w", To: 2}, {Version: "u", To: 4, OK: true}},
		Told:  map[Note][]Effect{{"s", "v"}: told(2, 8), {"s", "u"}: told(9), {"s", "w"}: told(9)},
	}
	if got, want := a.done(), map[string]float64{"v": 3, "u": 9}; !maps.Equal(got, want) {
		t.Errorf("done at %v, want %v", got, want)
	}
	// One that was done at the first reading was done before it.
	if got := perMessage([]Point{{1, 0}, {2, 5}, {3, 10}}, map[string]float64{"a": 1, "b": 3, "c": 3.5}); got == nil || *got != 10 {
		t.Errorf("for each message %v, want 10", show(got))
	}
	for _, grown := range []float64{0, 0.5} {
		if got := perMessage([]Point{{1, 7}, {3, 7 + grown}}, map[string]float64{"a": 2}); got == nil || *got != grown {
			t.Errorf("of a total that grew by %g: %v", grown, show(got))
		}
	}
}

func show(v *float64) any {
	if v == nil {
		return nil
	}
	return *v
}

// What was not read is no price, and not 0 either.
func TestPriceThatWasNotMeasured(t *testing.T) {
	for name, c := range map[string]struct {
		events           []Event
		latency, command bool
	}{
		"nothing":          {nil, false, false},
		"no phases":        {workOf(readings(0, 30)...)[:150], false, false},
		"no readings":      {workOf(), true, false},
		"readings later":   {workOf(readings(15, 30)...), true, false},
		"one reading":      {workOf(readings(6, 6)...), true, false},
		"a failed reading": {workOf(Used(Commands, 0, false).At(5, "p"), Used(Commands, 700, true).At(6, "p")), true, false},
		"a total that shrank, as after a failover": {workOf(Used(Commands, 700, true).At(6, "p"), Used(Commands, 10, true).At(14, "p")), true, false},
		"a failed reading in between": {workOf(Used(Commands, 600, true).At(6, "p"), Used(Commands, 0, false).At(7, "p"),
			Used(Commands, 1400, true).At(14, "p")), true, true},
	} {
		p := AccountOf(c.events).Price()
		if (p.LatencyP50S != nil) != c.latency || (p.CommandsPerMessage != nil) != c.command {
			t.Errorf("%s: p50 %v, commands %v", name, show(p.LatencyP50S), show(p.CommandsPerMessage))
		}
		if c.command && *p.CommandsPerMessage != 100 {
			t.Errorf("%s: %g commands a message, want 100", name, *p.CommandsPerMessage)
		}
	}
}
