package history

import (
	"fmt"

	"paperlab/system/paper"
)

// The constructors of all events, by witness. The time and the profile are
// stamped by the Recorder, or by At.

// At is the event as a recorder would have stamped it: for histories that are
// made without a run.
func (e Event) At(t float64, profile string) Event {
	e.T, e.Profile = t, profile
	return e
}

// Subscribed is what the lab notes of each subscription before the load.
func Subscribed(w paper.Subscription) Event {
	return Event{Process: "lab", Op: Subscribe, Type: OK, Wish: &w}
}

// Began is the lab's note that a phase begins.
func Began(phase string) Event { return Event{Process: "lab", Op: Phase, Type: OK, Name: phase} }

// Drained is the lab's note that all that was offered is done, or that it was
// not when time was up.
func Drained(done bool) Event {
	e := Event{Process: "lab", Op: Drain, Type: OK}
	if !done {
		e.Type = Fail
	}
	return e
}

// Exited is the lab's note that a process of the service ended by itself.
func Exited(how string) Event { return Event{Process: "lab", Op: Exit, Type: OK, Reason: how} }

// Served is what arXiv's stand-in notes of a version on a page. The paper
// itself goes into the history once.
func Served(p *paper.Paper, repeat bool) Event {
	e := Event{Process: "arxiv", Op: Serve, Type: OK, Message: p.VersionID(), Key: p.ID, Repeat: repeat}
	if !repeat {
		e.Paper = p
	}
	return e
}

// Place is where an entry stands: Stream is "papers" or "notifications" in all
// profiles, Entry the Redis id.
type Place struct {
	Stream string
	Shard  int
	Entry  string
}

func (p Place) String() string {
	return fmt.Sprintf("%s shard %d entry %s", p.Stream, p.Shard, p.Entry)
}

func (p Place) event(op Op, t Type) Event {
	return Event{Process: "stream", Op: op, Type: t, Stream: p.Stream, Shard: p.Shard, Entry: p.Entry}
}

// AcceptedPaper is an entry that the reader found on the papers stream.
func AcceptedPaper(at Place, id string, version int) Event {
	e := at.event(Accept, OK)
	e.Message, e.Key = paper.VersionID(id, version), id
	return e
}

// AcceptedNotification is an entry that the reader found on the notifications
// stream. Of the notification, its id is not asked: the naive one has none.
func AcceptedNotification(at Place, n paper.Notification) Event {
	e := at.event(Accept, OK)
	e.Version = paper.VersionID(n.Paper, n.Version)
	e.Message = paper.NotificationID(e.Version, n.Subscription)
	e.Key, e.Subscriber, e.Subscription = n.Subscriber, n.Subscriber, n.Subscription
	return e
}

// Unreadable is an entry whose payload the reader could not read.
func Unreadable(at Place) Event {
	e := at.event(Accept, Fail)
	e.Detail = "an entry whose payload is not readable"
	return e
}

// DeadLettered is a dead letter that the reader found.
func DeadLettered(at Place, message, reason string) Event {
	e := at.event(DeadLetter, OK)
	e.Message, e.Reason = message, reason
	return e
}

// TookOver is a change of a shard's owner that the reader saw; now is empty if
// nobody owns it.
func TookOver(stream string, shard int, previous, now string) Event {
	return Event{Process: "stream", Op: Takeover, Type: OK, Stream: stream, Shard: shard, Owner: now, Previous: previous}
}

// Sampled is a reading of a consumer group; known is false where Redis answered
// null or not at all.
func Sampled(stream, name string, value int64, known bool) Event {
	e := Event{Process: "stream", Op: Sample, Type: OK, Stream: stream, Name: name, Value: float64(value)}
	if !known {
		e.Type, e.Value = Info, 0
	}
	return e
}

// Used is a reading of what all Redis masters together have done or hold; known is
// false where one of them did not answer.
func Used(name string, value int64, known bool) Event {
	e := Event{Process: "stream", Op: Usage, Type: OK, Name: name, Value: float64(value)}
	if !known {
		e.Type, e.Value = Info, 0
	}
	return e
}

// Stored is a row that stands in a table of the store.
func Stored(table, message string) Event {
	return Event{Process: "store", Op: Row, Type: OK, Name: table, Message: message}
}

// LLMCall is one call of an LLM stand-in for a summary of a version.
type LLMCall struct{ Provider, ID, Version string }

// Asked begins a call.
func Asked(c LLMCall) Event {
	return Event{Process: c.Provider, Op: Ask, Type: Invoke, Call: c.ID, Version: c.Version}
}

