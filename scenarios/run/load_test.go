package run

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"paperlab/compose"
	"paperlab/compose/standin"
	"paperlab/compose/standin/corpus"
	"paperlab/reports/history"
	"paperlab/reports/record"
	"paperlab/scenarios"
	"paperlab/scenarios/capacity"
	"paperlab/system/paper"
)

// nowhere is an environment in which nothing can be started.
type nowhere struct{ compose.Environment }

func (nowhere) Name() string { return "nowhere" }
func (nowhere) Host() string { return "127.0.0.1" }

var errNowhere = errors.New("nothing starts here")

func (nowhere) Start(context.Context, compose.Plan) (compose.Stack, error) { return nil, errNowhere }

// at70 is a run at 70 % of capacity, its programme a text and its machine nowhere.
func at70(t *testing.T) *Options {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	program := filepath.Join(t.TempDir(), "papers")
	if err := os.WriteFile(program, []byte("a program"), 0o700); err != nil {
		t.Fatal(err)
	}
	said, err := os.Create(filepath.Join(t.TempDir(), "said"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = said.Close() })
	return &Options{
		Scenario: &scenarios.Scenario{
			Name: "at70", Compare: []string{"naive"}, Service: scenarios.Service{Shards: 12, Summarizers: 2, Deliverers: 2, Lanes: 4},
			Load:   scenarios.Workload{OfCapacity: 0.7, Subscribers: 40, Hottest: 0.05, FanOut: 5},
			Phases: scenarios.Phases{Control: time.Second, Steady: time.Second, Fault: time.Second, Recover: time.Second},
		},
		Profiles: []string{"hardened"}, Environment: nowhere{}, Program: program, Seed: 1, CorpusName: "builtin",
		CorpusOf: func(n int) (*corpus.Corpus, error) { return corpus.Builtin(1, n) },
		Out:      t.TempDir(), Progress: NewProgress(said),
	}
}

// keep has it that a profile can do so much.
func (o *Options) keep(t *testing.T, profile string, papersPerS, speed float64) {
	t.Helper()
	program, err := sumOf(o.Program)
	if err != nil {
		t.Fatal(err)
	}
	book, _ := o.book()
	if err := book.Keep(capacity.Figure{Key: o.key(profile, program), PapersPerS: papersPerS, MeasuredAt: time.Now().Add(-time.Hour), Speed: speed}); err != nil {
		t.Fatal(err)
	}
}

func speedOf(t *testing.T) float64 {
	t.Helper()
	speed, err := capacity.Speed()
	if err != nil {
		t.Fatal(err)
	}
	return speed
}

// TestTheRateIsTheSameForAllProfiles: it is a share of the least capacity of
// hardened and those that it is compared with, whichever run.
func TestTheRateIsTheSameForAllProfiles(t *testing.T) {
	speed := speedOf(t)
	for _, profiles := range [][]string{{"hardened"}, {"naive"}, {"naive", "hardened"}, {"naive", "careful", "hardened"}} {
		o := at70(t)
		o.keep(t, "hardened", 64, speed)
		o.keep(t, "naive", 60, speed)
		o.keep(t, "careful", 40, speed)
		o.Profiles = profiles
		given := o.Scenario
		if err := o.SetLoad(t.Context()); err != nil {
			t.Fatal(err)
		}
		if load := o.Scenario.Load; load.Rate != 42 || load.Papers != 42*6 || len(o.Corpus.Versions) != load.Papers || len(o.People) != 40 {
			t.Errorf("%v: %+v, %d versions, %d people", profiles, load, len(o.Corpus.Versions), len(o.People))
		}
		if given.Load.Rate != 0 {
			t.Error("the scenario itself was changed")
		}
		got := o.offered("hardened")
		if own := got.saturation; own == nil || *own != 64 {
			t.Errorf("hardened can do %v, want 64", own)
		}
		got.saturation = nil
		if want := (offer{rate: 42, share: 0.7, of: "naive", capacity: 60}); got != want {
			t.Errorf("offered %+v, want %+v", got, want)
		}
		if _, careful := o.known["careful"]; careful != slices.Contains(profiles, "careful") {
			t.Errorf("%v: known are %v", profiles, o.known)
		}
	}
}

