package record

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// ran is a run of a profile with a fault at 10 s and the bounds of steady state.
func ran(profile string, detect, lag *float64, lost int) Run {
	answer := Valid
	if lost > 0 {
		answer = Invalid
	}
	return Run{
		Profile: profile, Faults: []Fault{{InjectedAtS: 10, EffectAtS: new(10.0), Receipt: Receipt{Before: "alive"}}},
		Steady: Steady{BacklogBound: 20}, TimeToDetectS: detect, LagRecoveryS: lag, Counts: Counts{Lost: lost},
		Invariants: []Invariant{{ID: "no-loss", Answer: answer}, {ID: "key-order", Answer: Unknown}},
	}
}

func seedOf(seed int64, v Verdict, runs ...Run) SetSeed {
	began := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC).Add(time.Duration(seed) * time.Minute)
	return SeedOf(Result{Seed: seed, Verdict: v, Runs: runs, StartedAt: began, WallS: 50}, "out/name/"+began.Format("150405"))
}

// What is measured, what was never reached and what nobody looked at stay apart.
func TestSeedOf(t *testing.T) {
	s := seedOf(1, Pass, ran("hardened", new(3.0), nil, 0))
	of := s.Values["hardened"]
	if v := of["time_to_detect_s"]; v == nil || *v != 3 {
		t.Errorf("time to detect is %v", v)
	}
	if v, there := of["lag_recovery_s"]; !there || v != nil {
		t.Errorf("a backlog that never came back is %v, %v", v, there)
	}
	if v := of["lost"]; v == nil || *v != 0 {
		t.Errorf("lost is %v", v)
	}
	for _, id := range []string{"order_violations", "order_violations_caused", "duplicate_effects", "lag_recovery_after_heal_s"} {
		if _, there := of[id]; there {
			t.Errorf("%s was not measured, and is among the readings", id)
		}
	}
	calm := ran("hardened", nil, nil, 0)
	calm.Faults = nil
	if _, there := seedOf(1, Pass, calm).Values["hardened"]["time_to_detect_s"]; there {
		t.Error("nothing was broken, and that it was not detected counts")
	}
	wrong := ran("naive", nil, nil, 9)
	wrong.Blame = []Blame{{Invariant: "no-loss", Total: 9, Caused: new(4)}}
	if v := seedOf(1, Pass, wrong).Values["naive"]["lost_caused"]; v == nil || *v != 4 {
		t.Errorf("caused by the fault are %v", v)
	}
}

func TestSummed(t *testing.T) {
	var seeds []SetSeed
	for seed := range int64(6) {
		lag := new(float64(seed + 1))
		if seed == 5 {
			lag = nil
		}
		seeds = append(seeds, seedOf(seed, Pass, ran("naive", new(4.0), lag, int(seed)), ran("hardened", new(3.0), new(2.0), 0)))
	}
	seeds[2].Verdict = Violation
	seeds = append(seeds,
		seedOf(6, Inconclusive, ran("naive", new(99.0), new(99.0), 99), ran("hardened", new(99.0), new(99.0), 99)),
		seedOf(7, Infrastructure), SetSeed{Seed: 8})
	s := Set{Profiles: []string{"naive", "hardened"}}.Summed(seeds)

	if want := (Tally{Pass: 5, Violation: 1, Inconclusive: 1, Infrastructure: 1, NotRun: 1}); s.Tally != want {
		t.Errorf("tally %+v, want %+v", s.Tally, want)
	}
	if s.Verdict != Violation || s.PassRate.Of != 5 || s.PassRate.N != 6 || s.WallS != 400 {
		t.Errorf("verdict %s, pass rate %+v, took %g s", s.Verdict, s.PassRate, s.WallS)
	}
	if got := s.FinishedAt.Sub(s.StartedAt); got != 7*time.Minute+50*time.Second {
		t.Errorf("from the first to the last: %v", got)
	}
	// The seed that is inconclusive has no say in any figure.
	if lag := s.SpreadOf("lag_recovery_s", "naive"); lag.N != 6 || lag.Never != 1 || *lag.Median != 3.5 || lag.Max != nil {
		t.Errorf("the naive backlog: %+v", lag)
	}
	if s.SpreadOf("order_violations", "naive") != nil {
		t.Error("what was not judged has a spread")
	}
	pair := pairOf(t, s, "lag_recovery_s")
	if pair.Better != 4 || pair.Worse != 1 || pair.Equal != 1 || pair.N != 6 || pair.Never != 1 || *pair.Median != -1.5 || pair.P != signTest(4, 1) {
		t.Errorf("backlog, hardened against naive: %+v", pair)
	}
	if pair := pairOf(t, s, "lost"); pair.Better != 5 || pair.Equal != 1 || *pair.Min != -5 {
		t.Errorf("lost, hardened against naive: %+v", pair)
	}
}

