package standin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Manner is how a stand-in treats requests in place of its ordinary answer. A
// fault hands it over as a value; stand-ins apply it and record it and know no
// faults. The zero value is the ordinary manner.
//
// A stand-in's own limits (arXiv's interval, a full queue, a wrong key) hold
// for what a manner lets pass.
type Manner struct {
	// Name is what the history calls it, such as "rate-limited". Only the
	// ordinary manner has none.
	Name string
	// Only is the one receiver, a subscriber's id, that it is for; empty means
	// all. It is the sink's alone.
	Only string
	// Share of the requests that it strikes, above 0 and at most 1; 0 means
	// all. Each request draws once, when it arrives, from the stand-in's seeded
	// source. Probes draw nothing: a manner strikes them whatever its share.
	Share float64
	// Delay passes before the answer begins, in place of the ordinary latency;
	// at most 10 min. 0 keeps the ordinary latency for an ordinary answer, and
	// has any other answer at once.
	Delay time.Duration
	// Status, if not 0, is answered with Body in place of the ordinary answer;
	// 200 to 599, at the sink 300 to 599. What type the body has is seen from it.
	Status int
	Body   string
	// RetryAfter is the header's value, seconds or an HTTP date; empty sends
	// none.
	RetryAfter string
	// Ends is how far the answer gets.
	Ends Ending
	// Take has the sink take the notification although its answer gets lost:
	// Ends is Silent or Reset then. It is the sink's alone.
	Take bool
}

// Ending is how far an answer gets.
type Ending int

const (
	// Whole: the answer arrives.
	Whole Ending = iota
	// Truncated: the first half of the body, and a clean end.
	Truncated
	// Stalled: the headers and the first half of the body, then nothing until
	// the manner changes. The rest follows then.
	Stalled
	// Silent: the request is taken, and nothing comes until the manner changes.
	// The request goes on under the new one then.
	Silent
	// Reset: the connection is reset in place of an answer.
	Reset
)

// check refuses what cannot be meant. sink tells whether the sink is asked.
func (m Manner) check(name string, sink bool) error {
	if m == (Manner{}) {
		return nil
	}
	lowest := 0
	if m.Status != 0 && sink {
		// A receiver that says 2xx and took nothing would be a liar whom no
		// witness could convict.
		lowest = 300
	} else if m.Status != 0 {
		lowest = 200
	}
	err := cmp.Or(
		present(name, "Manner.Name", m.Name != ""),
		within(name, "Manner.Share", m.Share, 0, 1),
		within(name, "Manner.Delay", m.Delay, 0, longestLatency),
		within(name, "Manner.Status", m.Status, lowest, 599),
		within(name, "Manner.Ends", m.Ends, Whole, Reset),
	)
	switch {
	case err != nil:
		return err
	case (m.Only != "" || m.Take) && !sink:
		return fmt.Errorf("standin: %s: manner %s: Only and Take are for the sink", name, m.Name)
	case m.Take && m.Ends != Silent && m.Ends != Reset:
		return fmt.Errorf("standin: %s: manner %s: Take wants a lost answer: Ends Silent or Reset", name, m.Name)
	case m.Status != 0 && (m.Ends == Silent || m.Ends == Reset):
		return fmt.Errorf("standin: %s: manner %s: Status is for an answer, and Ends lets none out", name, m.Name)
	case m.Status == 0 && (m.Body != "" || m.RetryAfter != ""):
		return fmt.Errorf("standin: %s: manner %s: Body and RetryAfter want a Status", name, m.Name)
	}
	return nil
}

// atOnce tells that no work precedes the answer.
func (m Manner) atOnce() bool { return m.Delay == 0 && (m.Status != 0 || m.Ends == Reset) }

// manners is the switch of one stand-in.
type manners struct {
	of   string
	sink bool

	mu      sync.Mutex
	manner  Manner
	changed chan struct{} // closed at the next change

	answered, struck atomic.Int64
}

func newManners(of string) *manners { return &manners{of: of, changed: make(chan struct{})} }

// SetManner switches the manner; the zero Manner is the ordinary one. Requests
// that wait go on under the new one. One that makes no sense is an error and
// changes nothing.
func (m *manners) SetManner(to Manner) error {
	if err := to.check(m.of, m.sink); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if to != m.manner {
		m.manner = to
		close(m.changed)
		m.changed = make(chan struct{})
	}
	return nil
}

// Struck counts the service's requests, each once, that met a manner other than
// the ordinary one. Probes do not count.
func (m *manners) Struck() int64 { return m.struck.Load() }

// Answered counts the service's requests that got their ordinary answer, whole,
// however late. Probes do not count.
func (m *manners) Answered() int64 { return m.answered.Load() }

// visit is one request on its way through a stand-in.
type visit struct {
	// to is the receiver; the sink's alone.
	to string
	// latency is the ordinary one. luck, from 0 to less than 1, decides whether
	// a manner's share strikes it: the same for all manners that it meets.
	latency time.Duration
	luck    float64
	// probe is not counted. struck tells that this one was.
	probe, struck bool
}

// met is the manner that strikes a visit, the zero one if none does.
type met struct {
	Manner
	// changed is closed when the manner changes.
	changed <-chan struct{}
}

func (m *manners) meet(v *visit) met {
	m.mu.Lock()
	defer m.mu.Unlock()
	got := met{m.manner, m.changed}
	switch {
	case got.Only != "" && got.Only != v.to || v.luck >= cmp.Or(got.Share, 1):
		got.Manner = Manner{}
	case got.Name != "" && !v.probe && !v.struck:
		v.struck = true
		m.struck.Add(1)
	}
	return got
}

// linger lets the time before the answer pass, which is the manner's own, or
// ordinary. Its errors are wait's.
func (m met) linger(ctx context.Context, ordinary time.Duration) error {
	if m.Ends == Silent {
		return wait(ctx, forever, m.changed)
	}
	return wait(ctx, cmp.Or(m.Delay, ordinary), m.changed)
}

const forever = 1 << 62 * time.Nanosecond

// pass lets a visit take a step under the manner that it meets, and again
// whenever that changes meanwhile, and returns the last one.
func (m *manners) pass(v *visit, step func(met) error) (got met, err error) {
	for err = errChanged; errors.Is(err, errChanged); {
		got = m.meet(v)
		err = step(got)
	}
	return got, err
}

// errChanged is the error of a wait that a change of manner cut short.
var errChanged = errors.New("the manner has changed")

// wait lets d pass. It ends early, with the reason, when ctx does, and with
// errChanged when changed closes.
func wait(ctx context.Context, d time.Duration, changed <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-changed:
		return errChanged
	case <-ctx.Done():
		return ctx.Err()
	}
}
