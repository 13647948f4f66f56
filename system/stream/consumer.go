package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"paperlab/system/service"
)

// Handler works on one entry: effects outside Redis first, then it returns the
// messages to publish. They are published if and only if the entry is
// acknowledged, all or none. It is called again for the same message after a
// crash or an error, so its effects must be idempotent and its results carry
// ids derived from the entry's. Calls for one key never overlap and keep the
// order of the stream.
type Handler func(ctx context.Context, e Entry) ([]Outgoing, error)

// Outgoing is a message to publish on the named stream.
type Outgoing struct {
	Stream string
	Message
}

// Tenure is one shard while it is owned.
type Tenure struct {
	Shard int
	// Committed receives when results were committed to the outbox.
	Committed <-chan struct{}
}

// MinLease is the shortest lease: a third of it must be enough for an answer.
const MinLease = 500 * time.Millisecond

// ConsumerConfig describes one member of a consumer group.
type ConsumerConfig struct {
	Stream *Stream
	// Group and Member must not contain blanks; Member is unique in the group.
	Group, Member string
	Handler       Handler
	// Lanes work side by side within a shard; 0 means 8.
	Lanes int
	// InFlight bounds the entries of a shard in memory; 0 means 256.
	InFlight int
	// Lease is how long a shard stays with an owner that was not heard of, and
	// so about how long a takeover takes; 0 means 3 s, MinLease at least.
	Lease time.Duration
	// MaxAttempts is how often an entry may fail before it becomes a dead
	// letter; 0 means 5.
	MaxAttempts int
	// MaxDeliveries is how often an entry may be delivered, by takeovers too,
	// before it becomes a dead letter unhandled: it may be what kills its
	// owners. 0 means 16.
	MaxDeliveries int64
	Metrics       *Metrics
	Logger        *slog.Logger
	// Alongside, if set, runs while a shard is owned and must return when its
	// context ends.
	Alongside func(ctx context.Context, t Tenure)
}

func (cfg *ConsumerConfig) setDefaults() error {
	if cfg.Stream == nil || cfg.Handler == nil {
		return errors.New("consumer: stream and handler must be set")
	}
	if cfg.Group == "" || cfg.Member == "" || strings.ContainsAny(cfg.Group+cfg.Member, " {}") {
		return fmt.Errorf("consumer: group is %q and member %q, must not be empty or contain blanks or braces", cfg.Group, cfg.Member)
	}
	cfg.Lanes = cmp.Or(cfg.Lanes, 8)
	cfg.InFlight = cmp.Or(cfg.InFlight, 256)
	cfg.Lease = cmp.Or(cfg.Lease, 3*time.Second)
	cfg.MaxAttempts = cmp.Or(cfg.MaxAttempts, 5)
	cfg.MaxDeliveries = cmp.Or(cfg.MaxDeliveries, 16)
	if cfg.Lease < MinLease {
		return fmt.Errorf("consumer: lease is %v, must be at least %v", cfg.Lease, MinLease)
	}
	if cfg.Lanes < 1 || cfg.InFlight < 1 || cfg.MaxAttempts < 1 || cfg.MaxDeliveries < 1 {
		return errors.New("consumer: lanes, in flight, attempts and deliveries must be at least 1")
	}
	cfg.Metrics = cmp.Or(cfg.Metrics, NewMetrics(nil))
	cfg.Logger = cmp.Or(cfg.Logger, slog.Default())
	return nil
}

// Consumer is one member of a consumer group: it owns some of the stream's
// shards and works on their entries.
type Consumer struct {
	cfg ConsumerConfig
	log *slog.Logger

	// life's Taking bounds tending and fetching, its Working what is in hand.
	life service.Life

	// dealing is of the members that were seen last.
	dealing atomic.Pointer[dealing]
}

// NewConsumer checks the configuration and fills in defaults.
func NewConsumer(cfg ConsumerConfig) (*Consumer, error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	log := cfg.Logger.With("stream", cfg.Stream.Name(), "group", cfg.Group, "member", cfg.Member)
	return &Consumer{cfg: cfg, log: log, life: service.Life{Grace: stopGrace}}, nil
}

// stopGrace is how long Stop waits for handlers in hand before it cancels them.
const stopGrace = 3 * time.Second

// Start makes sure that the group exists and begins to compete for shards.
func (c *Consumer) Start(ctx context.Context) error {
	return c.life.Start(ctx, func(ctx context.Context) error {
		if err := c.cfg.Stream.EnsureGroup(ctx, c.cfg.Group); err != nil {
			return err
		}
		for shard := range c.cfg.Stream.Shards() {
			c.life.Go(func() { c.tendShard(c.life.Taking(), c.life.Working(), shard) })
		}
		return nil
	})
}

// Stop stops fetching, lets the handlers in hand finish and commit, gives the
// shards up, and returns when all that is done. What was fetched and not begun
// stays pending for the next owner.
func (c *Consumer) Stop() { c.life.Stop() }

// tendShard is the life of one member on one shard: announce, and own the
// shard whenever it is free and this member is the one that should.
func (c *Consumer) tendShard(fetch, work context.Context, shard int) {
	defer c.release(shard, "", nil, true)
	for fetch.Err() == nil {
		v, err := c.tend(fetch, shard, "", "")
		switch {
		case err != nil:
			if fetch.Err() == nil {
				c.log.Warn("shard out of reach", "shard", shard, "error", err)
			}
		case c.mine(shard, v):
			c.tryOwn(fetch, work, shard)
		}
		service.Pause(fetch, jitter(c.cfg.Lease/3))
	}
}

// tryOwn takes the shard if its lease is free and works on it until it must be
// given up. A lease whose grant was lost on the way is not found again, since
// its epoch is unknown: it runs out.
func (c *Consumer) tryOwn(fetch, work context.Context, shard int) {
	token := newTenure(c.cfg.Member)
	v, err := c.tend(fetch, shard, "", token)
	if err != nil || v.holder != token {
		return
	}
	c.log.Info("shard acquired", "shard", shard, "members", len(v.members))
	c.cfg.Metrics.ownedShards.WithLabelValues(c.cfg.Stream.Name()).Inc()
	defer c.cfg.Metrics.ownedShards.WithLabelValues(c.cfg.Stream.Name()).Dec()
	newOwner(c, shard, token).run(fetch, work, v.asked)
}

// jitter spreads waits over 80 to 120 % so that members do not move in step.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// Metrics are what consumers of either profile count, so that one dashboard shows
// both. Several consumers may share one.
type Metrics struct {
	entries     *prometheus.CounterVec
	fenced      *prometheus.CounterVec
	ownedShards *prometheus.GaugeVec
}

// NewMetrics makes the metrics and registers them, unless reg is nil.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	factory := promauto.With(reg)
	return &Metrics{
		entries: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "papers_entries_total",
			Help: "Handlings of entries by outcome: done, retried, dead.",
		}, []string{"stream", "outcome"}),
		fenced: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "papers_fenced_total",
			Help: "Steps refused because the shard was owned under another epoch.",
		}, []string{"stream"}),
		ownedShards: factory.NewGaugeVec(prometheus.GaugeOpts{
			Name: "papers_owned_shards",
			Help: "Shards that this process owns.",
		}, []string{"stream"}),
	}
}

// Count counts one handling of an entry.
func (m *Metrics) Count(stream, outcome string) { m.entries.WithLabelValues(stream, outcome).Inc() }
