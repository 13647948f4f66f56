package faults_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"paperlab/faults"
	"paperlab/reports/history"
)

// script is a fault that notes what is asked of it, on a clock that synctest
// provides.
type script struct {
	id    string
	holds []string
	rec   *history.Recorder
	// proof says whether the effect can be proven; inject and during replace
	// what these methods do.
	inject, during, heal func() error

	mu  sync.Mutex
	log []string
}

func (s *script) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, fmt.Sprintf("%s@%.1f", what, s.rec.Now()))
}

func (s *script) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.log, " ")
}

func call(f func() error) error {
	if f == nil {
		return nil
	}
	return f()
}

func (s *script) ID() string      { return s.id }
func (s *script) Kind() string    { return "script" }
func (s *script) Target() string  { return "target of " + s.id }
func (s *script) Holds() []string { return s.holds }

func (s *script) Before(context.Context) (string, error) { return "well", nil }
func (s *script) Inject(context.Context) error           { s.note("inject"); return call(s.inject) }
func (s *script) During(context.Context) (string, error) { return "ill", call(s.during) }
func (s *script) Heal(context.Context) error             { s.note("heal"); return call(s.heal) }
func (s *script) After(context.Context) (string, error)  { return "well again", nil }
func (s *script) Toll() string                           { return "cost 3" }

func TestFaultsRunOnTimeAndTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := history.NewRecorder("hardened")
		a := &script{id: "a", rec: rec}
		b := &script{id: "b", rec: rec}
		// c begins when a ends, on the same target.
		c := &script{id: "c", rec: rec, holds: []string{"x"}}
		a.holds = c.holds
		out, err := faults.Nemesis{Recorder: rec, Plan: []faults.Planned{
			{Fault: a, At: time.Second, For: 4 * time.Second},
			{Fault: b, At: 2 * time.Second, For: time.Second},
			{Fault: c, At: 5 * time.Second, For: time.Second},
		}}.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprintf("a: %v | b: %v | c: %v", a, b, c)
		if want := "a: inject@1.0 heal@5.0 | b: inject@2.0 heal@3.0 | c: inject@5.0 heal@6.0"; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		for _, o := range out {
			if o.Err != nil || o.EffectAt == nil || o.HealedAt == nil || o.Before != "well" || o.During != "ill; cost 3" || o.After != "well again" {
				t.Errorf("outcome %+v lacks a part", o)
			}
		}
		if got, want := events(rec, "a"), "fault/invoke fault/ok heal/ok well/ok"; got != want {
			t.Errorf("events of a: %s, want %s", got, want)
		}
	})
}

func TestEffectIsPolledAndTimedByItsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := history.NewRecorder("hardened")
		readings := 0
		a := &script{id: "a", rec: rec, during: func() error {
			if readings++; readings <= 4 {
				return errors.New("not yet")
			}
			<-time.After(500 * time.Millisecond) // as long as a missing answer takes to be noticed
			return nil
		}}
		out, _ := faults.Nemesis{Recorder: rec, Plan: []faults.Planned{{Fault: a, For: 2 * time.Second}}}.Run(t.Context())
		if at := *out[0].EffectAt; at < 0.19 || at > 0.21 {
			t.Errorf("EffectAt = %.3f, want 0.2: four looks 50 ms apart, and the begin of the fifth", at)
		}
	})
}

