package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"paperlab/reports/record"
	"paperlab/scenarios"
)

type nightlyCommand struct{ runFlags }

// Run runs everything; the exit status is that of the worst verdict. One that
// fails does not keep the others from running.
func (c nightlyCommand) Run(ctx context.Context, stdout io.Writer) error {
	whole, err := c.take(ctx, "nightly")
	if err != nil {
		return err
	}
	defer whole.Leave()
	var verdicts []record.Verdict
	var failed error
	for _, name := range scenarios.Names() {
		if ctx.Err() != nil {
			return statusError(exitAborted)
		}
		s, err := c.load(name)
		if err != nil {
			return err
		}
		profiles, err := profilesOf(allProfiles, s)
		if err != nil {
			return err
		}
		verdict, err := c.run(ctx, stdout, s, "", profiles, whole)
		if err != nil {
			failed = errors.Join(failed, err)
			verdict = record.Worst([]record.Verdict{verdict, record.Infrastructure})
		}
		verdicts = append(verdicts, verdict)
	}
	for _, b := range benchmarks() {
		if ctx.Err() != nil {
			return statusError(exitAborted)
		}
		if err := (benchCommand{Name: b.name, Seed: c.Seed, Out: c.Out}).report(ctx, stdout, b, whole); err != nil {
			failed = errors.Join(failed, fmt.Errorf("benchmark %s: %w", b.name, err))
			verdicts = append(verdicts, record.Infrastructure)
		}
	}
	if failed != nil {
		fmt.Fprintf(stdout, "\n%v\n", failed)
	}
	return statusOf(record.Worst(verdicts))
}
