package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"paperlab/compose/standin/corpus"
	"paperlab/compose/turn"
	"paperlab/reports/record"
	"paperlab/scenarios/proof"
	"paperlab/scenarios/run"
)

type sabotageCommand struct {
	Name string `arg:"" optional:"" help:"Plant this defect alone; none plants nothing."`
	Seed int64  `help:"Everything random comes from it." default:"1"`
	Out  string `help:"Folder of the reports." default:"reports/out" type:"path"`
	turnFlags
}

// Run plants one defect after the other. It fails if a checker stays silent,
// or if another one speaks.
func (c sabotageCommand) Run(ctx context.Context, stdout io.Writer) error {
	cases, err := c.cases()
	if err != nil {
		return err
	}
	t, err := c.take(ctx, "sabotage")
	if err != nil {
		return err
	}
	defer t.Leave()
	failed := 0
	for _, planted := range cases {
		result, err := c.run(ctx, planted, t)
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return statusError(exitAborted)
		}
		found, ok := planted.Judge(result)
		word := "as it must be"
		if !ok {
			failed++
			word = "WRONG: want " + orNone(planted.Red)
		}
		fmt.Fprintf(stdout, "%-24s %s: %s\n", planted.Name(), found, word)
	}
	if failed > 0 {
		fmt.Fprintf(stdout, "\n%d of %d: the judge cannot be trusted\n", failed, len(cases))
		return statusOf(record.Violation)
	}
	fmt.Fprintf(stdout, "\nall %d as they must be: the judge can say no, and for the right reason\n", len(cases))
	return nil
}

func orNone(red string) string {
	if red == "" {
		return "no checker red"
	}
	return red + " red and no other"
}

func (c sabotageCommand) cases() ([]proof.Case, error) {
	if c.Name == "" {
		return proof.Cases, nil
	}
	var names []string
	for _, planted := range proof.Cases {
		if planted.Name() == c.Name {
			return []proof.Case{planted}, nil
		}
		names = append(names, planted.Name())
	}
	return nil, unknownInput("sabotage", c.Name, names)
}

func (c sabotageCommand) run(ctx context.Context, planted proof.Case, t *turn.Turn) (record.Result, error) {
	s := planted.Scenario()
	progress := run.NewProgress(os.Stderr)
	defer progress.Done()
	// In a folder, and so an index, of their own: a red one is as it must be.
	o := run.Options{
		Scenario: s, Target: "sabotage", Profiles: []string{record.Hardened}, Seed: c.Seed, CorpusName: "builtin",
		CorpusOf: func(versions int) (*corpus.Corpus, error) { return corpus.Builtin(uint64(c.Seed), versions) },
		Out:      filepath.Join(c.Out, "sabotage"), Env: planted.Env(), DrainWithin: proof.DrainWithin, Progress: progress, Beside: t.Beside,
	}
	progress.Say("%s: %s", planted.Name(), planted.About)
	if err := prepare(ctx, &o, "papers-sabotage"); err != nil {
		return record.Result{}, err
	}
	result, _, err := run.Run(ctx, o)
	return result, err
}
