package detect

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"paperlab/compose/process"
	"paperlab/compose/standin/corpus"
	"paperlab/faults"
	"paperlab/grafana"
	"paperlab/reports"
	"paperlab/reports/record"
	"paperlab/scenarios"
	"paperlab/scenarios/run"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestEveryAlertHasACauseOrAReason, and none has both.
func TestEveryAlertHasACauseOrAReason(t *testing.T) {
	b, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.validate(); err != nil {
		t.Error(err)
	}
	rules, err := grafana.Rules()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, r := range rules {
		known[r.Alert] = true
		caused := slices.ContainsFunc(causes, func(c Cause) bool { return c.Alert == r.Alert })
		if reason := uncaused[r.Alert]; caused == (reason != "") {
			t.Errorf("%s: has a cause %v, and a reason for none: %q", r.Alert, caused, reason)
		}
	}
	for alert := range uncaused {
		if !known[alert] {
			t.Errorf("%s has a reason and no rule", alert)
		}
	}
	for _, c := range causes {
		if !known[c.Alert] {
			t.Errorf("%s has a cause and no rule", c.Alert)
		}
	}
}

// TestFaultsLastLongEnough: what is missed must not be missed for lack of time,
// and the whole takes about ten minutes.
func TestFaultsLastLongEnough(t *testing.T) {
	b, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := grafana.Rules()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range b.Causes {
		for _, every := range b.Intervals {
			_, most, sees := grafana.Soonest(rules, c.Alert, every)
			for _, f := range b.Round.Faults {
				if f.ID == c.Fault && sees && f.For < most+10*time.Second {
					t.Errorf("%s lasts %v; %s, scraped every %v, takes up to %v by its monitoring alone", f.ID, f.For, c.Alert, every, most)
				}
			}
		}
	}
	whole := b.Scenario()
	if total := whole.Phases.Total(); total > 11*time.Minute {
		t.Errorf("it takes %v", total)
	}
	if len(whole.Faults) != b.Rounds*len(b.Round.Faults) || len(b.Round.Faults) == len(whole.Faults) {
		t.Errorf("%d faults in %d rounds", len(whole.Faults), b.Rounds)
	}
	if float64(whole.Load.Papers) < whole.Load.Rate*whole.Phases.Total().Seconds() {
		t.Errorf("%d papers do not last", whole.Load.Papers)
	}
}

// TestMedian: the ranks of 95 % are those of the tables of the sign test.
func TestMedian(t *testing.T) {
	values := func(n int) (v []float64) {
		for i := range n {
			v = append(v, float64(i+1))
		}
		return v
	}
	for n, want := range map[int][3]float64{1: {1, 1, 1}, 5: {3, 3, 3}, 6: {3, 1, 6}, 12: {6, 3, 10}, 20: {10, 6, 15}} {
		if m := median(values(n)); [3]float64{m.Value, m.Low, m.High} != want || m.N != n || (m.Level > 0) != (n >= 6) {
			t.Errorf("n=%d: %+v, want %v", n, m, want)
		}
	}
	if m := median(nil); !math.IsNaN(m.Value) || m.N != 0 {
		t.Errorf("of nothing: %+v", m)
	}
}

// struck is one round with one fault, injected at 10 s and healed at 20 s.
func struck() (Bench, seen) {
	b := Bench{
		Round: &scenarios.Scenario{}, Rounds: 1, Monitors: 2, Intervals: []time.Duration{time.Second},
		Causes: []Cause{{"ConsumerDown", "kill-1", "somebody is killed"}},
	}
	b.Round.Faults = append(b.Round.Faults, faults.Planned{ID: "kill-1"})
	return b, seen{faults: map[string]record.Fault{"kill-1.1": {
		ID: "kill-1.1", InjectedAtS: 10, EffectAtS: new(10.5), HealedAtS: new(20.0), Receipt: record.Receipt{Before: "alive"},
	}}}
}

func alert(name string, pending, arrived float64) record.Alert {
	return record.Alert{Name: name, PendingAtS: &pending, FiringAtS: arrived, NotifiedAtS: arrived}
}

