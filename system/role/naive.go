package role

import (
	"context"
	"net/http"

	"paperlab/system/deliver"
	"paperlab/system/llm"
	"paperlab/system/match"
	"paperlab/system/naive"
	"paperlab/system/service"
	"paperlab/system/stream"
)

// naive runs one process's consumers in the naive profile, beside what else the
// process needs.
func (c Consumer) naive(ctx context.Context, p *process, from naive.Stream, group string, work func(*http.Client) naive.Handler, others ...service.Service) error {
	client := &http.Client{Transport: p.links.Transport(c.Workers)}
	defer client.CloseIdleConnections()
	consumer, err := naive.NewConsumer(naive.Config{
		Redis: p.redis, Stream: from, Group: group, Member: p.flags.Name, Workers: c.Workers, MinIdle: c.MinIdle,
		Handler: work(client), Metrics: stream.NewMetrics(p.registry), Logger: p.log,
	})
	if err != nil {
		return err
	}
	return p.serve(ctx, append(others, consumer)...)
}

func (s *Summarize) serveNaive(ctx context.Context, p *process, provider llm.Provider, live *match.Live) error {
	return s.naive(ctx, p, naive.Papers(s.Prefix), summarizers, func(client *http.Client) naive.Handler {
		return naive.Summarize(naive.SummarizeConfig{
			Redis: p.redis, Notifications: naive.Notifications(s.Prefix), LLM: provider, Client: client, Store: p.store, Matcher: live,
			Metrics: llm.NewMetrics(p.registry), Logger: p.log,
		})
	}, live)
}

func (d *Deliver) serveNaive(ctx context.Context, p *process, metrics *deliver.Metrics) error {
	return d.naive(ctx, p, naive.Notifications(d.Prefix), deliverers, func(client *http.Client) naive.Handler {
		return naive.Deliver(naive.DeliverConfig{Client: client, Store: p.store, Metrics: metrics, Logger: p.log})
	})
}
