package check

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"paperlab/reports/history"
	"paperlab/system/paper"
)

// TestFixturesAreWhatWitnessesWrite: each recorded event is one that the
// constructors make of the same facts. A checker that is tested on events that
// no witness writes is not tested.
func TestFixturesAreWhatWitnessesWrite(t *testing.T) {
	for _, r := range loadAll(t) {
		for i, e := range r.events {
			if want := rewritten(e).At(e.T, e.Profile); !reflect.DeepEqual(e, want) {
				t.Errorf("%s, event %d:\n%+v\nno witness writes that, but\n%+v", r.name, i+1, e, want)
			}
		}
	}
}

// TestAnEventThatNoWitnessWritesIsSeen: the sink writes no status for an answer
// that it withheld.
func TestAnEventThatNoWitnessWritesIsSeen(t *testing.T) {
	e := history.ToldUnanswered(history.Webhook{Subscriber: "alice", Notification: notification("2101.00001v1", "s1", "alice")})
	if !reflect.DeepEqual(rewritten(e), e) {
		t.Errorf("%+v is what the sink writes, but is rewritten as %+v", e, rewritten(e))
	}
	e.Status = 200
	if reflect.DeepEqual(rewritten(e), e) {
		t.Errorf("%+v passes as an event of the sink", e)
	}
}

// rewritten lets the constructor that an event must be from make it again, from
// the facts alone.
func rewritten(e history.Event) history.Event {
	at := history.Place{Stream: e.Stream, Shard: e.Shard, Entry: e.Entry}
	call := history.LLMCall{Provider: e.Process, ID: e.Call, Version: e.Version}
	switch {
	case e.Op == history.Subscribe:
		return history.Subscribed(*e.Wish)
	case e.Op == history.Serve && e.Paper != nil:
		return history.Served(e.Paper, e.Repeat)
	case e.Op == history.Serve:
		return history.Served(&paper.Paper{ID: e.Key, Version: versionOf(e.Message)}, e.Repeat)
	case e.Op == history.Accept && e.Stream == "papers":
		return history.AcceptedPaper(at, e.Key, versionOf(e.Message))
	case e.Op == history.Accept:
		return history.AcceptedNotification(at, notification(e.Version, e.Subscription, e.Subscriber))
	case e.Op == history.Ask && e.Type == history.Invoke:
		return history.Asked(call)
	case e.Op == history.Ask && e.Type == history.OK:
		return history.Answered(call, e.Seconds)
	case e.Op == history.Tell:
		hook := history.Webhook{
			Subscriber: e.Subscriber, IdempotencyKey: e.IdempotencyKey, Repeat: e.Repeat,
			Notification: notification(e.Version, e.Subscription, e.Subscriber),
		}
		switch e.Type {
		case history.OK:
			return history.Told(hook)
		case history.Info:
			return history.ToldUnanswered(hook)
		default:
			return history.Refused(hook, 500, "the webhook's server is out of order")
		}
	case e.Op == history.Row:
		return history.Stored(e.Name, e.Message)
	case e.Op == history.DeadLetter:
		return history.DeadLettered(at, e.Message, e.Reason)
	default:
		return history.AlertUnreadable(errors.New("an event that no fixture needs"))
	}
}

func notification(version, subscription, subscriber string) paper.Notification {
	id, _, _ := strings.Cut(version, "v")
	return paper.Notification{
		ID: paper.NotificationID(version, subscription), Paper: id, Version: versionOf(version),
		Subscription: subscription, Subscriber: subscriber,
	}
}

func versionOf(id string) int {
	_, number, _ := strings.Cut(id, "v")
	n, _ := strconv.Atoi(number)
	return n
}
