package reports

import (
	"testing"

	"paperlab/reports/history"
	"paperlab/reports/record"
)

// Each takeover is the doing of the fault that struck the shard's owner before it,
// one of several at once or the first of two in a row.
func TestTakeoversOfFaultsThatCompose(t *testing.T) {
	at := func(s float64) *float64 { return &s }
	r := record.Run{Faults: []record.Fault{
		{ID: "kill-1", Processes: []string{"summarize-1", "summarize-4"}, EffectAtS: at(10), HealedAtS: at(20)},
		{ID: "kill-2", Processes: []string{"summarize-2"}, EffectAtS: at(13), HealedAtS: at(23)},
		{ID: "freeze-1", Processes: []string{"summarize-2"}, EffectAtS: at(24), HealedAtS: at(30)},
		{ID: "freeze-2", Processes: []string{"summarize-4"}},
	}}
	for _, c := range []struct {
		at        float64
		from, why string
	}{
		{9, "summarize-1", ""},
		{12.5, "summarize-1", "kill-1"},
		{12.6, "summarize-4", "kill-1"},
		{12.7, "summarize-2", ""},
		{16, "summarize-2", "kill-2"},
		{16, "summarize-3", ""},
		{27, "summarize-2", "freeze-1"},
		{27, "summarize-4", ""},
	} {
		e := history.TookOver("papers", 1, c.from, "summarize-5").At(c.at, hardened)
		got := ""
		if f := lostOwner(r, e); f != nil {
			got = f.ID
		}
		if got != c.why {
			t.Errorf("at %g s %s lost a shard by %q, want %q", c.at, c.from, got, c.why)
		}
	}
}
