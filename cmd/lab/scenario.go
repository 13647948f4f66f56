package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"paperlab/compose/standin/corpus"
	"paperlab/grafana"
	"paperlab/reports"
	"paperlab/scenarios"
	"paperlab/scenarios/run"
	"paperlab/scenarios/spec"
)

// runFlags are what all commands that run scenarios have.
type runFlags struct {
	Seed        int64  `help:"Everything random comes from it; equal seeds give equal schedules." default:"1"`
	Corpus      string `help:"builtin, or a .jsonl(.gz) file of real papers." default:"builtin"`
	Environment string `help:"process." default:"process"`
	Out         string `help:"Folder of the reports." default:"reports/out" type:"path"`
}

type scenarioCommand struct {
	Name    string `arg:"" optional:"" help:"A scenario of the catalogue (see lab list), or the path of a .yaml file."`
	Profile string `help:"both, hardened or naive." default:"both"`
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
	verdict, err := c.run(ctx, stdout, s, profiles)
	if err != nil {
		return err
	}
	if code := verdict.ExitCode(); code != 0 {
		return statusError(code)
	}
	return nil
}

// load reads a scenario; its alerts must be among those of the rule files.
func (f runFlags) load(name string) (*spec.Scenario, error) {
	alerts, err := grafana.AlertNames()
	if err != nil {
		return nil, err
	}
	return scenarios.Load(name, alerts)
}

func profilesOf(profile string, s *spec.Scenario) ([]string, error) {
	choices := map[string][]string{"hardened": {"hardened"}, "naive": {"naive"}, "both": {"hardened", "naive"}}
	profiles, known := choices[profile]
	if !known {
		return nil, unknownInput("profile", profile, slices.Sorted(maps.Keys(choices)))
	}
	if profile == "both" && s.Compare == "" {
		profiles = profiles[:1]
	}
	return profiles, nil
}

// run runs one scenario and says what came of it.
func (f runFlags) run(ctx context.Context, stdout io.Writer, s *spec.Scenario, profiles []string) (reports.Verdict, error) {
	if f.Environment != run.Environment {
		return "", unknownInput("environment", f.Environment, []string{run.Environment})
	}
	c, err := f.corpus(s)
	if err != nil {
		return "", inputError{err}
	}
	papers, err := sibling("papers")
	if err != nil {
		return "", err
	}
	progress := run.NewProgress(os.Stderr)
	result, folder, err := run.Run(ctx, run.Options{
		Scenario: s, Profiles: profiles, Seed: f.Seed, Corpus: c, CorpusName: f.Corpus,
		Out: f.Out, Papers: papers, DrainWithin: run.DrainWithin, Progress: progress,
	})
	progress.Done()
	if err != nil {
		return "", fmt.Errorf("%s came to the verdict %s, but its report is not complete: %w", s.Name, result.Verdict, err)
	}
	tell(stdout, result, folder)
	return result.Verdict, nil
}

// corpus is what arXiv's stand-in will serve: as many papers as the scenario
// wants.
func (f runFlags) corpus(s *spec.Scenario) (*corpus.Corpus, error) {
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

// tell says in a few lines what the report says at length.
func tell(stdout io.Writer, r reports.Result, folder string) {
	fmt.Fprintf(stdout, "\n%s: %s\n", r.Scenario, r.Verdict)
	for _, reason := range r.Reasons {
		fmt.Fprintf(stdout, "  %s\n", reason)
	}
	fmt.Fprint(stdout, reports.Summary(r))
	fmt.Fprintf(stdout, "\nreport: %s\n", filepath.Join(relative(folder), "report.html"))
}

// relative is the path as seen from here, if it lies below.
func relative(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
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
	hint := ""
	if near, ok := spec.Nearest(word, names); ok {
		hint = fmt.Sprintf("; did you mean %s?", near)
	}
	return inputError{fmt.Errorf("there is no %s %q%s (there are: %s)", what, word, hint, strings.Join(names, ", "))}
}
