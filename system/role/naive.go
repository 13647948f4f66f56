package role

import (
	"context"
	"net/http"

	"paperlab/system/deliver"
	"paperlab/system/llm"
	"paperlab/system/match"
	"paperlab/system/naive"
	"paperlab/system/stream"
)

// serveNaive has one worker for each call that may be in flight, as the other
// profiles have: a comparison of services is none of limits.
func (s *Summarize) serveNaive(ctx context.Context, p *process, provider llm.Provider, live *match.Live) error {
	client := &http.Client{Transport: p.links.Transport(s.LLMInFlight)}
	defer client.CloseIdleConnections()
	consumer, err := naive.NewConsumer(naive.Config{
		Redis: p.redis, Stream: naive.Papers(s.Prefix), Group: summarizers, Member: s.Name, Workers: s.LLMInFlight, MinIdle: s.MinIdle,
		Metrics: stream.NewMetrics(p.registry), Logger: p.log,
		Handler: naive.Summarize(naive.SummarizeConfig{
			Redis: p.redis, Notifications: naive.Notifications(s.Prefix), LLM: provider, Client: client, Timeout: s.LLMTimeout,
			Store: p.store, Matcher: live, Metrics: llm.NewMetrics(p.registry), Logger: p.log,
		}),
	})
	if err != nil {
		return err
	}
	return p.serve(ctx, live, consumer)
}

func (d *Deliver) serveNaive(ctx context.Context, p *process, metrics *deliver.Metrics) error {
	client := &http.Client{Transport: p.links.Transport(d.Workers)}
	defer client.CloseIdleConnections()
	consumer, err := naive.NewConsumer(naive.Config{
		Redis: p.redis, Stream: naive.Notifications(d.Prefix), Group: deliverers, Member: d.Name, Workers: d.Workers, MinIdle: d.MinIdle,
		Metrics: stream.NewMetrics(p.registry), Logger: p.log,
		Handler: naive.Deliver(naive.DeliverConfig{Client: client, Timeout: d.Timeout, Store: p.store, Metrics: metrics, Logger: p.log}),
	})
	if err != nil {
		return err
	}
	return p.serve(ctx, consumer)
}
