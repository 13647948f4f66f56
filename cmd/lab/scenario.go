package main

import (
	"context"
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
	"paperlab/compose/turn"
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
	Remeasure   bool   `help:"Measure what the machine can do, though a figure is known that holds."`
	turnFlags
}

type scenarioCommand struct {
	Name    string `arg:"" optional:"" help:"A scenario of the catalogue (see lab list), or the path of a .yaml file."`
	Profile string `help:"compare: hardened and those that the scenario compares it with; all: naive, careful and hardened; or one of these names. A set has all, else compare, unless told otherwise."`
	runFlags
	setFlags
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
	profiles, err := profilesOf(c.profiles(), s)
	if err != nil {
		return err
	}
	if c.Seeds != "" || c.Again != "" {
		return c.runSet(ctx, stdout, s, profiles)
	}
	verdict, err := c.run(ctx, stdout, s, sourceOf(c.Name), profiles, nil)
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
	rules, err := grafana.Rules()
	if err != nil {
		return nil, err
	}
	return scenarios.Load(name, rules)
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
func (f runFlags) run(ctx context.Context, stdout io.Writer, s *scenarios.Scenario, source string, profiles []string, of *turn.Turn) (record.Verdict, error) {
	result, folder, err := f.carryOut(ctx, s, source, profiles, "", of)
	if result.Verdict == "" {
		return "", err
	}
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

// carryOut runs one scenario, as part of a set if that has an ID, and returns its
// record and folder. It takes a turn of its own if it is not part of a larger one.
// With a verdict, an error is that of writing the report; without one, nothing ran.
func (f runFlags) carryOut(ctx context.Context, s *scenarios.Scenario, source string, profiles []string, set string, of *turn.Turn) (r record.Result, folder string, err error) {
	if f.Environment != process.Name {
		return r, "", unknownInput("environment", f.Environment, []string{process.Name})
	}
	o := run.Options{
		Scenario: s, Source: source, Set: set, Profiles: profiles, Seed: f.Seed, CorpusName: f.Corpus,
		Out: f.Out, DrainWithin: run.DrainWithin, Remeasure: f.Remeasure, Progress: run.NewProgress(os.Stderr),
	}
	if err := f.findCorpus(ctx, &o); err != nil {
		return r, "", err
	}
	if o.Live != nil {
		defer o.Live.Close()
	}
	if of == nil {
		own, err := f.take(ctx, "scenario "+s.Name)
		if err != nil {
			return r, "", err
		}
		defer own.Leave()
		of = own
	}
	o.Beside = of.Beside
	defer o.Progress.Done()
	if err := prepare(ctx, &o, "papers"); err != nil {
		return r, "", err
	}
	return run.Run(ctx, o)
}

// prepare finds what the run needs and decides its load. A rate needs no
// measuring, so that a corpus that does not suit it shows before anything else.
func prepare(ctx context.Context, o *run.Options, papers string) error {
	measures := o.Scenario.Load.OfCapacity > 0
	if !measures {
		if err := o.SetLoad(ctx); err != nil {
			return err
		}
	}
	if err := equip(ctx, o, papers); err != nil {
		return err
	}
	if measures {
		if err := o.SetLoad(ctx); err != nil {
			return err
		}
	}
	return o.CheckSpace()
}

// equip finds the programs that the run needs: what can be missing is missed
// before anything starts.
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
	o.Program = program
	return o.Environment.Check(ctx)
}

// findCorpus makes ready what arXiv's stand-in will serve. Where arXiv itself is
// asked, the builtin corpus stands in when a capacity is measured: nobody may ask
// arXiv for a thousand papers at once.
func (f runFlags) findCorpus(ctx context.Context, o *run.Options) error {
	o.CorpusOf = func(versions int) (*corpus.Corpus, error) { return corpus.Builtin(uint64(f.Seed), versions) }
	switch f.Corpus {
	case "builtin":
	case live:
		return askArxiv(ctx, o)
	default:
		papers, err := corpus.Read(f.Corpus)
		if err != nil {
			return inputError{err}
		}
		o.CorpusOf = papers.First
	}
	return nil
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
