package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// slowAfter is when an answer counts as slow: the service's own bound.
	slowAfter = time.Second
	// probeTimeout bounds a probe that should be answered.
	probeTimeout = 5 * time.Second
)

// each probes every stand-in and gives evidence if all are in the mode.
func (l *llm) each(ctx context.Context, wait time.Duration, mode string) (string, error) {
	var evidence []string
	for _, s := range l.standins {
		text, is := probe(ctx, s, wait)
		if is != mode {
			return "", fmt.Errorf("POST to %s %s: that is %s and not %s", s.Provider(), text, is, mode)
		}
		evidence = append(evidence, fmt.Sprintf("POST to %s %s", s.Provider(), text))
	}
	return strings.Join(evidence, "; "), nil
}

// probe says what a call of the stand-in met, and which mode that is.
func probe(ctx context.Context, s LLM, wait time.Duration) (text, mode string) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	seen, err := s.Probe(ctx)
	took := short(time.Since(began))
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "had no answer in " + took, LLMSlow
	case err != nil:
		return fmt.Sprintf("failed in %s: %v", took, err), LLMRefuse
	case seen.Status >= 400:
		return fmt.Sprintf("answered %d %s in %s", seen.Status, seen.Head, took), LLMErrors
	default:
		return fmt.Sprintf("answered %d in %s", seen.Status, took), LLMNormal
	}
}
