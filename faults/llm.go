package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"paperlab/compose/standin"
)

var llmKind = register(Kind{
	Name:  "llm",
	About: "an LLM stand-in answers with errors, answers late, or refuses connections",
	Undo:  "none: the stand-in runs inside the lab and dies with it",
})

// The modes of a stand-in. Errors answers 503 at once, Slow answers too late,
// Refuse accepts no connection.
const (
	LLMNormal = "normal"
	LLMErrors = "errors"
	LLMSlow   = "slow"
	LLMRefuse = "refuse"
)

// LLM is what the fault needs of a stand-in.
type LLM interface {
	// Provider is "ollama" or "openai".
	Provider() string
	// SetManner switches how it treats requests.
	SetManner(m standin.Manner) error
	// Probe asks for a completion as the service does, over HTTP, outside the
	// witness's record.
	Probe(ctx context.Context) (standin.Seen, error)
	// Struck counts the service's calls that met a manner.
	Struck() int64
}

// manner is how a provider's stand-in treats requests in a mode.
func manner(provider, mode string) standin.Manner {
	m := standin.Manner{Name: mode}
	switch mode {
	case LLMErrors:
		m.Status, m.Body = 503, `{"error":"server busy, please try again.  maximum pending requests exceeded"}`
		if provider == standin.OpenAI {
			m.Body = `{"error":{"message":"The engine is currently overloaded, please try again later","type":"server_error","param":null,"code":null}}`
		}
	case LLMSlow:
		m.Delay = 30 * time.Second
	case LLMRefuse:
		m.Ends = standin.Reset
	default:
		m = standin.Manner{}
	}
	return m
}

type llm struct {
	standins []LLM
	mode     string
	failed   int64
}

// NewLLM switches all of the stand-ins to the mode.
func NewLLM(mode string, standins ...LLM) Fault { return &llm{standins: standins, mode: mode} }

func (l *llm) ID() string      { return llmKind + "-" + l.Target() + "-" + l.mode }
func (l *llm) Kind() string    { return llmKind }
func (l *llm) Target() string  { return strings.Join(l.providers(""), "+") }
func (l *llm) Holds() []string { return l.providers("llm/") }

func (l *llm) Before(ctx context.Context) (string, error) {
	l.failed = l.count()
	return l.each(ctx, probeTimeout, LLMNormal)
}

func (l *llm) Inject(context.Context) error { return l.set(l.mode) }
func (l *llm) During(ctx context.Context) (string, error) {
	return l.each(ctx, slowAfter, l.mode)
}
func (l *llm) Heal(context.Context) error { return l.set(LLMNormal) }
func (l *llm) After(ctx context.Context) (string, error) {
	return l.each(ctx, probeTimeout, LLMNormal)
}

// Toll implements Tolling.
func (l *llm) Toll() string {
	return fmt.Sprintf("%d calls of the service failed meanwhile", l.count()-l.failed)
}

func (l *llm) providers(prefix string) (names []string) {
	for _, s := range l.standins {
		names = append(names, prefix+s.Provider())
	}
	return names
}

func (l *llm) set(mode string) (err error) {
	for _, s := range l.standins {
		err = errors.Join(err, s.SetManner(manner(s.Provider(), mode)))
	}
	return err
}

func (l *llm) count() (n int64) {
	for _, s := range l.standins {
		n += s.Struck()
	}
	return n
}
