package check

import (
	"fmt"
	"strings"

	"paperlab/reports/history"
)

// allOrNone judges transactions: for each version served, the oracle's expected
// subscriptions are all published, or none is. Published means told, or seen on
// the notifications stream: a notification that stood there and never reached
// the sink is a lost message, and no-loss reports it. None published is a lost
// paper, and no-loss reports that too. As there, it happened when the rest was late.
func allOrNone(l *reading) finding {
	var f finding
	l.oracleGaps(&f)
	l.sinkGap(&f)
	whole, late := 0, l.LateBy()
	for _, version := range l.Served {
		var missing []string
		expected := l.expecting[version]
		for _, subscription := range expected {
			n := history.Note{Subscription: subscription, Version: version}
			if l.Told[n] == nil && l.OnNotes[n] == nil {
				missing = append(missing, subscription)
			}
		}
		switch len(missing) {
		case 0, len(expected):
			whole++
		default:
			f.anomaly(l.Seen[version]+late, "%s: %d of %s were published; missing: %s", version,
				len(expected)-len(missing), count(len(expected), "expected notification"), shorten(missing))
		}
	}
	f.summary = fmt.Sprintf("%d of %s served were published to a part of their subscriptions only", f.anomalies(), count(len(l.Served), "version"))
	f.judged = fmt.Sprintf("%s served, each published to all of its subscriptions or to none", count(whole, "version"))
	return f
}

// shorten lists a few names and counts the rest.
func shorten(names []string) string {
	const few = 3
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}