// Each profile's answers are counted over the seeds that were judged; what it was
// not asked is not there.
func TestInvariantsOfASet(t *testing.T) {
	s := Set{Profiles: []string{"naive", "hardened"}}.Summed([]SetSeed{
		seedOf(1, Pass, ran("naive", nil, nil, 3), ran("hardened", nil, nil, 0)),
		seedOf(2, Violation, ran("naive", nil, nil, 0), ran("hardened", nil, nil, 1)),
		seedOf(3, Pass, ran("naive", nil, nil, 0), Run{Profile: "hardened"}),
		seedOf(4, Inconclusive, ran("naive", nil, nil, 9), Run{Profile: "hardened", Invariants: []Invariant{{ID: "all-or-none", Answer: Valid}}}),
	})
	want := []SetInvariant{
		{ID: "key-order", Profile: "naive", Unknown: 3}, {ID: "key-order", Profile: "hardened", Unknown: 2},
		{ID: "no-loss", Profile: "naive", Kept: 2, Broken: 1}, {ID: "no-loss", Profile: "hardened", Kept: 1, Broken: 1},
	}
	if !slices.Equal(s.Invariants, want) {
		t.Errorf("invariants are %+v, want %+v", s.Invariants, want)
	}
	if i := s.InvariantOf("no-loss", "naive"); i == nil || *i != want[2] {
		t.Errorf("the naive one's losses are %+v", i)
	}
	if i := s.InvariantOf("all-or-none", "hardened"); i != nil {
		t.Errorf("of what no judged seed was asked: %+v", i)
	}
}

// A set is read again from the records of its runs, as far as they are there and its
// own.
func TestSetAgain(t *testing.T) {
	out := t.TempDir()
	store := func(seed int64, set string, lost int) string {
		r := Result{Schema: Schema, Set: set, Seed: seed, Verdict: Pass, Runs: []Run{ran("naive", nil, nil, lost)}}
		folder := filepath.Join(out, strconv.FormatInt(seed, 10))
		text, err := json.Marshal(r)
		if err == nil {
			err = errors.Join(os.Mkdir(folder, 0o755), os.WriteFile(filepath.Join(folder, "result.json"), text, 0o644))
		}
		if err != nil {
			t.Fatal(err)
		}
		return folder
	}
	var seeds []SetSeed
	for seed := range int64(4) {
		s := SeedOf(Result{Seed: seed, Verdict: Pass, Runs: []Run{ran("naive", nil, nil, 0)}}, filepath.Join(out, strconv.FormatInt(seed, 10)))
		s.Earlier = []Attempt{{Folder: "before", Verdict: Aborted}}
		seeds = append(seeds, s)
	}
	store(0, "mine", 7)
	store(1, "another's", 7)
	seeds = append(seeds, SetSeed{Seed: 4}) // never run; 2 and 3 were removed
	s := Set{ID: "mine", Profiles: []string{"naive"}}.Summed(seeds).Again(filepath.Join(out, "set-mine") + "/")
	if i := s.InvariantOf("no-loss", "naive"); i == nil || i.Kept != 3 || i.Broken != 1 {
		t.Errorf("losses are %+v, want those of seed 0's record and what was kept of the others", i)
	}
	if v := s.Seeds[0].Values["naive"]["lost"]; v == nil || *v != 7 || len(s.Seeds[0].Earlier) != 1 || s.Tally.NotRun != 1 {
		t.Errorf("seed 0 became %+v of %+v", s.Seeds[0], s.Tally)
	}
}

func pairOf(t *testing.T, s Set, measure string) Pair {
	t.Helper()
	for _, p := range s.Pairs {
		if p.Measure == measure && p.Profile == "hardened" && p.Against == "naive" {
			return p
		}
	}
	t.Fatalf("%s is not compared: %+v", measure, s.Pairs)
	return Pair{}
}

