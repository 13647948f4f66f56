package role

import (
	"context"

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
	if w.isNaive() {
		return p.serve(ctx, watch.New(p.registry, p.log,
			p.single(naive.Papers(w.Prefix), summarizers), p.single(naive.Notifications(w.Prefix), deliverers)))
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
