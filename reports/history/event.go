// Package history is the record of a run: ordered events, seen by witnesses.
//
// A witness is whatever saw something happen from outside the processes under
// test: the stand-ins, the lab's own reader of the streams, the rows in the
// store, the lab itself. An operation is invoked and then ends ok, fail or
// info; info means that the outcome is unknown, and it is never counted as
// fail. Time is the lab's own monotonic clock, in seconds since the run of one
// profile began.
//
// Checkers and reports read histories and nothing else.
//
// # The main flow
//
//	witnesses ──constructors (witness.go)──▶ Recorder ──▶ []Event ──▶ file (file.go)
//	                                                        │
//	                     verdict, record, story, charts ◀── Account (account.go)
//
// The account is the one reading of the events: what was told to whom and how
// late, faults with their receipts, alerts, phases, the backlog (backlog.go).
// Steady state, recovery (recovery.go) and price (price.go) are measured on it.
package history

import "paperlab/system/paper"

// Type is the stage of an operation.
type Type string

// The stages. A witness that sees only completed things writes OK alone.
const (
	Invoke Type = "invoke"
	OK     Type = "ok"
	Fail   Type = "fail"
	Info   Type = "info"
)

// Op names what happened.
type Op string

// The operations, with the fields that each one fills. Events are made by the
// constructors in witness.go and nowhere else, so that a fixture cannot say what
// no witness would.
const (
	// Subscribe: before the load, one for each subscription. Wish.
	Subscribe Op = "subscribe"
	// Serve: the arXiv stand-in put a version on a page that it answered.
	// Message (version id), Key (paper id), Paper (on the first time only),
	// Repeat (served before).
	Serve Op = "serve"
	// Accept: the lab's reader found an entry on a stream. Stream, Shard,
	// Entry, Key, Message: the version id on papers; the notification id on
	// notifications, with Version, Subscriber and Subscription as well. Type
	// Fail: what stands in the entry is not readable.
	Accept Op = "accept"
	// Ask: an LLM stand-in was asked for a summary: Invoke, then OK, Fail or
	// Info (the caller went away). Process is the provider; Call pairs the
	// two; Version, Status, Seconds.
	Ask Op = "ask"
	// Tell: the sink received a webhook. Message (notification id), Version,
	// Subscriber, Subscription, IdempotencyKey (empty if none was sent), Repeat
	// (that key was received before, so nobody is told again), Status (what the
	// sink answered). Type Info: the sink took it and then withheld its answer;
	// there is no Status then. Type Fail: refused.
	Tell Op = "tell"
	// Row: found in the store after the run. Name is the table: summaries
	// (Message: version id) or deliveries (Message: notification id).
	Row Op = "row"
	// DeadLetter: found on a consumer dead letter stream after the run.
	// Stream, Shard, Entry, Message, Reason.
	DeadLetter Op = "dead-letter"
	// Fault: Invoke when it is injected (Facts; Evidence before), OK when its
	// effect is proven (Evidence during; Seconds back to when the reading that
	// proved it began), Fail when it was given up or its effect could not be
	// proven (Facts; Evidence is the error). Name (fault id) in all.
	Fault Op = "fault"
	// Heal: OK when the fault is healed (Evidence: what it has cost, may be
	// empty), Fail when the heal failed (Evidence is the error). Name.
	Heal Op = "heal"
	// Well: OK when the target was proven well after the heal (Evidence), Fail
	// when it was not (Evidence is the error). Name.
	Well Op = "well"
	// Takeover: a shard's lease changed hands. Stream, Shard, Owner (empty: it
	// ran out), Previous (the owner before).
	Takeover Op = "takeover"
	// Alert: the notifier's message arrived at the lab's Slack sink. News. Type
	// Fail: a message that could not be read (Detail).
	Alert Op = "alert"
	// Phase: Name of the phase that begins: one of the Phase constants.
	Phase Op = "phase"
	// Drain: what became of the load. OK: everything offered was done. Fail:
	// time was up first.
	Drain Op = "drain"
	// Exit: a process of the service ended by itself. Reason.
	Exit Op = "exit"
	// Fenced: commits refused under an old epoch, in the whole run. Value. Type
	// Info: not known.
	Fenced Op = "fenced"
	// Strike: a planted defect announced that it struck. Name (the defect).
	Strike Op = "strike"
	// Usage: a reading of all Redis masters together. Name (Commands: carried out
	// since they started, without upkeep and what the lab's reader asked; Memory:
	// bytes of data held), Value. Type Info when one of them did not answer.
	Usage Op = "usage"
	// Sample: a reading of a stream's consumer group. Stream, Name ("lag",
	// "pending" or "length"), Value. Type Info when Redis answered null.
	Sample Op = "sample"
	// Machine: a reading of the machine that all runs on, once a second from the
	// warm-up to the drain. Machine.
	Machine Op = "machine"
)

