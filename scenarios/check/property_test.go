package check

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"paperlab/reports/history"
	"paperlab/reports/record"
	"paperlab/system/paper"
)

// crowd makes a legal history: every subscriber wants the papers of one archive,
// and there are as many archives as subscribers. Every tenth paper is of an
// archive that nobody wants.
func crowd(papers, subscribers int) []history.Event {
	var events []history.Event
	add := func(e history.Event) { events = append(events, e.At(float64(len(events))/1000, "hardened")) }
	for s := range subscribers {
		add(history.Subscribed(paper.Subscription{ID: fmt.Sprint("s", s), Subscriber: fmt.Sprint("u", s), Kind: paper.Category, Term: fmt.Sprint("a", s)}))
		add(history.Subscribed(paper.Subscription{ID: fmt.Sprint("k", s), Subscriber: fmt.Sprint("u", s), Kind: paper.Keyword, Term: fmt.Sprint("title ", s)}))
	}
	var versions []string
	for n := range papers {
		s := n % subscribers
		p := paper.Paper{ID: fmt.Sprintf("2101.%05d", n), Version: 1, Title: fmt.Sprint("A title ", s, " of some words"),
			Abstract: "An abstract of a few more words, none of which anybody has asked to hear of", Categories: []string{fmt.Sprint("a", s)}}
		subscriptions := []string{fmt.Sprint("s", s), fmt.Sprint("k", s)}
		if n%10 == 9 {
			p.Title, p.Categories, subscriptions = "Alone", []string{"none"}, nil
		}
		v := p.VersionID()
		versions = append(versions, v)
		add(history.Served(&p, false))
		add(history.AcceptedPaper(history.Place{Stream: "papers", Entry: fmt.Sprint(n, "-0")}, p.ID, p.Version))
		for i, subscription := range subscriptions {
			told := notification(v, subscription, fmt.Sprint("u", s))
			add(history.AcceptedNotification(history.Place{Stream: "notifications", Entry: fmt.Sprint(n, "-", i)}, told))
			add(history.Told(history.Webhook{Subscriber: told.Subscriber, Notification: told}))
		}
	}
	for _, v := range versions {
		add(history.Stored("summaries", v))
	}
	return events
}

// shuffle gives the webhooks' times to subscribers anew and keeps each one's
// own sequence.
func shuffle(events []history.Event, random *rand.Rand) []history.Event {
	var places []int
	queues := map[string][]history.Event{}
	var turns []string
	for i, e := range events {
		if e.Op == history.Tell {
			places = append(places, i)
			queues[e.Subscriber] = append(queues[e.Subscriber], e)
			turns = append(turns, e.Subscriber)
		}
	}
	random.Shuffle(len(turns), func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
	shuffled := slices.Clone(events)
	for n, i := range places {
		next := queues[turns[n]][0]
		queues[turns[n]] = queues[turns[n]][1:]
		next.T = events[i].T
		shuffled[i] = next
	}
	return shuffled
}

func answers(f Findings) (all []string) {
	for _, v := range f.Invariants {
		all = append(all, v.ID+" "+string(v.Answer))
	}
	return all
}

// TestSubscribersDoNotAffectEachOther: whatever the interleaving of different
// subscribers' webhooks, verdicts and counts stay.
func TestSubscribersDoNotAffectEachOther(t *testing.T) {
	histories := []recorded{{name: "crowd", events: crowd(60, 5)}}
	histories = append(histories, loadAll(t)...)
	for _, r := range histories {
		want := judged(r.events, nil)
		if r.name == "crowd" && len(with(want, record.Valid)) != len(IDs()) {
			t.Fatalf("the crowd is not legal:\n%s", render(want))
		}
		for seed := range uint64(20) {
			got := judged(shuffle(r.events, rand.New(rand.NewPCG(seed, 1))), nil)
			if got.Counts != want.Counts || !slices.Equal(answers(got), answers(want)) {
				t.Fatalf("%s, seed %d:\n%swant:\n%s", r.name, seed, render(got), render(want))
			}
		}
	}
}

// TestAnySingleDefectIsSeen plants one defect at a random place of a legal
// history.
func TestAnySingleDefectIsSeen(t *testing.T) {
	legal := crowd(60, 5)
	tells := []int{}
	for i, e := range legal {
		if e.Op == history.Tell {
			tells = append(tells, i)
		}
	}
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 2))
		at := tells[random.IntN(len(tells))]
		for want, defect := range map[string]func() []history.Event{
			"no-loss":              func() []history.Event { return slices.Delete(slices.Clone(legal), at, at+1) },
			"no-duplicate-effect":  func() []history.Event { return slices.Insert(slices.Clone(legal), at, legal[at]) },
			"no-unexpected-effect": func() []history.Event { return edit(legal, at, func(e *history.Event) { e.Subscriber = "u99" }) },
			"all-or-none":          func() []history.Event { return slices.Delete(slices.Clone(legal), at-1, at+1) },
			"produce-once":         func() []history.Event { return append(slices.Clone(legal), again(legal[at-1])) },
		} {
			if got := with(judged(defect(), nil), record.Invalid); !slices.Equal(got, []string{want}) {
				t.Fatalf("seed %d: invalid: %v; want %s alone", seed, got, want)
			}
		}
	}
}