// TestHealsOnEveryWayOut: whatever goes wrong, heal is the last thing noted.
func TestHealsOnEveryWayOut(t *testing.T) {
	ill := errors.New("ill")
	for name, c := range map[string]struct {
		inject, during, heal func() error
		cancelAfter          time.Duration
		log, events, err     string
	}{
		"inject fails":   {inject: func() error { return ill }, log: "inject@0.0 heal@0.0", events: "fault/invoke fault/fail heal/ok well/ok", err: "inject: ill"},
		"inject panics":  {inject: func() error { panic("oh") }, log: "inject@0.0 heal@0.0", events: "fault/invoke fault/fail heal/ok well/ok", err: "panic: oh"},
		"never proven":   {during: func() error { return ill }, log: "inject@0.0 heal@5.0", events: "fault/invoke fault/fail heal/ok well/ok", err: "no effect proven: ill"},
		"during panics":  {during: func() error { panic("oh") }, log: "inject@0.0 heal@5.0", events: "fault/invoke fault/fail heal/ok well/ok", err: "panic: oh"},
		"run is aborted": {cancelAfter: 3 * time.Second, log: "inject@0.0 heal@3.0", events: "fault/invoke fault/ok heal/ok well/ok"},
		"heal fails":     {heal: func() error { return ill }, log: "inject@0.0 heal@9.0", events: "fault/invoke fault/ok heal/fail", err: "heal: ill"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rec := history.NewRecorder("hardened")
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.cancelAfter > 0 {
					defer time.AfterFunc(c.cancelAfter, cancel).Stop()
				}
				a := &script{id: "a", rec: rec, inject: c.inject, during: c.during, heal: c.heal}
				// An innocent neighbour keeps its own time unless the run ends.
				b := &script{id: "b", rec: rec}
				out, err := faults.Nemesis{Recorder: rec, Plan: []faults.Planned{
					{Fault: a, For: 9 * time.Second}, {Fault: b, At: time.Second, For: time.Second},
				}}.Run(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if a.String() != c.log {
					t.Errorf("did %s, want %s", a, c.log)
				}
				if b.String() != "inject@1.0 heal@2.0" {
					t.Errorf("the neighbour did %s", b)
				}
				if got := events(rec, "a"); got != c.events {
					t.Errorf("recorded %s, want %s", got, c.events)
				}
				if got := fmt.Sprint(out[0].Err); c.err != "" && !strings.Contains(got, c.err) || c.err == "" && out[0].Err != nil {
					t.Errorf("error %s, want %q", got, c.err)
				}
			})
		})
	}
}

// TestAbortBeforeTheTime: nothing is injected, and nothing is healed.
func TestAbortBeforeTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := history.NewRecorder("hardened")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		a := &script{id: "a", rec: rec}
		out, _ := faults.Nemesis{Recorder: rec, Plan: []faults.Planned{{Fault: a, At: 2 * time.Second}}}.Run(ctx)
		if a.String() != "" || out[0].Err == nil || out[0].EffectAt != nil || out[0].HealedAt != nil {
			t.Errorf("did %q, outcome %+v", a, out[0])
		}
	})
}

// TestCutShortIsNoEvidence: a proof by a missing answer must not come from the
// lab hanging up.
func TestCutShortIsNoEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := history.NewRecorder("hardened")
		ctx, cancel := context.WithCancel(t.Context())
		a := &script{id: "a", rec: rec, during: func() error {
			cancel() // and then claims success, as a time-out would
			return nil
		}}
		out, _ := faults.Nemesis{Recorder: rec, Plan: []faults.Planned{{Fault: a}}}.Run(ctx)
		if out[0].EffectAt != nil || out[0].Err == nil {
			t.Errorf("outcome %+v: an effect was taken for proven", out[0])
		}
		if !strings.Contains(a.String(), "heal") {
			t.Errorf("did %s", a)
		}
	})
}

