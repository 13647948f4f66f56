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
	// drawn remembers the order that was drawn, by what it was drawn of: "one
	// summarizer loses one node, then all of them" means the same one.
	drawn map[string][]string
}

// Work counts the entries that a member of a consumer group has been given and
// has not acknowledged, summed over all shards, with a client of its own. Beside
// an error it counts what could be read.
type Work interface {
	InHand(ctx context.Context, member string) (int64, error)
}

// ErrNoTarget is wrapped by Aim where what is to be struck is not there.
var ErrNoTarget = errors.New("there is nothing to strike")

// consumers are the roles that consume a stream: they can have work in hand.
var consumers = []string{"summarize", "deliver"}

// process is how a scenario file chooses processes of the service.
type process struct {
	role string
	Pick
}

func readProcess(f Fields, plan compose.Plan) process {
	role := f.Choice("role", "crawl", "summarize", "deliver", "watch")
	return process{role, readPick(f, "role "+role, plan.Names(role))}
}

func (p process) hold(use Use) Hold { return Hold{"process/" + p.role, p.Pick, use} }

// link is the hold of the processes' own links to a target.
func (p process) link(to string, use Use) Hold {
	return Hold{"link/" + p.role + "/" + to, p.Pick, use}
}

// choose picks processes of the role, in the order of their numbers.
func (s *Site) choose(p process) ([]compose.Member, error) {
	return chosen(s, "role "+p.role, s.Stack.Members(p.role), compose.Member.Name, p.Pick)
}

// node is how a scenario file chooses Redis nodes, by what they were made as: a
// failover before the fault may have changed that.
type node struct {
	made string // master or replica
	Pick
}

// readNode reads node and pick; without a pick it is one.
func readNode(f Fields) node {
	n := node{made: f.Choice("node", "master", "replica")}
	names := compose.NodeNames(n.made == "master")
	if n.Pick = oneOf(len(names)); f.Has("pick") {
		n.Pick = readPick(f, "the Redis nodes that are made a "+n.made, names)
	}
	return n
}

func (n node) hold(use Use) Hold { return Hold{"node/" + n.made, n.Pick, use} }

// allNodes are all Redis nodes, which must answer.
func allNodes() []Hold {
	return []Hold{
		node{"master", everyOne(compose.Masters)}.hold(Shares),
		node{"replica", everyOne(compose.Replicas)}.hold(Shares),
	}
}

// oneMaster is the master that is "one".
var oneMaster = node{"master", oneOf(compose.Masters)}

// nodes picks Redis nodes, in the order of their numbers.
func (s *Site) nodes(n node) ([]compose.Node, error) {
	all := slices.DeleteFunc(s.Stack.Nodes(), func(one compose.Node) bool { return one.Master != (n.made == "master") })
	return chosen(s, "the Redis nodes that are made a "+n.made, all, func(n compose.Node) string { return n.Name }, n.Pick)
}

// chosen are those of all that are picked.
func chosen[T any](s *Site, what string, all []T, nameOf func(T) string, p Pick) ([]T, error) {
	named := map[string]T{}
	var names []string
	for _, one := range all {
		names = append(names, nameOf(one))
		named[nameOf(one)] = one
	}
	picked, err := s.pick(what, inOrder(names), p)
	var out []T
	for _, name := range picked {
		out = append(out, named[name])
	}
	return out, err
}

func (s *Site) pick(what string, names []string, p Pick) ([]string, error) {
	if p.name != "" && slices.Contains(names, p.name) {
		return []string{p.name}, nil
	}
	if p.name != "" || p.to > len(names) {
		return nil, fmt.Errorf("%w: pick is %s, and of %s there are %d: %s", ErrNoTarget, p.Word, what, len(names), strings.Join(names, ", "))
	}
	if s.drawn[what] == nil {
		if s.drawn == nil {
			s.drawn = map[string][]string{}
		}
		s.Rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		s.drawn[what] = names
	}
	return inOrder(slices.Clone(s.drawn[what][p.from:p.to])), nil
}
