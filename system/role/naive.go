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

// naiveConsumer is one process's consumers in the naive profile.
func (c Consumer) naiveConsumer(p *process, from naive.Stream, group string, work naive.Handler) (*naive.Consumer, error) {
	return naive.NewConsumer(naive.Config{
		Redis: p.redis, Stream: from, Group: group, Member: p.flags.Name, Workers: c.Workers, MinIdle: c.MinIdle,
		Handler: work, Metrics: stream.NewMetrics(p.registry), Logger: p.log,
	})
}

func (s *Summarize) serveNaive(ctx context.Context, p *process, provider llm.Provider, live *match.Live) error {
	client := &http.Client{Transport: p.links.Transport(s.Workers)}
	defer client.CloseIdleConnections()
	work := naive.Summarize(naive.SummarizeConfig{
		Redis: p.redis, Notifications: naive.Notifications(s.Prefix), LLM: provider, Client: client, Store: p.store, Matcher: live,
		Metrics: llm.NewMetrics(p.registry), Logger: p.log,
	})
	consumer, err := s.naiveConsumer(p, naive.Papers(s.Prefix), summarizers, work)
	if err != nil {
		return err
	}
	return p.serve(ctx, live, consumer)
}

func (d *Deliver) serveNaive(ctx context.Context, p *process, metrics *deliver.Metrics) error {
	client := &http.Client{Transport: p.links.Transport(d.Workers)}
	defer client.CloseIdleConnections()
	work := naive.Deliver(naive.DeliverConfig{Client: client, Store: p.store, Metrics: metrics, Logger: p.log})
	consumer, err := d.naiveConsumer(p, naive.Notifications(d.Prefix), deliverers, work)
	if err != nil {
		return err
	}
	return p.serve(ctx, consumer)
}
