package faults

import (
	"context"
	"fmt"
	"slices"
	"strings"
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
	Read: func(f Fields, plan compose.Plan) Fault {
		k := kill{readProcess(f, plan)}
		if n := len(plan.Names(k.role)); k.consumes() && n > plan.Shards {
			f.Fail("pick", "with %d shards and %d processes of role %s not each has a shard, and work in hand when it is killed: have as many shards", plan.Shards, n, k.role)
		}
		return k
	},
})

type kill struct{ process }

func (kill) Mode() string     { return "" }
func (k kill) Holds() []Hold  { return []Hold{k.hold(Stops)} }
func (k kill) consumes() bool { return slices.Contains(consumers, k.role) }

// Needs implements Fed: work must come for it to have some in hand, and one that
// is started again is ready once it reaches Redis.
func (k kill) Needs() (begin, end []string) { return before[k.role], []string{redisStage} }

// Aim wants processes that can be killed. If they consume a stream, the act
// strikes only while entries are pending for each, and is proven only if entries
// are still pending after their death: a kill of an idle process tests nothing.
func (k kill) Aim(s *Site) (Act, error) {
	killer, err := compose.Power[compose.Killer](s.Stack)
	if err != nil {
		return nil, err
	}
	members, err := s.choose(k.process)
	if err != nil {
		return nil, err
	}
	var work Work
	if k.consumes() {
		work = s.Work
	}
	return patient{severally(struck(members, "killed"), members, func(m compose.Member) part {
		return &killing{Member: m, killer: killer, work: work}
	})}, nil
}

// struck are the facts of a fault on whole processes.
func struck(members []compose.Member, done string) history.FaultFacts {
	names := namesOf(members)
	return history.FaultFacts{Target: strings.Join(names, ", "), Processes: names, Happened: were(names, done)}
}

func namesOf(members []compose.Member) (names []string) {
	for _, m := range members {
		names = append(names, m.Name())
	}
	return names
}

// lookForWork is short, since a deliverer holds an entry for milliseconds.
const lookForWork = 2 * time.Millisecond

// patient waits for the moment at which all have work in hand.
type patient struct{ *several }

func (p patient) Before(ctx context.Context) (text string, err error) {
	tick := time.NewTicker(lookForWork)
	defer tick.Stop()
	for {
		found, failed := p.several.Before(ctx)
		if failed == nil {
			return found, nil
		}
		// What is said of the last look, if that was cut short, is that it was.
		if err == nil || !over(ctx) {
			err = failed
		}
		select {
		case <-ctx.Done():
			return "", err
		case <-tick.C:
		}
	}
}

type killing struct {
	compose.Member
	killer compose.Killer
	work   Work // nil for a process that consumes no stream
	victim string
}

func (k *killing) Before(ctx context.Context) (string, error) {
	var how string
	if k.victim, how = k.Incarnation(); how != "" {
		return "", fmt.Errorf("%s of %s is dead before the kill: %s", k.victim, k.Name(), how)
	}
	if k.work == nil {
		return k.victim + " alive", nil
	}
	n, err := k.work.InHand(ctx, k.Name())
	if n == 0 {
		return "", fmt.Errorf("wait for work in hand of %s: %d entries pending (%v); does the load reach it?", k.Name(), n, err)
	}
	return fmt.Sprintf("%s alive, %d entries pending for %s", k.victim, n, k.Name()), nil
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
	if n == 0 {
		return "", fmt.Errorf("%s, but %d entries are pending for %s (%v): not proven that it had work in hand", gone, n, k.Name(), err)
	}
	return fmt.Sprintf("%s; %d entries still pending", gone, n), nil
}

func (k *killing) Heal(ctx context.Context) error { return k.killer.Restart(ctx, k.Name()) }

func (k *killing) After(ctx context.Context) (string, error) { return healthy(ctx, k.Member) }
