package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"paperlab/compose"
	"paperlab/compose/standin"
)

var _ = register(Kind{
	Name:    "llm",
	About:   "an LLM answers with errors, 429 for its rate or its quota, too late, only in part, with what is no completion, or refuses connections",
	Undo:    "none: the stand-in runs inside the lab and dies with it",
	Fields:  []string{"provider", "mode"},
	Example: "{provider: ollama, mode: errors}",
	Read: func(f Fields, _ compose.Plan) Fault {
		return llm{f.Choice("provider", compose.Ollama, compose.OpenAI, "all"), f.Choice("mode", slices.Sorted(maps.Keys(llmManners))...)}
	},
})

// busyOllama is Ollama's answer when its queue is full, two blanks included.
const busyOllama = `{"error":"server busy, please try again.  maximum pending requests exceeded"}`

// openAIError is an error in the form that OpenAI and Ollama's compatible
// endpoint give it.
func openAIError(kind, code, message string) string {
	return fmt.Sprintf(`{"error":{"message":%q,"type":%q,"param":null,"code":%q}}`, message, kind, code)
}

var llmManners = map[string]manner{
	"errors": {
		told: func(provider string) standin.Manner {
			if provider == compose.Ollama {
				return standin.Manner{Status: 503, Body: busyOllama}
			}
			return standin.Manner{Status: 503, Body: openAIError("server_error", "", "The engine is currently overloaded, please try again later")}
		},
		happened: "answered with errors", shows: answers(503, `"error"`),
	},
	"slow": {
		told:     func(string) standin.Manner { return standin.Manner{Delay: 30 * time.Second} },
		happened: "answered too late", shows: late,
	},
	"rate-limited": {
		told: func(string) standin.Manner {
			return standin.Manner{Status: 429, RetryAfter: "1", Body: openAIError("requests", "rate_limit_exceeded", "Rate limit reached on requests per min (RPM). Please try again in 1s.")}
		},
		happened: "answered 429 and asked to wait",
		shows:    func(p probed) bool { return answers(429, "rate_limit_exceeded")(p) && p.RetryAfter == "1" },
	},
	"quota-exhausted": {
		told: func(string) standin.Manner {
			return standin.Manner{Status: 429, Body: openAIError("insufficient_quota", "insufficient_quota", "You exceeded your current quota, please check your plan and billing details.")}
		},
		happened: "said that its quota is exhausted, which waiting does not heal",
		shows:    func(p probed) bool { return answers(429, "insufficient_quota")(p) && p.RetryAfter == "" },
	},
	"stalled": {
		told:     func(string) standin.Manner { return standin.Manner{Ends: standin.Stalled} },
		happened: "began its answers and fell silent",
		shows:    func(p probed) bool { return p.Status == 200 && errors.Is(p.err, context.DeadlineExceeded) },
	},
	"truncated": {
		told:     func(string) standin.Manner { return standin.Manner{Ends: standin.Truncated} },
		happened: "ended its answers in the middle of their JSON",
		shows:    func(p probed) bool { return errors.Is(p.err, standin.ErrUnreadable) && !answers(200, `"error"`)(p) },
	},
	"error-body": {
		told: func(string) standin.Manner {
			return standin.Manner{Status: 200, Body: openAIError("server_error", "", "The server had an error while processing your request")}
		},
		happened: "answered 200 with an error in place of a summary",
		shows:    func(p probed) bool { return errors.Is(p.err, standin.ErrUnreadable) && answers(200, `"error"`)(p) },
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

func (l llm) Holds() (held []Hold) {
	for _, p := range l.providers() {
		held = append(held, provider(p, Stops))
	}
	return held
}

// provider is the hold of one of the two LLMs.
func provider(name string, use Use) Hold { return Hold{"llm", byName(name, 2), use} }

func (l llm) Aim(s *Site) (Act, error) {
	return s.misbehave(l.mode, llmManners[l.mode], l.providers()...)
}
