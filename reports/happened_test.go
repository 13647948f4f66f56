package reports

import (
	"testing"

	"paperlab/reports/record"
)

func TestWhatHappened(t *testing.T) {
	at := 1.0
	for _, c := range []struct {
		fault record.Fault
		want  string
	}{
		{record.Fault{ID: "kill-summarize-1", Target: "summarize-1", Happened: "summarize-1 was killed", EffectAtS: &at}, "summarize-1 was killed"},
		{record.Fault{ID: "kill-summarize-1", Target: "summarize-1", Happened: "summarize-1 was killed", Receipt: record.Receipt{Before: "alive"}}, "the fault kill-summarize-1 was injected into summarize-1"},
		{record.Fault{ID: "kill-summarize-1", Target: "summarize-1", Happened: "summarize-1 was killed"}, "the fault kill-summarize-1 was given up before it was injected"},
		{record.Fault{Kind: "odd", EffectAtS: &at}, "the fault odd was injected into an unnamed target"},
	} {
		if got := say("happened", c.fault); got != c.want {
			t.Errorf("%s: %q, want %q", c.fault.ID, got, c.want)
		}
	}
}
