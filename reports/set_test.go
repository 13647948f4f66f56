package reports

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"paperlab/reports/record"
)

// sampleSet is a set of twenty seeds as the golden's header says.
func sampleSet() record.Set {
	rng := rand.New(rand.NewPCG(20, 26))
	var seeds []record.SetSeed
	for seed := uint64(1); seed <= 19; seed++ {
		r := crashResult(seed)
		r.StartedAt = r.StartedAt.Add(time.Duration(seed) * 130 * time.Second)
		r.Runs = append(r.Runs, carefulCrash())
		n, c, h := r.Of(naive), r.Of(careful), r.Of(hardened)
		for i := range r.Runs {
			p := &r.Runs[i].Price
			for _, v := range []**float64{&p.LatencyP50S, &p.LatencyP95S, &p.LatencyP99S, &p.CommandsPerMessage} {
				*v = new(**v * (0.9 + 0.2*rng.Float64()))
			}
		}
		c.LagRecoveryAfterHealS, c.TimeToRecoverAfterHealS = new(0.0), new(0.0)
		c.LagRecoveryS, c.TimeToRecoverS = new(5.5+2*rng.Float64()), new(8+3*rng.Float64())
		h.TimeToDetectS, n.TimeToDetectS = new(3.2+rng.Float64()), new(3+rng.Float64()/5)
		h.LagRecoveryS, n.LagRecoveryS = new(5+2*rng.Float64()), new(14+9*rng.Float64())
		h.LagRecoveryAfterHealS, h.TimeToRecoverAfterHealS = new(0.0), new(0.0)
		n.LagRecoveryAfterHealS, n.TimeToRecoverAfterHealS = new(max(0, *n.LagRecoveryS-15)), nil
		n.Counts.Lost, n.Counts.DuplicateEffects = 5+rng.IntN(6), 9+rng.IntN(9)
		if seed%5 == 0 {
			n.LagRecoveryS = nil
		}
		switch seed {
		case 7:
			r.Verdict, r.Reasons = record.Violation, []string{"Objective lag_recovery: 16.2 s, which had to be at most 15 s"}
			h.LagRecoveryS = new(16.2)
		case 3, 12:
			r.Verdict, r.Reasons = record.Inconclusive, []string{"Guard backlog-drift: the backlog grew | by 40 entries."}
		}
		s := record.SeedOf(r, fmt.Sprintf("out/consumer-crash/%s-%d", r.StartedAt.Format("20060102T150405.000"), seed))
		if seed == 12 {
			s.Earlier = []record.Attempt{{Folder: "20260314T092600.000-12", Verdict: record.Infrastructure}}
		}
		seeds = append(seeds, s)
	}
	r := crashResult(1)
	return record.Set{
		ID: "0123456789ab", Scenario: r.Scenario, About: r.About, Environment: r.Environment, Corpus: "papers.jsonl.gz",
		Profiles: []string{naive, careful, hardened}, Code: r.Code, Versions: r.Versions, Host: r.Host,
	}.Summed(append(seeds, record.SetSeed{Seed: 20}))
}

func TestGoldenSet(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := WriteSet(dir, sampleSet()); err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "set.txtar", part(t, dir, "report.md"), txtar.File{Name: "summary", Data: []byte(SetSummary(sampleSet()))})
	want := []string{"charts/anomalies.png", "charts/anomalies.svg", "charts/price.png", "charts/price.svg", "charts/times.png", "charts/times.svg", "report.html", "report.md", "set.json"}
	if got := filesIn(t, dir); !slices.Equal(got, want) {
		t.Errorf("files are %q, want %q", got, want)
	}
	page := read(t, dir, "report.html")
	if found := loads.FindAllString(page, -1); found != nil {
		t.Errorf("the page fetches %q", found)
	}
	for _, text := range []string{`<a href="../20260314T094203.000-7/report.html">seed 7</a>, violation: Objective lag_recovery`, "16 pass, 1 violation, 2 inconclusive, 1 not run yet of 20", "make scenario NAME=consumer-crash SEEDS=1..20 CORPUS=papers.jsonl.gz"} {
		if !strings.Contains(page+tally(sampleSet()), text) {
			t.Errorf("the page does not say %q", text)
		}
	}
	checkMarkdown(t, read(t, dir, "report.md"), "## Run it again, or go on")
}

