package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"paperlab/compose/process"
	"paperlab/compose/standin"
	"paperlab/compose/standin/corpus"
	"paperlab/grafana"
	"paperlab/reports"
	"paperlab/reports/record"
	"paperlab/scenarios"
	"paperlab/scenarios/run"
)

// runFlags are what all commands that run scenarios have.
type runFlags struct {
	Seed        int64  `help:"Everything random comes from it; equal seeds give equal schedules." default:"1"`
	Corpus      string `help:"builtin, a .jsonl(.gz) file of real papers, or live: arXiv itself, politely (the environment variable PAPERLAB_ARXIV names another query API)." default:"builtin"`
	Environment string `help:"process." default:"process"`
	Out         string `help:"Folder of the reports." default:"reports/out" type:"path"`
}

type scenarioCommand struct {
	Name    string `arg:"" optional:"" help:"A scenario of the catalogue (see lab list), or the path of a .yaml file."`
	Profile string `help:"compare: hardened and those that the scenario compares it with; all: naive, careful and hardened; or one of these names." default:"compare"`
	runFlags
}

// Run runs the scenario; the exit status is the verdict's.
func (c scenarioCommand) Run(ctx context.Context, stdout io.Writer) error {
	if c.Name == "" {
		return inputError{fmt.Errorf("which scenario? There are: %s. For example: make scenario NAME=consumer-crash", strings.Join(scenarios.Names(), ", "))}
	}
	s, err := c.load(c.Name)
	if err != nil {
		return err
	}
	profiles, err := profilesOf(c.Profile, s)
	if err != nil {
		return err
	}
	verdict, err := c.run(ctx, stdout, s, sourceOf(c.Name), profiles)
	if err != nil {
		return err
	}
	return statusOf(verdict)
}

// sourceOf is the name if it is a file's and not one of the catalogue.
func sourceOf(name string) string {
	if slices.Contains(scenarios.Names(), name) {
		return ""
	}
	return name
}

// load reads a scenario; its alerts must be among those of the rule files.
func (f runFlags) load(name string) (*scenarios.Scenario, error) {
	alerts, err := grafana.AlertNames()
	if err != nil {
		return nil, err
	}
	return scenarios.Load(name, alerts)
}

// Words for several profiles.
const (
	compared    = "compare"
	allProfiles = "all"
)

// profilesOf are the profiles that a word stands for, the simplest first.
func profilesOf(word string, s *scenarios.Scenario) ([]string, error) {
	known := record.Profiles()
	switch {
	case word == compared:
		return append(slices.Clone(s.Compare), record.Hardened), nil
	case word == allProfiles:
		return known, nil
	case slices.Contains(known, word):
		return []string{word}, nil
	}
	return nil, unknownInput("profile", word, append(known, compared, allProfiles))
}

// run runs one scenario and says what came of it.
func (f runFlags) run(ctx context.Context, stdout io.Writer, s *scenarios.Scenario, source string, profiles []string) (record.Verdict, error) {
	if f.Environment != process.Name {
		return "", unknownInput("environment", f.Environment, []string{process.Name})
	}
	o := run.Options{
		Scenario: s, Source: source, Profiles: profiles, Seed: f.Seed, CorpusName: f.Corpus,
		Out: f.Out, DrainWithin: run.DrainWithin, Progress: run.NewProgress(os.Stderr),
	}
	var err error
	if f.Corpus == live {
		if err := askArxiv(ctx, &o); err != nil {
			return "", err
		}
		defer o.Live.Close()
	} else if o.Corpus, err = f.corpus(s); err != nil {
		return "", inputError{err}
	}
	if err := equip(ctx, &o, "papers"); err != nil {
		return "", err
	}
	result, folder, err := run.Run(ctx, o)
	o.Progress.Done()
	return conclude(stdout, result, folder, err)
}

// conclude says on the terminal what came of a run, also where its report could
// not be written: then that is all that is known of it.
func conclude(stdout io.Writer, r record.Result, folder string, unwritten error) (record.Verdict, error) {
	tell(stdout, r)
	if unwritten == nil {
		fmt.Fprintf(stdout, "\nreport: %s\n", filepath.Join(relative(folder), "report.html"))
		return r.Verdict, nil
	}
	verdict := record.Worst([]record.Verdict{r.Verdict, record.Infrastructure})
	return verdict, unwrittenError{fmt.Errorf("the report of %s in %s is not complete: %w", r.Scenario, relative(folder), unwritten), verdict}
}

