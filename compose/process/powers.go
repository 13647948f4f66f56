package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"

	"paperlab/compose"
	"paperlab/compose/undo"
)

// The powers of this environment. It has neither NodeIsolator, which would need
// rules of the machine's firewall, nor ClockStepper, which would need a library
// loaded before redis-server's own.
var _ interface {
	compose.Killer
	compose.Freezer
	compose.LinkCutter
	compose.LinkShaper
	compose.NodeKiller
	compose.NodeFreezer
	compose.LogReader
} = (*stack)(nil)

// Kill implements compose.Killer by SIGKILL.
func (s *stack) Kill(_ context.Context, name string) error {
	m, err := s.member(name)
	if err != nil {
		return err
	}
	return m.signal(syscall.SIGKILL)
}

// Restart implements compose.Killer.
func (s *stack) Restart(ctx context.Context, name string) error {
	m, err := s.member(name)
	if err != nil {
		return err
	}
	return m.start(ctx)
}

// KillNode implements compose.NodeKiller by SIGKILL.
func (s *stack) KillNode(_ context.Context, name string) error {
	p, err := s.nodeProcess(name)
	if err != nil {
		return err
	}
	return p.Kill()
}

// RestartNode implements compose.NodeKiller.
func (s *stack) RestartNode(ctx context.Context, name string) error {
	p, err := s.nodeProcess(name)
	if err != nil {
		return err
	}
	if _, ended := p.ExitState(); !ended {
		return nil
	}
	return s.cluster.Restart(ctx, name)
}

// Freeze implements compose.Freezer by SIGSTOP.
func (s *stack) Freeze(_ context.Context, name string) error {
	m, err := s.member(name)
	if err != nil {
		return err
	}
	return s.frozen.stop(s.plan.Ledger, m.latest())
}

// Thaw implements compose.Freezer by SIGCONT.
func (s *stack) Thaw(_ context.Context, name string) error { return s.frozen.goOn(name) }

// FreezeNode implements compose.NodeFreezer by SIGSTOP.
func (s *stack) FreezeNode(_ context.Context, name string) error {
	p, err := s.nodeProcess(name)
	if err != nil {
		return err
	}
	return s.frozen.stop(s.plan.Ledger, p)
}

// ThawNode implements compose.NodeFreezer by SIGCONT.
func (s *stack) ThawNode(_ context.Context, name string) error { return s.frozen.goOn(name) }

// Cut implements compose.LinkCutter.
func (s *stack) Cut(ctx context.Context, member, target string) error {
	return s.links.Of(member).Cut(ctx, s.addressOf(target))
}

// Mend implements compose.LinkCutter.
func (s *stack) Mend(ctx context.Context, member, target string) error {
	return s.links.Of(member).Mend(ctx, s.addressOf(target))
}

// Shape implements compose.LinkShaper.
func (s *stack) Shape(_ context.Context, member, target string, how compose.Shape) error {
	return s.links.Of(member).Shape(s.addressOf(target), how)
}

// Via implements compose.LinkCutter and compose.LinkShaper.
func (s *stack) Via(member, target string) (string, error) {
	return s.links.Of(member).Address(s.addressOf(target))
}

// LogTail implements compose.LogReader.
func (s *stack) LogTail(part string) (string, error) {
	if m, err := s.member(part); err == nil {
		return m.latest().LogTail(), nil
	}
	p, err := s.nodeProcess(part)
	if err != nil {
		return "", err
	}
	return p.LogTail(), nil
}

func (s *stack) member(name string) (*member, error) {
	var names []string
	for _, m := range s.members {
		if m.name == name {
			return m, nil
		}
		names = append(names, m.name)
	}
	return nil, fmt.Errorf("%w: %q, only %s", errNoPart, name, strings.Join(names, ", "))
}

func (s *stack) nodeProcess(name string) (*Process, error) {
	if p := s.cluster.Process(name); p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("%w: %q, only %s", errNoPart, name, strings.Join(s.nodeNames(), ", "))
}

// frozen are the processes that were stopped, by name, each with its undo.
type frozen struct {
	mu      sync.Mutex
	stopped map[string]stoppedProcess
}

type stoppedProcess struct {
	process *Process
	entry   *undo.Entry
}

// stop writes the undo first: a stopped process ignores SIGTERM.
func (f *frozen) stop(ledger *undo.Ledger, p *Process) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	entry, err := ledger.Add(frozenKind, fmt.Sprintf("pid %d (%s) stopped", p.Pid(), p.Name()), p.Pid())
	if err != nil {
		return err
	}
	if f.stopped == nil {
		f.stopped = map[string]stoppedProcess{}
	}
	f.stopped[p.Name()] = stoppedProcess{p, entry}
	return p.Signal(syscall.SIGSTOP)
}

func (f *frozen) goOn(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, was := f.stopped[name]
	if !was {
		return nil
	}
	if err := s.process.Signal(syscall.SIGCONT); err != nil && !errors.Is(err, ErrExited) {
		return err
	}
	delete(f.stopped, name)
	s.entry.Done()
	return nil
}

// undoFreeze needs no check that the pid is still the same process: SIGCONT does
// nothing to one that is not stopped.
func undoFreeze(_ context.Context, _ string, r undo.Record) (string, error) {
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
