package faults

import (
	"context"
	"errors"
	"strings"
	"sync"

	"paperlab/reports/history"
)

// part is an act on one target.
type part interface {
	Before(ctx context.Context) (string, error)
	Inject(ctx context.Context) error
	During(ctx context.Context) (string, error)
	Heal(ctx context.Context) error
	After(ctx context.Context) (string, error)
}

// several is one fault on one target or more: one id, one receipt that speaks of
// each target, and complete only if all are proven. All are struck at once, and
// all are reached, whatever becomes of one of them.
type several struct {
	facts history.FaultFacts
	parts []part
	// proofs are the evidence of each part's effect, "" as long as there is none.
	// What was proven once stays so: the entries of one that was killed may be
	// another's by the time that the last one is proven.
	proofs []string
}

// severally makes one act of one for each target.
func severally[Target any](facts history.FaultFacts, targets []Target, act func(Target) part) *several {
	s := &several{facts: facts, proofs: make([]string, len(targets))}
	for _, t := range targets {
		s.parts = append(s.parts, act(t))
	}
	return s
}

func (s *several) Facts() history.FaultFacts { return s.facts }

func (s *several) Before(ctx context.Context) (string, error) {
	return s.evidence(func(_ int, p part) (string, error) { return p.Before(ctx) })
}

func (s *several) Inject(ctx context.Context) error {
	return s.each(func(_ int, p part) error { return p.Inject(ctx) })
}

func (s *several) During(ctx context.Context) (string, error) {
	return s.evidence(func(i int, p part) (text string, err error) {
		if s.proofs[i] == "" {
			// A reading that was cut short is none: see act.evidence.
			if text, err = p.During(ctx); err != nil || over(ctx) {
				return text, err
			}
			s.proofs[i] = text
		}
		return s.proofs[i], nil
	})
}

func (s *several) Heal(ctx context.Context) error {
	return s.each(func(_ int, p part) error { return p.Heal(ctx) })
}

func (s *several) After(ctx context.Context) (string, error) {
	return s.evidence(func(_ int, p part) (string, error) { return p.After(ctx) })
}

// evidence is that of all parts, or all that is missing.
func (s *several) evidence(look func(int, part) (string, error)) (string, error) {
	texts := make([]string, len(s.parts))
	err := s.each(func(i int, p part) (err error) {
		texts[i], err = look(i, p)
		return err
	})
	if err != nil {
		return "", err
	}
	return strings.Join(texts, "; "), nil
}

// each does the same with all parts at once and waits for all.
func (s *several) each(do func(int, part) error) error {
	failed := make([]error, len(s.parts))
	var doing sync.WaitGroup
	for i, p := range s.parts {
		doing.Go(func() { failed[i] = guard(func() error { return do(i, p) }) })
	}
	doing.Wait()
	return errors.Join(failed...)
}
