package faults_test

import (
	"errors"
	"testing"
)

func TestKillStrikesWithWorkInHand(t *testing.T) {
	stage := newStage(t)
	w := stage.member("summarize")
	first, _ := w.Incarnation()
	site := stage.site()
	looks := 0
	site.Work = inHand(func() (int64, error) {
		looks++
		switch {
		case looks == 1:
			return 0, errors.New("not reachable yet")
		case looks < 5:
			return 0, nil
		}
		return 14, nil
	})
	b := strike(t, site, read(t, "kill", "role", "summarize", "pick", "one"))
	second, _ := w.Incarnation()
	wantProven(t, b, first+" alive, 14 entries pending for summarize-1",
		first+" gone: signal: killed; 14 entries still pending", second+" answers /healthz")
	if second == first {
		t.Error("the process was not started again")
	}
	if b.Happened != "summarize-1 was killed" || b.Processes[0] != "summarize-1" {
		t.Errorf("facts %+v", b.FaultFacts)
	}
}

func TestKillOfAnIdleProcess(t *testing.T) {
	stage := newStage(t)
	w := stage.member("summarize")
	site := stage.site()
	site.Work = inHand(func() (int64, error) { return 0, nil })
	wantUnproven(t, strike(t, site, read(t, "kill", "role", "summarize", "pick", "one")), "wait for work in hand")
	if _, ended := w.Incarnation(); ended != "" {
		t.Error("it was killed although it had no work in hand")
	}
}

// A role that consumes nothing has nothing in hand.
func TestKillOfTheCrawler(t *testing.T) {
	stage := newStage(t)
	stage.member("crawl")
	site := stage.site()
	site.Work = inHand(func() (int64, error) { return 0, nil })
	wantProven(t, strike(t, site, read(t, "kill", "role", "crawl", "pick", "one")), "alive", "signal: killed", "answers")
}

// The receipt's sabotages: the entries are gone when the process is; the process
// is not.
func TestKillThatIsNotProven(t *testing.T) {
	stage := newStage(t)
	w := stage.member("summarize")
	site := stage.site()
	site.Work = inHand(func() (int64, error) {
		if _, ended := w.Incarnation(); ended != "" {
			return 0, nil
		}
		return 1, nil
	})
	wantUnproven(t, strike(t, site, read(t, "kill", "role", "summarize", "pick", "one")), "not proven that it had work in hand")
	if _, ended := w.Incarnation(); ended != "" {
		t.Error("it was not started again")
	}
	stage.idle = true
	wantUnproven(t, strike(t, stage.site(), read(t, "kill", "role", "summarize", "pick", "one")), "still runs")
	wantMissing(t, "Killer", read(t, "kill", "role", "summarize", "pick", "one"))
}
