package history

import "paperlab/reports/record"

// Price is what the service's work cost while nothing was broken: from the begin
// of the first phase to the end of the steady one. Later, faults, and what a
// profile does about them, would be counted with it.
//
// Latency is that of whoever was told in that time. Commands and memory are what
// Redis did and held more at the last reading of that time than at the first, for
// each version of a paper whose work was done between the two: that had its
// summary, and whose subscribers, if it had any, had been told, each for the first
// time. All that the service asks of Redis is in it, its polling and its lookout
// for others too: an idle service has no price for a message, and with more load
// the price falls.
//
// How many papers a second it carries at most is not seen here: that is measured
// before, and stated with the load.
func (a *Account) Price() (p record.Price) {
	from, to := a.calm()
	if told := Between(a.Latency, from, to); len(told) > 0 {
		p.LatencyP50S = new(Percentile(told, 50))
		p.LatencyP95S = new(Percentile(told, 95))
		p.LatencyP99S = new(Percentile(told, 99))
	}
	done := a.done()
	p.CommandsPerMessage = perMessage(Between(a.Commands, from, to), done)
	p.MemoryBytesPerMessage = perMessage(Between(a.Memory, from, to), done)
	return p
}

// calm is the time in which the load comes and no fault has begun; without a
// steady phase it is empty.
func (a *Account) calm() (from, to float64) {
	if len(a.Phases) == 0 {
		return 0, 0
	}
	return a.Phases[0].StartS, a.Phase(PhaseSteady).EndS
}

// done is when the work of each version was done that had a summary.
func (a *Account) done() map[string]float64 {
	at := map[string]float64{}
	for _, c := range a.Calls {
		if before, again := at[c.Version]; c.OK && (!again || c.To < before) {
			at[c.Version] = c.To
		}
	}
	for note, effects := range a.Told {
		if summarized, known := at[note.Version]; known {
			at[note.Version] = max(summarized, effects[0].T)
		}
	}
	return at
}

// perMessage is the growth of a total over its readings for each version that was
// done between the first and the last; nil if there is no growth to speak of.
func perMessage(total []Point, done map[string]float64) *float64 {
	if len(total) == 0 {
		return nil
	}
	first, last := total[0], total[len(total)-1]
	messages := 0
	for _, at := range done {
		if at > first.T && at <= last.T {
			messages++
		}
	}
	grown := last.Value - first.Value
	if messages == 0 || grown < 0 {
		return nil
	}
	return new(grown / float64(messages))
}
