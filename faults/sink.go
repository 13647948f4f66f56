package faults

import (
	"context"
	"fmt"
	"sync/atomic"

	"paperlab/compose/standin"
)

var sinkKind = register(Kind{
	Name:  "sink",
	About: "the webhook sink takes notifications and withholds its answers",
	Undo:  "none: the sink runs inside the lab and dies with it",
})

// Sink is what the fault needs of the webhook sink.
type Sink interface {
	// SetManner switches how it treats requests.
	SetManner(m standin.Manner) error
	// Answered counts the webhooks that were taken and answered so, Struck
	// those that met a manner.
	Answered() int64
	Struck() int64
}

type sink struct {
	target Sink
	share  float64
	// withheld and healed are the counts at the injection and at the heal.
	// The evidence is what comes on top of them.
	withheld, healed atomic.Int64
}

// NewSink loses a share of the sink's answers, 0 meaning all: people are told,
// and the service does not know it.
func NewSink(target Sink, share float64) Fault { return &sink{target: target, share: share} }

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
	s.withheld.Store(s.target.Struck())
	return s.target.SetManner(standin.Manner{Name: "answers-lost", Share: s.share, Ends: standin.Reset, Take: true})
}

func (s *sink) During(context.Context) (string, error) {
	n := s.target.Struck() - s.withheld.Load()
	if n == 0 {
		return "", fmt.Errorf("the sink has withheld no answer yet")
	}
	return fmt.Sprintf("the sink took %d webhooks and withheld its answers", n), nil
}

// Toll implements Tolling.
func (s *sink) Toll() string {
	return fmt.Sprintf("%d answers withheld in all", s.target.Struck()-s.withheld.Load())
}

func (s *sink) Heal(context.Context) error {
	err := s.target.SetManner(standin.Manner{})
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
