// Command lab is the lab's command line. The Makefile is its front door.
//
// Exit status: 0 pass, 1 violation, 2 inconclusive, 3 infrastructure, 64 bad
// input, 130 aborted.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/redis/go-redis/v9/logging"

	"paperlab/reports/record"
	"paperlab/scenarios"
)

const about = `A chaos and benchmark lab for Redis Streams systems.

It starts a real Redis Cluster, the paper service and stand-ins for what surrounds
it, breaks them in a planned way, judges from outside what happened, and writes a
report. For example:

  lab scenario consumer-crash --seed 7
  lab bench sharding
  lab list`

type commands struct {
	Scenario scenarioCommand `cmd:"" help:"Run one scenario and write its report."`
	Bench    benchCommand    `cmd:"" help:"Run one benchmark and write its report."`
	Sabotage sabotageCommand `cmd:"" help:"Prove the judge: each planted defect must turn exactly its checker red."`
	Nightly  nightlyCommand  `cmd:"" help:"Run all scenarios and all benchmarks."`
	Report   reportCommand   `cmd:"" help:"Write the index of all reports, or draw the pages of one run's folder again."`
	Recount  recountCommand  `cmd:"" help:"Count a run's history again, by a program in another language, and compare with its record."`
	Schema   schemaCommand   `cmd:"" help:"Print the JSON schema of scenario files, of a run's or a benchmark's record, or of a history's lines."`
	List     listCommand     `cmd:"" help:"List scenarios, faults, invariants and benchmarks."`
	Setup    setupCommand    `cmd:"" help:"Find redis-server, or install it."`
	Heal     healCommand     `cmd:"" help:"Undo what a killed lab left behind."`
}

// Exit statuses beside those of the verdicts.
const (
	exitBadInput = scenarios.ExitCode
	exitAborted  = 130
)

func main() {
	// Redis nodes fail here by design; what matters of it is in the records.
	logging.Disable()
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, func() {
		stop() // a second Ctrl-C ends the lab at once; lab heal then cleans up
		fmt.Fprintln(os.Stderr, "\nstopping: healing faults and ending processes")
	})
	code := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if code != 0 && ctx.Err() != nil {
		code = exitAborted
	}
	os.Exit(code)
}

// execute is the program without its process: it returns the exit status.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var cli commands
	helped := false // for --help, kong wants to exit from the middle of Parse
	parser, err := kong.New(&cli, kong.Name("lab"), kong.Description(about), kong.Writers(stdout, stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Exit(func(int) { helped = true }))
	if err != nil {
		panic(err) // the commands above are wrong, not the input
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if helped {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "lab: %v\nlab --help shows what there is\n", err)
		return exitBadInput
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	parsed.BindTo(stdout, (*io.Writer)(nil))
	if err := parsed.Run(); err != nil {
		return fail(stderr, err)
	}
	return 0
}

// fail says what went wrong and finds the exit status in the error.
func fail(stderr io.Writer, err error) int {
	var status statusError
	if errors.As(err, &status) {
		return int(status)
	}
	fmt.Fprintf(stderr, "lab: %v\n", err)
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	return 3
}

// statusError ends the program with a status; everything has been said.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// statusOf ends the program with the verdict's status.
func statusOf(v record.Verdict) error {
	if code := v.ExitCode(); code != 0 {
		return statusError(code)
	}
	return nil
}

// inputError is bad input: exit status 64.
type inputError struct{ error }

func (inputError) ExitCode() int { return exitBadInput }

func (e inputError) Unwrap() error { return e.error }