// Answered ends a call with a summary, after that many seconds.
func Answered(c LLMCall, seconds float64) Event { return c.end(OK, 200, seconds, "") }

// Unanswered ends a call without one: refused with a status, or broken off by
// the stand-in with status 0.
func Unanswered(c LLMCall, seconds float64, status int, why string) Event {
	return c.end(Fail, status, seconds, why)
}

// Abandoned ends a call whose caller, or whose stand-in, went away: whether it
// had its summary is unknown.
func Abandoned(c LLMCall, seconds float64, why string) Event { return c.end(Info, 0, seconds, why) }

func (c LLMCall) end(t Type, status int, seconds float64, why string) Event {
	return Event{Process: c.Provider, Op: Ask, Type: t, Call: c.ID, Version: c.Version, Status: status, Seconds: seconds, Detail: why}
}

// Webhook is what arrives at the sink for a subscriber. The notification is the
// zero value if the body is none.
type Webhook struct {
	Subscriber, IdempotencyKey string
	Notification               paper.Notification
	// Repeat: that key came before.
	Repeat bool
}

// Told is a webhook that the sink took and answered.
func Told(w Webhook) Event { return w.event(OK, 200) }

// ToldUnanswered is a webhook that the sink took, whose answer it withheld.
func ToldUnanswered(w Webhook) Event { return w.event(Info, 0) }

// Refused is a webhook that the sink did not take.
func Refused(w Webhook, status int, why string) Event {
	e := w.event(Fail, status)
	if e.Detail == "" {
		e.Detail = why
	}
	return e
}

func (w Webhook) event(t Type, status int) Event {
	e := Event{Process: "sink", Op: Tell, Type: t, Subscriber: w.Subscriber, IdempotencyKey: w.IdempotencyKey, Repeat: w.Repeat, Status: status}
	if n := w.Notification; n.ID != "" {
		e.Message, e.Version, e.Subscription = n.ID, paper.VersionID(n.Paper, n.Version), n.Subscription
		if n.Subscriber != w.Subscriber {
			e.Detail = fmt.Sprintf("the notification is for %q", n.Subscriber)
		}
	}
	return e
}

// Alerted is news of an alert that arrived at the Slack sink.
func Alerted(n AlertNews) Event { return Event{Process: "slack", Op: Alert, Type: OK, News: &n} }

// AlertUnreadable is a message at the Slack sink that could not be read.
func AlertUnreadable(why error) Event {
	return Event{Process: "slack", Op: Alert, Type: Fail, Detail: fmt.Sprintf("unreadable: %v", why)}
}

// Struck is what the lab's reader heard of a planted defect.
func Struck(defect string) Event {
	return Event{Process: "stream", Op: Strike, Type: OK, Name: defect}
}

// CommitsFenced is what the monitor counted; known is false if it did not.
func CommitsFenced(n int, known bool) Event {
	e := Event{Process: "monitor", Op: Fenced, Type: OK, Value: float64(n)}
	if !known {
		e.Type, e.Value = Info, 0
	}
	return e
}

// MachineRead is a reading of the machine.
func MachineRead(r MachineReading) Event {
	return Event{Process: "machine", Op: Machine, Type: OK, Machine: &r}
}

// FaultInjected is the nemesis' note that a fault is injected, with the
// evidence that the target was well.
func FaultInjected(f FaultFacts, before string) Event { return f.event(Invoke, before) }

// FaultProven is the evidence of the effect; seconds is the time since the
// reading that gave it began.
func FaultProven(id, during string, seconds float64) Event {
	e := ofFault(Fault, OK, id, during)
	e.Seconds = seconds
	return e
}

// FaultFailed is a fault that was given up before it was injected, or could not
// be injected or proven.
func FaultFailed(f FaultFacts, why error) Event { return f.event(Fail, why.Error()) }

// Healed is the end of a fault, with what it has cost, if it can say so.
func Healed(id, toll string) Event { return ofFault(Heal, OK, id, toll) }

// HealFailed is a heal that failed.
func HealFailed(id string, why error) Event { return ofFault(Heal, Fail, id, why.Error()) }

// WellAgain is the evidence, after the heal, that the target is well.
func WellAgain(id, after string) Event { return ofFault(Well, OK, id, after) }

// NotWell is a target that was not proven well after the heal.
func NotWell(id string, why error) Event { return ofFault(Well, Fail, id, why.Error()) }

func (f FaultFacts) event(t Type, evidence string) Event {
	e := ofFault(Fault, t, f.ID, evidence)
	e.Facts = &f
	return e
}

func ofFault(op Op, t Type, id, evidence string) Event {
	return Event{Process: "lab", Op: op, Type: t, Name: id, Evidence: evidence}
}
