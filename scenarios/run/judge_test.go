package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"paperlab/compose"
	"paperlab/reports/history"
	"paperlab/reports/record"
	"paperlab/scenarios"
	"paperlab/scenarios/observe"
	"paperlab/system/paper"
	"paperlab/system/servicetest"
)

// good is a run with nothing wrong.
func good() record.Run {
	at := 10.0
	return record.Run{
		Profile:    "hardened",
		Invariants: []record.Invariant{{ID: "no-loss", Answer: record.Valid}, {ID: "key-order", Answer: record.Valid}},
		Objectives: []record.Objective{{ID: "lag_recovery", Clock: record.ClockEffect, Unit: "s", Bound: 15, Value: &at, OK: true}},
		Faults: []record.Fault{{ID: "kill-summarize-1", EffectAtS: &at,
			Receipt: record.Receipt{Before: "alive", During: "gone", After: "back"}}},
		Phases: []record.Phase{{Name: history.PhaseRecover, StartS: 18, EndS: 40}},
		Steady: record.Steady{Held: true},
		Guards: []record.Guard{{ID: "backlog-drift", OK: true}},
	}
}

// TestVerdict: what is missing never passes, and what is wrong is never called
// missing.
func TestVerdict(t *testing.T) {
	cases := map[string]struct {
		spoil  func(*record.Run)
		want   record.Verdict
		reason string
	}{
		"all is well":        {func(*record.Run) {}, record.Pass, ""},
		"invariant violated": {func(r *record.Run) { r.Invariants[1].Answer = record.Invalid }, record.Violation, "key-order is violated"},
		"invariant unknown":  {func(r *record.Run) { r.Invariants[0].Answer = record.Unknown }, record.Inconclusive, "no-loss could not be judged"},
		"objective missed":   {func(r *record.Run) { r.Objectives[0].OK = false }, record.Violation, "lag_recovery is missed"},
		"objective never reached": {func(r *record.Run) {
			r.Objectives[0].OK, r.Objectives[0].Value = false, nil
		}, record.Violation, "measured never"},
		"no effect proven": {func(r *record.Run) {
			r.Faults[0].EffectAtS, r.Faults[0].Error = nil, "still runs"
		}, record.Inconclusive, "no full receipt: still runs"},
		"half a receipt": {func(r *record.Run) { r.Faults[0].Receipt.After = "" }, record.Inconclusive, "no full receipt"},
		"unsteady":       {func(r *record.Run) { r.Steady.Held = false }, record.Inconclusive, "Never steady"},
		"a guard fails":  {func(r *record.Run) { r.Guards[0].OK, r.Guards[0].Detail = false, "it grew by 400" }, record.Inconclusive, "Guard backlog-drift does not hold: it grew by 400."},
		"a guard fails, and a bound is missed": {func(r *record.Run) {
			r.Guards[0].OK, r.Objectives[0].OK = false, false
		}, record.Inconclusive, "lag_recovery is missed"},
		"a guard fails, and an invariant": {func(r *record.Run) {
			r.Guards[0].OK, r.Invariants[1].Answer = false, record.Invalid
		}, record.Violation, "key-order is violated"},
		"not drained":    {func(r *record.Run) { r.Undrained = true }, record.Inconclusive, "still on its way"},
		"a process died": {func(r *record.Run) { r.Exits = []string{"deliver-1 ended"} }, record.Violation, "ended by itself: deliver-1"},
		"naive and wrong": {func(r *record.Run) {
			r.Profile, r.Invariants[1].Answer, r.Objectives[0].OK = "naive", record.Invalid, false
		}, record.Pass, ""},
		"naive without proof": {func(r *record.Run) {
			r.Profile, r.Faults[0].EffectAtS = "naive", nil
		}, record.Inconclusive, "no full receipt"},
		"wrong and uncertain": {func(r *record.Run) { r.Invariants[1].Answer, r.Undrained = record.Invalid, true }, record.Violation, "key-order"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			run := good()
			c.spoil(&run)
			wantVerdict(t, run, c.want, c.reason)
		})
	}
}

func wantVerdict(t *testing.T, run record.Run, want record.Verdict, reason string) {
	t.Helper()
	wantVerdictOf(t, []record.Run{run}, want, reason)
}

