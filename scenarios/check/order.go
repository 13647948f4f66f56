package check

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"paperlab/reports/history"
)

// keyOrder judges first effects, in two ways:
//
//   - Per subscriber and shard of the notifications stream: in the order in
//     which the notifications first stood there, by entry id. Redis defines no
//     order between two shards.
//   - Per subscription and paper: version v before w when arXiv served v before
//     w. This one does not trust the stream's order, so that a swap before the
//     stream is seen as well.
//
// A second effect of a notification is no-duplicate-effect's matter. A
// violation is counted for each effect that came before one that should
// precede it, once even if both ways show it: of 1 3 2 that is the 3; of 3 1 2
// it is the 3, and not two pairs.
//
// An effect that the lab's reader did not see on the stream has no known place
// there, and the verdict is then unknown at best.
func keyOrder(l *reading) finding {
	var f finding
	l.sinkGap(&f)
	if n := l.missed(); n > 0 {
		f.gap("of %s told, the stream's reader missed %d, so their order is not known", count(len(l.Told), "notification"), n)
	}
	if len(l.Served) == 0 {
		f.gap("arXiv's stand-in recorded nothing that it served, so the order of versions is not known")
	}
	early := map[int]string{} // by the effect's order: what is wrong with it
	l.streamOrder(&f, early)
	l.versionOrder(early)
	for _, e := range l.Effects {
		if why, bad := early[e.Order]; bad {
			f.anomaly(e.T, "%s was told of %s at %.1f s, before %s", e.Subscriber, e.Describe(), e.T, why)
		}
	}
	f.summary = fmt.Sprintf("%d of %s came before one that should precede them", f.anomalies(), count(len(l.Told), "first effect"))
	f.judged = fmt.Sprintf("%s in order", count(len(l.Told), "first effect"))
	return f
}

// ranked is a first effect with its rightful place in its group.
type ranked struct {
	history.Effect
	rank rank
}

func (l *reading) streamOrder(f *finding, early map[int]string) {
	type group struct {
		subscriber, stream string
		shard              int
	}
	groups := map[group][]ranked{}
	unread := 0
	for _, e := range l.firsts() {
		for at, id := range firstPlaces(l.OnNotes[e.Note], &unread) {
			g := group{e.Subscriber, at.Stream, at.Shard}
			groups[g] = append(groups[g], ranked{e, id})
		}
	}
	if unread > 0 {
		f.gap("%d entry ids on the notifications stream cannot be read", unread)
	}
	for _, sequence := range groups {
		markEarly(sequence, early, "which stood before it on the stream")
	}
}

// firstPlaces yields, for each shard where a notification stands, the lowest
// entry id that it has there.
func firstPlaces(places []history.Place, unread *int) map[history.Place]rank {
	first := map[history.Place]rank{}
	for _, p := range places {
		id, ok := parseEntry(p.Entry)
		if !ok {
			*unread++
			continue
		}
		shard := history.Place{Stream: p.Stream, Shard: p.Shard}
		if known, again := first[shard]; !again || id.compare(known) < 0 {
			first[shard] = id
		}
	}
	return first
}

func (l *reading) versionOrder(early map[int]string) {
	type group struct{ subscriber, subscription, paper string }
	groups := map[group][]ranked{}
	for _, e := range l.firsts() {
		if s, served := l.Serving[e.Version]; served {
			g := group{e.Subscriber, e.Subscription, s.Key}
			groups[g] = append(groups[g], ranked{e, rank{uint64(s.Rank), 0}})
		}
	}
	for _, sequence := range groups {
		markEarly(sequence, early, "which arXiv served before it")
	}
}

// firsts are the first effects of all notifications, in order.
func (l *reading) firsts() []history.Effect {
	var firsts []history.Effect
	for _, e := range l.Effects {
		if l.Told[e.Note][0].Order == e.Order {
			firsts = append(firsts, e)
		}
	}
	return firsts
}

// markEarly finds the effects that came before one of lower rank: going
// backwards in time, those above the lowest rank so far.
func markEarly(sequence []ranked, early map[int]string, reason string) {
	slices.SortFunc(sequence, func(a, b ranked) int { return cmp.Compare(a.Order, b.Order) })
	lowest := ranked{rank: rank{math.MaxUint64, math.MaxUint64}}
	for _, e := range slices.Backward(sequence) {
		if e.rank.compare(lowest.rank) > 0 {
			// Of two reasons always the same one, whichever group comes first.
			why := fmt.Sprintf("%s at %.1f s, %s", lowest.Describe(), lowest.T, reason)
			if known, marked := early[e.Order]; !marked || why < known {
				early[e.Order] = why
			}
			continue
		}
		lowest = e
	}
}
