package run

import (
	"context"
	"fmt"
	"math/rand/v2"

	"paperlab/compose/process"
	"paperlab/faults"
	"paperlab/scenarios"
	"paperlab/scenarios/observe"
)

// planner turns a scenario's faults into ones on real targets. All its choices
// come from the seed.
type planner struct {
	rng      *rand.Rand
	stack    *process.Stack
	world    *world
	observer *observe.Observer
	ledger   faults.Ledger
	// picked remembers the choice for each role: "one summarizer loses one
	// node, then all of them" means the same one.
	picked map[string]*process.Service
}

func (p *planner) plan(list []scenarios.Fault) ([]faults.Planned, error) {
	p.picked = map[string]*process.Service{}
	var plan []faults.Planned
	for _, f := range list {
		fault, err := p.fault(f)
		if err != nil {
			return nil, fmt.Errorf("fault %s: %w", f.ID, err)
		}
		plan = append(plan, faults.Planned{Fault: fault, At: f.At, For: f.Lasts})
	}
	return plan, nil
}

func (p *planner) fault(f scenarios.Fault) (faults.Fault, error) {
	switch f.Kind {
	case scenarios.Kill:
		s, err := p.pick(*f.Kill)
		if err != nil {
			return nil, err
		}
		return faults.NewKill(s, p.work(s)), nil
	case scenarios.Freeze:
		s, err := p.pick(*f.Freeze)
		if err != nil {
			return nil, err
		}
		return faults.NewFreeze(s, p.ledger), nil
	case scenarios.Partition:
		return p.partition(*f.Partition)
	case scenarios.LLM:
		return faults.NewLLM(f.LLM.Mode, p.llms(f.LLM.Provider)...), nil
	case scenarios.Sink:
		return faults.NewSink(p.world.sink, f.Sink.Share), nil
	default:
		return nil, fmt.Errorf("no fault of kind %q can be injected", f.Kind)
	}
}

func (p *planner) pick(t scenarios.Target) (*process.Service, error) {
	if s := p.picked[t.Role]; s != nil {
		return s, nil
	}
	var names []string
	byName := map[string]*process.Service{}
	for _, s := range p.stack.Services(t.Role) {
		names = append(names, s.Name())
		byName[s.Name()] = s
	}
	chosen, err := faults.Pick(p.rng, t.Pick, names)
	if err != nil {
		return nil, err
	}
	p.picked[t.Role] = byName[chosen[0]]
	return p.picked[t.Role], nil
}

// partition cuts links of the process. One node means one that was made a
// master: a replica holds no shard, so losing it tests nothing.
func (p *planner) partition(f scenarios.PartitionFault) (faults.Fault, error) {
	s, err := p.pick(f.Target)
	if err != nil {
		return nil, err
	}
	nodes := p.stack.Cluster.Addrs()
	if f.From == "redis-one" {
		var masters []string
		for _, n := range p.stack.Cluster.Nodes() {
			if n.Role == process.Master {
				masters = append(masters, n.Addr)
			}
		}
		nodes = []string{masters[p.rng.IntN(len(masters))]}
	}
	return faults.NewPartition(p.stack.Links.Of(s.Name()), nodes...), nil
}

func (p *planner) llms(provider string) []faults.LLM {
	switch provider {
	case "ollama":
		return []faults.LLM{p.world.ollama}
	case "openai":
		return []faults.LLM{p.world.openai}
	default:
		return []faults.LLM{p.world.ollama, p.world.openai}
	}
}

// work is what a role that consumes a stream has in hand; nil for the others.
func (p *planner) work(s *process.Service) faults.Work {
	if s.Role() == "summarize" || s.Role() == "deliver" {
		return inHand{p.observer}
	}
	return nil
}

type inHand struct{ observer *observe.Observer }

// Pending implements faults.Work.
func (w inHand) Pending(ctx context.Context, member string) (int64, error) {
	return w.observer.InHand(ctx, member)
}
