package check

import (
	"slices"
	"strings"
	"testing"

	"paperlab/reports/history"
	"paperlab/reports/record"
	"paperlab/system/paper"
)

// stored is a summary's row.
func stored(id string) history.Event {
	return history.Stored("summaries", id+"v1").At(20, "hardened")
}

// TestLossAtItsEdges: of offering's three papers the first has two that wish for
// it, the second one, and the third none.
func TestLossAtItsEdges(t *testing.T) {
	const first, second, third = "2101.00001", "2101.00002", "2101.00003"
	bare := func(h []history.Event) []history.Event {
		// What the first paper says was not recorded.
		return slices.DeleteFunc(h, func(e history.Event) bool { return e.Op == history.Serve && e.Message == first+"v1" })
	}
	for name, c := range map[string]struct {
		events []history.Event
		lost   int
		detail string
	}{
		"one wish, nobody told":               {[]history.Event{told(6, "a1", "a", first), told(6, "b1", "b", first), stored(third)}, 1, "1 lost: 1 of 3 versions"},
		"told in part is no loss":             {[]history.Event{told(6, "b1", "b", first), told(6, "a1", "a", second), stored(third)}, 0, ""},
		"no wish, and no summary":             {[]history.Event{told(6, "a1", "a", first), told(6, "a1", "a", second), stored(first)}, 1, "1 lost: 1 of 3 versions"},
		"a loss behind one that nobody knows": {append(bare(offering()), history.Served(&paper.Paper{ID: first, Version: 1}, true).At(1, "hardened"), stored(first)), 2, "2 lost: 2 of 3"},
	} {
		t.Run(name, func(t *testing.T) {
			h := c.events
			if !slices.ContainsFunc(h, func(e history.Event) bool { return e.Op == history.Subscribe }) {
				h = append(offering(), h...)
			}
			found := Judge(history.AccountOf(h), []string{"no-loss"})
			if found.Counts.Lost != c.lost || !strings.Contains(found.Invariants[0].Detail, c.detail) {
				t.Errorf("%d lost, want %d: %+v", found.Counts.Lost, c.lost, found.Invariants[0])
			}
		})
	}
}

// TestNothingCanBeSaidOfNothing: each checker says which witness is missing, and
// no more than that.
func TestNothingCanBeSaidOfNothing(t *testing.T) {
	want := map[string]string{
		"no-loss":              "arXiv's stand-in recorded nothing that it served; no subscriptions were recorded, so nothing is known of who should be told; the sink recorded nobody being told",
		"all-or-none":          "arXiv's stand-in recorded nothing that it served; no subscriptions were recorded, so nothing is known of who should be told; the sink recorded nobody being told",
		"no-unexpected-effect": "arXiv's stand-in recorded nothing that it served; no subscriptions were recorded, so nothing is known of who should be told; the sink recorded nobody being told",
		"no-duplicate-effect":  "the sink recorded nobody being told",
		"key-order":            "the sink recorded nobody being told; arXiv's stand-in recorded nothing that it served, so the order of versions is not known",
		"produce-once":         "nothing was seen on the papers stream; nothing was seen on the notifications stream",
	}
	found := Judge(history.AccountOf(nil), nil)
	for _, i := range found.Invariants {
		if i.Answer != record.Unknown || i.Detail != want[i.ID] {
			t.Errorf("%s: %s: %s", i.ID, i.Answer, i.Detail)
		}
	}
	if found.Anomalies != nil || found.Blame != nil {
		t.Errorf("of nothing: %+v, %+v", found.Anomalies, found.Blame)
	}
	one := offering()[3:4] // one version, and nothing else
	if got := Judge(history.AccountOf(one), []string{"no-loss"}).Invariants[0]; !strings.Contains(got.Detail, "no summaries were read") {
		t.Errorf("of one version: %+v", got)
	}
}

// TestASinkThatAnswersNothing: all is told, and nobody knows. Nothing is lost or
// told twice, and no answer is taken for a refusal.
func TestASinkThatAnswersNothing(t *testing.T) {
	silent := func(t float64, wish, subscriber, id string) history.Event {
		e := told(t, wish, subscriber, id)
		hook := history.Webhook{Subscriber: subscriber, IdempotencyKey: e.Message, Notification: notification(id+"v1", wish, subscriber)}
		return history.ToldUnanswered(hook).At(t, "hardened")
	}
	h := append(offering(), silent(6, "a1", "a", "2101.00001"), silent(6, "b1", "b", "2101.00001"), silent(7, "a1", "a", "2101.00002"),
		stored("2101.00001"), stored("2101.00002"), stored("2101.00003"))
	found := Judge(history.AccountOf(h), []string{"no-loss", "no-duplicate-effect", "all-or-none", "no-unexpected-effect"})
	for _, i := range found.Invariants {
		if i.ID != "no-loss" && i.Answer != record.Valid || i.Answer == record.Invalid {
			t.Errorf("%+v", i)
		}
	}
	if c := found.Counts; c.Delivered != 3 || c.Recovered != 0 || c.Lost != 0 || c.DuplicateEffects != 0 {
		t.Errorf("counts %+v", c)
	}
}

