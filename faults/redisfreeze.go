package faults

import (
	"context"
	"errors"
	"fmt"
	"os"

	"paperlab/compose"
)

var _ = register(Kind{
	Name:    "redis-freeze",
	About:   "SIGSTOP to Redis nodes, masters or replicas, SIGCONT when healed: it keeps its connections and answers nobody",
	Undo:    "SIGCONT, from the ledger",
	Fields:  []string{"node", "pick"},
	Example: "{node: master, pick: one}",
	Read:    func(f Fields, _ compose.Plan) Fault { return redisFreeze{readNode(f)} },
})

type redisFreeze struct{ node }

func (r redisFreeze) Mode() string  { return r.made }
func (r redisFreeze) Holds() []Hold { return []Hold{r.hold(Stops)} }

func (r redisFreeze) Aim(s *Site) (Act, error) {
	freezer, err := compose.Power[compose.NodeFreezer](s.Stack)
	if err != nil {
		return nil, err
	}
	nodes, err := s.nodes(r.node)
	if err != nil {
		return nil, err
	}
	return severally(struckNodes(nodes, "frozen"), nodes, func(n compose.Node) part { return &freezingNode{freezer, n} }), nil
}

type freezingNode struct {
	freezer compose.NodeFreezer
	node    compose.Node
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
