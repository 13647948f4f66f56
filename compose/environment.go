// Package compose says what a run needs of the place where its parts run, and
// nothing of how a place gives it.
//
//	Environment ──Start(Plan)──▶ Stack        what every environment has
//	                              ├ Killer, Freezer, LinkCutter, LinkShaper,
//	                              │ NodeKiller, NodeFreezer, NodeIsolator,
//	                              │ ClockStepper, ProcessLister
//	                              └ powers: what some can do to the parts
//
// A part is a process of the service (a [Member]) or a Redis server (a [Node]).
// Each goes by a name that outlives restarts ("summarize-2", "redis-1"), and so
// does what it talks to: the nodes, and the [Surroundings] under the names in
// [Targets]. Who breaks things knows these names and asks for a power; which
// signal, container or firewall rule is behind it is the environment's matter.
//
// An environment that cannot do a thing does not have its power: [Power] then
// answers a [MissingPowerError], and a run that needed it is inconclusive.
//
// The processes of this machine (package process) are the first environment.
// One suite (package conformance) holds all of them to the same contract.
package compose

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/compose/undo"
	"paperlab/system/paper"
)

// Environment is a place where the parts of a run can run.
type Environment interface {
	// Name is as in ENVIRONMENT=: "process".
	Name() string
	// Host is the address of this machine that what the lab itself serves (the
	// stand-ins) must listen on, so that the parts reach it.
	Host() string
	// Check tells what is missing, before anything is started; nil if nothing.
	Check(ctx context.Context) error
	// Start starts all that the plan names and returns once it is ready. If it
	// fails or ctx ends, it leaves nothing behind; what would outlive the lab
	// stands in the plan's ledger before it is begun.
	Start(ctx context.Context, plan Plan) (Stack, error)
}

// Plan says what to start: a Redis Cluster, and the service on it.
type Plan struct {
	// Ledger is where undos are written, and whose folder holds the run's data.
	Ledger *undo.Ledger
	// Logs is a folder of this machine where what each part writes is left, over
	// all its incarnations, as NAME.log: by the time that Start has failed or Stop
	// has returned. A place that cannot have a part's log leaves it out. Empty
	// means that nobody asks for them.
	Logs string
	// Prefix begins the name of every Redis key of the run.
	Prefix string
	// Profile is hardened, careful or naive.
	Profile string
	// Env is added to the environment of the service's processes.
	Env []string
	// Shards of each stream; Summarizers and Deliverers are processes; Lanes
	// belong to each shard's owner.
	Shards, Summarizers, Deliverers, Lanes int
	// LLMInFlight is how many calls of one LLM a summarizer has in flight at most,
	// 1 or more.
	LLMInFlight int
	// Begin is from where the crawler harvests.
	Begin time.Time
	// Interval is the crawler's wait between two requests, PageSize how many
	// papers it asks for at once.
	Interval time.Duration
	PageSize int
	// Subscribers and Subscriptions go into the store before anything starts.
	// A subscriber's webhook is filled in.
	Subscribers   []paper.Subscriber
	Subscriptions []paper.Subscription
	Surroundings  Surroundings
}

// Names are those of a role's members: the role and a number, as they stand in a
// scenario's file before anything is started. There is one process that crawls and
// one that watches.
func (p Plan) Names(role string) []string {
	count := map[string]int{"crawl": 1, "watch": 1, "summarize": p.Summarizers, "deliver": p.Deliverers}[role]
	return numbered(role, 1, count)
}

// Masters and Replicas are how many Redis nodes are started as such.
const Masters, Replicas = 3, 3

// NodeNames are those of the Redis nodes that are made masters, or of those that
// are made replicas.
func NodeNames(master bool) []string {
	if master {
		return numbered("redis", 1, Masters)
	}
	return numbered("redis", Masters+1, Replicas)
}

func numbered(what string, first, count int) (names []string) {
	for n := range count {
		names = append(names, fmt.Sprintf("%s-%d", what, first+n))
	}
	return names
}

// Surroundings are the addresses of what the service talks to besides Redis.
// The stack does not start or stop any of it.
type Surroundings struct {
	// Arxiv is the query API's URL, Ollama and OpenAI are root URLs.
	Arxiv, Ollama, OpenAI string
	// OpenAIKey is what the service sends; it opens nothing but a stand-in.
	OpenAIKey string
	// Webhook is the URL of a subscriber's webhook; all have one host.
	Webhook func(subscriber string) string
}

// The names of the surroundings, as targets of a link.
const (
	Arxiv  = "arxiv"
	Ollama = "ollama"
	OpenAI = "openai"
	Sink   = "sink"
)

// Targets are what a role talks to besides the Redis nodes.
func Targets(role string) []string {
	return map[string][]string{"crawl": {Arxiv}, "summarize": {Ollama, OpenAI}, "deliver": {Sink}}[role]
}

// Stack is a running plan.
type Stack interface {
	// Members are the service's processes of a role, or all of them for "".
	Members(role string) []Member
	// Nodes are the Redis nodes as they were formed: masters first, in order of
	// their slots.
	Nodes() []Node
	// Redis connects to the cluster past all links. The caller closes it.
	Redis() *redis.ClusterClient
	// Database is the store's DSN, as the lab itself can open it.
	Database() string
	// ClusterUpIn is how long the cluster took to be ready.
	ClusterUpIn() time.Duration
	// Died names the members that ended though nobody ended them; nil if none.
	Died() error
	// Stop ends everything that Start started. It may be called twice.
	Stop()
}

// Member is one process of the service, under a name that outlives restarts.
type Member interface {
	// Name is the role and a number: "summarize-2".
	Name() string
	// Role is crawl, summarize, deliver or watch.
	Role() string
	// Address is where the lab reaches /metrics and /healthz: host:port.
	Address() string
	// Health asks /healthz.
	Health(ctx context.Context) error
	// Incarnation says which one is the latest ("pid 4711"), and how it ended
	// ("signal: killed"), empty while it runs.
	Incarnation() (id, ended string)
	// PeakMemory is the largest resident memory over all incarnations, in
	// bytes; 0 if it could not be measured.
	PeakMemory() int64
}

// Node is a Redis server as it was formed. A failover changes roles later: ask
// Redis for those.
type Node struct {
	// Name is redis-1 and so on; the masters come first.
	Name string
	// Addr is where it listens, host:port: as the service means it, and the
	// lab reaches it.
	Addr string
	// Master tells whether it was made a master; else Of names its master.
	Master bool
	Of     string
}
