package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"paperlab/compose"
	"paperlab/reports/history"
)

var _ = register(Kind{
	Name:    "partition",
	About:   "a process, or several, loses its network to one Redis node or to all of them",
	Undo:    "none: the links run inside the lab and die with it",
	Fields:  []string{"role", "pick", "from"},
	Example: "{role: summarize, pick: one, from: redis-one}",
	Read: func(f Fields, plan compose.Plan) Fault {
		return partition{readProcess(f, plan), f.Choice("from", "redis-one", "redis-all")}
	},
})

type partition struct {
	process
	from string
}

func (p partition) Mode() string { return p.from }

// Holds: what is cut off must live, and the nodes that it is cut off from must
// answer everybody else.
func (p partition) Holds() []Hold {
	if p.from == "redis-one" {
		return []Hold{p.link(allOfRedis, Breaks), p.hold(Shares), oneMaster.hold(Shares)}
	}
	return append(allNodes(), p.link(allOfRedis, Stops), p.hold(Shares))
}

// Aim chooses the nodes. One means the "one" of those that were made masters: a
// replica holds no shard, so losing it tests nothing.
func (p partition) Aim(s *Site) (Act, error) {
	cutter, err := compose.Power[compose.LinkCutter](s.Stack)
	if err != nil {
		return nil, err
	}
	members, err := s.choose(p.process)
	if err != nil {
		return nil, err
	}
	nodes := s.Stack.Nodes()
	if p.from == "redis-one" {
		if nodes, err = s.nodes(oneMaster); err != nil {
			return nil, err
		}
	}
	return severally(p.facts(namesOf(members), nodes), members, func(m compose.Member) part { return &cutOff{cutter, m.Name(), nodes} }), nil
}

func (partition) facts(members []string, nodes []compose.Node) history.FaultFacts {
	var names []string
	for _, n := range nodes {
		names = append(names, n.Name)
	}
	from := names[0]
	if len(names) > 1 {
		from = fmt.Sprintf("%d Redis nodes", len(names))
	}
	return history.FaultFacts{
		Target: strings.Join(members, ", ") + " to " + strings.Join(names, ", "), Processes: members,
		Happened: were(members, fmt.Sprintf("cut off from %s by a network partition", from)),
	}
}

type cutOff struct {
	cutter compose.LinkCutter
	member string
	nodes  []compose.Node
}

func (c *cutOff) Before(ctx context.Context) (string, error) { return c.pings(ctx, true) }
func (c *cutOff) Inject(ctx context.Context) error           { return c.each(ctx, c.cutter.Cut) }
func (c *cutOff) During(ctx context.Context) (string, error) { return c.pings(ctx, false) }
func (c *cutOff) Heal(ctx context.Context) error             { return c.each(ctx, c.cutter.Mend) }
func (c *cutOff) After(ctx context.Context) (string, error)  { return c.pings(ctx, true) }

func (c *cutOff) each(ctx context.Context, act func(context.Context, string, string) error) (err error) {
	for _, n := range c.nodes {
		err = errors.Join(err, act(ctx, c.member, n.Name)) // a heal must not stop at the first link
	}
	return err
}

// pings asks every link at once: evidence is that all answer, or that none do.
func (c *cutOff) pings(ctx context.Context, want bool) (string, error) {
	var g errgroup.Group
	texts := make([]string, len(c.nodes))
	for i, n := range c.nodes {
		g.Go(func() (err error) {
			texts[i], err = c.ping(ctx, n.Name, want)
			return err
		})
	}
	err := g.Wait()
	return strings.Join(texts, "; "), err
}

func (c *cutOff) ping(ctx context.Context, node string, want bool) (string, error) {
	what := fmt.Sprintf("PING via %s's link to %s", c.member, node)
	addr, err := c.cutter.Via(c.member, node)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	began := time.Now()
	answer, err := ask(ctx, addr, "PING")
	// A refusal, or a reading that was cut short, is no silence.
	switch took := time.Since(began); {
	case err == nil && want:
		return fmt.Sprintf("%s: %s in %s", what, answer, short(took)), nil
	case err != nil && !want && took >= silence:
		return fmt.Sprintf("%s: no answer in %s", what, short(took)), nil
	default:
		return "", fmt.Errorf("%s: answer %q after %s: %w", what, answer, short(took), err)
	}
}
