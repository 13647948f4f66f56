package reports

import (
	"strings"
	"testing"

	"paperlab/reports/record"
)

// The command under a report runs the same again: the profiles that ran, the file
// that the scenario came from, and where it ran, unless that is the usual.
func TestCommand(t *testing.T) {
	runs := func(profiles ...string) (all []record.Run) {
		for _, p := range profiles {
			all = append(all, record.Run{Profile: p})
		}
		return all
	}
	for want, r := range map[string]record.Result{
		"make scenario NAME=x SEED=7":                                  {Scenario: "x", Seed: 7, Runs: runs(hardened, naive)},
		"make scenario NAME=x SEED=0":                                  {Scenario: "x"},
		"make scenario NAME=x SEED=7 PROFILE=careful":                  {Scenario: "x", Seed: 7, Runs: runs(careful)},
		"make scenario NAME=x SEED=7 PROFILE=all":                      {Scenario: "x", Seed: 7, Runs: runs(hardened, naive, careful), Corpus: "builtin", Environment: "process"},
		"make sabotage NAME=x SEED=7":                                  {Scenario: "x", Seed: 7, Target: "sabotage", Runs: runs(hardened)},
		"make scenario NAME='my own.yaml' SEED=7 CORPUS=live":          {Scenario: "x", Source: "my own.yaml", Seed: 7, Corpus: "live"},
		"make scenario NAME=x SEED=7 CORPUS='a b' ENVIRONMENT=compose": {Scenario: "x", Seed: 7, Corpus: "a b", Environment: "compose"},
	} {
		if got := command(r); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestSetCommand(t *testing.T) {
	for want, profiles := range map[string][]string{
		"make scenario NAME=x SEEDS=1..3":                  {naive, careful, hardened},
		"make scenario NAME=x SEEDS=1..3 PROFILE=compare":  {naive, hardened},
		"make scenario NAME=x SEEDS=1..3 PROFILE=hardened": {hardened},
	} {
		s := record.Set{Scenario: "x", Profiles: profiles}.Summed([]record.SetSeed{{Seed: 1}, {Seed: 2}, {Seed: 3}})
		if got := setCommand(s); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// A figure that no run has a reading of is left out of what a terminal shows; one
// that some run has is not.
func TestSummaryLeavesOutWhatNobodyMeasured(t *testing.T) {
	r := crashResult(1)
	r.Runs[0].Price = record.Price{}
	got := Summary(r)
	if !strings.Contains(got, "Redis commands a message        21.4              not measured") || strings.Contains(got, "saturation") {
		t.Errorf("the summary is\n%s", got)
	}
	if n := strings.Count(got, "messages lost"); n != 1 {
		t.Errorf("losses stand in it %d times:\n%s", n, got)
	}
}