func TestCheckRefusesTwoFaultsOnOneTarget(t *testing.T) {
	mk := func(id string, at, lasting time.Duration) faults.Planned {
		return faults.Planned{Fault: &script{id: id, holds: []string{"process/x"}}, At: at, For: lasting}
	}
	for name, c := range map[string]struct {
		plan []faults.Planned
		ok   bool
	}{
		"overlap":        {[]faults.Planned{mk("a", 0, 5*time.Second), mk("b", 4*time.Second, time.Second)}, false},
		"touch":          {[]faults.Planned{mk("a", 0, 5*time.Second), mk("b", 5*time.Second, time.Second)}, true},
		"to the end":     {[]faults.Planned{mk("a", 0, 0), mk("b", 5*time.Second, time.Second)}, false},
		"negative times": {[]faults.Planned{mk("a", -1, 0)}, false},
	} {
		err := faults.Check(c.plan)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		if c.ok {
			continue
		}
		n := faults.Nemesis{Recorder: history.NewRecorder("hardened"), Plan: c.plan}
		if _, err := n.Run(t.Context()); err == nil {
			t.Errorf("%s: Run did not refuse", name)
		}
	}
}

func TestEqualSeedsPickEqually(t *testing.T) {
	names := []string{"summarize-3", "summarize-1", "summarize-2"}
	picks := func(seed uint64) (all []string) {
		rng := rand.New(rand.NewPCG(seed, 0))
		for range 20 {
			one, err := faults.Pick(rng, "one", names)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, one...)
			slices.Reverse(names) // the order of the candidates must not count
		}
		return all
	}
	first := picks(1)
	if !slices.Equal(first, picks(1)) {
		t.Error("equal seeds, different picks")
	}
	if slices.Equal(first, picks(2)) {
		t.Error("different seeds, equal picks: the seed is not used")
	}
	rng := rand.New(rand.NewPCG(1, 0))
	for how, want := range map[string]int{"all": 3, "2": 2, "summarize-2": 1} {
		if got, err := faults.Pick(rng, how, names); err != nil || len(got) != want || !slices.IsSorted(got) {
			t.Errorf("pick %s: %v, %v", how, got, err)
		}
	}
	for _, how := range []string{"0", "4", "some", ""} {
		if got, err := faults.Pick(rng, how, names); err == nil {
			t.Errorf("pick %q gave %v", how, got)
		}
	}
}

func TestSameFaultTwiceHasTwoIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := history.NewRecorder("hardened")
		a := &script{id: "a", rec: rec}
		out, _ := faults.Nemesis{Recorder: rec, Plan: []faults.Planned{
			{Fault: a, For: time.Second}, {Fault: a, At: 2 * time.Second, For: time.Second},
		}}.Run(t.Context())
		if out[0].ID != "a" || out[1].ID != "a-2" {
			t.Errorf("ids %s, %s", out[0].ID, out[1].ID)
		}
	})
}

func TestKindsAreDescribed(t *testing.T) {
	var names []string
	for _, k := range faults.Kinds() {
		names = append(names, k.Name)
		if k.About == "" || k.Undo == "" {
			t.Errorf("%+v lacks a description", k)
		}
	}
	if want := []string{"freeze", "kill", "llm", "partition", "sink"}; !slices.Equal(names, want) {
		t.Errorf("kinds %v, want %v", names, want)
	}
}

// events are those of one fault, as op/type.
func events(rec *history.Recorder, id string) string {
	var all []string
	for _, e := range rec.Events() {
		if e.Name == id {
			all = append(all, fmt.Sprintf("%s/%s", e.Op, e.Type))
		}
	}
	return strings.Join(all, " ")
}

// runOne carries out one fault for a second in real time and returns its
// outcome, which must be complete.
func runOne(t *testing.T, f faults.Fault) faults.Outcome {
	t.Helper()
	out, err := faults.Nemesis{Recorder: history.NewRecorder("hardened"), Plan: []faults.Planned{{Fault: f, For: time.Second}}}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := out[0]
	t.Logf("%s of %s\n before: %s\n during: %s\n after:  %s", o.Kind, o.Target, o.Before, o.During, o.After)
	if o.Err != nil || o.EffectAt == nil || o.HealedAt == nil || o.Before == "" || o.During == "" || o.After == "" {
		t.Errorf("incomplete: %+v", o)
	}
	return o
}

// count is a number that a witness of a test counts.
type count = atomic.Int64
