package llm

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/sashabaranov/go-openai"

	"paperlab/system/paper"
)

// Caller makes single calls to one provider.
type Caller struct {
	Provider
	client  *openai.Client
	metrics *Metrics
}

// NewCaller makes a caller. The HTTP client stays the caller's own to close.
func NewCaller(p Provider, over *http.Client, metrics *Metrics) Caller {
	settings := openai.DefaultConfig(p.Key)
	settings.BaseURL = strings.TrimSuffix(p.URL, "/") + "/v1"
	settings.HTTPClient = observer{over}
	metrics.expect(p.Name)
	return Caller{p, openai.NewClientWithConfig(settings), metrics}
}

// Summarize asks once. It counts how the call ended, unless the context ended
// first: a caller that leaves blames nobody. No error holds the provider's key.
func (c Caller) Summarize(ctx context.Context, timeout time.Duration, p paper.Paper) (paper.Summary, error) {
	sum, _, err := c.ask(ctx, timeout, p)
	return sum, err
}

// ask is Summarize, and tells what was seen of the answer.
func (c Caller) ask(ctx context.Context, timeout time.Duration, p paper.Paper) (sum paper.Summary, seen sighting, err error) {
	limited, cancel := context.WithTimeout(context.WithValue(ctx, sightingKey{}, &seen), timeout)
	defer cancel()
	begin := time.Now()
	response, err := c.client.CreateChatCompletion(limited, request(c.Model, p))
	seen.took = time.Since(begin)
	text := ""
	if err == nil {
		text, err = textOf(response)
	}
	if ctx.Err() != nil {
		return sum, seen, ctx.Err()
	}
	outcome, err := judge(c.conceal(err), seen)
	c.metrics.call(c.Name, outcome, seen.took)
	if err != nil {
		return sum, seen, err
	}
	return paper.Summary{
		PaperID: p.ID, Version: p.Version, Prompt: Prompt, Provider: c.Name, Model: c.Model,
		Text: text, CreatedAt: time.Now().UTC(),
	}, seen, nil
}

// conceal keeps the provider's key out of an error: some servers quote in their
// answer what they were given, and errors go to logs and dead letters.
func (p Provider) conceal(err error) error {
	if err == nil || p.Key == "" || !strings.Contains(err.Error(), p.Key) {
		return err
	}
	return concealed{err, p.Key}
}

type concealed struct {
	error
	key string
}

func (c concealed) Error() string { return strings.ReplaceAll(c.error.Error(), c.key, "[API key]") }
func (c concealed) Unwrap() error { return c.error }