func wantVerdictOf(t *testing.T, runs []record.Run, want record.Verdict, reason string) {
	t.Helper()
	got, reasons := verdict(runs)
	if got != want {
		t.Errorf("verdict %s, want %s: %q", got, want, reasons)
	}
	if reason != "" && !slices.ContainsFunc(reasons, func(r string) bool { return strings.Contains(r, reason) }) {
		t.Errorf("reasons %q do not say %q", reasons, reason)
	}
}

// TestVerdictOfSeveral: the hardened run's, in whatever order they ran. Of the
// others only counts what keeps them from being compared with.
func TestVerdictOfSeveral(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(naive, careful, hardened *record.Run)
		want   record.Verdict
		reason string
	}{
		"all is well": {func(_, _, _ *record.Run) {}, record.Pass, ""},
		"others are wrong, doubtful and late": {func(naive, careful, _ *record.Run) {
			naive.Invariants[0].Answer, naive.Objectives[0].OK, naive.Exits = record.Invalid, false, []string{"gone"}
			careful.Invariants[0].Answer, careful.Undrained = record.Unknown, true
		}, record.Pass, ""},
		"the hardened one is wrong": {func(_, _, hardened *record.Run) {
			hardened.Invariants[0].Answer = record.Invalid
		}, record.Violation, "Invariant no-loss"},
		"another one's fault is not proven": {func(_, careful, _ *record.Run) {
			careful.Faults[0].EffectAtS = nil
		}, record.Inconclusive, "The careful service cannot be compared with: Fault kill-summarize-1"},
		"another one was never steady": {func(naive, _, _ *record.Run) {
			naive.Steady.Held = false
		}, record.Inconclusive, "The naive service cannot be compared with: Never steady"},
	} {
		t.Run(name, func(t *testing.T) {
			naive, careful, hardened := good(), good(), good()
			naive.Profile, careful.Profile = record.Naive, record.Careful
			c.spoil(&naive, &careful, &hardened)
			wantVerdictOf(t, []record.Run{naive, careful, hardened}, c.want, c.reason)
			wantVerdictOf(t, []record.Run{hardened, careful, naive}, c.want, c.reason)
		})
	}
	wantVerdictOf(t, nil, record.Infrastructure, "")
}

// TestOutcomeOfARunThatDidNotEnd: what is in doubt about another profile is no
// verdict while the hardened one has not been judged, or a set would take the seed
// for done.
func TestOutcomeOfARunThatDidNotEnd(t *testing.T) {
	undrained, wrong := good(), good()
	undrained.Profile, undrained.Undrained = record.Naive, true
	wrong.Invariants[0].Answer = record.Invalid
	stopped, stop := context.WithCancel(t.Context())
	stop()
	both := []string{record.Naive, record.Hardened}
	for name, c := range map[string]struct {
		ctx      context.Context
		profiles []string
		whole    []record.Run
		err      error
		want     record.Verdict
	}{
		"stopped after the naive one":      {stopped, both, []record.Run{undrained}, context.Canceled, record.Aborted},
		"the lab failed after it":          {t.Context(), both, []record.Run{undrained}, errors.New("disk full"), record.Infrastructure},
		"a power is missing after it":      {t.Context(), both, []record.Run{undrained}, &compose.MissingPowerError{}, record.Inconclusive},
		"stopped after a violation":        {stopped, both, []record.Run{wrong}, context.Canceled, record.Violation},
		"the lab failed after a violation": {t.Context(), both, []record.Run{wrong}, errors.New("disk full"), record.Violation},
		"only the naive one was asked for": {t.Context(), []string{record.Naive}, []record.Run{undrained}, nil, record.Inconclusive},
		"both came to their end":           {t.Context(), both, []record.Run{undrained, good()}, nil, record.Pass},
	} {
		if got, why := (Options{Profiles: c.profiles}).outcome(c.ctx, c.whole, c.err); got != c.want {
			t.Errorf("%s: %s, want %s: %q", name, got, c.want, why)
		}
	}
}

// TestOrderOfProfiles: equal seeds draw equal orders whatever order they were
// named in, and over seeds each order comes up about as often.
func TestOrderOfProfiles(t *testing.T) {
	drawn := map[string]int{}
	for seed := range int64(600) {
		o := Options{Seed: seed, Profiles: record.Profiles()}
		first := o.order()
		slices.Reverse(o.Profiles)
		if again := o.order(); !slices.Equal(first, again) {
			t.Fatalf("seed %d draws %v and %v", seed, first, again)
		}
		drawn[fmt.Sprint(first)]++
	}
	for order, n := range drawn {
		if n < 60 || n > 140 {
			t.Errorf("%s was drawn %d times of 600", order, n)
		}
	}
	if len(drawn) != 6 {
		t.Errorf("%d orders were drawn, want all 6: %v", len(drawn), drawn)
	}
}

