package naive

import (
	"context"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"

	"paperlab/system/llm"
	"paperlab/system/paper"
)

// How often the LLM is asked within one handling, and the waits in between.
const (
	tries        = 3
	firstBackOff = 500 * time.Millisecond
	lastBackOff  = 5 * time.Second
)

// asker asks one provider, a few times with back-off.
type asker struct {
	provider llm.Caller
	timeout  time.Duration
	again    retrypolicy.RetryPolicy[paper.Summary]
}

func newAsker(cfg SummarizeConfig) *asker {
	return &asker{
		provider: llm.NewCaller(cfg.LLM, cfg.Client, cfg.Metrics),
		timeout:  cfg.Timeout,
		again: retrypolicy.NewBuilder[paper.Summary]().
			WithMaxAttempts(tries).
			WithBackoff(firstBackOff, lastBackOff).
			ReturnLastFailure().
			Build(),
	}
}

func (a *asker) summary(ctx context.Context, p paper.Paper) (paper.Summary, error) {
	return failsafe.With(a.again).WithContext(ctx).Get(func() (paper.Summary, error) { return a.once(ctx, p) })
}

func (a *asker) once(ctx context.Context, p paper.Paper) (paper.Summary, error) {
	return a.provider.Summarize(ctx, a.timeout, p)
}
