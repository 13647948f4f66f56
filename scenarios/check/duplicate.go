package check

import "fmt"

// noDuplicate judges each notification: it had one effect. Repeats that the
// sink knew by their Idempotency-Key are duplicate deliveries, which are
// allowed, and no effects.
func noDuplicate(l *ledger) finding {
	var f finding
	if len(l.effects) == 0 {
		f.gap("the sink recorded nobody being told")
	}
	for _, e := range l.effects {
		all := l.told[e.note]
		if len(all) < 2 || all[0].order != e.order {
			continue
		}
		f.anomaly("%s was told of %s %d times: first at %.1f s, again at %.1f s",
			e.subscriber, e.describe(), len(all), e.t, all[1].t)
	}
	f.summary = fmt.Sprintf("%d of %s had more than one effect", f.anomalies, count(len(l.told), "notification"))
	f.judged = fmt.Sprintf("%s, each with one effect", count(len(l.told), "notification"))
	return f
}
