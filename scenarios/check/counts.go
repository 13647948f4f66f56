package check

// Counts are the totals of one history. Fields and their order are those of
// the counts in a result record.
type Counts struct {
	// Offered are the distinct versions that arXiv's stand-in served,
	// Acknowledged those found on the papers stream.
	Offered      int
	Acknowledged int
	// Delivered are distinct notifications with an effect.
	Delivered int
	// Lost are the violations of no-loss.
	Lost int
	// Recovered are notifications whose first effect the service could not know
	// of, because the answer was withheld, and which it then repeated until it
	// had an answer.
	Recovered int
	// Unexpected are effects that the oracle does not expect.
	Unexpected int
	// DuplicateDeliveries are all webhooks beyond the first of a notification:
	// repeats that the sink knew by their key, and DuplicateEffects.
	DuplicateDeliveries int
	DuplicateEffects    int
	// OrderViolations are effects that came before one that should precede
	// them.
	OrderViolations int
	// Fenced commits do not show in a history: always 0 here.
	Fenced      int
	DeadLetters int
	// LLMCalls are calls begun. LLMCallsRepeated are answers for a version that
	// had an answer before.
	LLMCalls         int
	LLMCallsRepeated int
}

func (l *ledger) counts() Counts {
	c := Counts{
		Offered:         len(l.served),
		Acknowledged:    len(l.onPapers),
		Delivered:       len(l.told),
		Lost:            noLoss(l).anomalies,
		Unexpected:      noUnexpected(l).anomalies,
		OrderViolations: keyOrder(l).anomalies,
		DeadLetters:     l.dead,
		LLMCalls:        l.asked,
	}
	c.DuplicateEffects = len(l.effects) - len(l.told)
	c.DuplicateDeliveries = l.repeats + c.DuplicateEffects
	for n, effects := range l.told {
		if !effects[0].answered && l.confirmed[n] {
			c.Recovered++
		}
	}
	for _, answers := range l.answers {
		c.LLMCallsRepeated += answers - 1
	}
	return c
}
