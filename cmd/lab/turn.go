package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"paperlab/compose/turn"
	"paperlab/scenarios/run"
)

// turnFlags are what all commands have that need the machine for themselves.
type turnFlags struct {
	Beside bool `help:"Do not wait for another run on this machine to end: run beside it. Both records say so, and times may mean nothing."`
}

// take waits until it is the command's turn, and says for whom. Where the queue
// cannot be used it warns and goes on, with a turn that knows of nobody: whether the
// machine was too busy is measured in any case.
func (f turnFlags) take(ctx context.Context, what string) (*turn.Turn, error) {
	progress, told, began := run.NewProgress(os.Stderr), "", time.Now()
	defer progress.Done()
	t, err := turn.Take(ctx, what, f.Beside, func(before []turn.Run) {
		first, more := before[0].String(), ""
		if n := len(before) - 1; n > 0 {
			more = fmt.Sprintf(" and %d more", n)
		}
		if told != first {
			progress.Say("this machine is taken by %s%s: waiting for its end; --beside (make: BESIDE=1) does not wait", first, more)
			told = first
			return
		}
		progress.Live("waited %.0f s for %s%s", time.Since(began).Seconds(), first, more)
	})
	switch {
	case ctx.Err() != nil:
		return nil, statusError(exitAborted)
	case err != nil:
		progress.Say("other runs on this machine cannot be seen, so this one does not wait for them: %v", err)
		return new(turn.Turn), nil
	}
	for _, other := range t.Beside() {
		progress.Say("running beside %s: times may mean nothing", other)
	}
	return t, nil
}