// The phases of a run, in this order. The bounds of steady state come from
// PhaseControl, and PhaseSteady is judged by them. PhaseObserve begins when the load is
// over; PhaseDone when the last witness was read: a history without it is of a
// run that was cut short.
const (
	PhaseControl = "control"
	PhaseSteady  = "steady"
	PhaseFault   = "fault"
	PhaseRecover = "recover"
	PhaseDrain   = "drain"
	PhaseObserve = "observe"
	PhaseDone    = "done"
)

// What a reading of usage is of.
const (
	Commands = "commands"
	Memory   = "memory"
)

// The states of an alert.
const (
	Firing   = "firing"
	Resolved = "resolved"
)

// FaultFacts are what is known of a fault before it is injected.
type FaultFacts struct {
	// ID names the fault in the run, Kind is the name that it is registered
	// under, Mode which of a kind's manners it has (empty for a kind of one).
	ID   string `json:"id"`
	Kind string `json:"kind"`
	Mode string `json:"mode,omitempty"`
	// Target says in words what it strikes.
	Target string `json:"target"`
	// Processes are the service's processes that it strikes, by name: their
	// takeovers are its doing.
	Processes []string `json:"processes,omitempty"`
	// Happened are the words for the report, once the effect is proven:
	// "summarize-1 was killed".
	Happened string `json:"happened"`
}

// AlertNews is one alert's change of state, as a message tells it.
type AlertNews struct {
	Name string `json:"name"`
	// State is Firing or Resolved; At is when it began to hold, by the rule
	// engine, in seconds on the run's clock.
	State  string            `json:"state"`
	At     float64           `json:"at"`
	Labels map[string]string `json:"labels,omitempty"`
	// Scraped, Pending and Sent are the other stages of an alert that fires, on
	// the run's clock: the first scrape that showed its condition, the evaluation
	// that found it, and when the notifier first sent the message. Nil: not known.
	Scraped *float64 `json:"scraped,omitempty"`
	Pending *float64 `json:"pending,omitempty"`
	Sent    *float64 `json:"sent,omitempty"`
}

// Event is one line of a history.
type Event struct {
	// T is in seconds since the profile's run began; events are ordered by it.
	T       float64 `json:"t"`
	Profile string  `json:"profile"`
	// Process is the witness: lab, arxiv, ollama, openai, sink, stream, store,
	// slack, monitor, machine.
	Process string `json:"process"`
	Type    Type   `json:"type"`
	Op      Op     `json:"op"`

	Message string `json:"message,omitempty"`
	Version string `json:"version,omitempty"`
	// Key is what a stream keeps order for: a paper id, a subscriber id.
	Key            string  `json:"key,omitempty"`
	Stream         string  `json:"stream,omitempty"`
	Shard          int     `json:"shard,omitempty"`
	Entry          string  `json:"entry,omitempty"`
	Subscriber     string  `json:"subscriber,omitempty"`
	Subscription   string  `json:"subscription,omitempty"`
	IdempotencyKey string  `json:"idempotency_key,omitempty"`
	Call           string  `json:"call,omitempty"`
	Owner          string  `json:"owner,omitempty"`
	Previous       string  `json:"previous,omitempty"`
	Status         int     `json:"status,omitempty"`
	Seconds        float64 `json:"seconds,omitempty"`
	Value          float64 `json:"value,omitempty"`
	Repeat         bool    `json:"repeat,omitempty"`
	Name           string  `json:"name,omitempty"`
	Reason         string  `json:"reason,omitempty"`
	Evidence       string  `json:"evidence,omitempty"`
	// Detail is prose for a reader; nothing is judged by it.
	Detail  string              `json:"detail,omitempty"`
	Facts   *FaultFacts         `json:"facts,omitempty"`
	News    *AlertNews          `json:"news,omitempty"`
	Paper   *paper.Paper        `json:"paper,omitempty"`
	Wish    *paper.Subscription `json:"wish,omitempty"`
	Machine *MachineReading     `json:"machine,omitempty"`
}
