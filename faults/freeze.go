package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"paperlab/compose/undo"
)

var freezeKind = register(Kind{
	Name:  "freeze",
	About: "SIGSTOP to a process, SIGCONT when healed: it holds its leases and connections and does nothing",
	Undo:  "SIGCONT, from the ledger",
})

func init() { undo.Register(freezeKind, thaw) }

// Freezable is what freeze needs of a process of the service.
type Freezable interface {
	Name() string
	Pid() int
	Signal(sig os.Signal) error
	// Health asks the process's /healthz.
	Health(ctx context.Context) error
}

// silence is how long an answer must be missing to count as missing.
const silence = 500 * time.Millisecond

type freeze struct {
	process Freezable
	ledger  Ledger
	entry   *undo.Entry
}

// NewFreeze stops the process without ending it. A stopped process ignores
// SIGTERM, so its undo goes to the ledger first.
func NewFreeze(p Freezable, l Ledger) Fault { return &freeze{process: p, ledger: l} }

func (f *freeze) ID() string      { return freezeKind + "-" + f.process.Name() }
func (f *freeze) Kind() string    { return freezeKind }
func (f *freeze) Target() string  { return f.process.Name() }
func (f *freeze) Holds() []string { return []string{"process/" + f.process.Name()} }

func (f *freeze) Before(ctx context.Context) (string, error) { return healthy(ctx, f.process) }

func (f *freeze) Inject(context.Context) (err error) {
	pid := f.process.Pid()
	f.entry, err = f.ledger.Add(freezeKind, fmt.Sprintf("pid %d (%s) stopped", pid, f.process.Name()), pid)
	if err != nil {
		return err
	}
	return f.process.Signal(syscall.SIGSTOP)
}

func (f *freeze) During(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	if err := f.process.Health(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return "", fmt.Errorf("pid %d answered /healthz or refused (%v): it is not frozen", f.process.Pid(), err)
	}
	return fmt.Sprintf("pid %d: no answer from /healthz in %v", f.process.Pid(), silence), nil
}

func (f *freeze) Heal(context.Context) error {
	if err := f.process.Signal(syscall.SIGCONT); err != nil {
		return err
	}
	if f.entry != nil {
		f.entry.Done()
	}
	return nil
}

func (f *freeze) After(ctx context.Context) (string, error) { return healthy(ctx, f.process) }

// thaw needs no check that the pid is still the same process: SIGCONT does
// nothing to one that is not stopped.
func thaw(_ context.Context, _ string, r undo.Record) (string, error) {
	var pid int
	if err := json.Unmarshal(r.Data, &pid); err != nil || pid <= 1 {
		return "", fmt.Errorf("freeze's pid %s: %w", r.Data, err)
	}
	if err := syscall.Kill(pid, syscall.SIGCONT); errors.Is(err, syscall.ESRCH) {
		return "", nil
	} else if err != nil {
		return "", fmt.Errorf("SIGCONT to pid %d: %w", pid, err)
	}
	return fmt.Sprintf("let pid %d go on", pid), nil
}

// Tell implements Telling.
func (f *freeze) Tell() (string, []string, string) {
	return "", []string{f.process.Name()}, f.process.Name() + " was frozen"
}
