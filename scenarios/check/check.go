// Package check judges the history of one profile's run.
//
// It sees the events and nothing else: no clock, network, file or random
// source, so that a saved history can be judged again and gives the same
// answer.
//
// # Words
//
//   - A notification is known by (subscription, version) and not by its id,
//     since the naive profile sends none.
//   - An effect is a webhook that the sink took, and that is not the repeat of an
//     Idempotency-Key: somebody was told, whether or not the answer was withheld.
//   - What should have been told is computed by an oracle (oracle.go) from the
//     subscriptions and the papers that arXiv's stand-in served. It shares no
//     code with the service.
//
// # The main flow
//
// Judge takes the account of the events, adds what the oracle expects
// (reading.go), asks each checker for its findings, one file per invariant, and
// concludes:
//
//	anomalies found              invalid
//	none, but a witness is away  unknown
//	otherwise                    valid
//
// So a missing witness can hide a violation but never turn into a pass.
//
// # Which invariant is red says what went wrong
//
// The invariants do not overlap; each sabotage turns exactly one of them red:
//
//	no-loss               a message got lost, whole: a paper on its way to
//	                      its effect, or a notification on its way to the sink
//	all-or-none           a transaction was torn: of one paper's notifications
//	                      some were published and some were not
//	no-unexpected-effect  somebody was told what they never asked for
//	no-duplicate-effect   somebody was told the same thing twice
//	key-order             somebody was told in the wrong order
//	produce-once          a message stands on its stream more than once
package check

import (
	"fmt"
	"slices"
	"strings"

	"paperlab/reports/history"
	"paperlab/reports/record"
)

// Findings are the result of judging one history. Anomalies and Blame are of all
// invariants, judged or not, as the counts are.
type Findings struct {
	Counts record.Counts
	// Load is what was offered, without its rate and capacity.
	Load       record.Load
	Invariants []record.Invariant
	Anomalies  []record.Anomaly
	Blame      []record.Blame
}

// Judge judges one profile's account by the named invariants; none named means
// all. A name that does not exist, and a history that mixes profiles, give
// unknown.
func Judge(a *history.Account, invariants []string) Findings {
	l := newReading(a)
	if len(invariants) == 0 {
		invariants = IDs()
	}
	found := Findings{Counts: l.counts(), Load: l.load()}
	found.Anomalies, found.Blame = l.blame()
	for _, id := range invariants {
		found.Invariants = append(found.Invariants, l.judge(id))
	}
	return found
}

// Invariant ties an id to its meaning in one line, and to its checker.
type Invariant struct {
	ID, Meaning string
	check       func(*reading) finding
}

// Catalogue has the invariants in the order in which reports show them.
var Catalogue = []Invariant{
	{"no-loss", "every paper served has its effect, and every notification on its stream reached the sink", noLoss},
	{"all-or-none", "of the notifications of one paper, all are published or none", allOrNone},
	{"no-unexpected-effect", "nobody is told what no subscription of theirs asks for", noUnexpected},
	{"no-duplicate-effect", "nobody is told twice of the same version by the same subscription", noDuplicate},
	{"key-order", "each subscriber is told in the order of the stream, and of a paper's versions in arXiv's order", keyOrder},
	{"produce-once", "each message stands on its stream once", produceOnce},
}

// IDs lists the invariants in the order of Catalogue.
func IDs() []string {
	var ids []string
	for _, i := range Catalogue {
		ids = append(ids, i.ID)
	}
	return ids
}

func (l *reading) judge(id string) record.Invariant {
	at := slices.IndexFunc(Catalogue, func(i Invariant) bool { return i.ID == id })
	if at < 0 {
		return record.Invariant{ID: id, Answer: record.Unknown, Detail: fmt.Sprintf("there is no such invariant; there are %s", strings.Join(IDs(), ", "))}
	}
	if l.Mixed {
		return record.Invariant{ID: id, Answer: record.Unknown, Detail: "the history holds more than one profile; give the events of one"}
	}
	return Catalogue[at].check(l).conclude(id)
}

// maxExamples bounds what a report shows of each verdict.
const maxExamples = 5

// finding gathers what a checker sees. The zero value is valid.
type finding struct {
	// judged says what was looked at, and is the detail of a valid verdict.
	judged string
	// summary is the detail of an invalid verdict.
	summary string
	// at is when each anomaly happened, in seconds; of the words for them, only as
	// many are kept as are shown.
	at       []float64
	examples []string
	// gaps are the reasons why the witnesses do not suffice.
	gaps []string
}

func (f *finding) anomaly(at float64, format string, args ...any) {
	f.at = append(f.at, at)
	if len(f.examples) < maxExamples {
		f.examples = append(f.examples, fmt.Sprintf(format, args...))
	}
}

// anomalies counts them all.
func (f finding) anomalies() int { return len(f.at) }

func (f *finding) gap(format string, args ...any) {
	f.gaps = append(f.gaps, fmt.Sprintf(format, args...))
}

func (f finding) conclude(id string) record.Invariant {
	switch {
	case f.anomalies() > 0:
		return record.Invariant{ID: id, Answer: record.Invalid, Detail: f.summary, Examples: f.examples}
	case len(f.gaps) > 0:
		return record.Invariant{ID: id, Answer: record.Unknown, Detail: strings.Join(f.gaps, "; ")}
	default:
		return record.Invariant{ID: id, Answer: record.Valid, Detail: f.judged}
	}
}

func (l *reading) counts() record.Counts {
	c := record.Counts{
		Offered:         len(l.Served),
		Acknowledged:    len(l.OnPapers),
		Delivered:       len(l.Told),
		Lost:            noLoss(l).anomalies(),
		Unexpected:      noUnexpected(l).anomalies(),
		OrderViolations: keyOrder(l).anomalies(),
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