// events is a history of the hardened profile in the making.
type events []history.Event

func (h *events) add(t float64, e history.Event) { *h = append(*h, e.At(t, "hardened")) }

// calm is a run of 40 s without a fault, in which all is well: a paper every
// quarter of a second, told at once. Control from 2 s, steady from 8 to 12 s, faults from 12 s.
func calm() events {
	var h events
	h.add(0, history.Subscribed(paper.Subscription{ID: "s", Subscriber: "u", Kind: paper.Category, Term: "cs"}))
	for i := range 120 {
		at := float64(i) / 4
		for _, stream := range []string{"papers", "notifications"} {
			h.add(at, history.Sampled(stream, "lag", 0, true))
			h.add(at, history.Sampled(stream, "pending", 0, true))
		}
		p := &paper.Paper{ID: fmt.Sprintf("2101.%05d", i), Version: 1, Categories: []string{"cs"}}
		n := paper.Notification{ID: paper.NotificationID(p.VersionID(), "s"), Subscriber: "u", Subscription: "s", Paper: p.ID, Version: 1}
		h.add(at, history.Served(p, false))
		h.add(at, history.AcceptedPaper(history.Place{Stream: "papers", Entry: fmt.Sprint(i+1, "-0")}, p.ID, 1))
		h.add(at, history.AcceptedNotification(history.Place{Stream: "notifications", Entry: fmt.Sprint(i+1, "-0")}, n))
		h.add(at, history.Told(history.Webhook{Subscriber: "u", Notification: n}))
		h.add(36, history.Stored("summaries", p.VersionID()))
	}
	h.add(2, history.Began(history.PhaseControl))
	h.add(8, history.Began(history.PhaseSteady))
	h.add(12, history.Began(history.PhaseFault))
	h.add(20, history.Began(history.PhaseRecover))
	h.add(30, history.Began(history.PhaseDrain))
	h.add(34, history.Drained(true))
	h.add(35, history.Began(history.PhaseObserve))
	h.add(37, history.CommitsFenced(3, true))
	h.add(38, history.Began(history.PhaseDone))
	return h
}

// kill adds a fault with a full receipt: injected at 12.2 s, proven from 12.5 s
// on, healed at 18 s.
func (h *events) kill() {
	facts := history.FaultFacts{ID: "kill-a", Kind: "kill", Target: "a", Processes: []string{"a"}, Happened: "a was killed"}
	h.add(12.2, history.FaultInjected(facts, "alive"))
	h.add(12.6, history.FaultProven("kill-a", "gone", 0.1))
	h.add(18, history.Healed("kill-a", ""))
	h.add(18.3, history.WellAgain("kill-a", "back"))
}

func (h *events) alert(at float64, name string) {
	h.add(at, history.Alerted(history.AlertNews{Name: name, State: history.Firing, At: at - 0.5}))
}

func (h events) judged(s scenarios.Scenario) record.Run {
	s.Load.Rate = 4
	slices.SortStableFunc(h, func(a, b history.Event) int { return cmp.Compare(a.T, b.T) })
	return judge(&s, offer{rate: s.Load.Rate}, h)
}

var consumerDown = scenarios.Scenario{Objectives: scenarios.Objectives{
	TimeToDetect: &scenarios.Detection{Alert: "ConsumerDown", Within: 5 * time.Second},
}}

// afterHeal bounds a recovery from the last heal, at 18 s, by 5 s.
var afterHeal = scenarios.Scenario{Objectives: scenarios.Objectives{
	LagRecovery: &scenarios.Recovery{From: record.ClockLastHeal, Within: 5 * time.Second},
}}

// healedAt lets the heal come at another time.
func (h events) healedAt(at float64) {
	for i, e := range h {
		if e.Op == history.Heal || e.Op == history.Well {
			h[i].T = at
		}
	}
}

// unseen makes the backlog's readings null from that time on.
func (h events) unseen(from float64) {
	for i, e := range h {
		if e.Op == history.Sample && e.T >= from {
			h[i] = history.Sampled(e.Stream, e.Name, 0, false).At(e.T, e.Profile)
		}
	}
}

