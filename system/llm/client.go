// Package llm has papers summarized by the first provider in a list that can.
// One OpenAI-compatible client serves them all; Ollama speaks the same protocol.
//
// Each provider has a state of its own, and a request passes through it in this
// order:
//
//	paused?    429 said when to come back, or the quota is used up
//	limit      at most so many requests in flight; wait for a place at most one time-out
//	breaker    closed -> open after 5 failures in the last 10 calls
//	           open -> half-open after BreakerDelay: two calls may try
//	           half-open -> closed when both are well, open again when one is not
//	call       within Timeout
//
// A failure is an error, a time-out, or an answer that took longer than Slow. A
// slow answer is used and yet counted: a full Ollama queue answers late long
// before it answers 503, and calling that healthy would keep everybody in the
// queue.
//
// When one provider cannot, the next is asked at once. When none can, Summarize
// returns ErrUnavailable: the caller keeps the paper and comes back. Nothing is
// tried twice on one provider within one Summarize, because the caller's retry
// already has a back-off.
package llm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"paperlab/system/dial"
	"paperlab/system/paper"
)

// ErrUnavailable is returned by Summarize when no provider can answer now, and
// time may change that.
var ErrUnavailable = errors.New("no LLM provider is available")

// Provider says where one provider is.
type Provider struct {
	// Name is "ollama" or "openai"; it labels metrics and stored summaries.
	Name string
	// URL is the server's root, without /v1.
	URL   string
	Model string
	// Key is the API key, empty for none. It is never logged.
	Key string
}

// Config is what New needs. Zero durations and counts take the defaults.
type Config struct {
	// Providers in the order of preference.
	Providers []Provider
	// Timeout bounds one call. Default 2 s.
	Timeout time.Duration
	// Slow is the time from which an answer counts as a failure. Default half
	// of Timeout.
	Slow time.Duration
	// InFlight is the most requests in flight to one provider. Default 8.
	InFlight int
	// BreakerDelay is the time from opening to the first trial. Default 2 s.
	BreakerDelay time.Duration
	// QuotaPause is how long a provider without quota is left alone. Default
	// 10 min: somebody has to pay first.
	QuotaPause time.Duration
	Links      dial.Links
	Metrics    *Metrics
	Logger     *slog.Logger
}

// Client asks providers. It may be used from any goroutine.
type Client struct {
	providers []*provider
	transport *http.Transport
}

// New makes a client; it connects to nothing yet.
func New(cfg Config) (*Client, error) {
	if len(cfg.Providers) == 0 {
		return nil, errors.New("no LLM provider is configured: name one with --ollama or --openai")
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, 2*time.Second)
	cfg.Slow = cmp.Or(cfg.Slow, cfg.Timeout/2)
	cfg.BreakerDelay = cmp.Or(cfg.BreakerDelay, 2*time.Second)
	cfg.QuotaPause = cmp.Or(cfg.QuotaPause, 10*time.Minute)
	cfg.InFlight = cmp.Or(cfg.InFlight, 8)
	if cfg.InFlight < 0 {
		return nil, fmt.Errorf("a limit of %d requests in flight is impossible: it is 1 or more", cfg.InFlight)
	}
	c := &Client{transport: cfg.Links.Transport(cfg.InFlight)}
	for _, p := range cfg.Providers {
		c.providers = append(c.providers, newProvider(p, cfg, &http.Client{Transport: c.transport}))
	}
	return c, nil
}

// Close gives connections back.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Summarize returns a summary by the first provider that gives one. It returns
// ErrUnavailable when none can now, the context's error when it ended, and
// another error when every provider understood the request and refused it: that
// will not change.
func (c *Client) Summarize(ctx context.Context, p paper.Paper) (paper.Summary, error) {
	var refusals int
	var failures []error
	for _, provider := range c.providers {
		sum, err := provider.summarize(ctx, p)
		if err == nil {
			return sum, nil
		}
		if ctx.Err() != nil {
			return paper.Summary{}, fmt.Errorf("summarizing %s: %w", p.VersionID(), context.Cause(ctx))
		}
		if errors.Is(err, errRequest) {
			refusals++
		}
		failures = append(failures, fmt.Errorf("%s: %w", provider.Name, err))
	}
	if refusals == len(c.providers) {
		return paper.Summary{}, fmt.Errorf("summarizing %s: %w", p.VersionID(), errors.Join(failures...))
	}
	return paper.Summary{}, fmt.Errorf("summarizing %s: %w: %w", p.VersionID(), ErrUnavailable, errors.Join(failures...))
}
