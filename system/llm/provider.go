package llm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/sashabaranov/go-openai"

	"paperlab/system/paper"
)

// The breaker's figures: see the package comment.
const (
	failuresToOpen  = 5
	callsConsidered = 10
	trialsToClose   = 2
	// pauseUnasked is the wait after a 429 that does not say how long.
	pauseUnasked = time.Second
)

var (
	errOpen   = errors.New("its breaker is open")
	errPaused = errors.New("it asked to be left alone")
	errFull   = errors.New("its limit of requests in flight was reached for a whole time-out")
)

type provider struct {
	Provider
	cfg     Config
	client  *openai.Client
	limit   bulkhead.Bulkhead[any]
	breaker circuitbreaker.CircuitBreaker[any]

	mu sync.Mutex
	// pausedUntil only moves forward.
	pausedUntil time.Time
}

func newProvider(p Provider, cfg Config, transport http.RoundTripper) *provider {
	settings := openai.DefaultConfig(p.Key)
	settings.BaseURL = strings.TrimSuffix(p.URL, "/") + "/v1"
	settings.HTTPClient = observer{&http.Client{Transport: transport}}
	pr := &provider{
		Provider: p,
		cfg:      cfg,
		client:   openai.NewClientWithConfig(settings),
		limit:    bulkhead.New[any](uint(cfg.InFlight)),
	}
	pr.breaker = circuitbreaker.NewBuilder[any]().
		WithFailureThresholdRatio(failuresToOpen, callsConsidered).
		WithDelay(cfg.BreakerDelay).
		WithSuccessThreshold(trialsToClose).
		OnStateChanged(pr.announce).
		Build()
	cfg.Metrics.breaker(p.Name, func() bool { return !pr.breaker.IsClosed() })
	return pr
}

func (p *provider) announce(e circuitbreaker.StateChangedEvent) {
	level := slog.LevelInfo
	if e.NewState == circuitbreaker.OpenState && e.OldState == circuitbreaker.ClosedState {
		level = slog.LevelWarn
	}
	p.cfg.Logger.Log(context.Background(), level, "LLM breaker changed",
		"provider", p.Name, "from", e.OldState.String(), "to", e.NewState.String())
}

// ask passes the request through the provider's state, as the package comment
// draws it.
func (p *provider) ask(ctx context.Context, about paper.Paper) (string, error) {
	if err := p.ready(); err != nil {
		return "", err
	}
	if err := p.limit.AcquirePermitWithMaxWait(ctx, p.cfg.Timeout); err != nil {
		return "", errFull
	}
	defer p.limit.ReleasePermit()
	// Asked again: it may have been paused while this request waited its turn.
	if err := p.ready(); err != nil {
		return "", err
	}
	if !p.breaker.TryAcquirePermit() {
		return "", errOpen
	}
	return p.call(ctx, about)
}

// ready refuses early, before a place is taken, when the answer is known.
func (p *provider) ready() error {
	p.mu.Lock()
	until := p.pausedUntil
	p.mu.Unlock()
	if wait := time.Until(until); wait > 0 {
		return fmt.Errorf("%w for another %s", errPaused, wait.Round(time.Millisecond))
	}
	if p.breaker.IsOpen() && p.breaker.RemainingDelay() > 0 {
		return errOpen
	}
	return nil
}

// call makes one request and tells the breaker what became of it. Whoever got a
// permit must report: a half-open breaker waits for its trials.
func (p *provider) call(ctx context.Context, about paper.Paper) (string, error) {
	var seen sighting
	limited, cancel := context.WithTimeout(watch(ctx, &seen), p.cfg.Timeout)
	defer cancel()
	begin := time.Now()
	response, err := p.client.CreateChatCompletion(limited, Request(p.Model, about))
	took := time.Since(begin)
	text := ""
	if err == nil {
		text, err = Text(response)
	}
	if ctx.Err() != nil {
		p.abstain()
		return "", ctx.Err()
	}
	outcome, err := judge(p.Conceal(err), seen)
	p.cfg.Metrics.Call(p.Name, outcome, took)
	p.report(outcome, err, took, seen)
	return text, err
}

func (p *provider) report(outcome string, err error, took time.Duration, seen sighting) {
	switch {
	case errors.Is(err, errQuota):
		p.pause(p.cfg.QuotaPause, err)
		p.abstain()
	case errors.Is(err, errRate):
		wait := pauseUnasked
		if seen.asked {
			wait = seen.retryAfter
		}
		p.pause(wait, err)
		p.abstain()
	case errors.Is(err, errRequest):
		// It works; it does not like this request.
		p.breaker.RecordSuccess()
	case outcome == outcomeOK && took < p.cfg.Slow:
		p.breaker.RecordSuccess()
	default:
		p.breaker.RecordFailure()
	}
}

// abstain is for calls that say nothing about the provider's health. A
// half-open breaker must hear something, and "not yet" does no harm.
func (p *provider) abstain() {
	if p.breaker.IsHalfOpen() {
		p.breaker.RecordFailure()
	}
}

func (p *provider) pause(wait time.Duration, because error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	until := time.Now().Add(wait)
	if !until.After(p.pausedUntil) {
		return
	}
	if time.Now().After(p.pausedUntil) {
		p.cfg.Logger.Warn("LLM provider is left alone", "provider", p.Name, "for", wait.String(), "because", because)
	}
	p.pausedUntil = until
}
