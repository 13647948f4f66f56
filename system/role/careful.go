package role

import (
	"context"
	"net/http"

	"paperlab/system/careful"
	"paperlab/system/deliver"
	"paperlab/system/llm"
	"paperlab/system/match"
	"paperlab/system/service"
	"paperlab/system/stream"
)

func (s *Summarize) serveCareful(ctx context.Context, p *process, providers []llm.Provider, live *match.Live) error {
	client := &http.Client{Transport: p.links.Transport(s.LLMInFlight)}
	defer client.CloseIdleConnections()
	handler := careful.Summarize(careful.SummarizeConfig{
		Redis: p.redis, Notifications: careful.Notifications(s.Prefix, s.Shards), LLMs: providers, Client: client, Timeout: s.LLMTimeout,
		Store: p.store, Matcher: live, Metrics: llm.NewMetrics(p.registry),
	})
	return s.careful(ctx, p, careful.Papers(s.Prefix, s.Shards), summarizers, s.LLMInFlight, handler, live)
}

func (d *Deliver) serveCareful(ctx context.Context, p *process, metrics *deliver.Metrics) error {
	client := &http.Client{
		Transport: p.links.Transport(d.Workers),
		// A redirected POST becomes a GET in most cases, and would be taken for
		// success.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	handler := careful.Deliver(careful.DeliverConfig{Client: client, Timeout: d.Timeout, Store: p.store, Metrics: metrics})
	return d.careful(ctx, p, careful.Notifications(d.Prefix, d.Shards), deliverers, d.Workers, handler)
}

// careful runs one process's consumer in the careful profile, beside what else
// the process needs.
func (c Consumer) careful(ctx context.Context, p *process, from careful.Topic, group string, workers int, work careful.Handler, others ...service.Service) error {
	place, err := careful.PlaceOf(p.flags.Name, c.Members)
	if err != nil {
		return err
	}
	consumer, err := careful.NewConsumer(careful.Config{
		Redis: p.redis, Topic: from, Place: place, Group: group, Member: p.flags.Name, Workers: workers, MinIdle: c.MinIdle,
		Handler: work, Metrics: stream.NewMetrics(p.registry), Logger: p.log,
	})
	if err != nil {
		return err
	}
	return p.serve(ctx, append(others, consumer)...)
}
