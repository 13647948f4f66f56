package faults

import (
	"context"
	"fmt"
	"sync/atomic"
)

var sinkKind = register(Kind{
	Name:  "sink",
	About: "the webhook sink takes notifications and withholds its answers",
	Undo:  "none: the sink runs inside the lab and dies with it",
})

// Sink is what the fault needs of the webhook sink.
type Sink interface {
	// Withhold says whether answers are withheld from now on. What arrives is
	// taken and recorded in any case.
	Withhold(on bool) error
	// Answered and Withheld count the webhooks that were taken with and
	// without an answer.
	Answered() int64
	Withheld() int64
}

type sink struct {
	target Sink
	// withheld and healed are the counts at the injection and at the heal.
	// The evidence is what comes on top of them.
	withheld, healed atomic.Int64
}

// NewSink loses the sink's answers: people are told, and the service does not
// know it.
func NewSink(target Sink) Fault { return &sink{target: target} }

func (s *sink) ID() string      { return sinkKind + "-answers" }
func (s *sink) Kind() string    { return sinkKind }
func (s *sink) Target() string  { return sinkKind }
func (s *sink) Holds() []string { return []string{sinkKind} }

// Before waits for an answered webhook, since a sink that nobody calls proves
// nothing.
func (s *sink) Before(context.Context) (string, error) {
	n := s.target.Answered()
	if n == 0 {
		return "", fmt.Errorf("the sink has not answered any webhook yet")
	}
	return fmt.Sprintf("the sink has answered %d webhooks", n), nil
}

func (s *sink) Inject(context.Context) error {
	s.withheld.Store(s.target.Withheld())
	return s.target.Withhold(true)
}

func (s *sink) During(context.Context) (string, error) {
	n := s.target.Withheld() - s.withheld.Load()
	if n == 0 {
		return "", fmt.Errorf("the sink has withheld no answer yet")
	}
	return fmt.Sprintf("the sink took %d webhooks and withheld its answers", n), nil
}

// Toll implements Tolling.
func (s *sink) Toll() string {
	return fmt.Sprintf("%d answers withheld in all", s.target.Withheld()-s.withheld.Load())
}

func (s *sink) Heal(context.Context) error {
	err := s.target.Withhold(false)
	s.healed.Store(s.target.Answered())
	return err
}

func (s *sink) After(context.Context) (string, error) {
	n := s.target.Answered() - s.healed.Load()
	if n == 0 {
		return "", fmt.Errorf("the sink has not answered any webhook since the heal")
	}
	return fmt.Sprintf("the sink has answered %d webhooks since the heal", n), nil
}

// Tell implements Telling.
func (s *sink) Tell() (string, []string, string) {
	return "", nil, "the webhook sink took notifications and withheld its answers"
}
