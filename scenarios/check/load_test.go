package check

import (
	"math"
	"slices"
	"testing"

	"paperlab/reports/history"
	"paperlab/reports/record"
	"paperlab/system/paper"
)

// offering is a history of three papers: two wish for the first, one for the
// second, nobody for the third, which is told of nobody.
func offering() (list []history.Event) {
	add := func(t float64, e history.Event) { list = append(list, e.At(t, "hardened")) }
	add(0, history.Subscribed(paper.Subscription{ID: "a1", Subscriber: "a", Kind: paper.Category, Term: "cs"}))
	add(0, history.Subscribed(paper.Subscription{ID: "b1", Subscriber: "b", Kind: paper.Keyword, Term: "raft"}))
	add(0, history.Subscribed(paper.Subscription{ID: "c1", Subscriber: "c", Kind: paper.Keyword, Term: "paxos"}))
	for i, p := range []paper.Paper{
		{ID: "2101.00001", Version: 1, Title: "On Raft", Categories: []string{"cs.DC"}},
		{ID: "2101.00002", Version: 1, Title: "On trees", Categories: []string{"cs.DC"}},
		{ID: "2101.00003", Version: 1, Title: "On trees", Categories: []string{"math.CO"}},
	} {
		add(1, history.Served(&p, false))
		call := history.LLMCall{Provider: "ollama", ID: p.ID, Version: p.VersionID()}
		add(2, history.Asked(call))
		add(3+float64(i), history.Answered(call, 1))
	}
	return list
}

func told(t float64, wish, subscriber, id string) history.Event {
	return history.Told(history.Webhook{Subscriber: subscriber, Notification: paper.Notification{
		ID: id + "v1/" + wish, Subscriber: subscriber, Subscription: wish, Paper: id, Version: 1,
	}}).At(t, "hardened")
}

func TestLoadIsWhatTheOracleExpects(t *testing.T) {
	got := Judge(history.AccountOf(offering()), nil).Load
	if bytes := got.PaperBytes; bytes < 100 || bytes > 300 {
		t.Errorf("a paper has %d bytes", bytes)
	}
	got.PaperBytes = 0
	if want := (record.Load{Subscribers: 3, HottestShare: 2.0 / 3, FanOut: 1}); got != want {
		t.Errorf("the load is %+v, want %+v", got, want)
	}
	if got := Judge(history.AccountOf(nil), nil).Load; got != (record.Load{}) {
		t.Errorf("of nothing the load is %+v", got)
	}
}

func TestAPaperIsDoneWhenTheLastIsTold(t *testing.T) {
	h := append(offering(), told(6, "a1", "a", "2101.00001"), told(7, "a1", "a", "2101.00002"))
	times := Done(history.AccountOf(h))
	slices.Sort(times)
	// The first still lacks b, the third is done with its answer.
	if want := []float64{5, 7}; !slices.Equal(times, want) {
		t.Errorf("done at %v, want %v", times, want)
	}
	h = append(h, told(9, "b1", "b", "2101.00001"), told(11, "b1", "b", "2101.00001"))
	times = Done(history.AccountOf(h))
	if got := slices.Max(times); len(times) != 3 || math.Abs(got-9) > 1e-9 {
		t.Errorf("done at %v, want the first at 9, when it was told first", times)
	}
}
