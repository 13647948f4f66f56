package check

import (
	"fmt"

	"paperlab/reports/history"
)

// noDuplicate judges each notification: it had one effect. Repeats that the
// sink knew by their Idempotency-Key are duplicate deliveries, which are
// allowed, and no effects.
func noDuplicate(l *reading) finding {
	var f finding
	l.sinkGap(&f)
	twice := map[history.Note]bool{}
	for _, e := range l.Effects {
		first := l.Told[e.Note][0]
		if first.Order == e.Order {
			continue
		}
		twice[e.Note] = true
		f.anomaly(e.T, "%s was told again of %s at %.1f s, first at %.1f s", e.Subscriber, e.Describe(), e.T, first.T)
	}
	f.summary = fmt.Sprintf("%d of %s had more than one effect, %s too many", len(twice), count(len(l.Told), "notification"), count(f.anomalies(), "effect"))
	f.judged = fmt.Sprintf("%s, each with one effect", count(len(l.Told), "notification"))
	return f
}