// What is drawn again from the record alone is the same.
func TestSetDrawnAgain(t *testing.T) {
	t.Parallel()
	dir, again := t.TempDir(), t.TempDir()
	if err := WriteSet(dir, sampleSet()); err != nil {
		t.Fatal(err)
	}
	s, err := record.LoadSet(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteSet(again, s); err != nil {
		t.Fatal(err)
	}
	for _, name := range filesIn(t, dir) {
		if read(t, dir, name) != read(t, again, name) {
			t.Errorf("%s differs", name)
		}
	}
}

// What a set's runs say is told: which invariants were broken, by whom, how often.
func TestSetSaysWhatWasBroken(t *testing.T) {
	t.Parallel()
	one, two := crashResult(1), crashResult(2)
	two.Of(naive).Invariants[0].Answer, two.Of(naive).Invariants[1].Answer = record.Unknown, record.Invalid
	s := record.Set{Scenario: "x", Profiles: []string{naive, careful, hardened}}.Summed([]record.SetSeed{record.SeedOf(one, "x-1"), record.SeedOf(two, "x-2")})
	dir := t.TempDir()
	if err := WriteSet(dir, s); err != nil {
		t.Fatal(err)
	}
	ids := [2]string{one.Runs[0].Invariants[0].ID, one.Runs[0].Invariants[1].ID}
	page := read(t, dir, "report.md")
	for _, want := range []string{"| " + ids[0] + " |", "not judged", "2 of 2", ", 1 unknown", "The naive service broke ", "in 2 of 2 seeds"} {
		if !strings.Contains(page, want) {
			t.Errorf("the report does not say %q:\n%s", want, page[:3000])
		}
	}
	if strings.Contains(page, "The hardened service broke") {
		t.Error("the hardened service is said to have broken something")
	}
}

func TestSetOfLittle(t *testing.T) {
	for name, c := range map[string]struct {
		seeds []record.SetSeed
		want  []string
	}{
		"nothing": {nil, []string{"None of no seeds shows anything"}},
		"one not run": {[]record.SetSeed{{Seed: 4}}, []string{
			"None of 1 seed shows anything of the service yet: 1 not run yet of 1", "Still to be run: seed 4"}},
		"the lab failed": {[]record.SetSeed{{Seed: 4, Verdict: record.Infrastructure, Reasons: []string{"no redis"}, Folder: "x-4"}}, []string{
			"At seed 4 the lab itself failed", "[seed 4](../x-4/report.md), infrastructure: no redis."}},
		"one": {[]record.SetSeed{record.SeedOf(crashResult(1), "x-1")}, []string{
			"the hardened service passed 1", "100 % of 1 judged seed (95 % interval 21 % to 100 %)", "So few seeds give no interval", tooFew}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := WriteSet(dir, record.Set{Scenario: "x", Profiles: []string{naive, careful, hardened}}.Summed(c.seeds)); err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if page := read(t, dir, "report.md"); !strings.Contains(page, want) {
					t.Errorf("the report does not say %q:\n%s", want, page)
				}
			}
		})
	}
}

func TestSetHostileNames(t *testing.T) {
	t.Parallel()
	s := sampleSet()
	spoil(reflect.ValueOf(&s).Elem())
	for i := range s.Seeds {
		s.Seeds[i].Verdict = record.Violation
	}
	dir := t.TempDir()
	if err := WriteSet(dir, s); err != nil {
		t.Fatal(err)
	}
	page := read(t, dir, "report.html")
	if found := loads.FindAllString(page, -1); found != nil {
		t.Errorf("got through: %q", found)
	}
	if n := strings.Count(page, "&lt;script&gt;"); n < 20 {
		t.Errorf("only %d hostile names are shown, so they were not tested", n)
	}
	checkMarkdown(t, read(t, dir, "report.md"), "## Run it again, or go on")
}

