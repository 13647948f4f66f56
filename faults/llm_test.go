package faults_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"paperlab/compose"
	"paperlab/compose/standin"
	"paperlab/faults"
	"paperlab/reports/history"
)

// llms starts both stand-ins on a stage.
func llms(t *testing.T) (*faults.Site, *standin.LLM) {
	t.Helper()
	stage := newStage(t)
	site := stage.site()
	for _, provider := range []string{compose.Ollama, compose.OpenAI} {
		one, err := standin.NewLLM(standin.LLMConfig{Provider: provider, Recorder: history.NewRecorder("hardened")})
		if err != nil {
			t.Fatal(err)
		}
		stage.standin(provider, one)
		site.Standins[provider] = one
	}
	return site, site.Standins[compose.Ollama].(*standin.LLM)
}

// summarize asks as the service does.
func summarize(t *testing.T, l *standin.LLM) (stop func()) {
	return every(t, 5*time.Millisecond, func(ctx context.Context) {
		post(ctx, l.URL()+"/v1/chat/completions", `{"model": "m", "messages": [{"role": "user", "content": "arXiv:2101.00001v1"}]}`)
	})
}

func TestLLM(t *testing.T) {
	for mode, evidence := range map[string]string{
		"errors":          "a probe of ollama had 503 ",
		"slow":            "a probe of ollama had no answer in 1",
		"rate-limited":    "rate_limit_exceeded",
		"quota-exhausted": "insufficient_quota",
		"stalled":         "a probe of ollama had 200 and then only a part of its answer in 1",
		"truncated":       "a probe of ollama had 200 and an answer that cannot be read",
		"error-body":      "a probe of ollama had 200 and an answer that cannot be read",
		"refuse":          "a probe of ollama was refused a connection in",
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			site, ollama := llms(t)
			stop := summarize(t, ollama)
			b := strike(t, site, read(t, "llm", "provider", "all", "mode", mode))
			stop()
			wantProven(t, b, "a probe of ollama had 200 in ", evidence, "a probe of openai had 200")
			if b.Target != "ollama+openai" || !strings.HasPrefix(b.Happened, "ollama and openai ") {
				t.Errorf("facts %+v", b.FaultFacts)
			}
			if mode != "refuse" && (b.toll == "" || strings.HasPrefix(b.toll, "0 ")) {
				t.Errorf("toll %q: no call of the service was met", b.toll)
			}
			// The receipt's sabotage: a stand-in that stays well.
			site.Standins[compose.Ollama] = deaf{ollama}
			wantUnproven(t, strike(t, site, read(t, "llm", "provider", "ollama", "mode", mode)), "which is not what it should be")
		})
	}
}
