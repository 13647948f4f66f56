package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"paperlab/compose"
)

// Site is the running system that faults are aimed at. All choices come from
// its source, so that equal seeds give equal targets.
type Site struct {
	Stack compose.Stack
	// Standins are the surroundings that can be made to fail, by their names as
	// targets; Sink is the one with many receivers.
	Standins map[string]Standin
	Sink     Sink
	// Receivers are the subscribers whose webhooks the sink answers.
	Receivers []string
	Work      Work
	Rand      *rand.Rand
	// picked remembers the choice for each role: "one summarizer loses one node,
	// then all of them" means the same one.
	picked map[string]compose.Member
}

// Work counts the entries that a member of a consumer group has been given and
// has not acknowledged, summed over all shards, with a client of its own.
type Work interface {
	InHand(ctx context.Context, member string) (int64, error)
}

// ErrNoTarget is wrapped by Aim where what is to be struck is not there.
var ErrNoTarget = errors.New("there is nothing to strike")

// consumers are the roles that consume a stream: they can have work in hand.
var consumers = []string{"summarize", "deliver"}

// process is how a scenario file chooses a process of the service.
type process struct{ role, pick string }

func readProcess(f Fields) process {
	return process{f.Choice("role", "crawl", "summarize", "deliver", "watch"), f.Choice("pick", "one")}
}

func (p process) hold() string { return "process/" + p.role }

// choose picks a process of the role.
func (s *Site) choose(p process) (compose.Member, error) {
	if m := s.picked[p.role]; m != nil {
		return m, nil
	}
	members := s.Stack.Members(p.role)
	if len(members) == 0 {
		return nil, fmt.Errorf("%w: no process of role %s runs", ErrNoTarget, p.role)
	}
	slices.SortFunc(members, func(a, b compose.Member) int { return strings.Compare(a.Name(), b.Name()) })
	if s.picked == nil {
		s.picked = map[string]compose.Member{}
	}
	s.picked[p.role] = members[s.Rand.IntN(len(members))]
	return s.picked[p.role], nil
}

// node picks a Redis node that was made a master, or one that was not.
func (s *Site) node(master bool) (compose.Node, error) {
	nodes := slices.DeleteFunc(s.Stack.Nodes(), func(n compose.Node) bool { return n.Master != master })
	if len(nodes) == 0 {
		return compose.Node{}, fmt.Errorf("%w: the cluster has no such Redis node", ErrNoTarget)
	}
	return nodes[s.Rand.IntN(len(nodes))], nil
}
