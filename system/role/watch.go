package role

import (
	"context"

	"paperlab/system/careful"
	"paperlab/system/naive"
	"paperlab/system/watch"
)

// Watch shows the state of the streams.
type Watch struct{ Flags }

// Run watches until the context ends.
func (w *Watch) Run(ctx context.Context) error {
	p, err := w.open(ctx, "watch", false)
	if err != nil {
		return err
	}
	defer p.close()
	switch w.Profile {
	case profileNaive:
		return p.serve(ctx, watch.New(p.registry, p.log,
			p.single(naive.Papers(w.Prefix), summarizers), p.single(naive.Notifications(w.Prefix), deliverers)))
	case profileCareful:
		return p.serve(ctx, watch.New(p.registry, p.log,
			p.partitioned(careful.Papers(w.Prefix, w.Shards), summarizers), p.partitioned(careful.Notifications(w.Prefix, w.Shards), deliverers)))
	}
	papers, notifications, err := p.openStreams(ctx)
	if err != nil {
		return err
	}
	return p.serve(ctx, watch.New(p.registry, p.log,
		watch.Sharded{Stream: papers, Group: summarizers},
		watch.Sharded{Stream: notifications, Group: deliverers}))
}

func (p *process) single(s naive.Stream, group string) watch.Single {
	return watch.Single{Redis: p.redis, Stream: s.Name(), Key: s.Key(), Group: group}
}

func (p *process) partitioned(t careful.Topic, group string) watch.Partitioned {
	return watch.Partitioned{Redis: p.redis, Topic: t.Name(), Keys: t.Keys(), DeadKey: careful.DeadKey, Group: group}
}