func edit(events []history.Event, at int, change func(*history.Event)) []history.Event {
	edited := slices.Clone(events)
	change(&edited[at])
	return edited
}

func again(e history.Event) history.Event {
	e.Entry = "999999-0"
	return e
}

func TestOrderViolationsAreCountedByEffect(t *testing.T) {
	for _, c := range []struct {
		ranks []int
		want  int
	}{
		{[]int{1, 2, 3, 4}, 0},
		{[]int{1, 3, 2, 4}, 1},
		{[]int{3, 1, 2}, 1},
		{[]int{2, 3, 1}, 2},
		{[]int{4, 3, 2, 1}, 3},
	} {
		var sequence []ranked
		for i, at := range c.ranks {
			sequence = append(sequence, ranked{history.Effect{Order: i}, rank{major: uint64(at)}})
		}
		early := map[int]string{}
		if markEarly(sequence, early, ""); len(early) != c.want {
			t.Errorf("%v: %d counted; want %d", c.ranks, len(early), c.want)
		}
	}
}

func TestLLMCallsAreCounted(t *testing.T) {
	calls := 0
	var events []history.Event
	ask := func(version string, end func(history.LLMCall) history.Event) {
		calls++
		c := history.LLMCall{Provider: "ollama", ID: fmt.Sprint(calls), Version: version}
		events = append(events, history.Asked(c), end(c))
	}
	ok := func(c history.LLMCall) history.Event { return history.Answered(c, 0) }
	ask("a", ok)
	ask("b", func(c history.LLMCall) history.Event { return history.Unanswered(c, 0, 503, "busy") })
	ask("b", ok)
	ask("c", func(c history.LLMCall) history.Event { return history.Abandoned(c, 0, "gone") })
	ask("c", ok)
	ask("a", ok)
	ask("a", ok)
	got := judged(events, nil).Counts
	if got.LLMCalls != 7 || got.LLMCallsRepeated != 2 {
		t.Fatalf("%d calls, %d repeated; want 7 and 2", got.LLMCalls, got.LLMCallsRepeated)
	}
}

// 100,000 events must be judged within 1 s; see also the benchmark.
func TestJudgingIsFast(t *testing.T) {
	events := crowd(17000, 40)
	if len(events) < 100000 {
		t.Fatalf("only %d events", len(events))
	}
	begin := time.Now()
	if got := judged(events, nil); len(with(got, record.Valid)) != len(IDs()) {
		t.Fatal(render(got))
	}
	// Five times the bound: under the race detector and on a busy machine only
	// a slip to quadratic time should show.
	if took := time.Since(begin); took > 5*time.Second {
		t.Fatalf("%d events took %v", len(events), took)
	}
}

func BenchmarkRun(b *testing.B) {
	events := crowd(17000, 40)
	b.ReportMetric(float64(len(events)), "events")
	for b.Loop() {
		judged(events, nil)
	}
}
