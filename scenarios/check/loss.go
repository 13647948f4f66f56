package check

import (
	"fmt"

	"paperlab/system/paper"
)

// noLoss judges messages, each on its own way:
//
//   - a version that was served: one of its notifications is published or told
//     or, if the oracle expects nobody, its summary stands in the store;
//   - a notification that stands on its stream: it reached the sink.
//
// A paper some of whose notifications were published and some not is no matter
// of this checker but of all-or-none. The two are kept disjoint because they
// point the engineer to different places: here a message went missing
// (produce, acknowledge, trim, deliver), there a transaction was torn (commit,
// outbox, relay).
//
// A loss happened when the message was late after a witness last saw it: what a
// process has in its hands when it is killed was seen just before.
func noLoss(l *reading) finding {
	var f finding
	l.lossGaps(&f)
	published, late := map[string]bool{}, l.LateBy()
	unheard := 0
	for _, n := range l.Notes {
		published[n.Version] = true
		if len(l.Told[n]) == 0 {
			unheard++
			f.anomaly(l.Found[l.OnNotes[n][0]]+late, "the notification of %s stood on its stream (%s) and never reached the sink%s",
				n.Describe(), l.OnNotes[n][0], l.buried(paper.NotificationID(n.Version, n.Subscription)))
		}
	}
	lost := 0
	for _, version := range l.Served {
		if published[version] || l.toldOf[version] > 0 {
			continue
		}
		expected, known := l.expecting[version]
		switch {
		case !known:
			continue
		case len(expected) > 0:
			f.anomaly(l.Seen[version]+late, "%s was served at %.1f s, nobody of %s was told, and nothing stands on the notifications stream; %s",
				version, l.Serving[version].T, count(len(expected), "expected subscription"), l.whereabouts(version))
		case len(l.Summaries) > 0 && !l.Summaries[version]:
			f.anomaly(l.Seen[version]+late, "%s, which nobody is to be told of, was served at %.1f s and has no summary; %s",
				version, l.Serving[version].T, l.whereabouts(version))
		default:
			continue
		}
		lost++
	}
	f.summary = fmt.Sprintf("%d lost: %d of %s served without effect, %d of %s on their stream never reached the sink",
		f.anomalies(), lost, count(len(l.Served), "version"), unheard, count(len(l.Notes), "notification"))
	f.judged = fmt.Sprintf("%s served, each with its effect; %s on their stream, each reached the sink",
		count(len(l.Served), "version"), count(len(l.Notes), "notification"))
	return f
}

func (l *reading) lossGaps(f *finding) {
	l.oracleGaps(f)
	if len(l.Summaries) == 0 && len(l.Served) > 0 {
		f.gap("no summaries were read from the store")
	}
	// What the reader missed it may also have missed losing.
	if n := l.missed(); n > 0 {
		f.gap("of the notifications told, the stream's reader missed %d, so it may have missed lost ones", n)
	}
	l.sinkGap(f)
}

// whereabouts says how far a version came.
func (l *reading) whereabouts(version string) string {
	where := "it was never seen on the papers stream"
	if at := l.OnPapers[version]; at != nil {
		where = fmt.Sprintf("it was on the papers stream (%s)", at[0])
	}
	if l.Answers[version] > 0 {
		where += ", an LLM answered for it"
	}
	if l.Summaries[version] {
		where += ", its summary is stored"
	}
	return where + l.buried(version)
}

func (l *reading) buried(message string) string {
	reason, dead := l.DeadReason[message]
	if !dead {
		return ""
	}
	return fmt.Sprintf(", and it is a dead letter (%s)", reason)
}
