package faults

import (
	"context"
	"errors"
	"fmt"
	"time"

	"paperlab/compose"
)

var _ = register(Kind{
	Name:    "freeze",
	About:   "SIGSTOP to a process, SIGCONT when healed: it holds its leases and connections and does nothing",
	Undo:    "SIGCONT, from the ledger",
	Fields:  []string{"role", "pick"},
	Example: "{role: deliver, pick: one}",
	Read:    func(f Fields, plan compose.Plan) Fault { return freeze{readProcess(f, plan)} },
})

type freeze struct{ process }

func (freeze) Mode() string    { return "" }
func (f freeze) Holds() []Hold { return []Hold{f.hold(Stops)} }

func (f freeze) Aim(s *Site) (Act, error) {
	freezer, err := compose.Power[compose.Freezer](s.Stack)
	if err != nil {
		return nil, err
	}
	members, err := s.choose(f.process)
	if err != nil {
		return nil, err
	}
	return severally(struck(members, "frozen"), members, func(m compose.Member) part { return &freezing{m, freezer} }), nil
}

// silence is how long an answer must be missing to count as missing.
const silence = 500 * time.Millisecond

type freezing struct {
	compose.Member
	freezer compose.Freezer
}

func (f *freezing) Before(ctx context.Context) (string, error) { return healthy(ctx, f.Member) }
func (f *freezing) Inject(ctx context.Context) error           { return f.freezer.Freeze(ctx, f.Name()) }

func (f *freezing) During(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	who, _ := f.Incarnation()
	if err := f.Health(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return "", fmt.Errorf("%s answered /healthz or refused (%v): it is not frozen", who, err)
	}
	return fmt.Sprintf("%s: no answer from /healthz in %v", who, silence), nil
}

func (f *freezing) Heal(ctx context.Context) error            { return f.freezer.Thaw(ctx, f.Name()) }
func (f *freezing) After(ctx context.Context) (string, error) { return healthy(ctx, f.Member) }