// TestBlameSumsUp: every kind of anomaly has its sum, and every sum its parts.
func TestBlameSumsUp(t *testing.T) {
	facts := history.FaultFacts{ID: "kill-1", Kind: "kill"}
	at := func(t float64, e history.Event) history.Event { return e.At(t, "hardened") }
	h := append(offering(),
		at(2, history.Began(history.PhaseControl)), at(4, history.Began(history.PhaseSteady)),
		told(3, "a1", "a", "2101.00001"), told(3.5, "a1", "a", "2101.00001"), // twice before
		at(6, history.Began(history.PhaseFault)), at(6, history.FaultInjected(facts, "well")), at(6.1, history.FaultProven("kill-1", "dead", 0)),
		told(7, "a1", "a", "2101.00001"), told(8, "a1", "a", "2101.00001"), told(8.5, "c1", "c", "2101.00001"),
		at(10, history.Healed("kill-1", "")), at(10, history.Began(history.PhaseRecover)),
		told(11, "a1", "a", "2101.00001"), at(14, history.Began(history.PhaseDrain)),
	)
	found := Judge(history.AccountOf(h), nil)
	var twice, stranger *record.Blame
	for i := range found.Blame {
		switch b := &found.Blame[i]; b.Invariant {
		case "no-duplicate-effect":
			twice = b
		case "no-unexpected-effect":
			stranger = b
		}
	}
	if twice == nil || stranger == nil {
		t.Fatalf("blame is %+v", found.Blame)
	}
	parts := []record.BlamedPart{
		{Blamed: record.Blamed{When: record.Before}, Count: 1},
		{Blamed: record.Blamed{When: record.During, Fault: "kill-1"}, Count: 2},
		{Blamed: record.Blamed{When: record.After, Fault: "kill-1"}, Count: 1},
	}
	// One in the four seconds before, so two in the eight since would be usual.
	if twice.Total != 4 || !slices.Equal(twice.Parts, parts) || *twice.BackgroundPerS != 0.25 || *twice.Caused != 1 {
		t.Errorf("told twice: %+v, background %v, caused %v", twice, *twice.BackgroundPerS, *twice.Caused)
	}
	if stranger.Total != 1 || *stranger.Caused != 1 || *stranger.BackgroundPerS != 0 {
		t.Errorf("told a stranger: %+v", stranger)
	}
	for i, a := range found.Anomalies[1:] {
		if a.AtS < found.Anomalies[i].AtS {
			t.Errorf("not in the order of time: %+v", found.Anomalies)
		}
	}
}

// TestAnEntryIdThatCannotBeRead: its place in the order is not known, and that of
// the readable ones behind it is.
func TestAnEntryIdThatCannotBeRead(t *testing.T) {
	accept := func(entry, id, wish, subscriber string) history.Event {
		return history.AcceptedNotification(history.Place{Stream: "notifications", Entry: entry}, notification(id+"v1", wish, subscriber)).At(5, "hardened")
	}
	h := append(offering(),
		accept("odd", "2101.00001", "a1", "a"), accept("1-1", "2101.00001", "a1", "a"), accept("1-2", "2101.00002", "a1", "a"),
		told(6, "a1", "a", "2101.00002"), told(7, "a1", "a", "2101.00001"))
	found := Judge(history.AccountOf(h), []string{"key-order"})
	if i := found.Invariants[0]; i.Answer != record.Invalid || found.Counts.OrderViolations != 1 {
		t.Errorf("%+v", i)
	}
	h = append(offering(), accept("odd", "2101.00001", "a1", "a"), told(6, "a1", "a", "2101.00001"))
	if i := Judge(history.AccountOf(h), []string{"key-order"}).Invariants[0]; i.Answer != record.Unknown || i.Detail != "1 entry ids on the notifications stream cannot be read" {
		t.Errorf("%+v", i)
	}
}
