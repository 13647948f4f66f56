package naive

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/redis/go-redis/v9"

	"paperlab/system/deliver"
	"paperlab/system/llm"
	"paperlab/system/paper"
	"paperlab/system/store"
	"paperlab/system/summarize"
)

// How often the LLM is asked within one handling, and the waits in between.
const (
	tries        = 3
	firstBackOff = 500 * time.Millisecond
	lastBackOff  = 5 * time.Second
)

// Summaries keeps summaries.
type Summaries interface {
	SaveSummary(ctx context.Context, p paper.Paper, sum paper.Summary) error
}

// Matcher knows who wants to be told of what.
type Matcher interface {
	Match(p paper.Paper) []store.Wish
}

// SummarizeConfig is what Summarize needs.
type SummarizeConfig struct {
	Redis *redis.ClusterClient
	// Notifications is where they are added.
	Notifications Stream
	// LLM is the one provider that is asked.
	LLM llm.Provider
	// Client makes the calls; it stays the caller's.
	Client *http.Client
	// Timeout bounds one call. Default 10 s.
	Timeout time.Duration
	Store   Summaries
	Matcher Matcher
	Metrics *llm.Metrics
	Logger  *slog.Logger
}

// Summarize is the Handler of the Papers stream: ask the LLM, keep the summary,
// add one notification for each matching subscription.
func Summarize(cfg SummarizeConfig) Handler {
	cfg.Timeout = cmp.Or(cfg.Timeout, 10*time.Second)
	cfg.Logger = cmp.Or(cfg.Logger, slog.Default())
	ask := asking(cfg)
	return func(ctx context.Context, payload []byte) error {
		var p paper.Paper
		if err := json.Unmarshal(payload, &p); err != nil {
			cfg.Logger.Error("an entry is not a paper and is left out", "error", err)
			return nil
		}
		sum, err := ask(ctx, p)
		if err != nil {
			return fmt.Errorf("summarizing %s: %w", p.VersionID(), err)
		}
		if err := cfg.Store.SaveSummary(ctx, p, sum); err != nil {
			return err
		}
		for _, w := range cfg.Matcher.Match(p) {
			n := summarize.Notify(p, sum, w)
			if err := add(ctx, cfg.Redis, cfg.Notifications, n); err != nil {
				return fmt.Errorf("adding notification %s: %w", n.ID, err)
			}
		}
		return nil
	}
}

// asking asks the one provider, a few times with back-off.
func asking(cfg SummarizeConfig) func(context.Context, paper.Paper) (paper.Summary, error) {
	provider := llm.NewCaller(cfg.LLM, cfg.Client, cfg.Metrics)
	again := failsafe.With(retrypolicy.NewBuilder[paper.Summary]().
		WithMaxAttempts(tries).WithBackoff(firstBackOff, lastBackOff).ReturnLastFailure().Build())
	return func(ctx context.Context, p paper.Paper) (paper.Summary, error) {
		return again.WithContext(ctx).Get(func() (paper.Summary, error) { return provider.Summarize(ctx, cfg.Timeout, p) })
	}
}

// Deliveries remembers who has been told. It is written and not read.
type Deliveries interface {
	RecordDelivery(ctx context.Context, n paper.Notification, at time.Time) error
}

// DeliverConfig is what Deliver needs.
type DeliverConfig struct {
	// Client makes the calls; it stays the caller's.
	Client *http.Client
	// Timeout bounds one POST. Default 10 s.
	Timeout time.Duration
	Store   Deliveries
	Metrics *deliver.Metrics
	Logger  *slog.Logger
}

// Deliver is the Handler of the Notifications stream: tell the subscriber, then
// remember it. Anything but a 2xx is an error.
func Deliver(cfg DeliverConfig) Handler {
	cfg.Timeout = cmp.Or(cfg.Timeout, 10*time.Second)
	cfg.Logger = cmp.Or(cfg.Logger, slog.Default())
	return func(ctx context.Context, payload []byte) error {
		var n paper.Notification
		if err := json.Unmarshal(payload, &n); err != nil {
			cfg.Logger.Error("an entry is not a notification and is left out", "error", err)
			return nil
		}
		if err := post(ctx, cfg, n); err != nil {
			cfg.Metrics.Count("error")
			return fmt.Errorf("telling %s of %s: %w", n.Subscriber, n.ID, err)
		}
		cfg.Metrics.Count("ok")
		return cfg.Store.RecordDelivery(ctx, n, time.Now())
	}
}

func post(ctx context.Context, cfg DeliverConfig, n paper.Notification) error {
	limited, cancel := context.WithTimeout(ctx, cfg.Timeout)
	defer cancel()
	const noKey = ""
	res, err := deliver.Post(limited, cfg.Client, n, noKey)
	if err != nil {
		return err
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return fmt.Errorf("the webhook answered %s", res.Status)
	}
	return nil
}
