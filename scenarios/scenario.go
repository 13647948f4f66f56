// Package scenarios is the catalogue, one .yaml file for each scenario in this
// folder and built into the binary, and the reader of such files: what is started, how it is loaded, what
// is broken when, and what must hold.
//
// A scenario runs in phases, one after the other, while the load keeps coming
// at its rate:
//
//	steady    bounds are measured; no alert may fire
//	fault     faults begin and end, each at its time from the phase's begin
//	recover   steady state is regained
//
// Afterwards the lab waits until what was offered is done, looks, and judges.
//
// Parse is strict. Everything in a file is known, has the right type and a
// possible value, or there is an Error that says where, what is allowed and
// what was probably meant; nothing has been started then. The file is walked
// as a syntax tree and not decoded into structs by reflection: a value that
// has the right type and is nevertheless impossible must be found again at its
// line and column.
//
//	catalogue.go the files of this folder
//	scenario.go the types
//	parse.go    from a file to a Scenario
//	fault.go    one entry of faults
//	object.go   a mapping and its typed fields
//	error.go    Error, and the nearest name
package scenarios

import (
	"fmt"
	"time"
)

// Scenario is one scenario file.
type Scenario struct {
	// Name is the file's name without .yaml.
	Name string
	// About says in a sentence or two what happens and what must hold.
	About      string
	Service    Service
	Load       Workload
	Phases     Phases
	Faults     []Fault
	Objectives Objectives
	// Invariants are ids of the checkers' catalogue, at least one.
	Invariants []string
	// Compare is "naive" if the naive profile is to run too, to be shown beside
	// the hardened one; else empty.
	Compare string
}

// Service is how much of the paper service is started.
type Service struct {
	// Shards of each stream, 1 to 1024.
	Shards int
	// Summarizers and Deliverers are processes, 1 to 32.
	Summarizers int
	Deliverers  int
	// Lanes of each shard's owner, 1 to 256; 8 if the file does not say.
	Lanes int
}

// Workload is what arrives from arXiv, and for whom.
type Workload struct {
	// Papers is how many there are, 1 to 1,000,000: enough to last through the
	// steady and the fault phase at least.
	Papers int
	// Rate is in papers a second, above 0 and up to 10,000.
	Rate float64
	// Subscribers are 1 to 100,000.
	Subscribers int
}

// Phases are the lengths of a run's parts, 1 s to 1 h each.
type Phases struct {
	Steady, Fault, Recover time.Duration
}

// Total is the time during which the load comes.
func (p Phases) Total() time.Duration { return p.Steady + p.Fault + p.Recover }

// Objectives are bounds on times. Nil means that the file sets none.
type Objectives struct {
	// TimeToDetect: from the first fault's proven effect to the alert's
	// arrival.
	TimeToDetect *Detection
	// TimeToRecover: from there until steady state holds again.
	TimeToRecover *time.Duration
	// LagRecovery: the same for the backlog alone.
	LagRecovery *time.Duration
}

// Detection is a bound on the arrival of one alert.
type Detection struct {
	Alert  string
	Within time.Duration
}

// Kind is what a fault does.
type Kind string

// The kinds. A Fault has the field of its own kind and no other.
const (
	// Kill ends a process by SIGKILL and starts it again later.
	Kill Kind = "kill"
	// Freeze stops a process by SIGSTOP and lets it go on later.
	Freeze Kind = "freeze"
	// LLM makes an LLM provider fail.
	LLM Kind = "llm"
	// Partition cuts a process off from Redis nodes, by its links alone.
	Partition Kind = "partition"
	// Sink makes the webhook's sink fail.
	Sink Kind = "sink"
)

// Fault is one entry of faults.
type Fault struct {
	// ID is the kind and the entry's place among those of its kind: "llm-2".
	ID   string
	Kind Kind

	Kill      *Target
	Freeze    *Target
	LLM       *LLMFault
	Partition *PartitionFault
	Sink      *SinkFault

	// At is when the fault begins, from the begin of the fault phase.
	At time.Duration
	// Lasts is how long: the file's for, or a kill's restart_after. It ends
	// within the fault phase.
	Lasts time.Duration
}

// End is when the fault is healed, from the begin of the fault phase.
func (f Fault) End() time.Duration { return f.At + f.Lasts }

// Target chooses a process.
type Target struct {
	// Role is crawl, summarize, deliver or watch.
	Role string
	// Pick is "one": the seed says which.
	Pick string
}

// LLMFault is a failing LLM provider.
type LLMFault struct {
	// Provider is ollama, openai or all.
	Provider string
	// Mode is errors (answers 500 and 503), slow (answers after the caller's
	// time-out) or refuse (connections are refused).
	Mode string
}

// PartitionFault is a process cut off from Redis.
type PartitionFault struct {
	Target
	// From is redis-one (the seed says which node) or redis-all.
	From string
}

// SinkFault is a failing sink.
type SinkFault struct {
	// Mode is lose-answers: the sink takes a webhook and withholds its answer.
	Mode string
	// Share of the webhooks, above 0 and up to 1.
	Share float64
}

// Target says in words what the fault hits.
func (f Fault) Target() string {
	switch {
	case f.Kill != nil:
		return f.Kill.String()
	case f.Freeze != nil:
		return f.Freeze.String()
	case f.LLM != nil && f.LLM.Provider == "all":
		return "all LLM providers"
	case f.LLM != nil:
		return f.LLM.Provider
	case f.Partition != nil && f.Partition.From == "redis-one":
		return f.Partition.Target.String() + " and one Redis node"
	case f.Partition != nil:
		return f.Partition.Target.String() + " and all Redis nodes"
	case f.Sink != nil:
		return "the webhook sink"
	default:
		return ""
	}
}

func (t Target) String() string { return fmt.Sprintf("%s %s process", t.Pick, t.Role) }