func TestDifference(t *testing.T) {
	for want, v := range map[string]*float64{"+3.1 s": new(3.1), "−0.25 s": new(-0.25), "0": new(0.0), "without end": nil} {
		if got := difference(v, "s"); got != want {
			t.Errorf("the difference is %q, want %q", got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	for want, share := range map[string]float64{"0 %": 0, "0.4 %": 0.004, "72 %": 0.7225, "99.6 %": 0.996, "100 %": 1} {
		if got := percent(share); got != want {
			t.Errorf("%g is %q, want %q", share, got, want)
		}
	}
}

func TestSetSummary(t *testing.T) {
	got := SetSummary(sampleSet())
	for _, want := range []string{"consumer-crash, seeds 1..20: 16 pass, 1 violation, 2 inconclusive, 1 not run yet of 20", "backlog back", "careful", "18.1 s to 20.8 s"} {
		if !strings.Contains(got, want) {
			t.Errorf("the summary does not say %q:\n%s", want, got)
		}
	}
	if n := strings.Count(got, "\n"); n > 24 {
		t.Errorf("the summary has %d lines: a terminal has 24", n)
	}
	if got := SetSummary(record.Set{Scenario: "x"}.Summed([]record.SetSeed{{Seed: 1}})); got != "\nx, seeds 1: 1 not run yet of 1\n" {
		t.Errorf("the summary of nothing is %q", got)
	}
}

// The story says who was better, and calls no difference one that chance may have
// made, or the lab's load and not the faults.
func TestWhoWasBetter(t *testing.T) {
	pair := func(measure, profile, against string, better, worse int, p float64) record.Pair {
		return record.Pair{Measure: measure, Profile: profile, Against: against, Better: better, Worse: worse, P: p, Spread: record.Spread{N: 10}}
	}
	for name, c := range map[string]struct {
		pairs                  []record.Pair
		simpler, better, alike string
	}{
		"the main one": {[]record.Pair{pair("lost", hardened, naive, 9, 0, 0.004)},
			"", "The hardened service was better than the naive one at messages lost (9 of 10 seeds).", ""},
		"a simpler one": {[]record.Pair{pair("lag_recovery_s", hardened, naive, 1, 9, 0.021), pair("latency_p95_s", hardened, naive, 0, 10, 0.002)},
			"The naive service was better than the hardened one at backlog back (9 of 10 seeds) and p95 latency before the fault (10 of 10 seeds).", "", ""},
		"nobody": {[]record.Pair{pair("lost", hardened, naive, 6, 3, 0.508), pair("duplicate_effects", hardened, naive, 8, 1, 0.05)},
			"", "", "messages lost and told twice"},
		"not by the faults": {[]record.Pair{pair("lost", hardened, naive, 9, 0, 0.004), pair("lost_caused", hardened, naive, 3, 2, 0.05)},
			"", "The hardened service was better than the naive one at messages lost (9 of 10 seeds, and not because of the faults).", ""},
		"by the faults": {[]record.Pair{pair("lost", hardened, naive, 9, 0, 0.004), pair("lost_caused", hardened, naive, 9, 0, 0.004)},
			"", "The hardened service was better than the naive one at messages lost (9 of 10 seeds).", ""},
		"one of two": {[]record.Pair{pair("lost", hardened, careful, 0, 0, 1), pair("lost", hardened, naive, 9, 0, 0.004), pair("lost", careful, naive, 9, 0, 0.004)},
			"", "The hardened service was better than the naive one at messages lost (9 of 10 seeds).", ""},
		"what is not compared": {[]record.Pair{pair("time_to_detect_s", hardened, naive, 10, 0, 0.002), pair("lost", careful, naive, 10, 0, 0.002)}, "", "", ""},
	} {
		s := setSubject{record.Set{Profiles: []string{naive, careful, hardened}, Pairs: c.pairs}}
		if got := strings.Join(s.Simpler(), " "); got != c.simpler {
			t.Errorf("%s: the simpler one: %q, want %q", name, got, c.simpler)
		}
		if got := strings.Join(s.Better(), " "); got != c.better {
			t.Errorf("%s: the main one: %q, want %q", name, got, c.better)
		}
		if got := list(s.Alike()); got != c.alike {
			t.Errorf("%s: alike %q, want %q", name, got, c.alike)
		}
	}
}

// The verdicts are of the hardened service, or of the last one where it did not run.
func TestMainOfASet(t *testing.T) {
	for _, c := range []struct {
		profiles []string
		want     string
	}{{nil, hardened}, {[]string{hardened, "odd"}, hardened}, {[]string{naive, careful}, careful}} {
		if got := (setSubject{record.Set{Profiles: c.profiles}}).Main(); got != c.want {
			t.Errorf("of %q it is %s, want %s", c.profiles, got, c.want)
		}
	}
}

// A seed that was run again says how often, and what came of it before.
func TestAttempts(t *testing.T) {
	s := seedLine{SetSeed: record.SetSeed{Seed: 4, Verdict: record.Pass}}
	if got := s.Attempts(); got != "" {
		t.Errorf("of one attempt: %q", got)
	}
	s.Earlier = []record.Attempt{{Verdict: record.Infrastructure}, {Verdict: record.Inconclusive}}
	if got := s.Attempts(); got != "run 3 times, before: infrastructure and inconclusive" {
		t.Errorf("of three attempts: %q", got)
	}
	p := setPage{Seeds: []seedLine{s, {SetSeed: record.SetSeed{Seed: 5}}, {SetSeed: record.SetSeed{Seed: 6, Verdict: record.Aborted}}}}
	if failed := p.Failed(); len(failed) != 1 || failed[0].Seed != 6 {
		t.Errorf("failed are %+v", failed)
	}
}