// TestJudge: each rule by which a history alone decides the verdict.
func TestJudge(t *testing.T) {
	cases := map[string]struct {
		happen   func(*events)
		scenario scenarios.Scenario
		want     record.Verdict
		reason   string
	}{
		"all is well":          {func(*events) {}, scenarios.Scenario{}, record.Pass, ""},
		"a fault, all well":    {func(h *events) { h.kill(); h.alert(14, "ConsumerDown") }, consumerDown, record.Pass, ""},
		"no alert":             {(*events).kill, consumerDown, record.Violation, "time_to_detect:ConsumerDown is missed: at most 5 s, measured never"},
		"another alert":        {func(h *events) { h.kill(); h.alert(14, "LagHigh") }, consumerDown, record.Violation, "measured never"},
		"an alert too late":    {func(h *events) { h.kill(); h.alert(19.5, "ConsumerDown") }, consumerDown, record.Violation, "measured 7.0"},
		"an alert too early":   {func(h *events) { h.kill(); h.alert(11, "LagHigh") }, scenarios.Scenario{}, record.Violation, "false_alarms is missed: at most 0 alerts, measured 1.0"},
		"before the first":     {func(h *events) { h.kill(); h.alert(12.1, "LagHigh") }, scenarios.Scenario{}, record.Violation, "false_alarms"},
		"an alert, no fault":   {func(h *events) { h.alert(15, "LagHigh") }, scenarios.Scenario{}, record.Violation, "false_alarms is missed: at most 0 alerts, measured 1.0"},
		"as it is injected":    {func(h *events) { h.kill(); h.alert(12.2, "LagHigh") }, scenarios.Scenario{}, record.Pass, ""},
		"as it takes effect":   {func(h *events) { h.kill(); h.alert(12.5, "ConsumerDown") }, consumerDown, record.Pass, ""},
		"just in time":         {func(h *events) { h.kill(); h.alert(17.5, "ConsumerDown") }, consumerDown, record.Pass, ""},
		"the load not done":    {func(h *events) { h.add(34.5, history.Drained(false)) }, scenarios.Scenario{}, record.Inconclusive, "still on its way"},
		"a process ended":      {func(h *events) { h.add(37, history.Exited("deliver-1 ended: exit status 2")) }, scenarios.Scenario{}, record.Violation, "ended by itself: deliver-1 ended"},
		"a mixed history":      {func(h *events) { *h = append(*h, history.Stored("summaries", "x").At(39, "naive")) }, scenarios.Scenario{}, record.Inconclusive, "more than one profile"},
		"a fault not proven":   {func(h *events) { h.failed(true) }, scenarios.Scenario{}, record.Inconclusive, "Fault kill-a has no full receipt: still runs"},
		"a fault given up":     {func(h *events) { h.failed(false) }, scenarios.Scenario{}, record.Inconclusive, "Fault kill-a has no full receipt: still runs"},
		"not proven, no alert": {func(h *events) { h.failed(true) }, consumerDown, record.Inconclusive, "time_to_detect:ConsumerDown is missed"},
		"given up, no alert":   {func(h *events) { h.failed(false) }, consumerDown, record.Inconclusive, "time_to_detect:ConsumerDown is missed"},
		"not healed": {func(h *events) {
			h.kill()
			*h = slices.DeleteFunc(*h, func(e history.Event) bool { return e.Op == history.Heal || e.Op == history.Well })
			h.add(30, history.HealFailed("kill-a", errors.New("address in use")))
		}, afterHeal, record.Inconclusive, "lag_recovery is missed"},
		"back after the heal": {func(h *events) { h.kill(); h.swell(13, 22) }, afterHeal, record.Pass, ""},
		"away after the heal": {func(h *events) { h.kill(); h.swell(21.5, 30) }, afterHeal, record.Violation, "lag_recovery is missed"},
		"healed too late": {func(h *events) {
			h.kill()
			h.healedAt(27.5)
		}, afterHeal, record.Inconclusive, "lag_recovery is missed"},
		"just in time to be missed": {func(h *events) {
			h.kill()
			h.healedAt(25)
			h.swell(13, 99)
		}, afterHeal, record.Violation, "lag_recovery is missed"},
		"nobody looks after the heal": {func(h *events) {
			h.kill()
			h.unseen(17.5)
		}, afterHeal, record.Inconclusive, "Guard recovery-readings does not hold"},
		"given up, and alert": {func(h *events) { h.failed(false); h.alert(14, "LagHigh") }, scenarios.Scenario{}, record.Violation, "false_alarms"},
		"not well afterwards": {func(h *events) {
			h.kill()
			*h = slices.DeleteFunc(*h, func(e history.Event) bool { return e.Op == history.Well })
			h.add(30, history.NotWell("kill-a", errors.New("does not answer")))
		}, scenarios.Scenario{}, record.Inconclusive, "no full receipt: after the heal: does not answer"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			h := calm()
			c.happen(&h)
			wantVerdict(t, h.judged(c.scenario), c.want, c.reason)
		})
	}
}

