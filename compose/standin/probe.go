package standin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// probeHeader marks a call that is evidence for the lab and not the service's.
const probeHeader = "Paperlab-Probe"

// Probe asks for a completion as the service does, over HTTP, and returns the
// answer's status and the beginning of its body. It obeys the mode, takes no
// slot, has no latency of its own, and is not recorded. In mode Slow it lasts
// for SlowAnswer or until ctx ends, and the error then is ctx's.
func (l *LLM) Probe(ctx context.Context) (status int, gist string, err error) {
	body, err := json.Marshal(chatRequest{Model: "probe", Messages: []chatMessage{{Role: "user", Content: "Say one word."}}})
	if err != nil {
		return 0, "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, l.URL()+"/v1/chat/completions", bytes.NewReader(body))
	if err != nil {
		return 0, "", fmt.Errorf("standin: %s: probe: %w", l.cfg.Provider, err)
	}
	r.Header.Set(probeHeader, "1")
	if l.cfg.Key != "" {
		r.Header.Set("Authorization", "Bearer "+l.cfg.Key)
	}
	// A connection of its own, so that nothing lingers between probes.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		return 0, "", fmt.Errorf("standin: %s: probe: %w", l.cfg.Provider, err)
	}
	defer res.Body.Close()
	head, err := io.ReadAll(io.LimitReader(res.Body, 160))
	if err != nil {
		return res.StatusCode, "", fmt.Errorf("standin: %s: probe: %w", l.cfg.Provider, err)
	}
	return res.StatusCode, string(head), nil
}

// answerProbe answers a probe by the mode alone.
func (l *LLM) answerProbe(w http.ResponseWriter, r *http.Request, req chatRequest) {
	refusal := l.checkKey(r)
	if refusal == nil {
		var err error
		if refusal, err = l.throughMode(r.Context()); err != nil {
			reset(w)
			return
		}
	}
	switch {
	case refusal == nil:
		_ = writeChat(w, l.cfg, req, "probe")
	case refusal.reset:
		reset(w)
	default:
		refusal.write(w)
	}
}

// throughMode passes a request through the mode, without a slot. It waits while
// the mode is Slow.
func (l *LLM) throughMode(ctx context.Context) (*refusal, error) {
	for {
		mode, changed := l.current()
		if mode != Slow {
			return l.refusal(mode), nil
		}
		early, err := wait(ctx, l.cfg.SlowAnswer, changed)
		if err != nil || !early {
			return nil, err
		}
	}
}

// health answers a question about the server itself, by the mode.
func (l *LLM) health(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		refusal, err := l.throughMode(r.Context())
		switch {
		case err != nil || refusal != nil && refusal.reset:
			reset(w)
		case refusal != nil:
			refusal.write(w)
		default:
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(body))
		}
	}
}
