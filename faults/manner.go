package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"paperlab/compose/standin"
	"paperlab/reports/history"
)

// Standin is what a fault needs of a stand-in: see package standin.
type Standin interface {
	SetManner(m standin.Manner) error
	Refuse(on bool) error
	// Probe asks as the service does; nobody counts or records it.
	Probe(ctx context.Context) (standin.Seen, error)
	// Struck counts the service's requests that met a manner, Answered those
	// that had their ordinary answer.
	Struck() int64
	Answered() int64
}

// manner is one way in which stand-ins can fail.
type manner struct {
	// told is what a stand-in is told; its Name is the fault's mode.
	told func(name string) standin.Manner
	// refuse: the stand-in takes no connection instead.
	refuse bool
	// happened are the words for the report: "answered with errors".
	happened string
	// shows tells whether a probe met it.
	shows func(probed) bool
}

// probed is what one probe met.
type probed struct {
	standin.Seen
	err  error
	took time.Duration
}

// How a probe knows a manner.
func well(p probed) bool    { return p.Status == 200 && p.err == nil }
func refused(p probed) bool { return errors.Is(p.err, syscall.ECONNREFUSED) }
func cut(p probed) bool     { return p.Status == 0 && p.err != nil && !late(p) && !refused(p) }
func late(p probed) bool {
	return p.Status == 0 && errors.Is(p.err, context.DeadlineExceeded)
}

// answers is how a probe knows an answer with a status and a piece of its body.
func answers(status int, piece string) func(probed) bool {
	return func(p probed) bool { return p.Status == status && strings.Contains(p.Head, piece) }
}

const (
	// tooLate is when an answer counts as too late for a probe: half of the
	// service's own time-outs in the lab.
	tooLate = time.Second
	// probeTimeout bounds a probe that should be answered.
	probeTimeout = 5 * time.Second
)

// misbehaving is the act of stand-ins with a manner.
type misbehaving struct {
	manner
	mode     string
	names    []string
	standins []Standin
	// only and share narrow the manner; spared is one that must stay well
	// meanwhile, nil if there is none.
	only   string
	share  float64
	spared Standin
	// busy: a stand-in that nobody asks proves nothing, so that the receipt
	// wants requests that had an answer before and after, and ones that met it.
	busy bool
	// struck and answered are the counts at the injection and at the heal.
	struck, answered int64
}

// misbehave finds the stand-ins; what is the real thing cannot be struck.
func (s *Site) misbehave(mode string, m manner, names ...string) (*misbehaving, error) {
	act := &misbehaving{manner: m, mode: mode, names: names}
	for _, name := range names {
		one := s.Standins[name]
		if one == nil {
			return nil, fmt.Errorf("%w: %s is no stand-in in this run, and the real one is not to be broken", ErrNoTarget, name)
		}
		act.standins = append(act.standins, one)
	}
	return act, nil
}

func (m *misbehaving) Facts() history.FaultFacts {
	target := strings.Join(m.names, "+")
	if m.only != "" {
		target += " of " + m.only
	}
	return history.FaultFacts{Target: target, Happened: strings.Replace(target, "+", " and ", 1) + " " + m.happened}
}

func (m *misbehaving) Before(ctx context.Context) (string, error) {
	text, err := m.each(ctx, probeTimeout, well)
	if err == nil && m.busy && m.count(Standin.Answered) == 0 {
		err = fmt.Errorf("%s has answered nobody yet", m.names[0])
	}
	m.struck = m.count(Standin.Struck)
	return text, err
}

func (m *misbehaving) Inject(context.Context) error { return m.set(true) }

func (m *misbehaving) During(ctx context.Context) (string, error) {
	text, err := m.each(ctx, tooLate, m.shows)
	if n := m.count(Standin.Struck) - m.struck; m.busy && !m.refuse && err == nil {
		if text += fmt.Sprintf("; %d requests met it so far", n); n == 0 {
			err = fmt.Errorf("no request of the service has met %s yet", m.mode)
		}
	}
	return text, err
}

// Toll implements Tolling.
func (m *misbehaving) Toll() string {
	if m.refuse {
		return "" // who is refused is not seen
	}
	return fmt.Sprintf("%d requests of the service met it", m.count(Standin.Struck)-m.struck)
}

func (m *misbehaving) Heal(context.Context) error {
	err := m.set(false)
	m.answered = m.count(Standin.Answered)
	return err
}

func (m *misbehaving) After(ctx context.Context) (string, error) {
	text, err := m.each(ctx, probeTimeout, well)
	if err == nil && m.busy && m.count(Standin.Answered) == m.answered {
		err = fmt.Errorf("%s has answered nobody since the heal", m.names[0])
	}
	return text, err
}

// set gives every stand-in its manner, or the ordinary one back: a heal must not
// stop at the first.
func (m *misbehaving) set(on bool) (err error) {
	for i, s := range m.standins {
		var to standin.Manner
		switch {
		case m.refuse:
			err = errors.Join(err, s.Refuse(on))
			continue
		case on:
			to = m.told(m.names[i])
			to.Name, to.Only, to.Share = m.mode, m.only, m.share
		}
		err = errors.Join(err, s.SetManner(to))
	}
	return err
}

func (m *misbehaving) count(of func(Standin) int64) (n int64) {
	for _, s := range m.standins {
		n += of(s)
	}
	return n
}

// each probes all stand-ins at once and gives evidence if all show what they
// should, and the spared one is well.
func (m *misbehaving) each(ctx context.Context, wait time.Duration, shows func(probed) bool) (string, error) {
	var g errgroup.Group
	evidence := make([]string, len(m.standins))
	for i, s := range m.standins {
		g.Go(func() (err error) {
			evidence[i], err = probe(ctx, s, m.names[i], wait, shows)
			return err
		})
	}
	err := g.Wait()
	if m.spared != nil && err == nil {
		var other string
		other, err = probe(ctx, m.spared, "another receiver", wait, well)
		evidence = append(evidence, other)
	}
	return strings.Join(evidence, "; "), err
}

func probe(ctx context.Context, s Standin, name string, wait time.Duration, shows func(probed) bool) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	began := time.Now()
	seen, err := s.Probe(ctx)
	p := probed{seen, err, time.Since(began)}
	text := fmt.Sprintf("a probe of %s %v in %s", name, p, short(p.took))
	if !shows(p) {
		return "", errors.New(text + ", which is not what it should be")
	}
	return text, nil
}

// String says in words what a probe met.
func (p probed) String() string {
	switch {
	case late(p):
		return "had no answer"
	case refused(p):
		return "was refused a connection"
	case p.Status == 0:
		return fmt.Sprintf("failed (%v)", p.err)
	case errors.Is(p.err, context.DeadlineExceeded):
		return fmt.Sprintf("had %d and then only a part of its answer", p.Status)
	case p.err != nil:
		return fmt.Sprintf("had %d and an answer that cannot be read", p.Status)
	case p.Status != 200 && p.RetryAfter != "":
		return fmt.Sprintf("had %d %s, Retry-After %s,", p.Status, p.Head, p.RetryAfter)
	case p.Status != 200:
		return fmt.Sprintf("had %d %s", p.Status, p.Head)
	default:
		return "had 200"
	}
}
