package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"paperlab/compose"
	"paperlab/compose/undo"
	"paperlab/system/child"
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
	compose.ProcessLister
} = (*stack)(nil)

// Kill implements compose.Killer by SIGKILL.
func (s *stack) Kill(_ context.Context, name string) error {
	m, err := s.member(name)
	if err != nil {
		return err
	}
	return m.kill()
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
	p, err := s.part(name)
	if err != nil {
		return err
	}
	return p.Kill()
}

// RestartNode implements compose.NodeKiller.
func (s *stack) RestartNode(ctx context.Context, name string) error {
	p, err := s.part(name)
	if err != nil || p.Ended() == "" {
		return err
	}
	return s.cluster.Restart(ctx, name)
}

// Freeze implements compose.Freezer by SIGSTOP. The undo is written first: a
// stopped process ignores SIGTERM.
func (s *stack) Freeze(_ context.Context, name string) error {
	p, err := s.part(name)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	entry, err := s.plan.Ledger.Add(frozenKind, fmt.Sprintf("pid %d (%s) stopped", p.Pid(), name), p.Pid())
	if err != nil {
		return err
	}
	s.frozen[name] = frozen{p, entry}
	return p.Signal(syscall.SIGSTOP)
}

// Thaw implements compose.Freezer by SIGCONT.
func (s *stack) Thaw(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, was := s.frozen[name]
	if !was {
		return nil
	}
	if err := f.process.Signal(syscall.SIGCONT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	delete(s.frozen, name)
	f.entry.Done()
	return nil
}

// FreezeNode implements compose.NodeFreezer.
func (s *stack) FreezeNode(ctx context.Context, name string) error { return s.Freeze(ctx, name) }

// ThawNode implements compose.NodeFreezer.
func (s *stack) ThawNode(ctx context.Context, name string) error { return s.Thaw(ctx, name) }

// Cut implements compose.LinkCutter.
func (s *stack) Cut(_ context.Context, member, target string) error {
	return s.links.Cut(member, s.addressOf(target))
}

// Mend implements compose.LinkCutter.
func (s *stack) Mend(_ context.Context, member, target string) error {
	return s.links.Mend(member, s.addressOf(target))
}

// Shape implements compose.LinkShaper.
func (s *stack) Shape(_ context.Context, member, target string, how compose.Shape) error {
	return s.links.Shape(member, s.addressOf(target), how)
}

// Via implements compose.LinkCutter and compose.LinkShaper.
func (s *stack) Via(member, target string) (string, error) {
	return s.links.Address(member, s.addressOf(target))
}

// Processes implements compose.ProcessLister.
func (s *stack) Processes() (members, nodes []int) {
	for _, m := range s.members {
		members = append(members, running(m.latest())...)
	}
	for _, name := range s.nodeNames() {
		nodes = append(nodes, running(s.cluster.Process(name))...)
	}
	return members, nodes
}

func running(p *child.Process) []int {
	if p == nil || p.Ended() != "" {
		return nil
	}
	return []int{p.Pid()}
}

// part is the latest process of a node or member.
func (s *stack) part(name string) (*child.Process, error) {
	if p := s.cluster.Process(name); p != nil {
		return p, nil
	}
	m, err := s.member(name)
	if err != nil {
		return nil, err
	}
	return m.latest(), nil
}

func (s *stack) member(name string) (*member, error) {
	names := s.nodeNames()
	for _, m := range s.members {
		if m.name == name {
			return m, nil
		}
		names = append(names, m.name)
	}
	return nil, fmt.Errorf("there is no such part: %q, only %s", name, strings.Join(names, ", "))
}

// frozen is a process that was stopped.
type frozen struct {
	process *child.Process
	entry   *undo.Entry
}

// frozenKind is the undo of a process that was stopped: it would not end with
// the lab by itself.
const frozenKind = "freeze"

func init() { undo.Register(frozenKind, undoFreeze) }

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
