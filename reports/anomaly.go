package reports

import (
	"strings"

	"paperlab/reports/record"
)

// anomaly is one kind of violation, as story, tables and figures tell of it.
type anomaly struct {
	// id is the invariant that judges it.
	id string
	// bar is its label in the figure of anomalies, figure that of its line among
	// the key figures; empty where it has no place. strip is its name on a time
	// axis.
	bar, figure, strip string
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
		id: "no-loss", bar: "lost", figure: "messages lost", strip: "lost", always: true,
		none: "nothing was lost", some: "{messages} {were} lost", did: "lost {messages}",
		count: func(c record.Counts) int { return c.Lost },
	}, {
		id: "no-duplicate-effect", bar: "duplicate effects", figure: "duplicate effects", strip: "told twice", always: true,
		none: "nobody was told twice", some: "somebody was told the same thing again {times}", did: "told somebody the same thing again {times}",
		count: func(c record.Counts) int { return c.DuplicateEffects },
	}, {
		id: "key-order", bar: "order violations", figure: "told out of order", strip: "out of order", always: true,
		none: "nobody was told out of order", some: "somebody was told out of order {times}", did: "told somebody out of order {times}",
		count: func(c record.Counts) int { return c.OrderViolations },
	}, {
		id: "no-unexpected-effect", bar: "unexpected effects", strip: "unexpected",
		none: "nobody was told what they never asked for", some: "somebody was told what they never asked for {times}", did: "told somebody what they never asked for {times}",
		count: func(c record.Counts) int { return c.Unexpected },
	}, {
		id: "all-or-none", figure: "papers told only in part", strip: "in part",
		none: "no paper's notifications were published in part",
		some: "the notifications of some papers were published only in part", did: "published the notifications of some papers only in part",
	}, {
		id: "produce-once", strip: "stood twice", none: "no message stood on its stream twice",
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

// findings sort the anomalies by what is known of them in a run.
type findings struct {
	// Said are clauses about what happened and what did not, Did those of what
	// the service did wrong, Doubts sentences on what is not known.
	Said, Did, Doubts []string
	// Sound, Unknown and Unjudged are invariants: valid, could not be judged, and
	// not asked for though every story tells of them.
	Sound, Unknown, Unjudged []string
}

// find says that nothing happened only of what was judged valid.
func find(r record.Run) (f findings) {
	for _, a := range anomalies {
		switch verdict, n := r.AnswerOf(a.id), a.in(r); {
		case verdict == record.Invalid && n == 0:
			// The checker counts more than the counter: trust the verdict.
			f.Doubts = append(f.Doubts, a.id+" was broken; its table says how.")
			f.Did = append(f.Did, "broke "+a.id)
		case verdict == record.Invalid, n > 0:
			whose := caused(r.BlameOf(a.id))
			f.Said = append(f.Said, tell(a.some, n)+whose)
			f.Did = append(f.Did, tell(a.did, n)+whose)
		case verdict == record.Valid:
			f.Sound = append(f.Sound, a.id)
			if a.always {
				f.Said = append(f.Said, a.none)
			}
		case verdict == record.Unknown:
			f.Unknown = append(f.Unknown, a.id)
			f.Doubts = append(f.Doubts, "Whether "+a.id+" held could not be judged.")
		case a.always:
			f.Unjudged = append(f.Unjudged, a.id)
		}
	}
	return f
}

// Repeats tell of work that was done again without anybody noticing.
func (s *subject) Repeats() []string {
	var parts []string
	c := s.Counts
	if n := c.DuplicateDeliveries - c.DuplicateEffects; n > 0 {
		parts = append(parts, was(n, "webhook", "webhooks")+" repeated and recognised by the key")
	}
	if n := c.LLMCallsRepeated; n > 0 {
		parts = append(parts, was(n, "LLM call", "LLM calls")+" answered again for a paper that had its summary")
	}
	if n := c.DeadLetters; n > 0 {
		parts = append(parts, was(n, "entry", "entries")+" set aside as a dead letter")
	}
	return parts
}
