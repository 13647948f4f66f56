package naive

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/sashabaranov/go-openai"

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
	cfg    SummarizeConfig
	client *openai.Client
	again  retrypolicy.RetryPolicy[string]
}

func newAsker(cfg SummarizeConfig) *asker {
	settings := openai.DefaultConfig(cfg.LLM.Key)
	settings.BaseURL = strings.TrimSuffix(cfg.LLM.URL, "/") + "/v1"
	settings.HTTPClient = cfg.Client
	return &asker{
		cfg:    cfg,
		client: openai.NewClientWithConfig(settings),
		again: retrypolicy.NewBuilder[string]().
			WithMaxAttempts(tries).
			WithBackoff(firstBackOff, lastBackOff).
			ReturnLastFailure().
			Build(),
	}
}

func (a *asker) summary(ctx context.Context, p paper.Paper) (paper.Summary, error) {
	text, err := failsafe.With(a.again).WithContext(ctx).Get(func() (string, error) { return a.once(ctx, p) })
	if err != nil {
		return paper.Summary{}, err
	}
	return paper.Summary{
		PaperID: p.ID, Version: p.Version, Prompt: llm.Prompt,
		Provider: a.cfg.LLM.Name, Model: a.cfg.LLM.Model,
		Text: text, CreatedAt: time.Now().UTC(),
	}, nil
}

func (a *asker) once(ctx context.Context, p paper.Paper) (string, error) {
	limited, cancel := context.WithTimeout(ctx, a.cfg.Timeout)
	defer cancel()
	begin := time.Now()
	answer, err := a.client.CreateChatCompletion(limited, llm.Request(a.cfg.LLM.Model, p))
	took := time.Since(begin)
	text := ""
	if err == nil {
		text, err = llm.Text(answer)
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	a.cfg.Metrics.Call(a.cfg.LLM.Name, outcome(err), took)
	return text, a.cfg.LLM.Conceal(err)
}

// outcome is the metric's label for how a call ended; see llm.Metrics.
func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	switch status(err) {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return "refused"
	}
	return "error"
}

// status is the answer's, or 0 when there was none. Go-openai has one error for
// bodies in OpenAI's form and another for all others; the other may hold an
// empty one of the first kind, so it is looked for first.
func status(err error) int {
	var api *openai.APIError
	var other *openai.RequestError
	switch {
	case errors.As(err, &other):
		return other.HTTPStatusCode
	case errors.As(err, &api):
		return api.HTTPStatusCode
	}
	return 0
}