// Neither ever being back is no difference; one not being back is one.
func TestPairsOfNever(t *testing.T) {
	s := Set{Profiles: []string{"naive", "hardened"}}.Summed([]SetSeed{
		seedOf(1, Pass, ran("naive", nil, nil, 0), ran("hardened", nil, new(2.0), 0)),
		seedOf(2, Pass, ran("naive", nil, nil, 0), ran("hardened", nil, nil, 0)),
	})
	if p := pairOf(t, s, "lag_recovery_s"); p.Better != 1 || p.Equal != 1 || p.Never != 1 {
		t.Errorf("%+v", p)
	}
	if p := pairOf(t, s, "time_to_detect_s"); p.Equal != 2 || p.Never != 0 || *p.Median != 0 || p.P != 1 {
		t.Errorf("%+v", p)
	}
}

// Less is better, and what differs by less than a reading can show is equal.
func TestBetterAndGrain(t *testing.T) {
	priced := func(profile string, latency float64) Run {
		return Run{Profile: profile, Price: Price{LatencyP95S: &latency, SaturationPerS: new(65.5)}}
	}
	s := Set{Profiles: []string{"naive", "hardened"}}.Summed([]SetSeed{
		seedOf(1, Pass, priced("naive", 0.2), priced("hardened", 0.5)),
		seedOf(2, Pass, priced("naive", 0.2), priced("hardened", 0.21)),
		seedOf(3, Pass, priced("naive", 0.2), priced("hardened", 0.1)),
	})
	if p := pairOf(t, s, "latency_p95_s"); p.Better != 1 || p.Worse != 1 || p.Equal != 1 {
		t.Errorf("latency: %+v", p)
	}
	// It was measured once, however many runs keep it.
	if s.SpreadOf("saturation_per_s", "naive") != nil {
		t.Error("one measurement of the machine is shown as three readings")
	}
}

// What is still to be run keeps a set from passing.
func TestNotRun(t *testing.T) {
	if s := (Set{}).Summed([]SetSeed{seedOf(1, Pass), {Seed: 2}}); s.Verdict != Aborted || s.Tally != (Tally{Pass: 1, NotRun: 1}) {
		t.Errorf("%s, %+v", s.Verdict, s.Tally)
	}
}

func TestSetOfNothing(t *testing.T) {
	s := Set{Profiles: []string{"hardened"}}.Summed(nil)
	if s.Verdict != Pass || s.PassRate != nil || len(s.Spreads)+len(s.Pairs) > 0 {
		t.Errorf("%+v", s)
	}
}

func TestLoadSet(t *testing.T) {
	dir := t.TempDir()
	put := func(content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, SetFile), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := Set{ID: "abc", Scenario: "consumer-crash", Profiles: []string{"naive", "hardened"}}.Summed([]SetSeed{
		seedOf(1, Pass, ran("naive", new(4.0), nil, 1), ran("hardened", new(3.0), new(2.0), 0)), {Seed: 2},
	})
	content, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	put(string(content))
	got, err := LoadSet(dir)
	if again, _ := json.Marshal(got); err != nil || string(again) != string(content) {
		t.Errorf("read back %v\n%s\nwant\n%s", err, again, content)
	}
	if again, _ := json.Marshal(got.Summed(got.Seeds)); string(again) != string(content) {
		t.Errorf("summed up again it is\n%s\nwant\n%s", again, content)
	}
	for content, want := range map[string]string{
		`{"schema":"paperlab/set/v0"}`:                                                                       `this program reads "paperlab/set/v1"`,
		`{"schema":"paperlab/set/v1","verdict":"fine"}`:                                                      `the verdict "fine" does not exist`,
		`{"schema":"paperlab/set/v1","verdict":"pass","seeds":[{"seed":3,"verdict":"good"}]}`:                `seed 3 has the verdict "good"`,
		`{"schema":"paperlab/set/v1","verdict":"pass","seeds":[{"seed":3,"values":{"naive":{"lost":"x"}}}]}`: "cannot unmarshal string",
	} {
		put(content)
		if _, err := LoadSet(dir); !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v; want ErrForeign with %q", content, err, want)
		}
	}
}

