package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

var partitionKind = register(Kind{
	Name:  "partition",
	About: "one process loses its network to one Redis node or to all of them",
	Undo:  "none: the links run inside the lab and die with it",
})

// Links are one process's paths to the Redis nodes, by their real host:port.
type Links interface {
	// Process names whose links they are.
	Process() string
	// Address is what the process dials to reach the node.
	Address(node string) (string, error)
	// Cut lets no byte pass and leaves connections as they are.
	Cut(ctx context.Context, node string) error
	Mend(ctx context.Context, node string) error
}

type partition struct {
	links Links
	nodes []string
}

// NewPartition cuts the process from these nodes.
func NewPartition(l Links, nodes ...string) Fault { return &partition{l, nodes} }

func (p *partition) ID() string {
	where := fmt.Sprintf("%d-nodes", len(p.nodes))
	if len(p.nodes) == 1 {
		where = p.nodes[0]
	}
	return partitionKind + "-" + p.links.Process() + "-" + where
}
func (p *partition) Kind() string { return partitionKind }
func (p *partition) Target() string {
	return p.links.Process() + " to " + strings.Join(p.nodes, ", ")
}

func (p *partition) Holds() (held []string) {
	for _, node := range p.nodes {
		held = append(held, "link/"+p.links.Process()+"/"+node)
	}
	return held
}

func (p *partition) Before(ctx context.Context) (string, error) { return p.pings(ctx, true) }
func (p *partition) Inject(ctx context.Context) error           { return p.each(ctx, p.links.Cut) }
func (p *partition) During(ctx context.Context) (string, error) { return p.pings(ctx, false) }
func (p *partition) Heal(ctx context.Context) error             { return p.each(ctx, p.links.Mend) }
func (p *partition) After(ctx context.Context) (string, error)  { return p.pings(ctx, true) }

func (p *partition) each(ctx context.Context, act func(context.Context, string) error) (err error) {
	for _, node := range p.nodes {
		err = errors.Join(err, act(ctx, node)) // a heal must not stop at the first link
	}
	return err
}

// pings asks every link at once: evidence is that all answer, or that none do.
func (p *partition) pings(ctx context.Context, want bool) (string, error) {
	var g errgroup.Group
	texts := make([]string, len(p.nodes))
	for i, node := range p.nodes {
		g.Go(func() (err error) {
			texts[i], err = p.ping(ctx, node, want)
			return err
		})
	}
	err := g.Wait()
	return strings.Join(texts, "; "), err
}

func (p *partition) ping(ctx context.Context, node string, want bool) (string, error) {
	what := fmt.Sprintf("PING via %s's link to %s", p.links.Process(), node)
	addr, err := p.links.Address(node)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	began := time.Now()
	answer, err := ping(ctx, addr)
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

// Tell implements Telling.
func (p *partition) Tell() (string, []string, string) {
	where := strings.Join(p.nodes, ", ")
	if n := len(p.nodes); n > 2 {
		where = fmt.Sprintf("%d addresses", n)
	}
	process := p.links.Process()
	return "", []string{process}, fmt.Sprintf("%s was cut off from %s by a network partition", process, where)
}
