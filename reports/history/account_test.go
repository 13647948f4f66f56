package history

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"paperlab/reports/record"
	"paperlab/system/paper"
)

func TestAnUnreadableEntryIsNobodys(t *testing.T) {
	a := AccountOf([]Event{
		Unreadable(Place{Stream: "papers", Entry: "1-0"}).At(1, "p"),
		Unreadable(Place{Stream: "notifications", Entry: "2-0"}).At(2, "p"),
	})
	if len(a.OnPapers) != 0 || len(a.OnNotes) != 0 || len(a.Notes) != 0 {
		t.Errorf("on papers %v, on notifications %v", a.OnPapers, a.OnNotes)
	}
}

func names(alarms []record.Alert) (all []string) {
	for _, a := range alarms {
		all = append(all, a.Name)
	}
	return all
}

func firing(at float64, name string) Event {
	return Alerted(AlertNews{Name: name, State: Firing, At: at - 0.5, Labels: map[string]string{"node": "a", "job": "watch"}}).At(at, "p")
}

func resolved(at float64, name, node string) Event {
	return Alerted(AlertNews{Name: name, State: Resolved, At: at - 0.5, Labels: map[string]string{"node": node, "job": "watch"}}).At(at, "p")
}

// TestAlerts: the witness's time counts, each tenure is one, and a message that
// never came told nobody.
func TestAlerts(t *testing.T) {
	a := AccountOf([]Event{
		firing(2, "Other"), firing(3, "Down"), resolved(4, "Down", "b"), resolved(5, "Down", "a"), resolved(6, "Lag", "a"),
		AlertUnreadable(errors.New("no JSON")).At(6.5, "p"), firing(7, "Down"),
	})
	if len(a.Alerts) != 3 || a.Alerts[0].ResolvedAtS != nil {
		t.Fatalf("got %+v, want three, the first of which never ended", a.Alerts)
	}
	a.Alerts = a.Alerts[1:]
	if a.Alerts[0].NotifiedAtS != 3 || a.Alerts[0].FiringAtS != 2.5 || *a.Alerts[0].ResolvedAtS != 4.5 || a.Alerts[1].NotifiedAtS != 7 || a.Alerts[1].ResolvedAtS != nil {
		t.Errorf("got %+v, want the two of node a, told at 3 and 7", a.Alerts)
	}
	if got, want := a.Alerts[0].Title(), "Down job=watch node=a"; got != want {
		t.Errorf("title %q, want %q", got, want)
	}
}

var strike = FaultFacts{ID: "kill-a", Kind: "kill", Target: "a", Processes: []string{"a"}, Happened: "a was killed"}

