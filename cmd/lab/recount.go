package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"paperlab/reports"
)

type recountCommand struct {
	Folder string `arg:"" optional:"" help:"Folder of one run." default:"." type:"path"`
}

// Run counts a run's history again, in another language. The exit status is 1 if a
// figure of the record does not agree.
func (c recountCommand) Run(ctx context.Context, stdout io.Writer) error {
	python, err := exec.LookPath("python3")
	if err != nil {
		return fmt.Errorf("recount %s: %w; the recount is a Python program so that it shares nothing with the lab: install python3, or run reports/recount.py elsewhere", relative(c.Folder), err)
	}
	cmd := exec.CommandContext(ctx, python, "-", c.Folder)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(reports.Recount), stdout, os.Stderr
	err = cmd.Run()
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended) && ended.ExitCode() == 1:
		return statusError(1)
	case errors.As(err, &ended) && ended.ExitCode() == 2:
		return statusError(exitBadInput) // it has said why
	case err != nil:
		return fmt.Errorf("recount %s: %w", relative(c.Folder), err)
	}
	return nil
}
