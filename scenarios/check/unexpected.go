package check

import (
	"fmt"
	"slices"
)

// noUnexpected judges each effect: its version was served, its subscription
// belongs to the subscriber who was told, and the oracle expects it.
func noUnexpected(l *ledger) finding {
	var f finding
	l.oracleGaps(&f)
	if len(l.effects) == 0 {
		f.gap("the sink recorded nobody being told")
	}
	// Without a witness of what was asked for, every effect would look wrong.
	if len(l.wishes) == 0 || len(l.served) == 0 {
		return f
	}
	for _, e := range l.effects {
		if why := l.unasked(e); why != "" {
			f.anomaly("%s was told of %s at %.1f s: %s", e.subscriber, e.describe(), e.t, why)
		}
	}
	f.summary = fmt.Sprintf("%d of %s were not asked for", f.anomalies, count(len(l.effects), "effect"))
	f.judged = fmt.Sprintf("%s, each asked for", count(len(l.effects), "effect"))
	return f
}

// unasked says why an effect was not asked for, or nothing.
func (l *ledger) unasked(e effect) string {
	s, served := l.serving[e.version]
	wish, made := l.wish[e.subscription]
	switch {
	case !served:
		return "arXiv never served that version"
	case !made:
		return "there is no such subscription"
	case wish.Subscriber != e.subscriber:
		return "the subscription is " + wish.Subscriber + "'s"
	case s.paper != nil && !slices.Contains(l.expecting[e.version], e.subscription):
		return fmt.Sprintf("the paper does not match %s %q", wish.Kind, wish.Term)
	default:
		return ""
	}
}
