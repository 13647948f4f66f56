package careful

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/system/deliver"
	"paperlab/system/llm"
	"paperlab/system/paper"
	"paperlab/system/store"
	"paperlab/system/summarize"
)

// Summaries keeps summaries.
type Summaries interface {
	Summary(ctx context.Context, paperID string, version int, prompt string) (sum paper.Summary, found bool, err error)
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
	Notifications Topic
	// LLMs are asked in this order, at least one.
	LLMs []llm.Provider
	// Client makes the calls; it stays the caller's.
	Client *http.Client
	// Timeout bounds one call, above 0.
	Timeout time.Duration
	Store   Summaries
	Matcher Matcher
	Metrics *llm.Metrics
}

// Summarize is the Handler of the papers topic: find or make the summary, add
// one notification for each matching subscription. When it is called again, it
// adds them again: which of them are there cannot be known, and Deliver knows
// repeats.
func Summarize(cfg SummarizeConfig) Handler {
	var callers []llm.Caller
	for _, p := range cfg.LLMs {
		callers = append(callers, llm.NewCaller(p, cfg.Client, cfg.Metrics))
	}
	return func(ctx context.Context, payload []byte) error {
		var p paper.Paper
		if err := json.Unmarshal(payload, &p); err != nil || p.ID == "" {
			return fmt.Errorf("%w: it is not a paper: %w", ErrHopeless, cmp.Or(err, errors.New("it has no id")))
		}
		sum, found, err := cfg.Store.Summary(ctx, p.ID, p.Version, llm.Prompt)
		if err != nil {
			return err
		}
		if !found {
			if sum, err = ask(ctx, callers, cfg.Timeout, p); err != nil {
				return err
			}
			// From here on the answer is paid for: it is kept also when a stop
			// has come.
			if err := cfg.Store.SaveSummary(context.WithoutCancel(ctx), p, sum); err != nil {
				return err
			}
		}
		for _, w := range cfg.Matcher.Match(p) {
			n := summarize.Notify(p, sum, w)
			if err := cfg.Notifications.add(ctx, cfg.Redis, n.ID, n.Subscriber, n); err != nil {
				return err
			}
		}
		return nil
	}
}

// ask asks one provider after the other, each once: the repetition of the entry
// is the retry, and its pause the back-off.
func ask(ctx context.Context, callers []llm.Caller, timeout time.Duration, p paper.Paper) (paper.Summary, error) {
	var failures []error
	for _, one := range callers {
		sum, err := one.Summarize(ctx, timeout, p)
		if err == nil {
			return sum, nil
		}
		failures = append(failures, fmt.Errorf("%s: %w", one.Name, err))
	}
	return paper.Summary{}, fmt.Errorf("summarizing %s: %w", p.VersionID(), errors.Join(failures...))
}

// DeliverConfig is what Deliver needs.
type DeliverConfig struct {
	// Client makes the calls; it stays the caller's.
	Client *http.Client
	// Timeout bounds one POST, above 0.
	Timeout time.Duration
	Store   deliver.Store
	Metrics *deliver.Metrics
}

// Deliver is the Handler of the notifications topic: tell the subscriber unless
// that is known to be done, then remember it.
func Deliver(cfg DeliverConfig) Handler {
	return func(ctx context.Context, payload []byte) error {
		var n paper.Notification
		if err := json.Unmarshal(payload, &n); err != nil || n.ID == "" {
			return fmt.Errorf("%w: it is not a notification: %w", ErrHopeless, cmp.Or(err, errors.New("it has no id")))
		}
		done, err := cfg.Store.Delivered(ctx, n.ID)
		if err != nil {
			return err
		}
		if done {
			cfg.Metrics.Count("repeat")
			return nil
		}
		if err := post(ctx, cfg, n); err != nil {
			if ctx.Err() == nil {
				cfg.Metrics.Count("error")
			}
			return fmt.Errorf("telling %s of %s: %w", n.Subscriber, n.ID, err)
		}
		cfg.Metrics.Count("ok")
		return cfg.Store.RecordDelivery(context.WithoutCancel(ctx), n, time.Now())
	}
}

func post(ctx context.Context, cfg DeliverConfig, n paper.Notification) error {
	limited, cancel := context.WithTimeout(ctx, cfg.Timeout)
	defer cancel()
	res, err := deliver.Post(limited, cfg.Client, n, n.ID)
	if err != nil {
		return err
	}
	switch status := res.StatusCode; {
	case status >= 200 && status < 300:
		return nil
	case status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests:
		return fmt.Errorf("%w: the webhook answered %s", ErrHopeless, res.Status)
	}
	return errors.New("the webhook answered " + res.Status)
}
