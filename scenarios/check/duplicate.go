package check

import "fmt"

// noDuplicate judges each notification: it had one effect. Repeats that the
// sink knew by their Idempotency-Key are duplicate deliveries, which are
// allowed, and no effects.
func noDuplicate(l *reading) finding {
	var f finding
	l.sinkGap(&f)
	for _, e := range l.Effects {
		all := l.Told[e.Note]
		if len(all) < 2 || all[0].Order != e.Order {
			continue
		}
		f.anomaly("%s was told of %s %d times: first at %.1f s, again at %.1f s",
			e.Subscriber, e.Describe(), len(all), e.T, all[1].T)
	}
	f.summary = fmt.Sprintf("%d of %s had more than one effect", f.anomalies, count(len(l.Told), "notification"))
	f.judged = fmt.Sprintf("%s, each with one effect", count(len(l.Told), "notification"))
	return f
}
