package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"paperlab/compose/process"
	"paperlab/reports"
	"paperlab/reports/record"
	"paperlab/scenarios"
	"paperlab/scenarios/run"
	"paperlab/scenarios/set"
)

// setFlags are those of a scenario that is run for many seeds.
type setFlags struct {
	Seeds string `help:"Run a set, one run for each of these seeds: 1..20, or 1,5,7..9. The same command goes on where it was stopped."`
	Again string `help:"inconclusive: a set also runs the seeds again whose run is inconclusive."`
}

// again reads --again.
func (f setFlags) again() (bool, error) {
	switch f.Again {
	case "":
		return false, nil
	case string(record.Inconclusive):
		return true, nil
	}
	return false, inputError{fmt.Errorf("--again %q: allowed is inconclusive. What was aborted, or infrastructure, is run again without being told; a pass or a violation never", f.Again)}
}

// profiles is the word for them: what was said, else what is usual.
func (c scenarioCommand) profiles() string {
	if c.Seeds != "" {
		return cmp.Or(c.Profile, allProfiles)
	}
	return cmp.Or(c.Profile, compared)
}

// runSet runs the scenario for many seeds; the exit status is that of the worst.
func (c scenarioCommand) runSet(ctx context.Context, stdout io.Writer, s *scenarios.Scenario, profiles []string) error {
	o, err := c.setOptions(ctx, s, profiles)
	if err != nil {
		return err
	}
	all, err := c.take(ctx, fmt.Sprintf("a set of %s, seeds %s", s.Name, c.Seeds))
	if err != nil {
		return err
	}
	defer all.Leave()
	o.Run = func(ctx context.Context, seed int64) (record.Result, string, error) {
		one := c.runFlags
		one.Seed = seed
		return one.carryOut(ctx, s, o.Of.Source, profiles, o.Of.ID, all)
	}
	made, folder, err := set.Run(ctx, o)
	if err != nil && made.StartedAt.IsZero() {
		return err // bad input of the first run, say: nothing was started
	}
	fmt.Fprint(stdout, reports.SetSummary(made))
	fmt.Fprintf(stdout, "\nreport: %s\n", filepath.Join(relative(folder), "report.html"))
	if err != nil {
		// It does not hide a verdict that is worse.
		fmt.Fprintf(stdout, "\nlab: %v\nThe same command goes on.\n", err)
		return statusOf(record.Worst([]record.Verdict{made.Verdict, record.Infrastructure}))
	}
	return statusOf(made.Verdict)
}

func (c scenarioCommand) setOptions(ctx context.Context, s *scenarios.Scenario, profiles []string) (o set.Options, err error) {
	if o.Again, err = c.again(); err != nil {
		return o, err
	}
	if c.Seeds == "" {
		return o, inputError{errors.New("--again is for a set: say its --seeds, such as 1..20")}
	}
	if c.Environment != process.Name {
		return o, unknownInput("environment", c.Environment, []string{process.Name})
	}
	if o.Seeds, err = record.ParseSeeds(c.Seeds); err != nil {
		return o, inputError{err}
	}
	if c.Corpus == live {
		return o, inputError{errors.New("--seeds and --corpus live: a set compares runs of the same papers, and those of arXiv do not come again. Give a .jsonl(.gz) file of papers, or builtin")}
	}
	if err := c.findCorpus(ctx, &run.Options{Scenario: s}); err != nil {
		return o, err
	}
	_, redis, err := process.FindRedis(ctx)
	if err != nil {
		return o, err
	}
	o.Of = record.Set{
		Scenario: s.Name, About: s.About, Source: sourceOf(c.Name), Environment: c.Environment, Corpus: c.Corpus, Profiles: profiles,
		Code: record.ThisCode(), Versions: record.ThisVersions(redis), Host: record.ThisHost(),
	}
	files, err := contents(o.Of)
	if err != nil {
		return o, err
	}
	if o.Of.ID, err = setID(o.Of, files); err != nil {
		return o, err
	}
	progress := run.NewProgress(os.Stderr)
	o.Out, o.Say = c.Out, progress.Say
	return o, nil
}

// contents are the files that the set is of. The programs stand for the code, bit
// by bit, with all that was not committed; a scenario of the catalogue is within
// them.
func contents(s record.Set) ([]string, error) {
	lab, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the program lab: %w", err)
	}
	papers, err := sibling("papers")
	if err != nil {
		return nil, err
	}
	files := []string{lab, papers}
	if s.Source != "" {
		files = append(files, s.Source)
	}
	if s.Corpus != "builtin" {
		files = append(files, s.Corpus)
	}
	return files, nil
}

// setID stands for all that runs of one set have in common.
func setID(s record.Set, files []string) (string, error) {
	var sums []string
	for _, file := range files {
		sum, err := sumOf(file)
		if err != nil {
			return "", err
		}
		sums = append(sums, sum)
	}
	// Memory is left out: what a system says of it differs from start to start.
	same, err := json.Marshal([]any{s.Scenario, s.Environment, s.Corpus == "builtin", s.Profiles, s.Versions, s.Host.CPU, s.Host.CPUs, sums})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sha256.Sum256(same))[:12], nil
}

func sumOf(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("what the set is of: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("what the set is of: read %s: %w", file, err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}
