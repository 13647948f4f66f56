package careful

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/system/service"
	"paperlab/system/stream"
)

// Handler works on one entry and may be called again for the same one. Nil
// acknowledges it; an error has it delivered again, ErrHopeless does not.
type Handler func(ctx context.Context, payload []byte) error

// Config is what NewConsumer needs. Zero counts and durations take the
// defaults.
type Config struct {
	Redis *redis.ClusterClient
	Topic Topic
	// Place says which partitions are this process's.
	Place Place
	// Group and Member must not contain blanks; Member is unique in the group,
	// and the same when the process is started again.
	Group, Member string
	// Workers is how many handlers run at once, over all partitions. Default 16.
	Workers int
	// MinIdle is the idle time after which an entry is claimed from another
	// consumer. Default 10 s.
	MinIdle time.Duration
	// Block is how long one read waits for new entries, and so the least that
	// Stop may take. Default 1 s.
	Block time.Duration
	// MaxDeliveries is how often an entry is delivered before it becomes a dead
	// letter. Default 10: with the pauses in between half a minute.
	MaxDeliveries int64
	// Keep is how long what is acknowledged stays on the stream. Default 10 min.
	Keep    time.Duration
	Handler Handler
	Metrics *stream.Metrics
	Logger  *slog.Logger
}

func (cfg *Config) setDefaults() error {
	if cfg.Redis == nil || cfg.Handler == nil || cfg.Topic.partitions < 1 || cfg.Place.Members < 1 {
		return errors.New("careful consumer: Redis, topic, place and handler must be set")
	}
	if cfg.Group == "" || cfg.Member == "" || strings.Contains(cfg.Group+cfg.Member, " ") {
		return fmt.Errorf("careful consumer: group is %q and member %q, must not be empty or contain blanks", cfg.Group, cfg.Member)
	}
	cfg.Workers = cmp.Or(cfg.Workers, 16)
	cfg.MinIdle = cmp.Or(cfg.MinIdle, 10*time.Second)
	cfg.Block = cmp.Or(cfg.Block, time.Second)
	cfg.MaxDeliveries = cmp.Or(cfg.MaxDeliveries, 10)
	cfg.Keep = cmp.Or(cfg.Keep, 10*time.Minute)
	cfg.Metrics = cmp.Or(cfg.Metrics, stream.NewMetrics(nil))
	cfg.Logger = cmp.Or(cfg.Logger, slog.Default())
	if cfg.Workers < 1 || cfg.MaxDeliveries < 1 {
		return fmt.Errorf("careful consumer: workers is %d and max deliveries %d, must be at least 1", cfg.Workers, cfg.MaxDeliveries)
	}
	// Each partition keeps a connection blocked, and all of them may be on one
	// node.
	if pool, own := cfg.Redis.Options().PoolSize, len(cfg.partitions()); own >= pool {
		return fmt.Errorf("careful consumer: %d of %d partitions are this process's, must be %d at most, one less than the client's connections to a node: start more processes", own, cfg.Topic.partitions, pool-1)
	}
	// Redis counts in milliseconds; 0 would claim at once, and block for ever.
	if cfg.MinIdle < time.Millisecond || cfg.Block < time.Millisecond || cfg.Keep < 0 {
		return fmt.Errorf("careful consumer: min idle is %s and block %s, must be at least 1ms; keep is %s, must be 0 or more", cfg.MinIdle, cfg.Block, cfg.Keep)
	}
	return nil
}

// partitions are those of this process.
func (cfg *Config) partitions() (own []int) {
	for n := range cfg.Topic.partitions {
		if cfg.Place.reads(n) {
			own = append(own, n)
		}
	}
	return own
}

// Consumer reads the partitions of one process.
type Consumer struct {
	cfg Config
	log *slog.Logger
	// slots are taken by handlers that run.
	slots chan struct{}
	// life's Taking bounds reading and claiming, its Working what is in hand.
	life service.Life
}

// NewConsumer checks the configuration and fills in defaults.
func NewConsumer(cfg Config) (*Consumer, error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	return &Consumer{
		cfg: cfg, log: cfg.Logger.With("topic", cfg.Topic.Name(), "group", cfg.Group),
		slots: make(chan struct{}, cfg.Workers), life: service.Life{Grace: stopGrace},
	}, nil
}

// stopGrace is how long Stop waits for what is in hand before it cancels it.
const stopGrace = 3 * time.Second

// Start makes sure that the groups exist and begins to read.
func (c *Consumer) Start(ctx context.Context) error {
	return c.life.Start(ctx, func(ctx context.Context) error {
		for _, key := range c.cfg.Topic.Keys() {
			err := c.cfg.Redis.XGroupCreateMkStream(ctx, key, c.cfg.Group, "0").Err()
			if err != nil && !strings.HasPrefix(err.Error(), "BUSYGROUP") {
				return fmt.Errorf("create group %s on %s: %w", c.cfg.Group, key, err)
			}
		}
		for _, n := range c.cfg.partitions() {
			p := newPartition(c, c.cfg.Topic.key(n))
			c.life.Go(func() { p.run(c.life.Taking(), c.life.Working()) })
		}
		return nil
	})
}

// Stop stops reading, lets what was read be finished, and returns when all have
// ended. What could not be finished stays pending.
func (c *Consumer) Stop() { c.life.Stop() }