// TestWhatCounts: which arrivals are detections, which are missed, and which are
// false alarms.
func TestWhatCounts(t *testing.T) {
	rules := []grafana.Rule{{Alert: "ConsumerDown", For: 2 * time.Second}}
	for name, c := range map[string]struct {
		alerts                   []record.Alert
		detected, missed, strays int
	}{
		"in time":                    {[]record.Alert{alert("ConsumerDown", 11, 13)}, 1, 1, 0},
		"twice":                      {[]record.Alert{alert("ConsumerDown", 11, 13), alert("ConsumerDown", 12, 14)}, 1, 1, 0},
		"another alert":              {[]record.Alert{alert("LagHigh", 11, 13)}, 0, 2, 0},
		"none":                       {nil, 0, 2, 0},
		"after the heal":             {[]record.Alert{alert("ConsumerDown", 19, 21)}, 0, 2, 0},
		"true before the injection":  {[]record.Alert{alert("ConsumerDown", 9.5, 13)}, 0, 2, 1},
		"before the fault":           {[]record.Alert{alert("ConsumerDown", 3, 5)}, 0, 2, 1},
		"long after the fault":       {[]record.Alert{alert("ConsumerDown", 60, 62)}, 0, 2, 1},
		"a false one, then the true": {[]record.Alert{alert("ConsumerDown", 3, 5), alert("ConsumerDown", 11, 13)}, 1, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b, s := struck()
			s.watchers = []watched{{time.Second, c.alerts}, {time.Second, nil}, {time.Minute, []record.Alert{alert("ConsumerDown", 3, 5)}}}
			cells, err := b.measure(s, rules)
			if err != nil || len(cells) != 1 {
				t.Fatalf("%+v, %v", cells, err)
			}
			if got := cells[0]; len(got.Detections) != c.detected || got.Missed != c.missed || got.FalseAlarms != c.strays {
				t.Errorf("%d detected, %d missed, %d false alarms; want %d, %d, %d", len(got.Detections), got.Missed, got.FalseAlarms, c.detected, c.missed, c.strays)
			}
		})
	}
	b, s := struck()
	s.faults = map[string]record.Fault{"kill-1.1": {ID: "kill-1.1", Error: "still runs"}}
	if _, err := b.measure(s, rules); err == nil || !strings.Contains(err.Error(), "never took effect: still runs") {
		t.Errorf("a fault without effect: %v", err)
	}
}

const short = `
name: short
about: A deliverer dies, and the watcher.
service: {shards: 4, summarizers: 1, deliverers: 2}
load: {rate: 20/s, subscribers: 12}
phases: {control: 2s, steady: 1s, fault: 12s, recover: 3s}
faults:
  - kill: {role: deliver, pick: one}
    at: 0s
    restart_after: 11s
  - kill: {role: watch, pick: one}
    at: 0s
    restart_after: 11s
invariants: [no-loss]
`

// TestEndToEnd measures two alerts on a real service at two short intervals, and
// writes the report: about half a minute. It needs redis-server.
func TestEndToEnd(t *testing.T) {
	o, b := options(t)
	made, err := b.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(made.Cases) != 4 {
		t.Fatalf("%d cases: %+v", len(made.Cases), made.Cases)
	}
	for _, c := range made.Cases {
		m := c.Metrics["time_to_detect_s"]
		if m.N == 0 || m.N+m.Distribution.Missed != b.Monitors || m.Distribution.Least == nil {
			t.Errorf("%s: %+v %+v", c.Name, m, m.Distribution)
			continue
		}
		if least := *m.Distribution.Least; m.Distribution.Values[0] < least-0.1 {
			t.Errorf("%s: detected after %v, which monitoring alone does not allow before %v", c.Name, m.Distribution.Values[0], least)
		}
		scraped, pending, firing := c.Metrics["until_scraped_s"], c.Metrics["until_pending_s"], c.Metrics["until_firing_s"]
		if scraped.N != m.N || scraped.Value > pending.Value || pending.Value > firing.Value || firing.Value > m.Value {
			t.Errorf("%s: stages %+v, %+v, %+v, %+v", c.Name, scraped, pending, firing, m)
		}
		if phases := m.Distribution.Values; phases[len(phases)-1]-phases[0] < 0.01 {
			t.Errorf("%s: all monitors of it have one phase: %v", c.Name, phases)
		}
	}
	dir := t.TempDir()
	if err := reports.WriteBench(dir, made); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "charts", "time-to-detect-s.png")); err != nil || info.Size() == 0 {
		t.Errorf("no figure: %v", err)
	}
}

func options(t *testing.T) (run.Options, Bench) {
	t.Helper()
	papers := filepath.Join(t.TempDir(), "papers")
	if out, err := exec.Command("go", "build", "-o", papers, "paperlab/cmd/papers").CombinedOutput(); err != nil {
		t.Fatalf("build the service: %v: %s", err, out)
	}
	t.Setenv("TMPDIR", t.TempDir())
	round, err := scenarios.Parse("short.yaml", []byte(short), nil)
	if err != nil {
		t.Fatal(err)
	}
	b := Bench{
		Round: round, Rounds: 1, Monitors: 3, Intervals: []time.Duration{500 * time.Millisecond, 1500 * time.Millisecond},
		Causes: []Cause{{"ConsumerDown", "kill-1", "a deliverer is killed"}, {"WatchDown", "kill-2", "the watcher is killed"}},
	}
	redisServer, version, err := process.FindRedis(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := run.Options{
		Environment: process.New(process.Config{Papers: papers, RedisServer: redisServer}), RedisVersion: version,
		Scenario: b.Scenario(), Profiles: []string{"hardened"}, Seed: 1, CorpusName: "builtin", Progress: run.NewProgress(os.Stderr),
		CorpusOf: func(versions int) (*corpus.Corpus, error) { return corpus.Builtin(1, versions) },
	}
	if err := o.SetLoad(t.Context()); err != nil {
		t.Fatal(err)
	}
	return o, b
}
