package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"paperlab/compose"
	"paperlab/reports/history"
)

var _ = register(Kind{
	Name:    "redis-kill",
	About:   "SIGKILL to Redis nodes, masters or replicas; started again with its data when healed",
	Undo:    "none: a dead node leaves nothing that its folder's undo does not remove",
	Fields:  []string{"node", "pick"},
	Example: "{node: master, pick: one}",
	Lasts:   "restart_after",
	Read:    func(f Fields, _ compose.Plan) Fault { return redisKill{readNode(f)} },
})

type redisKill struct{ node }

func (k redisKill) Mode() string  { return k.made }
func (k redisKill) Holds() []Hold { return []Hold{k.hold(Stops)} }

func (k redisKill) Aim(s *Site) (Act, error) {
	killer, err := compose.Power[compose.NodeKiller](s.Stack)
	if err != nil {
		return nil, err
	}
	nodes, err := s.nodes(k.node)
	if err != nil {
		return nil, err
	}
	return severally(struckNodes(nodes, "killed"), nodes, func(n compose.Node) part { return &killingNode{killer, n} }), nil
}

// struckNodes are the facts of a fault on whole Redis nodes.
func struckNodes(nodes []compose.Node, done string) history.FaultFacts {
	var names []string
	for _, n := range nodes {
		names = append(names, n.Name)
	}
	what := "the Redis node "
	if len(names) > 1 {
		what = "the Redis nodes "
	}
	return history.FaultFacts{Target: strings.Join(names, ", "), Happened: what + were(names, done)}
}

type killingNode struct {
	killer compose.NodeKiller
	node   compose.Node
}

func (k *killingNode) Before(ctx context.Context) (string, error) { return serves(ctx, k.node) }
func (k *killingNode) Inject(ctx context.Context) error {
	return k.killer.KillNode(ctx, k.node.Name)
}

func (k *killingNode) During(ctx context.Context) (string, error) {
	answer, err := ask(ctx, k.node.Addr, "PING")
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return "", fmt.Errorf("PING to %s: answer %q, %v: it is not gone", k.node.Name, answer, err)
	}
	return fmt.Sprintf("PING to %s at %s: connection refused", k.node.Name, k.node.Addr), nil
}

func (k *killingNode) Heal(ctx context.Context) error {
	return k.killer.RestartNode(ctx, k.node.Name)
}

// After is patient: a node that was away loads its data first, and may come back
// as the replica of whom it was the master of.
func (k *killingNode) After(ctx context.Context) (string, error) { return serves(ctx, k.node) }

// serves is the evidence that a Redis node answers.
func serves(ctx context.Context, n compose.Node) (string, error) {
	began := time.Now()
	answer, err := ask(ctx, n.Addr, "PING")
	if err != nil || answer != "PONG" {
		return "", fmt.Errorf("PING to %s at %s: answer %q: %w", n.Name, n.Addr, answer, err)
	}
	return fmt.Sprintf("%s answers PONG in %s", n.Name, short(time.Since(began))), nil
}
