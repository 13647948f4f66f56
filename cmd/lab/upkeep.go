package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"paperlab/compose/process"
	"paperlab/compose/undo"
	"paperlab/faults"
	"paperlab/grafana"
	"paperlab/reports"
	"paperlab/reports/record"
	"paperlab/scenarios"
	"paperlab/scenarios/check"
)

type setupCommand struct{}

// Run finds redis-server, or installs it.
func (setupCommand) Run(ctx context.Context, stdout io.Writer) error {
	path, version, err := process.FindRedis(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "Redis %s at %s\n", version, path)
	return nil
}

type healCommand struct{}

// Run undoes what killed labs left behind.
func (healCommand) Run(ctx context.Context, stdout io.Writer) error {
	stale, err := undo.Stale()
	if err != nil {
		return err
	}
	if len(stale) == 0 {
		fmt.Fprintln(stdout, "nothing was left behind")
	}
	var failed error
	for _, left := range stale {
		report, err := undo.Heal(ctx, left)
		fmt.Fprintf(stdout, "%s:\n", left.RunID)
		for _, line := range report {
			fmt.Fprintf(stdout, "  %s\n", line)
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

type reportCommand struct {
	Folder string `arg:"" optional:"" help:"Folder of one run or set, whose pages are to be drawn again from its record and history." type:"path"`
	Out    string `help:"Folder of the reports." default:"reports/out" type:"path"`
}

// Run draws the pages of one run again, or writes the index of all reports.
func (c reportCommand) Run(stdout io.Writer) error {
	if c.Folder != "" {
		return c.redraw(stdout)
	}
	if err := reports.Index(c.Out); err != nil {
		return err
	}
	if len(runsIn(c.Out, "*/*")) == 0 {
		fmt.Fprintf(stdout, "there is no report in %s yet: `make scenario NAME=consumer-crash` makes one, `make list` shows what else can be run\n", relative(c.Out))
	}
	fmt.Fprintf(stdout, "%s/index.html\n", relative(c.Out))
	return nil
}

func (c reportCommand) redraw(stdout io.Writer) error {
	if _, err := os.Stat(record.FileIn(c.Folder)); errors.Is(err, os.ErrNotExist) {
		return inputError{c.nothing()}
	}
	if err := reports.Redraw(c.Folder); errors.Is(err, reports.ErrNotDrawn) {
		return err
	} else if err != nil {
		return inputError{err}
	}
	fmt.Fprintf(stdout, "%s/report.html\n", relative(c.Folder))
	return nil
}

// nothing says why a folder cannot be drawn, and which can.
func (c reportCommand) nothing() error {
	what := "has no record, which every run that ended leaves there"
	if _, err := os.Stat(c.Folder); errors.Is(err, os.ErrNotExist) {
		what = "does not exist"
	}
	there := runsIn(c.Out, "*/latest")
	if len(there) == 0 {
		return fmt.Errorf("%s %s, and no run in %s has: `make scenario NAME=consumer-crash` makes one", relative(c.Folder), what, relative(c.Out))
	}
	return fmt.Errorf("%s %s; the latest runs are\n  %s\nand `make report` without RUN= writes the index of all", relative(c.Folder), what, strings.Join(there, "\n  "))
}

// runsIn are the folders with a record among those in out that match a pattern.
func runsIn(out, pattern string) (found []string) {
	records, _ := fs.Glob(os.DirFS(out), pattern+"/result.json") // only a bad pattern is an error
	for _, r := range records {
		found = append(found, filepath.Join(relative(out), filepath.Dir(filepath.FromSlash(r))))
	}
	return found
}

type listCommand struct{}

// Run lists what there is.
func (listCommand) Run(stdout io.Writer) error {
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	rules, err := grafana.Rules()
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "scenarios (make scenario NAME=…)")
	for _, name := range scenarios.Names() {
		s, err := scenarios.Load(name, rules)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "  %s\t%s\n", name, s.About)
	}
	fmt.Fprintln(w, "\nbenchmarks (make bench NAME=…)")
	for _, b := range benchmarks() {
		fmt.Fprintf(w, "  %s\t%s\n", b.name, b.about)
	}
	fmt.Fprintln(w, "\nfaults, as they stand in a scenario file")
	for _, k := range faults.Kinds() {
		fmt.Fprintf(w, "  %s: %s\t%s\n", k.Name, k.Example, k.About)
	}
	fmt.Fprintln(w, "\ninvariants")
	for _, i := range check.Catalogue {
		fmt.Fprintf(w, "  %s\t%s\n", i.ID, i.Meaning)
	}
	fmt.Fprintln(w, "\nalerts")
	for _, r := range rules {
		fmt.Fprintf(w, "  %s\twhen its condition has held for %v\n", r.Alert, r.For)
	}
	return w.Flush()
}
