package llm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

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
	Caller
	cfg     Config
	limit   bulkhead.Bulkhead[any]
	breaker circuitbreaker.CircuitBreaker[any]

	mu sync.Mutex
	// pausedUntil only moves forward.
	pausedUntil time.Time
}

func newProvider(p Provider, cfg Config, over *http.Client) *provider {
	pr := &provider{
		Caller: NewCaller(p, over, cfg.Metrics),
		cfg:    cfg,
		limit:  bulkhead.New[any](uint(cfg.InFlight)),
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

// summarize passes the request through the provider's state, as the package
// comment draws it. Whoever got a permit of the breaker must report: a half-open
// one waits for its trials.
func (p *provider) summarize(ctx context.Context, about paper.Paper) (sum paper.Summary, err error) {
	if err := p.ready(); err != nil {
		return sum, err
	}
	if err := p.limit.AcquirePermitWithMaxWait(ctx, p.cfg.Timeout); err != nil {
		return sum, errFull
	}
	defer p.limit.ReleasePermit()
	// Asked again: it may have been paused while this request waited its turn.
	if err := p.ready(); err != nil {
		return sum, err
	}
	if !p.breaker.TryAcquirePermit() {
		return sum, errOpen
	}
	sum, seen, err := p.ask(ctx, p.cfg.Timeout, about)
	if ctx.Err() != nil {
		p.abstain()
		return sum, err
	}
	p.report(err, seen)
	return sum, err
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

func (p *provider) report(err error, seen sighting) {
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
	case err == nil && seen.took < p.cfg.Slow:
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

// Metrics counts calls per provider.
type Metrics struct {
	registry prometheus.Registerer
	calls    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

// NewMetrics registers the metrics of one client.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	factory := promauto.With(registry)
	return &Metrics{
		registry: registry,
		calls: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "papers_llm_calls_total",
			Help: "Requests to an LLM provider by how they ended.",
		}, []string{"provider", "outcome"}),
		seconds: factory.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "papers_llm_call_seconds",
			Help:    "Time from request to answer or failure.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 4, 8, 16, 32},
		}, []string{"provider"}),
	}
}

// outcomes are the ways in which a call ends.
var outcomes = []string{"ok", "error", "timeout", "refused"}

// expect shows a provider's counters from the beginning on: of a series that
// begins with a failure, nobody sees the increase.
func (m *Metrics) expect(provider string) {
	for _, outcome := range outcomes {
		m.calls.WithLabelValues(provider, outcome)
	}
}

// call counts one call by its outcome.
func (m *Metrics) call(provider, outcome string, took time.Duration) {
	m.calls.WithLabelValues(provider, outcome).Inc()
	m.seconds.WithLabelValues(provider).Observe(took.Seconds())
}

// breaker shows a provider's breaker as it is when it is asked for.
func (m *Metrics) breaker(provider string, open func() bool) {
	promauto.With(m.registry).NewGaugeFunc(prometheus.GaugeOpts{
		Name:        "papers_llm_breaker_open",
		Help:        "1 while the provider's breaker is open or half-open.",
		ConstLabels: prometheus.Labels{"provider": provider},
	}, func() float64 {
		if open() {
			return 1
		}
		return 0
	})
}