// TestAnIdleServiceIsNotSteady: half of the load that is stated never came.
func TestAnIdleServiceIsNotSteady(t *testing.T) {
	h := calm()
	h.kill()
	slices.SortStableFunc(h, func(a, b history.Event) int { return cmp.Compare(a.T, b.T) })
	wantVerdict(t, judge(&scenarios.Scenario{}, offer{rate: 8}, h), record.Inconclusive,
		"Guard offered does not hold: the share of 8 papers/s that was offered before the first fault is 0.5")
}

// machine has the machine read once a second, while others take so many of its
// two CPUs.
func (h *events) machine(others float64) {
	for at := 3.0; at < 34; at++ {
		h.add(at, history.MachineRead(history.MachineReading{Over: 1, CPUs: 2, LateP99: 0.001, LateMax: 0.002,
			CPU: &history.CPUTime{Own: 0.9, Others: others, Idle: 1.1 - others}, Queue: &history.QueueTime{Ran: 0.4, Waited: 0.8}}))
	}
}

// TestABusyMachineIsNoViolation: a bound that is missed while others take the
// CPU is not the service's doing; an effect that came twice is.
func TestABusyMachineIsNoViolation(t *testing.T) {
	late := func(h *events) { h.kill(); h.alert(19.5, "ConsumerDown") }
	twice := func(h *events) {
		n := paper.Notification{ID: paper.NotificationID("2101.00001v1", "s"), Subscriber: "u", Subscription: "s", Paper: "2101.00001", Version: 1}
		h.add(31, history.Told(history.Webhook{Subscriber: "u", Notification: n}))
	}
	scenario := consumerDown
	scenario.Invariants = []string{"no-duplicate-effect"}
	for name, c := range map[string]struct {
		others float64
		happen func(*events)
		want   record.Verdict
		reason string
	}{
		"quiet, in time":   {0.05, func(h *events) { h.kill(); h.alert(14, "ConsumerDown") }, record.Pass, ""},
		"quiet, too late":  {0.05, late, record.Violation, "time_to_detect:ConsumerDown is missed"},
		"busy, in time":    {1.1, func(h *events) { h.kill(); h.alert(14, "ConsumerDown") }, record.Inconclusive, "others took 55 % of the CPUs while none was free; at most 20 % lets a run be judged: end what else runs"},
		"busy, too late":   {1.1, late, record.Inconclusive, "time_to_detect:ConsumerDown is missed"},
		"busy, told twice": {1.1, func(h *events) { h.kill(); h.alert(14, "ConsumerDown"); twice(h) }, record.Violation, "no-duplicate-effect"},
	} {
		t.Run(name, func(t *testing.T) {
			h := calm()
			h.machine(c.others)
			c.happen(&h)
			run := h.judged(scenario)
			wantVerdict(t, run, c.want, c.reason)
			if run.Machine.CPU == nil || run.Machine.Readings != 31 {
				t.Errorf("the record says of the machine %+v", run.Machine)
			}
		})
	}
}

// TestAClockThatIsSetIsNoViolation: an alert bears the times of the wall clock, which
// somebody set back ten seconds before it was pending.
func TestAClockThatIsSetIsNoViolation(t *testing.T) {
	h := calm()
	h.kill()
	scraped, pending, sent := 3.0, 3.2, 5.2
	h.add(15.2, history.Alerted(history.AlertNews{Name: "ConsumerDown", State: history.Firing, At: 5.2, Scraped: &scraped, Pending: &pending, Sent: &sent}))
	wantVerdict(t, h.judged(consumerDown), record.Violation, "false_alarms")
	h.machine(0.05)
	h.add(11, history.MachineRead(history.MachineReading{Over: 1, CPUs: 2, Stepped: -10}))
	wantVerdict(t, h.judged(consumerDown), record.Inconclusive, "the wall clock, whose times alerts bear, was set by 10000 ms; at most 100 ms lets a run be judged")
}

