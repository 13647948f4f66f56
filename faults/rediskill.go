package faults

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"paperlab/compose"
	"paperlab/reports/history"
)

var _ = register(Kind{
	Name:    "redis-kill",
	About:   "SIGKILL to a Redis node, a master or a replica; started again with its data when healed",
	Undo:    "none: a dead node leaves nothing that its folder's undo does not remove",
	Fields:  []string{"node"},
	Example: "{node: master}",
	Lasts:   "restart_after",
	Read:    func(f Fields) Fault { return redisKill{f.Choice("node", "master", "replica")} },
})

type redisKill struct{ node string }

func (k redisKill) Mode() string    { return k.node }
func (k redisKill) Holds() []string { return []string{"node/" + k.node} }

// Aim chooses a node by what it was made as: a failover before the fault may
// have changed that, and the receipt says what it is.
func (k redisKill) Aim(s *Site) (Act, error) {
	killer, err := compose.Power[compose.NodeKiller](s.Stack)
	if err != nil {
		return nil, err
	}
	n, err := s.node(k.node == "master")
	return &killingNode{killer, n}, err
}

type killingNode struct {
	killer compose.NodeKiller
	node   compose.Node
}

func (k *killingNode) Facts() history.FaultFacts {
	return history.FaultFacts{Target: k.node.Name, Happened: "the Redis node " + k.node.Name + " was killed"}
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