// unwrittenError is a run whose report could not be written; it does not hide a
// verdict that is worse.
type unwrittenError struct {
	error
	verdict record.Verdict
}

func (e unwrittenError) Unwrap() error { return e.error }

func (e unwrittenError) ExitCode() int { return e.verdict.ExitCode() }

// equip finds the programs that the run needs, and room for what it writes:
// what can be missing is missed before anything starts.
func equip(ctx context.Context, o *run.Options, papers string) error {
	program, err := sibling(papers)
	if err != nil {
		return err
	}
	redisServer, version, err := process.FindRedis(ctx)
	if err != nil {
		return err
	}
	o.RedisVersion = version
	o.Environment = process.New(process.Config{Papers: program, RedisServer: redisServer})
	return errors.Join(o.Environment.Check(ctx), o.CheckSpace())
}

// corpus is what arXiv's stand-in will serve: as many papers as the scenario
// wants.
func (f runFlags) corpus(s *scenarios.Scenario) (*corpus.Corpus, error) {
	want := s.Load.Papers
	if f.Corpus == "builtin" {
		return corpus.Builtin(uint64(f.Seed), want)
	}
	c, err := corpus.File(f.Corpus, want)
	if err != nil {
		return nil, err
	}
	if have := len(c.Versions); have < want {
		return nil, fmt.Errorf("corpus %s holds %d versions of papers and %s needs %d: give a larger file, or lower load.papers in a copy of the scenario", f.Corpus, have, s.Name, want)
	}
	return c, nil
}

// What --corpus live does.
const (
	live = "live"
	// liveVariable names another query API than arXiv's.
	liveVariable = "PAPERLAB_ARXIV"
	// liveSince is how far back a harvest begins. arXiv gets more than a
	// thousand versions on a working day, so that two weeks are several times
	// what any scenario wants; and so long ago, nothing is still to be announced
	// that would come out before what was harvested already.
	liveSince = 14 * 24 * time.Hour
	// liveSample is how many versions subscriptions are drawn from.
	liveSample = 200
)

// askArxiv makes ready to have arXiv itself asked. The sample shows whether it
// can be, before anything is started.
func askArxiv(ctx context.Context, o *run.Options) error {
	upstream, err := standin.NewUpstream(standin.UpstreamConfig{URL: os.Getenv(liveVariable)})
	if err != nil {
		return inputError{fmt.Errorf("%s: %w", liveVariable, err)}
	}
	o.Progress.Say("asking %s for a sample of its papers", upstream.URL())
	o.Corpus, err = upstream.Sample(ctx, time.Now().Add(-liveSince), liveSample)
	if err != nil {
		upstream.Close()
		return fmt.Errorf("--corpus live: %w; for a run without arXiv say --corpus builtin, or give a .jsonl(.gz) file of papers", err)
	}
	o.Live, o.DrainWithin = upstream, run.LiveDrainWithin
	return nil
}

// tell says in a few lines what the report says at length.
func tell(stdout io.Writer, r record.Result) {
	fmt.Fprintf(stdout, "\n%s: %s\n", r.Scenario, r.Verdict)
	for _, reason := range r.Reasons {
		fmt.Fprintf(stdout, "  %s\n", reason)
	}
	fmt.Fprint(stdout, reports.Summary(r))
}

// relative is the path as seen from here, if it lies below.
func relative(path string) string {
	here, _ := os.Getwd()
	if rel, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// sibling is a program that was built beside this one.
func sibling(name string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the program %s: %w", name, err)
	}
	path := filepath.Join(filepath.Dir(self), name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("the program %s must lie beside lab: %w; `make build` puts it there", name, err)
	}
	return path, nil
}

func unknownInput(what, word string, names []string) error {
	return inputError{fmt.Errorf("there is no %s %q%s (there are: %s)", what, word, scenarios.DidYouMean(word, names), strings.Join(names, ", "))}
}