// TestHog: a run during which somebody else's processes spin on all CPUs is
// inconclusive, by readings of this machine. It takes some seven seconds, however
// busy the machine is.
func TestHog(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells who takes the CPU")
	}
	for range 4 * runtime.NumCPU() {
		hog := exec.Command("sh", "-c", "while :; do :; done")
		if err := hog.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = hog.Process.Kill(); _ = hog.Wait() })
	}
	rec := history.NewRecorder("hardened")
	machine := observe.NewMachine(rec, func() (service, others []int) { return nil, nil })
	if err := machine.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	servicetest.Eventually(t, "the machine is read six times", func() bool { return len(rec.Events()) >= 6 })
	machine.Stop()
	h := calm()
	h.kill()
	h.alert(19.5, "ConsumerDown") // too late
	for _, read := range rec.Events() {
		h.add(13+read.T, read)
	}
	wantVerdict(t, h.judged(consumerDown), record.Inconclusive, "Guard cpu-taken does not hold: in the worst five seconds others took")
}

// swell lets a backlog of 500 stand between two times.
func (h *events) swell(from, to float64) {
	for i, e := range *h {
		if e.Op == history.Sample && e.Name == "lag" && e.Stream == "papers" && e.T >= from && e.T < to {
			(*h)[i] = history.Sampled("papers", "lag", 500, true).At(e.T, e.Profile)
		}
	}
}

// TestObjectivesHaveTheirClock: the backlog is back at 22 s, 9.5 s after the effect
// and 4 s after the heal.
func TestObjectivesHaveTheirClock(t *testing.T) {
	within := func(from string, seconds float64) *scenarios.Recovery {
		return &scenarios.Recovery{From: from, Within: time.Duration(seconds * float64(time.Second))}
	}
	for name, c := range map[string]struct {
		bound *scenarios.Recovery
		value float64
		ok    bool
	}{
		"from the effect":        {within(record.ClockEffect, 9.5), 9.5, true},
		"too late from there":    {within(record.ClockEffect, 9.4), 9.5, false},
		"from the last heal":     {within(record.ClockLastHeal, 4), 4, true},
		"too late from that one": {within(record.ClockLastHeal, 3.9), 4, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := calm()
			h.kill()
			h.alert(14, "ConsumerDown")
			h.swell(13, 22)
			run := h.judged(scenarios.Scenario{Objectives: scenarios.Objectives{LagRecovery: c.bound, TimeToRecover: c.bound}})
			if len(run.Objectives) != 3 || !run.Steady.Regained {
				t.Fatalf("objectives are %+v, regained %v", run.Objectives, run.Steady.Regained)
			}
			for i, id := range []string{"time_to_recover", "lag_recovery"} {
				if o := run.Objectives[i]; o.ID != id || o.Clock != c.bound.From || o.Value == nil || math.Abs(*o.Value-c.value) > 1e-9 || o.OK != c.ok {
					t.Errorf("got %+v, want %s within %v from %s: %g", o, id, c.bound.Within, c.bound.From, c.value)
				}
			}
		})
	}
	h := calm()
	h.kill()
	h.swell(13, 99)
	if run := h.judged(scenarios.Scenario{Objectives: scenarios.Objectives{LagRecovery: within(record.ClockEffect, 9)}}); run.Steady.Regained || run.Objectives[0].OK || run.Objectives[0].Value != nil {
		t.Errorf("a backlog that never came back: %+v, regained %v", run.Objectives, run.Steady.Regained)
	}
}

// failed adds a fault whose effect was not proven, or that was given up before
// it was injected.
func (h *events) failed(injected bool) {
	facts := history.FaultFacts{ID: "kill-a", Kind: "kill", Target: "a"}
	if injected {
		h.add(12.2, history.FaultInjected(facts, "alive"))
	}
	h.add(13, history.FaultFailed(facts, errors.New("still runs")))
}

