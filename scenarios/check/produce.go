package check

import (
	"fmt"
	"maps"
	"slices"

	"paperlab/reports/history"
)

// produceOnce judges each message on each stream: it stands there under one
// entry. The reader may find the same entry twice, after it connected anew;
// that is one entry. A message that was dead-lettered and redriven stands
// twice, and rightly counts: the second entry is a second message to whoever
// reads the stream.
func produceOnce(l *reading) finding {
	var f finding
	if len(l.OnPapers) == 0 {
		f.gap("nothing was seen on the papers stream")
	}
	if len(l.OnNotes) == 0 {
		f.gap("nothing was seen on the notifications stream")
	}
	if n := l.missed(); n > 0 {
		f.gap("of the notifications told, the stream's reader missed %d, so it may have missed further entries", n)
	}
	for _, version := range slices.Sorted(maps.Keys(l.OnPapers)) {
		l.twice(&f, "paper "+version, l.OnPapers[version])
	}
	for _, n := range l.Notes {
		l.twice(&f, "the notification of "+n.Describe(), l.OnNotes[n])
	}
	f.summary = fmt.Sprintf("%s on a stream more than once", count(f.anomalies(), "message"))
	f.judged = fmt.Sprintf("%s and %s, each once on its stream",
		count(len(l.OnPapers), "paper"), count(len(l.OnNotes), "notification"))
	return f
}

// twice is an anomaly at the time when the second entry was found.
func (l *reading) twice(f *finding, what string, places []history.Place) {
	distinct := []history.Place{}
	for _, p := range places {
		if !slices.Contains(distinct, p) {
			distinct = append(distinct, p)
		}
	}
	if len(distinct) > 1 {
		f.anomaly(l.Found[distinct[1]], "%s stands %d times: %s, and %s", what, len(distinct), distinct[0], distinct[1])
	}
}
