package check

import (
	"encoding/json"

	"paperlab/reports/history"
	"paperlab/reports/record"
)

// load is what really was offered: what the oracle expects of the papers that
// were served. Its rate and capacity are not the history's to say.
func (l *reading) load() record.Load {
	per, all, bytes, known := map[string]int{}, 0, 0, 0
	for version, ids := range l.expecting {
		text, _ := json.Marshal(l.Serving[version].Paper) // it came as JSON
		bytes += len(text)
		known++
		for _, id := range ids {
			per[l.wish[id].Subscriber]++
			all++
		}
	}
	offered, people := record.Load{}, map[string]bool{}
	for _, w := range l.Wishes {
		people[w.Subscriber] = true
	}
	offered.Subscribers = len(people)
	if known > 0 {
		offered.FanOut, offered.PaperBytes = float64(all)/float64(known), bytes/known
	}
	for _, n := range per {
		offered.HottestShare = max(offered.HottestShare, float64(n)/float64(all))
	}
	return offered
}

// Done are the times, in no order, at which served papers were done: all who
// wished for it had been told or, where nobody wished for it, an LLM had
// answered. Papers that are not done have none.
func Done(a *history.Account) []float64 {
	l := newReading(a)
	answered := map[string]float64{}
	for _, c := range a.Calls {
		if _, before := answered[c.Version]; c.OK && !before {
			answered[c.Version] = c.To
		}
	}
	var times []float64
	for version, ids := range l.expecting {
		at, done := answered[version]
		for _, id := range ids {
			told := a.Told[history.Note{Subscription: id, Version: version}]
			if len(told) == 0 {
				done = false
				break
			}
			at, done = max(at, told[0].T), true
		}
		if done {
			times = append(times, at)
		}
	}
	return times
}
