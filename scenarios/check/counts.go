package check

import "paperlab/reports/record"

func (l *reading) counts() record.Counts {
	c := record.Counts{
		Offered:         len(l.Served),
		Acknowledged:    len(l.OnPapers),
		Delivered:       len(l.Told),
		Lost:            noLoss(l).anomalies,
		Unexpected:      noUnexpected(l).anomalies,
		OrderViolations: keyOrder(l).anomalies,
		DeadLetters:     l.Dead,
		LLMCalls:        len(l.Calls),
		Fenced:          l.Fenced,
	}
	c.DuplicateEffects = len(l.Effects) - len(l.Told)
	c.DuplicateDeliveries = l.Repeats + c.DuplicateEffects
	for n, effects := range l.Told {
		if !effects[0].Answered && l.Confirmed[n] {
			c.Recovered++
		}
	}
	for _, answers := range l.Answers {
		c.LLMCallsRepeated += answers - 1
	}
	return c
}
