package role

import (
	"context"
	"fmt"
	"strings"
	"time"

	"paperlab/system/careful"
	"paperlab/system/deliver"
	"paperlab/system/stream"
)

// Deliver tells subscribers.
type Deliver struct {
	Flags
	Consumer
	Timeout time.Duration `help:"How long one webhook may take." default:"5s" env:"PAPERS_TIMEOUT"`
}

// Consumer are the flags of roles that consume a stream.
type Consumer struct {
	Lanes   int           `help:"Keys that are worked on at once in each owned shard." default:"8" env:"PAPERS_LANES"`
	Lease   time.Duration `help:"How long a shard stays with an owner that is not heard of." default:"3s" env:"PAPERS_LEASE"`
	Workers int           `help:"Notifications that are worked on at once in this process; naive and careful profile only." default:"16" env:"PAPERS_WORKERS"`
	MinIdle time.Duration `help:"Idle time after which an entry is claimed from another consumer; naive and careful profile only." default:"10s" env:"PAPERS_MIN_IDLE"`
	Members int           `help:"Processes of this role. Each reads the partitions whose number is its own modulo this; its own number is what its name ends with. Careful profile only." default:"1" env:"PAPERS_MEMBERS"`
}

// check refuses here what the consumer would refuse after Redis and the database
// were waited for.
func (c Consumer) check(f Flags) error {
	switch {
	case f.Name == "" || strings.ContainsAny(f.Name, " {}"):
		return fmt.Errorf("--name is %q; it must not be empty or contain blanks or braces", f.Name)
	case c.Lanes < 1:
		return fmt.Errorf("--lanes is %d; it must be at least 1", c.Lanes)
	case c.Lease < stream.MinLease:
		return fmt.Errorf("--lease is %s; it must be at least %s", c.Lease, stream.MinLease)
	case f.Shards < 1:
		return fmt.Errorf("--shards is %d; it must be at least 1", f.Shards)
	}
	_, err := careful.PlaceOf(f.Name, c.Members)
	return err
}

// Run delivers until the context ends.
func (d *Deliver) Run(ctx context.Context) error {
	if d.Timeout <= 0 {
		return fmt.Errorf("--timeout is %s; it must be more than 0", d.Timeout)
	}
	if err := d.check(d.Flags); err != nil {
		return err
	}
	p, err := d.open(ctx, "deliver", true)
	if err != nil {
		return err
	}
	defer p.close()
	metrics := deliver.NewMetrics(p.registry)
	switch d.Profile {
	case profileNaive:
		return d.serveNaive(ctx, p, metrics)
	case profileCareful:
		return d.serveCareful(ctx, p, metrics)
	}
	_, notifications, err := p.openStreams(ctx)
	if err != nil {
		return err
	}
	deliverer := deliver.New(deliver.Config{Store: p.store, Timeout: d.Timeout, Links: p.links, Metrics: metrics, Logger: p.log})
	defer deliverer.Close()
	consumer, err := stream.NewConsumer(stream.ConsumerConfig{
		Stream: notifications, Group: deliverers, Member: d.Name, Handler: deliverer.Handle,
		Lanes: d.Lanes, Lease: d.Lease, Metrics: stream.NewMetrics(p.registry), Logger: p.log,
	})
	if err != nil {
		return err
	}
	return p.serve(ctx, consumer)
}
