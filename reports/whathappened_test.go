package reports

import "testing"

func TestWhatHappened(t *testing.T) {
	at := 1.0
	for _, c := range []struct {
		fault Fault
		want  string
	}{
		{Fault{ID: "kill-summarize-1", Kind: "kill", Target: "summarize-1", EffectAtS: &at}, "summarize-1 was killed"},
		{Fault{ID: "kill-summarize-1", Kind: "kill", Target: "summarize-1", Receipt: Receipt{Before: "alive"}}, "the fault kill-summarize-1 was injected into summarize-1"},
		{Fault{ID: "kill-summarize-1", Kind: "kill", Target: "summarize-1"}, "the fault kill-summarize-1 was given up before it was injected"},
		{Fault{ID: "llm-ollama-slow", Kind: "llm", Target: "ollama", EffectAtS: &at}, "ollama answered too late"},
		{Fault{ID: "llm-ollama+openai-errors", Kind: "llm", Target: "ollama+openai", EffectAtS: &at}, "ollama and openai answered with errors"},
		{Fault{ID: "llm-ollama-odd", Kind: "llm", Target: "ollama", EffectAtS: &at}, "ollama failed"},
		{Fault{ID: "x", Kind: "partition", Target: "deliver-1 to a:1, b:2, c:3", EffectAtS: &at}, "deliver-1 was cut off from 3 addresses by a network partition"},
	} {
		if got := whatHappened(c.fault); got != c.want {
			t.Errorf("%s: %q, want %q", c.fault.ID, got, c.want)
		}
	}
}
