package faults

import (
	"context"
	"errors"
	"fmt"
	"os"

	"paperlab/compose"
	"paperlab/reports/history"
)

var _ = register(Kind{
	Name:    "redis-freeze",
	About:   "SIGSTOP to a Redis node, a master or a replica, SIGCONT when healed: it keeps its connections and answers nobody",
	Undo:    "SIGCONT, from the ledger",
	Fields:  []string{"node"},
	Example: "{node: master}",
	Read:    func(f Fields) Fault { return redisFreeze{f.Choice("node", "master", "replica")} },
})

type redisFreeze struct{ node string }

func (r redisFreeze) Mode() string    { return r.node }
func (r redisFreeze) Holds() []string { return []string{"node/" + r.node} }

func (r redisFreeze) Aim(s *Site) (Act, error) {
	freezer, err := compose.Power[compose.NodeFreezer](s.Stack)
	if err != nil {
		return nil, err
	}
	n, err := s.node(r.node == "master")
	return &freezingNode{freezer, n}, err
}

type freezingNode struct {
	freezer compose.NodeFreezer
	node    compose.Node
}

func (f *freezingNode) Facts() history.FaultFacts {
	return history.FaultFacts{Target: f.node.Name, Happened: "the Redis node " + f.node.Name + " was frozen"}
}

func (f *freezingNode) Before(ctx context.Context) (string, error) { return serves(ctx, f.node) }
func (f *freezingNode) Inject(ctx context.Context) error {
	return f.freezer.FreezeNode(ctx, f.node.Name)
}

// During wants silence: a node that refuses connections is dead and not frozen.
func (f *freezingNode) During(ctx context.Context) (string, error) {
	answer, err := ask(ctx, f.node.Addr, "PING")
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return "", fmt.Errorf("PING to %s: answer %q, %v: it is not frozen", f.node.Name, answer, err)
	}
	return fmt.Sprintf("PING to %s at %s: no answer in %v", f.node.Name, f.node.Addr, silence), nil
}

func (f *freezingNode) Heal(ctx context.Context) error            { return f.freezer.ThawNode(ctx, f.node.Name) }
func (f *freezingNode) After(ctx context.Context) (string, error) { return serves(ctx, f.node) }
