package reports

import (
	"fmt"
	"strings"

	"paperlab/reports/record"
)

// anomaly is one kind of violation, as story, tables and figures tell of it.
type anomaly struct {
	// id is the invariant that judges it.
	id string
	// bar is its label in the figure of anomalies, figure that of its line among
	// the key figures; empty where it has no place.
	bar, figure string
	// none is said where the invariant is valid, some where it is not, did where
	// the naive service is the subject; see tell.
	none, some, did string
	// count is nil for a kind that nobody counts.
	count func(record.Counts) int
	// always: said in every story, even if nothing happened.
	always bool
}

var anomalies = []anomaly{
	{
		id: "no-loss", bar: "lost", figure: "messages lost", always: true,
		none: "nothing was lost", some: "{messages} {were} lost", did: "lost {messages}",
		count: func(c record.Counts) int { return c.Lost },
	}, {
		id: "no-duplicate-effect", bar: "duplicate effects", figure: "duplicate effects", always: true,
		none: "nobody was told twice", some: "somebody was told the same thing again {times}", did: "told somebody the same thing again {times}",
		count: func(c record.Counts) int { return c.DuplicateEffects },
	}, {
		id: "key-order", bar: "order violations", figure: "told out of order", always: true,
		none: "nobody was told out of order", some: "somebody was told out of order {times}", did: "told somebody out of order {times}",
		count: func(c record.Counts) int { return c.OrderViolations },
	}, {
		id: "no-unexpected-effect", bar: "unexpected effects",
		none: "nobody was told what they never asked for", some: "somebody was told what they never asked for {times}", did: "told somebody what they never asked for {times}",
		count: func(c record.Counts) int { return c.Unexpected },
	}, {
		id: "all-or-none", figure: "papers told only in part",
		none: "no paper's notifications were published in part",
		some: "the notifications of some papers were published only in part", did: "published the notifications of some papers only in part",
	}, {
		id: "produce-once", none: "no message stood on its stream twice",
		some: "some messages stood on their stream more than once", did: "put some messages on their stream more than once",
	},
}

// in is how often it happened in a run; -1 if nobody counts it.
func (a anomaly) in(r record.Run) int {
	if a.count == nil {
		return -1
	}
	return a.count(r.Counts)
}

// tell puts a count into one of the sentences.
func tell(sentence string, n int) string {
	return strings.NewReplacer("{messages}", count(n, "message", "messages"), "{were}", noun(n, "was", "were"), "{times}", times(n)).Replace(sentence)
}

// outcomeSentences say what became of the load.
func outcomeSentences(r record.Run) []string {
	c := r.Counts
	if c.Offered == 0 {
		return []string{"No paper was offered, so nothing was put to the test."}
	}
	load := "Of " + count(c.Offered, "paper", "papers")
	if c.Delivered > 0 {
		load += " and " + count(c.Delivered, "notification", "notifications")
	}
	var said, open, unjudged []string
	for _, a := range anomalies {
		switch verdict, n := r.AnswerOf(a.id), a.in(r); {
		case verdict == record.Invalid && n == 0:
			// The checker counts more than the counter: trust the verdict.
			open = append(open, fmt.Sprintf("%s was broken; its table says how.", a.id))
		case verdict == record.Invalid, n > 0:
			said = append(said, tell(a.some, n))
		case verdict == record.Valid && a.always:
			said = append(said, a.none)
		case verdict == record.Unknown:
			open = append(open, fmt.Sprintf("Whether %s held could not be judged.", a.id))
		case verdict == "" && a.always:
			unjudged = append(unjudged, a.id)
		}
	}
	if len(unjudged) > 0 {
		open = append(open, fmt.Sprintf("Not judged in this run: %s.", list(unjudged)))
	}
	out := []string{}
	if len(said) > 0 {
		out = append(out, load+", "+list(said)+".")
	} else {
		out = append(out, capital(was(c.Offered, "paper", "papers"))+" offered"+deliveredClause(c)+".")
	}
	return append(append(out, open...), repeats(c))
}

func deliveredClause(c record.Counts) string {
	if c.Delivered == 0 {
		return ""
	}
	return " and " + was(c.Delivered, "notification", "notifications") + " told"
}

// repeats tell of work that was done again without anybody noticing.
func repeats(c record.Counts) string {
	var parts []string
	if n := c.DuplicateDeliveries - c.DuplicateEffects; n > 0 {
		parts = append(parts, was(n, "webhook", "webhooks")+" repeated and recognised by the key")
	}
	if n := c.LLMCallsRepeated; n > 0 {
		parts = append(parts, was(n, "LLM call", "LLM calls")+" answered again for a paper that had its summary")
	}
	if n := c.DeadLetters; n > 0 {
		parts = append(parts, was(n, "entry", "entries")+" set aside as a dead letter")
	}
	if len(parts) == 0 {
		return ""
	}
	return capital(list(parts)) + "."
}

// naiveSentences compare: same load, seed and faults.
func naiveSentences(r record.Run) []string {
	if r.Counts.Offered == 0 {
		return []string{"The naive service was offered no paper, so there is nothing to compare with."}
	}
	out := naiveAnomalies(r)
	if r.EffectAt() == nil || !r.Bounded() {
		return out
	}
	out = append(out, "Its "+uncapital(backlogSentence(r)))
	if r.TimeToRecoverS == nil {
		out = append(out, "Its steady state, latency included, was not regained before the run ended.")
	}
	return out
}

// naiveAnomalies say that there was none only of what was judged valid.
func naiveAnomalies(r record.Run) []string {
	const subject = "The naive service, under the same load, seed and faults, "
	var did, sound, open, unjudged []string
	for _, a := range anomalies {
		switch verdict, n := r.AnswerOf(a.id), a.in(r); {
		case verdict == record.Invalid && n == 0:
			did = append(did, "broke "+a.id)
		case n > 0, verdict == record.Invalid:
			did = append(did, tell(a.did, n))
		case verdict == record.Valid:
			sound = append(sound, a.id)
		case verdict == record.Unknown:
			open = append(open, a.id)
		case a.always:
			unjudged = append(unjudged, a.id)
		}
	}
	var out []string
	switch {
	case len(did) > 0:
		out = append(out, subject+list(did)+".")
	case len(sound) > 0:
		out = append(out, subject+"kept "+list(sound)+" in this run.")
	default:
		out = append(out, subject+"was run but not judged.")
		unjudged = nil
	}
	if len(open) > 0 {
		out = append(out, "What could not be judged for it: "+list(open)+".")
	}
	if len(unjudged) > 0 {
		out = append(out, "Not judged for it: "+list(unjudged)+".")
	}
	return out
}

// sentenceOf makes each reason end with a full stop.
func sentenceOf(reasons []string) string {
	var out []string
	for _, r := range reasons {
		if r = oneLine(r); r != "" {
			out = append(out, strings.TrimRight(r, ".")+".")
		}
	}
	return strings.Join(out, " ")
}