// TestFalseAlarms are those before the first injection, and all where nothing
// was injected.
func TestFalseAlarms(t *testing.T) {
	inject := FaultInjected(strike, "alive").At(10, "p")
	givenUp := FaultFailed(strike, errors.New("idle")).At(10, "p")
	for name, c := range map[string]struct {
		events []Event
		want   []string
	}{
		"none":                      {[]Event{inject, firing(12, "Down")}, nil},
		"at the very moment":        {[]Event{inject, firing(10.5, "Down")}, nil},
		"one before":                {[]Event{firing(9, "Lag"), inject, firing(12, "Down")}, []string{"Lag"}},
		"no fault at all":           {[]Event{firing(9, "Lag"), firing(15, "Down")}, []string{"Lag", "Down"}},
		"a fault that was given up": {[]Event{firing(9, "Lag"), givenUp, firing(15, "Down")}, []string{"Lag", "Down"}},
		"its end is none":           {[]Event{resolved(9, "Lag", "a"), inject}, nil},
	} {
		if got := names(AccountOf(c.events).FalseAlarms()); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestDetectedBy(t *testing.T) {
	a := AccountOf([]Event{
		FaultInjected(strike, "alive").At(10, "p"), firing(10.2, "Early"),
		FaultProven("kill-a", "gone", 0.5).At(11, "p"), firing(12, "Lag"), firing(13, "Down"), firing(14, "Down"),
	})
	for name, want := range map[string]float64{"": 10.2, "Early": 10.2, "Lag": 12, "Down": 13} {
		if got, after := a.DetectedBy(name); got == nil || got.NotifiedAtS != want || after != max(0, want-10.5) {
			t.Errorf("waiting for %q: %+v after %g, want the one at %g", name, got, after, want)
		}
	}
	if got, _ := a.DetectedBy("Never"); got != nil {
		t.Errorf("waiting for what never comes: %+v", got)
	}
	if got, after := AccountOf([]Event{firing(12, "Lag")}).DetectedBy(""); got != nil || after != 0 {
		t.Errorf("detected without a fault: %+v after %g", got, after)
	}
	at := firing(10.5, "Down")
	at.News.At = 10.2
	edge := AccountOf([]Event{FaultInjected(strike, "alive").At(10, "p"), FaultProven("kill-a", "gone", 0.5).At(11, "p"), at})
	if got, after := edge.DetectedBy("Down"); got == nil || after != 0 {
		t.Errorf("at the very moment of the effect: %+v after %g", got, after)
	}
}

// TestFaults: times and receipt of each fault come from its events.
func TestFaults(t *testing.T) {
	ill := errors.New("still runs")
	for name, c := range map[string]struct {
		events             []Event
		injected           bool
		at, effect, healed float64 // 0: nil
		before, during     string
		after, wrong       string
	}{
		"whole": {[]Event{
			FaultInjected(strike, "alive").At(10, "p"), FaultProven("kill-a", "gone", 0.5).At(11, "p"),
			Healed("kill-a", "").At(20, "p"), WellAgain("kill-a", "back").At(21, "p"),
		}, true, 10, 10.5, 20, "alive", "gone", "back", ""},
		"with a toll": {[]Event{
			FaultInjected(strike, "alive").At(10, "p"), FaultProven("kill-a", "gone", 0.5).At(11, "p"), Healed("kill-a", "cost 3").At(20, "p"),
		}, true, 10, 10.5, 20, "alive", "gone; cost 3", "", ""},
		"given up": {[]Event{FaultFailed(strike, ill).At(10, "p")}, false, 10, 0, 0, "", "", "", "still runs"},
		"not proven": {[]Event{
			FaultInjected(strike, "alive").At(10, "p"), FaultFailed(strike, ill).At(15, "p"),
			Healed("kill-a", "").At(15, "p"), NotWell("kill-a", errors.New("no answer")).At(30, "p"),
		}, true, 10, 0, 15, "alive", "", "", "still runs; after the heal: no answer"},
		"not healed": {[]Event{
			FaultInjected(strike, "alive").At(10, "p"), FaultProven("kill-a", "gone", 0.5).At(11, "p"), HealFailed("kill-a", ill).At(20, "p"),
		}, true, 10, 10.5, 0, "alive", "gone", "", "heal: still runs"},
	} {
		t.Run(name, func(t *testing.T) {
			a := AccountOf(c.events)
			if len(a.Faults) != 1 {
				t.Fatalf("%d faults", len(a.Faults))
			}
			f := a.Faults[0]
			same := func(got *float64, want float64) bool {
				return got == nil && want == 0 || got != nil && math.Abs(*got-want) < 1e-9
			}
			if f.Injected() != c.injected || f.InjectedAtS != c.at || !same(f.EffectAtS, c.effect) || !same(f.HealedAtS, c.healed) {
				t.Errorf("times of %+v", f)
			}
			if f.Receipt != (record.Receipt{Before: c.before, During: c.during, After: c.after}) || f.Error != c.wrong || f.Happened != strike.Happened {
				t.Errorf("receipt of %+v", f)
			}
		})
	}
}

func TestEffectSpansAllFaults(t *testing.T) {
	b := strike
	b.ID = "kill-b"
	a := AccountOf([]Event{
		FaultInjected(b, "alive").At(9, "p"), FaultProven("kill-b", "gone", 0).At(9.5, "p"),
		FaultInjected(strike, "alive").At(10, "p"), FaultProven("kill-a", "gone", 2).At(13, "p"),
	})
	if got := record.Effects(a.Faults); !slices.Equal(got, []float64{9.5, 11}) {
		t.Errorf("effects at %g", got)
	}
	if got := record.Effects(nil); len(got) > 0 {
		t.Errorf("effects of nothing at %g", got)
	}
}

// Without a fault there is no recovery from it.
func TestRecoveryFromNothing(t *testing.T) {
	a := phased(flat(5), flat(0.2))
	s, _ := a.Steady(Load{Rate: 10, Capacity: 20})
	if effect, heal := a.Recovery(s); effect != (Recovery{}) || heal != (Recovery{}) {
		t.Errorf("recovered after %+v and %+v", effect, heal)
	}
}

// TestPhases: each ends with the next; of a run that was cut short, the last
// one ends with the last event.
func TestPhases(t *testing.T) {
	steady := record.Phase{Name: PhaseSteady, StartS: 0, EndS: 10}
	begin := func(at float64, name string) Event { return Began(name).At(at, "p") }
	for name, c := range map[string]struct {
		events   []Event
		want     []record.Phase
		complete bool
	}{
		"whole": {[]Event{begin(0, PhaseSteady), begin(10, PhaseDrain), begin(25, PhaseObserve), begin(26, PhaseDone)},
			[]record.Phase{steady, {Name: PhaseDrain, StartS: 10, EndS: 25}}, true},
		"cut short":     {[]Event{begin(0, PhaseSteady), begin(10, PhaseFault), Stored("summaries", "v").At(25, "p")}, []record.Phase{steady, {Name: PhaseFault, StartS: 10, EndS: 25}}, false},
		"not observed":  {[]Event{begin(0, PhaseSteady), begin(10, PhaseObserve), Stored("summaries", "v").At(25, "p")}, []record.Phase{steady}, false},
		"the first one": {[]Event{begin(0, PhaseSteady), Stored("summaries", "v").At(10, "p")}, []record.Phase{steady}, false},
		"nothing":       {nil, nil, false},
	} {
		if a := AccountOf(c.events); !slices.Equal(a.Phases, c.want) || a.Complete != c.complete {
			t.Errorf("%s: %+v, complete %v; want %+v", name, a.Phases, a.Complete, c.want)
		}
	}
}

// A call ends once, and each strike of a planted defect counts.
func TestCallsAndStrikes(t *testing.T) {
	call := LLMCall{Provider: "ollama", ID: "1", Version: "v"}
	a := AccountOf([]Event{
		Asked(call).At(1, "p"), Answered(call, 0.5).At(1.5, "p"), Answered(call, 0.5).At(9, "p"),
		Struck("ack-early").At(10, "p"), Struck("ack-early").At(11, "p"),
	})
	if len(a.Calls) != 1 || a.Calls[0].From != 1 || a.Calls[0].To != 1.5 || !a.Calls[0].OK {
		t.Errorf("calls are %+v, want one until 1.5 s", a.Calls)
	}
	if a.Strikes["ack-early"] != 2 || a.Answers["v"] != 2 || a.Seen["v"] != 9 {
		t.Errorf("strikes %v, answers %v, last seen %v", a.Strikes, a.Answers, a.Seen)
	}
}

func TestWhatTheLabNotes(t *testing.T) {
	a := AccountOf([]Event{Drained(true).At(1, "p"), CommitsFenced(4, true).At(2, "p"), Exited("deliver-1: exit status 2").At(3, "p"),
		TookOver("papers", 3, "a", "b").At(4, "p"), Subscribed(paper.Subscription{ID: "s"}).At(5, "p")})
	if !a.Drained || a.Fenced != 4 || !slices.Equal(a.Exits, []string{"deliver-1: exit status 2"}) || a.End != 5 {
		t.Errorf("got %+v", a)
	}
	if len(a.Takeovers) != 1 || a.Takeovers[0].Previous != "a" || a.Takeovers[0].Owner != "b" || len(a.Wishes) != 1 {
		t.Errorf("takeovers %+v, wishes %+v", a.Takeovers, a.Wishes)
	}
	if a := AccountOf([]Event{CommitsFenced(4, false).At(1, "p")}); a.Fenced != 0 || a.Drained {
		t.Errorf("unknown became %d", a.Fenced)
	}
}

// TestAnAlertFromBeforeTheProof is a detection at once: the fault had been injected,
// and no alert is sent again.
func TestAnAlertFromBeforeTheProof(t *testing.T) {
	a := AccountOf([]Event{FaultInjected(strike, "alive").At(10, "p"), firing(12, "Down"), FaultProven("kill-a", "gone", 0).At(13, "p")})
	got, after := a.DetectedBy("Down")
	if got == nil || got.NotifiedAtS != 12 || after != 0 || len(a.FalseAlarms()) != 0 {
		t.Fatalf("detected by %+v after %g, false alarms %+v", got, after, a.FalseAlarms())
	}
	if d := Detection(13, *got); d.EffectAtS != 12 || d.ArrivedAtS != 12 || d.Disorder != "" {
		t.Errorf("detection %+v", d)
	}
}

// TestAnAlertFromBeforeTheFault arrives after its effect, and is no detection: its
// condition held, or was to be seen, before anything was broken. But a scrape that
// was under way may have taken a second.
func TestAnAlertFromBeforeTheFault(t *testing.T) {
	for name, c := range map[string]struct{ early, caused AlertNews }{
		"pending": {AlertNews{Pending: new(9.999)}, AlertNews{Pending: new(10.0)}},
		"scraped": {AlertNews{Pending: new(10.1), Scraped: new(8.9)}, AlertNews{Pending: new(10.1), Scraped: new(9.0)}},
	} {
		early, caused := firing(12, "Down"), firing(13, "Down")
		early.News.Pending, early.News.Scraped = c.early.Pending, c.early.Scraped
		caused.News.Pending, caused.News.Scraped = c.caused.Pending, c.caused.Scraped
		a := AccountOf([]Event{FaultInjected(strike, "alive").At(10, "p"), FaultProven("kill-a", "gone", 0).At(11, "p"), early, caused})
		if got, after := a.DetectedBy("Down"); got == nil || got.NotifiedAtS != 13 || after != 2 {
			t.Errorf("%s: detected by %+v after %g, want the alert at 13", name, got, after)
		}
		if got := a.FalseAlarms(); len(got) != 1 || got[0].NotifiedAtS != 12 {
			t.Errorf("%s: false alarms %+v, want the one at 12", name, got)
		}
	}
}

// TestDetection: the stages come from the alert's message. Two that are in the
// wrong order by more than the clocks' grain are said to be, whichever they are,
// also where one between them is not known.
func TestDetection(t *testing.T) {
	news := AlertNews{Name: "Down", State: Firing, At: 14, Scraped: new(11.5), Pending: new(12.0), Sent: new(14.01)}
	for name, c := range map[string]struct {
		spoil func(*AlertNews)
		want  string
	}{
		"in order":                 {func(*AlertNews) {}, ""},
		"within the grain":         {func(n *AlertNews) { n.Scraped = new(12.004) }, ""},
		"a scrape under way":       {func(n *AlertNews) { n.Scraped = new(10.2) }, ""},
		"nothing known":            {func(n *AlertNews) { n.Scraped, n.Pending, n.Sent = nil, nil, nil }, ""},
		"pending before scraped":   {func(n *AlertNews) { n.Scraped = new(12.5) }, "pending at 12.000 s comes before scraped at 12.500 s"},
		"firing before pending":    {func(n *AlertNews) { n.Pending = new(14.5) }, "firing at 14.000 s comes before pending"},
		"sent before firing":       {func(n *AlertNews) { n.Sent = new(13.0) }, "sent at 13.000 s comes before firing"},
		"arrived before sent":      {func(n *AlertNews) { n.Sent = new(15.0) }, "arrived at 14.020 s comes before sent"},
		"arrived before firing":    {func(n *AlertNews) { n.At, n.Sent = 16, nil }, "arrived at 14.020 s comes before firing"},
		"firing before the scrape": {func(n *AlertNews) { n.Scraped, n.Pending = new(14.5), nil }, "firing at 14.000 s comes before scraped"},
	} {
		t.Run(name, func(t *testing.T) {
			told := news
			c.spoil(&told)
			a := AccountOf([]Event{FaultInjected(strike, "alive").At(10, "p"), FaultProven("kill-a", "gone", 0.5).At(11, "p"), Alerted(told).At(14.02, "p")})
			alert, _ := a.DetectedBy("Down")
			d := Detection(10.5, *alert)
			if d.EffectAtS != 10.5 || d.FiringAtS != told.At || d.ArrivedAtS != 14.02 || d.ScrapedAtS != told.Scraped || d.SentAtS != told.Sent {
				t.Errorf("detection %+v of %+v", d, told)
			}
			if (d.Disorder == "") != (c.want == "") || !strings.HasPrefix(d.Disorder, c.want) {
				t.Errorf("disorder %q, want %q", d.Disorder, c.want)
			}
		})
	}
}