// A measure is read where something could be read: a time where a fault took
// effect and the bounds of steady state are known, or where the last fault was
// healed; a count where the invariant was judged, and the counter saw what the
// checker did; a cause where the blame says it, or there was nothing to blame.
func TestWhatIsMeasured(t *testing.T) {
	healed := func() Run {
		r := ran("hardened", new(3.0), new(6.0), 0)
		r.Faults[0].HealedAtS, r.LagRecoveryAfterHealS, r.TimeToRecoverAfterHealS, r.TimeToRecoverS = new(20.0), new(0.0), nil, new(7.0)
		return r
	}
	for name, c := range map[string]struct {
		change func(*Run)
		id     string
		want   any // "none" is not measured, nil never reached
	}{
		"back":                                {func(*Run) {}, "lag_recovery_s", 6.0},
		"steady again":                        {func(*Run) {}, "time_to_recover_s", 7.0},
		"back without a fault":                {func(r *Run) { r.Faults = nil }, "lag_recovery_s", "none"},
		"back without bounds":                 {func(r *Run) { r.Steady = Steady{} }, "lag_recovery_s", "none"},
		"back after the heal":                 {func(*Run) {}, "lag_recovery_after_heal_s", 0.0},
		"not steady after the heal":           {func(*Run) {}, "time_to_recover_after_heal_s", nil},
		"back after a heal, without bounds":   {func(r *Run) { r.Steady = Steady{} }, "lag_recovery_after_heal_s", "none"},
		"never healed":                        {func(r *Run) { r.Faults[0].HealedAtS = nil }, "lag_recovery_after_heal_s", "none"},
		"nothing lost":                        {func(*Run) {}, "lost", 0.0},
		"lost":                                {func(r *Run) { r.Counts.Lost, r.Invariants[0].Answer = 3, Invalid }, "lost", 3.0},
		"lost, and nobody counted":            {func(r *Run) { r.Invariants[0].Answer = Invalid }, "lost", "none"},
		"lost, and nobody judged":             {func(r *Run) { r.Counts.Lost, r.Invariants = 3, nil }, "lost", "none"},
		"caused":                              {func(r *Run) { r.Blame = []Blame{{Invariant: "no-loss", Total: 9, Caused: new(4)}} }, "lost_caused", 4.0},
		"nothing to blame":                    {func(*Run) {}, "lost_caused", 0.0},
		"nothing to blame, and nobody judged": {func(r *Run) { r.Invariants = nil }, "lost_caused", "none"},
		"blamed without a control phase":      {func(r *Run) { r.Blame = []Blame{{Invariant: "no-loss", Total: 9}} }, "lost_caused", "none"},
		"caused without a fault":              {func(r *Run) { r.Faults = nil }, "lost_caused", "none"},
		"a price that nobody measured":        {func(*Run) {}, "latency_p99_s", "none"},
		"a price":                             {func(r *Run) { r.Price.LatencyP99S = new(0.5) }, "latency_p99_s", 0.5},
	} {
		r := healed()
		c.change(&r)
		v, there := seedOf(1, Pass, r).Values["hardened"][c.id]
		got := any("none")
		if there {
			got = show(v)
		}
		if got != c.want {
			t.Errorf("%s: %s is %v, want %v", name, c.id, got, c.want)
		}
	}
}

// One seed is a set as well: its rate, spreads and pairs are of one. What only one
// of the profiles was measured at is no pair, and keeps no later seed from one.
func TestSetOfOne(t *testing.T) {
	s := Set{Profiles: []string{"naive", "hardened"}}.Summed([]SetSeed{
		seedOf(1, Aborted, ran("naive", new(9.0), new(9.0), 0), ran("hardened", new(9.0), new(9.0), 0)),
		seedOf(2, Pass, ran("hardened", new(3.0), new(2.0), 0)),
		seedOf(3, Pass, ran("naive", new(4.0), new(5.0), 1), ran("hardened", new(3.0), new(2.0), 0)),
		seedOf(4, Violation),
	})
	if s.Tally != (Tally{Pass: 2, Violation: 1, Aborted: 1}) || s.PassRate == nil || s.PassRate.N != 3 {
		t.Errorf("tally %+v, rate %+v", s.Tally, s.PassRate)
	}
	if got := s.SpreadOf("lag_recovery_s", "naive"); got == nil || got.N != 1 || *got.Median != 5 {
		t.Errorf("the naive backlog: %+v", got)
	}
	if p := pairOf(t, s, "lag_recovery_s"); p.N != 1 || *p.Median != -3 {
		t.Errorf("backlog, hardened against naive: %+v", p)
	}
	for _, p := range s.Pairs {
		if p.N != 1 {
			t.Errorf("%s is a pair of %d seeds, want of one", p.Measure, p.N)
		}
	}
	one := Set{Profiles: []string{"hardened"}}.Summed([]SetSeed{seedOf(1, Violation)})
	if one.PassRate == nil || one.PassRate.N != 1 || one.PassRate.Value != 0 {
		t.Errorf("the rate of one violation is %+v", one.PassRate)
	}
}