// TestTheRecordStatesFacts: what a report needs is in the record, and nobody has
// to guess it from words.
func TestTheRecordStatesFacts(t *testing.T) {
	h := calm()
	h.kill()
	h.alert(11, "Early")
	h.alert(13, "LagHigh")
	h.alert(16, "ConsumerDown")
	run := h.judged(consumerDown)
	if run.TimeToDetectS == nil || *run.TimeToDetectS != 3.5 {
		t.Errorf("time to detect is %v, want 3.5: from the effect, by the alert that was asked for", run.TimeToDetectS)
	}
	if d := run.DetectedBy; d == nil || d.Name != "ConsumerDown" || d.FiringAtS != 15.5 || d.NotifiedAtS != 16 {
		t.Errorf("detected by %+v", d)
	}
	if d := run.Detection; d == nil || d.Alert != "ConsumerDown" || d.EffectAtS != 12.5 || d.ArrivedAtS != 16 {
		t.Errorf("detection %+v", d)
	}
	if f := run.FalseAlarms; len(f) != 1 || f[0].Name != "Early" || len(run.Alerts) != 3 {
		t.Errorf("false alarms %+v of %+v", f, run.Alerts)
	}
	if run.LagRecoveryS == nil || *run.LagRecoveryS != 0 {
		t.Errorf("a backlog that never left its bound has recovery %v, want 0", run.LagRecoveryS)
	}
	f := run.Faults[0]
	if f.Kind != "kill" || f.Target != "a" || !slices.Equal(f.Processes, []string{"a"}) || f.Happened != "a was killed" ||
		f.InjectedAtS != 12.2 || *f.EffectAtS != 12.5 || *f.HealedAtS != 18 || f.Receipt != (record.Receipt{Before: "alive", During: "gone", After: "back"}) {
		t.Errorf("fault %+v", f)
	}
	want := []record.Phase{
		{Name: "control", StartS: 2, EndS: 8}, {Name: "steady", StartS: 8, EndS: 12}, {Name: "fault", StartS: 12, EndS: 20},
		{Name: "recover", StartS: 20, EndS: 30}, {Name: "drain", StartS: 30, EndS: 35},
	}
	if !slices.Equal(run.Phases, want) || run.Profile != "hardened" || run.Counts.Fenced != 3 {
		t.Errorf("phases %+v of %s, %d fenced", run.Phases, run.Profile, run.Counts.Fenced)
	}
}

// TestARunCutShortLosesNothing: a history without its end gave what was on its
// way no time to arrive.
func TestARunCutShortLosesNothing(t *testing.T) {
	h := calm()
	h = slices.DeleteFunc(h, func(e history.Event) bool { return e.T > 25 || e.Op == history.Tell && e.T > 24 })
	run := h.judged(scenarios.Scenario{})
	if run.Counts.Lost != 0 || !run.Undrained {
		t.Errorf("%d lost, undrained %v", run.Counts.Lost, run.Undrained)
	}
	for _, i := range run.Invariants {
		if (i.ID == "no-loss" || i.ID == "all-or-none") && i.Answer != record.Unknown {
			t.Errorf("%s is %s", i.ID, i.Answer)
		}
	}
	if last := run.Phases[len(run.Phases)-1]; last.Name != "recover" || last.EndS != 25 {
		t.Errorf("the last phase is %+v, want recover until the last event", last)
	}
}

// The record says what was offered: what the history shows, and the rate and
// capacity that it cannot.
func TestTheRecordStatesTheLoad(t *testing.T) {
	h := calm()
	slices.SortStableFunc(h, func(a, b history.Event) int { return cmp.Compare(a.T, b.T) })
	run := judge(&scenarios.Scenario{}, offer{rate: 4, share: 0.7, of: "naive", capacity: 5.7, saturation: new(6.0)}, h)
	got := run.Load
	if got.PaperBytes < 100 {
		t.Errorf("a paper has %d bytes", got.PaperBytes)
	}
	got.PaperBytes = 0
	want := record.Load{RatePerS: 4, OfCapacity: 0.7, CapacityOf: "naive", CapacityPerS: 5.7, Subscribers: 1, HottestShare: 1, FanOut: 1}
	if got != want {
		t.Errorf("the load is %+v, want %+v", got, want)
	}
	if own := run.Price.SaturationPerS; own == nil || *own != 6 {
		t.Errorf("at saturation it carries %v", own)
	}
	if g := run.Guards[0]; g.Bound != 10 || !strings.Contains(g.Detail, "of a capacity of 6/s") {
		t.Errorf("the ceiling does not follow from the capacity: %+v", g)
	}
}
