package faults_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
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
	holds []faults.Hold
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

func (s *script) Mode() string                         { return "" }
func (s *script) Holds() []faults.Hold                 { return s.holds }
func (s *script) Aim(*faults.Site) (faults.Act, error) { return s, nil }
func (s *script) Facts() history.FaultFacts            { return history.FaultFacts{Target: "target of " + s.id} }

func (s *script) Before(context.Context) (string, error) { return "well", nil }
func (s *script) Inject(context.Context) error           { s.note("inject"); return call(s.inject) }
func (s *script) During(context.Context) (string, error) { return "ill", call(s.during) }
func (s *script) Heal(context.Context) error             { s.note("heal"); return call(s.heal) }
func (s *script) After(context.Context) (string, error)  { return "well again", nil }
func (s *script) Toll() string                           { return "cost 3" }

// at plans the script.
func (s *script) at(at, lasting time.Duration) faults.Planned {
	return faults.Planned{ID: s.id, Kind: "script", Fault: s, At: at, For: lasting}
}

// runs carries a plan out.
func runs(ctx context.Context, t *testing.T, rec *history.Recorder, plan ...faults.Planned) {
	t.Helper()
	armed, err := faults.Arm(plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	faults.Nemesis{Recorder: rec, Plan: armed}.Run(ctx)
}

func TestFaultsRunOnTimeAndTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := history.NewRecorder("hardened")
		a := &script{id: "a", rec: rec}
		b := &script{id: "b", rec: rec}
		// c begins when a ends, on the same target.
		c := &script{id: "c", rec: rec, holds: []faults.Hold{faults.Whole("x", faults.Breaks)}}
		a.holds = c.holds
		runs(t.Context(), t, rec, a.at(time.Second, 4*time.Second), b.at(2*time.Second, time.Second), c.at(5*time.Second, time.Second))
		got := fmt.Sprintf("a: %v | b: %v | c: %v", a, b, c)
		if want := "a: inject@1.0 heal@5.0 | b: inject@2.0 heal@3.0 | c: inject@5.0 heal@6.0"; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		for _, id := range []string{"a", "b", "c"} {
			if o := whatBecame(rec, id); !o.proven() || o.before != "well" || o.during != "ill" || o.toll != "cost 3" || o.after != "well again" || o.Target != "target of "+id {
				t.Errorf("%+v lacks a part", o)
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
		runs(t.Context(), t, rec, a.at(0, 2*time.Second))
		if at := whatBecame(rec, "a").effectAt; at < 0.19 || at > 0.21 {
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
		"heal fails":     {heal: func() error { return ill }, log: "inject@0.0 heal@9.0", events: "fault/invoke fault/ok heal/fail", err: "ill"},
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
				runs(ctx, t, rec, a.at(0, 9*time.Second), b.at(time.Second, time.Second))
				if a.String() != c.log {
					t.Errorf("did %s, want %s", a, c.log)
				}
				if b.String() != "inject@1.0 heal@2.0" {
					t.Errorf("the neighbour did %s", b)
				}
				if got := events(rec, "a"); got != c.events {
					t.Errorf("recorded %s, want %s", got, c.events)
				}
				if got := whatBecame(rec, "a").err; !strings.Contains(got, c.err) || c.err == "" && got != "" {
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
		runs(ctx, t, rec, a.at(2*time.Second, 0))
		if o := whatBecame(rec, "a"); a.String() != "" || o.err == "" || o.during != "" || o.healed {
			t.Errorf("did %q: %+v", a, o)
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
		runs(ctx, t, rec, a.at(0, 0))
		if o := whatBecame(rec, "a"); o.during != "" || o.err == "" {
			t.Errorf("%+v: an effect was taken for proven", o)
		}
		if !strings.Contains(a.String(), "heal") {
			t.Errorf("did %s", a)
		}
	})
}

// Each kind is described, and is one file and its test.
func TestKindsAreDescribed(t *testing.T) {
	for _, k := range faults.Kinds() {
		if k.About == "" || k.Undo == "" || k.Lasts == "" || k.Example == "" {
			t.Errorf("%+v lacks a description", k)
		}
		file := strings.ReplaceAll(k.Name, "-", "")
		for _, name := range []string{file + ".go", file + "_test.go"} {
			if _, err := os.Stat(name); err != nil {
				t.Errorf("%s: %v", k.Name, err)
			}
		}
	}
	if len(faults.Kinds()) < 5 {
		t.Errorf("only %d kinds", len(faults.Kinds()))
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
