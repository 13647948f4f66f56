package series

import (
	"testing"

	"paperlab/reports/chart"
	"paperlab/reports/history"
)

func ask(at float64, provider, call, version string, typ history.Type) history.Event {
	return history.Event{T: at, Process: provider, Type: typ, Op: history.Ask, Call: call, Version: version}
}

func TestCalls(t *testing.T) {
	got := Calls([]history.Event{
		ask(0.1, "openai", "1", "v", history.Invoke), ask(0.2, "openai", "1", "v", history.OK),
		ask(0.3, "ollama", "2", "v", history.Invoke), ask(2.3, "ollama", "2", "v", history.Fail),
		ask(2.4, "ollama", "3", "v", history.Invoke), ask(2.5, "ollama", "3", "v", history.Info),
		ask(2.6, "ollama", "4", "v", history.Invoke), // never ended: not counted
		{T: 4.2, Op: history.Phase, Name: "done"},
	})
	if len(got) != 2 || got[0].Name != "ollama" || got[1].Name != "openai" {
		t.Fatalf("providers are %+v, want ollama, the primary, and openai", got)
	}
	zero := []chart.Point{{T: 0.5}, {T: 1.5}, {T: 2.5}, {T: 3.5}}
	two, one := append([]chart.Point(nil), zero...), append([]chart.Point(nil), zero...)
	two[2].V, one[0].V = 2, 1
	for name, c := range map[string]struct{ got, want []chart.Point }{
		"ollama ok": {got[0].OK, zero}, "ollama without": {got[0].NoSummary, two},
		"openai ok": {got[1].OK, one}, "openai without": {got[1].NoSummary, zero},
	} {
		// The last second was not finished, and is left out.
		if !equal(c.got, c.want) {
			t.Errorf("%s is %v, want %v", name, c.got, c.want)
		}
	}
	if got[0].Total != 2 || got[0].Without != 2 || got[1].Total != 1 || got[1].Without != 0 {
		t.Errorf("totals are %+v", got)
	}
	if got := Calls(nil); got != nil {
		t.Errorf("calls of nothing are %+v", got)
	}
}

func TestDuring(t *testing.T) {
	for name, c := range map[string]struct {
		events []history.Event
		want   Redundancy
	}{
		"the primary answers": {[]history.Event{
			ask(11, "ollama", "1", "v", history.Invoke), ask(12, "ollama", "1", "v", history.OK),
		}, Redundancy{PrimaryAsks: 1, Versions: 1}},
		"the second helps": {[]history.Event{
			ask(11, "ollama", "1", "v", history.Invoke), ask(12, "ollama", "1", "v", history.Fail),
			ask(12, "openai", "2", "v", history.Invoke), ask(13, "openai", "2", "v", history.OK),
		}, Redundancy{PrimaryAsks: 1, PrimaryFailed: 1, Versions: 1}},
		"nobody helps": {[]history.Event{
			ask(11, "ollama", "1", "v", history.Invoke), ask(12, "ollama", "1", "v", history.Fail),
			ask(12, "openai", "2", "v", history.Invoke), ask(13, "openai", "2", "v", history.Info),
		}, Redundancy{PrimaryAsks: 1, PrimaryFailed: 1, Versions: 1, WithoutSummary: 1}},
		"a later call helps": {[]history.Event{
			ask(11, "ollama", "1", "v", history.Invoke), ask(12, "ollama", "1", "v", history.Fail),
			ask(14, "ollama", "2", "v", history.Invoke), ask(15, "ollama", "2", "v", history.OK),
		}, Redundancy{PrimaryAsks: 2, PrimaryFailed: 1, Versions: 1}},
		"begun before, ended during": {[]history.Event{
			ask(9, "ollama", "1", "v", history.Invoke), ask(12, "ollama", "1", "v", history.Fail),
		}, Redundancy{}},
		"begun during, answered after": {[]history.Event{
			ask(19, "ollama", "1", "v", history.Invoke), ask(25, "ollama", "1", "v", history.OK),
		}, Redundancy{PrimaryAsks: 1, Versions: 1}},
		"begun when the fault was over": {[]history.Event{
			ask(20, "ollama", "1", "v", history.Invoke), ask(21, "ollama", "1", "v", history.Fail),
		}, Redundancy{}},
		"two calls of one name at two providers": {[]history.Event{
			ask(11, "ollama", "1", "v", history.Invoke), ask(11, "openai", "1", "w", history.Invoke), ask(12, "ollama", "1", "v", history.OK),
		}, Redundancy{PrimaryAsks: 1, Versions: 2, WithoutSummary: 1}},
		"nothing": {nil, Redundancy{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := During(c.events, 10, 20); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
