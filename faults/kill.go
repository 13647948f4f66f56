package faults

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
)

var killKind = register(Kind{
	Name:  "kill",
	About: "SIGKILL to a process with work in hand; started again when healed",
	Undo:  "none: a dead process leaves nothing, and its successor is the stack's child",
})

// Killable is what kill needs of a process of the service.
type Killable interface {
	Name() string
	Pid() int // as last started
	Signal(sig os.Signal) error
	// Ended is what wait(2) told ("signal: killed"), empty while it runs.
	Ended() string
	// Start starts it again under the same name, unless it runs.
	Start(ctx context.Context) error
	Health(ctx context.Context) error // asks /healthz
}

// Work counts the entries that a member of a consumer group has been given and
// has not acknowledged, summed over all shards, with a client of its own.
type Work interface {
	Pending(ctx context.Context, member string) (int64, error)
}

// lookForWork is short, since a deliverer holds an entry for milliseconds.
const lookForWork = 2 * time.Millisecond

type kill struct {
	process Killable
	work    Work
	pid     int
}

// NewKill kills the process. With a Work it strikes only while entries are
// pending for the process, and is proven only if entries are still pending
// after its death: a kill of an idle process tests nothing. Work is nil for a
// process that consumes no stream.
func NewKill(p Killable, w Work) Fault { return &kill{process: p, work: w} }

func (k *kill) ID() string      { return killKind + "-" + k.process.Name() }
func (k *kill) Kind() string    { return killKind }
func (k *kill) Target() string  { return k.process.Name() }
func (k *kill) Holds() []string { return []string{"process/" + k.process.Name()} }

func (k *kill) Before(ctx context.Context) (string, error) {
	k.pid = k.process.Pid()
	if how := k.process.Ended(); how != "" {
		return "", fmt.Errorf("pid %d of %s is dead before the kill: %s", k.pid, k.process.Name(), how)
	}
	if k.work == nil {
		return fmt.Sprintf("pid %d alive", k.pid), nil
	}
	tick := time.NewTicker(lookForWork)
	defer tick.Stop()
	for {
		n, err := k.work.Pending(ctx, k.process.Name())
		if err == nil && n > 0 {
			return fmt.Sprintf("pid %d alive, %d entries pending for %s", k.pid, n, k.process.Name()), nil
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("wait for work in hand of %s: %d entries pending (%v): %w; does the load reach it?", k.process.Name(), n, err, ctx.Err())
		case <-tick.C:
		}
	}
}

func (k *kill) Inject(context.Context) error { return k.process.Signal(syscall.SIGKILL) }

func (k *kill) During(ctx context.Context) (string, error) {
	how := k.process.Ended()
	if how == "" {
		return "", fmt.Errorf("pid %d still runs", k.pid)
	}
	gone := fmt.Sprintf("pid %d gone: %s", k.pid, how)
	if k.work == nil {
		return gone, nil
	}
	n, err := k.work.Pending(ctx, k.process.Name())
	if err != nil || n == 0 {
		return "", fmt.Errorf("%s, but %d entries are pending for %s (%v): not proven that it had work in hand", gone, n, k.process.Name(), err)
	}
	return fmt.Sprintf("%s; %d entries still pending", gone, n), nil
}

func (k *kill) Heal(ctx context.Context) error { return k.process.Start(ctx) }

func (k *kill) After(ctx context.Context) (string, error) { return healthy(ctx, k.process) }

// Tell implements Telling.
func (k *kill) Tell() (string, []string, string) {
	return "", []string{k.process.Name()}, k.process.Name() + " was killed"
}
