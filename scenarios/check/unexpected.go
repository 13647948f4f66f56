package check

import (
	"fmt"
	"slices"

	"paperlab/reports/history"
)

// noUnexpected judges each effect: its version was served, its subscription
// belongs to the subscriber who was told, and the oracle expects it.
func noUnexpected(l *reading) finding {
	var f finding
	l.oracleGaps(&f)
	l.sinkGap(&f)
	// Without a witness of what was asked for, every effect would look wrong.
	if len(l.Wishes) == 0 || len(l.Served) == 0 {
		return f
	}
	for _, e := range l.Effects {
		if why := l.unasked(e); why != "" {
			f.anomaly(e.T, "%s was told of %s at %.1f s: %s", e.Subscriber, e.Describe(), e.T, why)
		}
	}
	f.summary = fmt.Sprintf("%d of %s were not asked for", f.anomalies(), count(len(l.Effects), "effect"))
	f.judged = fmt.Sprintf("%s, each asked for", count(len(l.Effects), "effect"))
	return f
}

// unasked says why an effect was not asked for, or nothing.
func (l *reading) unasked(e history.Effect) string {
	s, served := l.Serving[e.Version]
	wish, made := l.wish[e.Subscription]
	switch {
	case !served:
		return "arXiv never served that version"
	case !made:
		return "there is no such subscription"
	case wish.Subscriber != e.Subscriber:
		return "the subscription is " + wish.Subscriber + "'s"
	case s.Paper != nil && !slices.Contains(l.expecting[e.Version], e.Subscription):
		return fmt.Sprintf("the paper does not match %s %q", wish.Kind, wish.Term)
	default:
		return ""
	}
}