// TestAnotherCapacityIsMeasured: where no figure holds, it is said why, and the
// service is started, which nowhere is.
func TestAnotherCapacityIsMeasured(t *testing.T) {
	speed := speedOf(t)
	for want, change := range map[string]func(*Options){
		"never measured":   func(o *Options) { o.Scenario.Load.Hottest = 0.06 },
		"asked for":        func(o *Options) { o.Remeasure = true },
		"the machine is +": func(o *Options) { o.keep(t, "hardened", 64, speed/2) },
		"is broken": func(o *Options) {
			if err := os.WriteFile(filepath.Join(o.Out, capacity.FileName), []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"was never steady at 42 papers/s": func(o *Options) {
			if err := o.SetLoad(t.Context()); err != nil {
				t.Fatal(err)
			}
			o.doubt(record.Result{Scenario: "at70", Runs: []record.Run{{Profile: "hardened", Load: record.Load{RatePerS: 42}}}})
		},
	} {
		o := at70(t)
		o.keep(t, "hardened", 60, speed)
		o.keep(t, "naive", 60, speed)
		change(o)
		if err := o.SetLoad(t.Context()); !errors.Is(err, errNowhere) || !strings.Contains(err.Error(), "measure the capacity of hardened") {
			t.Errorf("%s: %v", want, err)
		}
		said, err := os.ReadFile(o.Progress.out.(*os.File).Name())
		if err != nil || !strings.Contains(string(said), want) {
			t.Errorf("want %q said, said was\n%s", want, said)
		}
	}
}

// A run that was steady, or of a rate alone, doubts nothing.
func TestNothingIsDoubtedWithoutCause(t *testing.T) {
	o := at70(t)
	o.keep(t, "hardened", 60, speedOf(t))
	o.keep(t, "naive", 60, speedOf(t))
	if err := o.SetLoad(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.doubt(record.Result{Runs: []record.Run{{Profile: "hardened", Steady: record.Steady{Held: true}}, {Profile: "careful"}}})
	if err := o.SetLoad(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestLoadsThatCannotBeHad are bad input.
func TestLoadsThatCannotBeHad(t *testing.T) {
	for want, change := range map[string]func(*Options){
		"holds 100 versions of papers and at70 needs 360": func(o *Options) {
			o.CorpusOf = func(int) (*corpus.Corpus, error) { return corpus.Builtin(1, 100) }
		},
		"cannot cause 90 notifications each": func(o *Options) { o.Scenario.Load.Hottest, o.Scenario.Load.FanOut = 0.9, 90 },
		"load.size cannot be had of arXiv":   func(o *Options) { o.Live, o.Scenario.Load.Size = new(standin.Upstream), 2000 },
		"no such corpus": func(o *Options) {
			o.CorpusOf = func(int) (*corpus.Corpus, error) { return nil, errors.New("no such corpus") }
		},
	} {
		o := at70(t)
		o.Scenario.Load.OfCapacity, o.Scenario.Load.Rate = 0, 60
		change(o)
		err := o.SetLoad(t.Context())
		var bad LoadError
		if !errors.As(err, &bad) || bad.ExitCode() != 64 || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want bad input: %s", err, want)
		}
	}
}

// TestRateDone: papers count when all who wish for them were told, in the window,
// and while there is more to do.
func TestRateDone(t *testing.T) {
	flood := func(n int) *history.Account {
		var h events
		for _, id := range []string{"s", "z"} {
			h.add(0, history.Subscribed(paper.Subscription{ID: id, Subscriber: id, Kind: paper.Category, Term: "cs"}))
		}
		for i := range n {
			at := float64(i) / 10
			p := paper.Paper{ID: "2101.0000" + string(rune('a'+i)), Version: 1, Categories: []string{"cs"}}
			h.add(0, history.Served(&p, false))
			call := history.LLMCall{Provider: "ollama", ID: p.ID, Version: p.VersionID()}
			h.add(at, history.Asked(call))
			h.add(at+0.05, history.Answered(call, 0.05))
			for k, id := range []string{"s", "z"} {
				h.add(at+0.06+float64(k)/100, history.Told(history.Webhook{Subscriber: id, Notification: paper.Notification{
					ID: p.VersionID() + "/" + id, Subscriber: id, Subscription: id, Paper: p.ID, Version: 1,
				}}))
			}
		}
		slices.SortStableFunc(h, func(a, b history.Event) int { return int(1e6 * (a.T - b.T)) })
		return history.AccountOf(h)
	}
	// 20 papers at 10 a second, each done 0.07 s after it was begun.
	if got, err := rateDone(flood(20), 0.5, 1.5); err != nil || got != 10 {
		t.Errorf("%g papers a second, %v; want 10", got, err)
	}
	// The last one is begun at 1.9 s: what was not to be had later is not missed.
	if got, err := rateDone(flood(20), 0.9, 5); err != nil || got < 9.9 || got > 10.1 {
		t.Errorf("%g papers a second, %v; want 10", got, err)
	}
	if _, err := rateDone(flood(20), 1.99, 5); err == nil {
		t.Error("nothing done is a capacity")
	}
}
