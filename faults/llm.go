package faults

import (
	"maps"
	"slices"
	"time"

	"paperlab/compose"
	"paperlab/compose/standin"
)

var _ = register(Kind{
	Name:    "llm",
	About:   "an LLM answers with errors, answers late, or refuses connections",
	Undo:    "none: the stand-in runs inside the lab and dies with it",
	Fields:  []string{"provider", "mode"},
	Example: "{provider: ollama, mode: errors}",
	Read: func(f Fields) Fault {
		return llm{f.Choice("provider", compose.Ollama, compose.OpenAI, "all"), f.Choice("mode", slices.Sorted(maps.Keys(llmManners))...)}
	},
})

// busyOllama is Ollama's answer when its queue is full, two blanks included.
const busyOllama = `{"error":"server busy, please try again.  maximum pending requests exceeded"}`

var llmManners = map[string]manner{
	"errors": {
		told: func(provider string) standin.Manner {
			if provider == compose.Ollama {
				return standin.Manner{Status: 503, Body: busyOllama}
			}
			return standin.Manner{Status: 503, Body: `{"error":{"message":"The engine is currently overloaded, please try again later","type":"server_error","param":null,"code":null}}`}
		},
		happened: "answered with errors", shows: answers(503, `"error"`),
	},
	"slow": {
		told:     func(string) standin.Manner { return standin.Manner{Delay: 30 * time.Second} },
		happened: "answered too late", shows: late,
	},
	"refuse": {refuse: true, happened: "refused connections", shows: refused},
}

type llm struct{ provider, mode string }

func (l llm) Mode() string { return l.mode }

func (l llm) providers() []string {
	if l.provider == "all" {
		return []string{compose.Ollama, compose.OpenAI}
	}
	return []string{l.provider}
}

func (l llm) Holds() (held []string) {
	for _, p := range l.providers() {
		held = append(held, "llm/"+p)
	}
	return held
}

func (l llm) Aim(s *Site) (Act, error) {
	return s.misbehave(l.mode, llmManners[l.mode], l.providers()...)
}
