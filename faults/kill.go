package faults

import (
	"context"
	"fmt"
	"slices"
	"time"

	"paperlab/compose"
	"paperlab/reports/history"
)

var _ = register(Kind{
	Name:    "kill",
	About:   "SIGKILL to a process with work in hand; started again when healed",
	Undo:    "none: a dead process leaves nothing, and its successor is the stack's child",
	Fields:  []string{"role", "pick"},
	Example: "{role: summarize, pick: one}",
	Lasts:   "restart_after",
	Read:    func(f Fields) Fault { return kill{readProcess(f)} },
})

type kill struct{ process }

func (kill) Mode() string      { return "" }
func (k kill) Holds() []string { return []string{k.hold()} }

// Aim wants a process that can be killed. If it consumes a stream, the act
// strikes only while entries are pending for it, and is proven only if entries
// are still pending after its death: a kill of an idle process tests nothing.
func (k kill) Aim(s *Site) (Act, error) {
	killer, err := compose.Power[compose.Killer](s.Stack)
	if err != nil {
		return nil, err
	}
	m, err := s.choose(k.process)
	act := &killing{Member: m, killer: killer}
	if slices.Contains(consumers, k.role) {
		act.work = s.Work
	}
	return act, err
}

// lookForWork is short, since a deliverer holds an entry for milliseconds.
const lookForWork = 2 * time.Millisecond

type killing struct {
	compose.Member
	killer compose.Killer
	work   Work // nil for a process that consumes no stream
	victim string
}

func (k *killing) Facts() history.FaultFacts {
	return history.FaultFacts{Target: k.Name(), Processes: []string{k.Name()}, Happened: k.Name() + " was killed"}
}

func (k *killing) Before(ctx context.Context) (string, error) {
	var how string
	if k.victim, how = k.Incarnation(); how != "" {
		return "", fmt.Errorf("%s of %s is dead before the kill: %s", k.victim, k.Name(), how)
	}
	if k.work == nil {
		return k.victim + " alive", nil
	}
	tick := time.NewTicker(lookForWork)
	defer tick.Stop()
	for {
		n, err := k.work.InHand(ctx, k.Name())
		if err == nil && n > 0 {
			return fmt.Sprintf("%s alive, %d entries pending for %s", k.victim, n, k.Name()), nil
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("wait for work in hand of %s: %d entries pending (%v): %w; does the load reach it?", k.Name(), n, err, ctx.Err())
		case <-tick.C:
		}
	}
}

func (k *killing) Inject(ctx context.Context) error { return k.killer.Kill(ctx, k.Name()) }

func (k *killing) During(ctx context.Context) (string, error) {
	_, how := k.Incarnation()
	if how == "" {
		return "", fmt.Errorf("%s still runs", k.victim)
	}
	gone := fmt.Sprintf("%s gone: %s", k.victim, how)
	if k.work == nil {
		return gone, nil
	}
	n, err := k.work.InHand(ctx, k.Name())
	if err != nil || n == 0 {
		return "", fmt.Errorf("%s, but %d entries are pending for %s (%v): not proven that it had work in hand", gone, n, k.Name(), err)
	}
	return fmt.Sprintf("%s; %d entries still pending", gone, n), nil
}

func (k *killing) Heal(ctx context.Context) error { return k.killer.Restart(ctx, k.Name()) }

func (k *killing) After(ctx context.Context) (string, error) { return healthy(ctx, k.Member) }
