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

// The operations, with the fields that each one fills.
const (
	// Subscribe: before the load, one for each subscription. Wish.
	Subscribe Op = "subscribe"
	// Serve: the arXiv stand-in put a version on a page that it answered.
	// Message (version id), Key (paper id), Paper (on the first time only),
	// Repeat (served before).
	Serve Op = "serve"
	// Accept: the lab's reader found an entry on a stream. Stream, Shard,
	// Entry, Key, Message: the version id on papers; the notification id on
	// notifications, with Version, Subscriber and Subscription as well.
	Accept Op = "accept"
	// Ask: an LLM stand-in was asked for a summary: Invoke, then OK, Fail or
	// Info (the caller went away). Process is the provider; Call pairs the
	// two; Version, Status, Seconds.
	Ask Op = "ask"
	// Tell: the sink received a webhook. Message (notification id), Version,
	// Subscriber, Subscription, Key (the Idempotency-Key; empty if none was
	// sent), Repeat (that key was received before, so nobody is told again),
	// Status (what the sink answered). Type Info: the sink took it and then
	// withheld its answer.
	Tell Op = "tell"
	// Row: found in the store after the run. Name is the table: summaries
	// (Message: version id) or deliveries (Message: notification id).
	Row Op = "row"
	// DeadLetter: found on a consumer dead letter stream after the run.
	// Stream, Shard, Message, Detail (reason).
	DeadLetter Op = "dead-letter"
	// Fault: Invoke when it is injected, OK when its effect is proven, Fail
	// when it could not be proven, then Heal OK. Name (fault id), Detail.
	Fault Op = "fault"
	Heal  Op = "heal"
	// Takeover: a shard's lease changed hands. Stream, Shard, Owner, Detail
	// (previous owner).
	Takeover Op = "takeover"
	// Alert: the notifier's message arrived at the lab's Slack sink. Name,
	// State ("firing" or "resolved"), Detail (labels).
	Alert Op = "alert"
	// Phase: Name of the phase that begins ("steady", "fault", "recover",
	// "drain", "done").
	Phase Op = "phase"
	// Sample: a reading of a stream's consumer group. Stream, Name ("lag",
	// "pending" or "length"), Value. Type Info when Redis answered null.
	Sample Op = "sample"
)

// Event is one line of a history.
type Event struct {
	// T is in seconds since the profile's run began; events are ordered by it.
	T       float64 `json:"t"`
	Profile string  `json:"profile"`
	// Process is the witness: lab, arxiv, ollama, openai, sink, stream, store,
	// slack.
	Process string `json:"process"`
	Type    Type   `json:"type"`
	Op      Op     `json:"op"`

	Message      string              `json:"message,omitempty"`
	Version      string              `json:"version,omitempty"`
	Key          string              `json:"key,omitempty"`
	Stream       string              `json:"stream,omitempty"`
	Shard        int                 `json:"shard,omitempty"`
	Entry        string              `json:"entry,omitempty"`
	Subscriber   string              `json:"subscriber,omitempty"`
	Subscription string              `json:"subscription,omitempty"`
	Call         string              `json:"call,omitempty"`
	Owner        string              `json:"owner,omitempty"`
	Status       int                 `json:"status,omitempty"`
	Seconds      float64             `json:"seconds,omitempty"`
	Value        float64             `json:"value,omitempty"`
	Repeat       bool                `json:"repeat,omitempty"`
	Name         string              `json:"name,omitempty"`
	State        string              `json:"state,omitempty"`
	Detail       string              `json:"detail,omitempty"`
	Paper        *paper.Paper        `json:"paper,omitempty"`
	Wish         *paper.Subscription `json:"wish,omitempty"`
}
