package naive

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

// Handler works on one entry. Nil acknowledges the entry; an error leaves it
// pending until it is claimed, for as many times as it takes.
type Handler func(ctx context.Context, payload []byte) error

// Config is what NewConsumer needs. Zero counts and durations take the
// defaults.
type Config struct {
	Redis *redis.ClusterClient
	// Stream is Papers or Notifications.
	Stream Stream
	// Group and Member must not contain blanks; Member is unique in the group.
	Group, Member string
	// Workers work side by side, each a consumer of its own with a connection
	// of its own. They are fewer than the client's connections to a node
	// (PoolSize): a worker that waits for one reads nothing. Default 16.
	Workers int
	// MinIdle is the idle time after which an entry is claimed from whoever has
	// it. Default 10 s.
	MinIdle time.Duration
	// Block is how long one read waits for new entries, and so the least that
	// Stop may take: go-redis gives up a blocked read at its context's deadline,
	// but not when it is cancelled. Default 1 s.
	Block   time.Duration
	Handler Handler
	Metrics *stream.Metrics
	Logger  *slog.Logger
}

func (cfg *Config) setDefaults() error {
	if cfg.Redis == nil || cfg.Handler == nil || cfg.Stream == (Stream{}) {
		return errors.New("naive consumer: Redis, stream and handler must be set")
	}
	if cfg.Group == "" || cfg.Member == "" || strings.Contains(cfg.Group+cfg.Member, " ") {
		return fmt.Errorf("naive consumer: group is %q and member %q, must not be empty or contain blanks", cfg.Group, cfg.Member)
	}
	cfg.Workers = cmp.Or(cfg.Workers, 16)
	cfg.MinIdle = cmp.Or(cfg.MinIdle, 10*time.Second)
	cfg.Block = cmp.Or(cfg.Block, time.Second)
	cfg.Metrics = cmp.Or(cfg.Metrics, stream.NewMetrics(nil))
	cfg.Logger = cmp.Or(cfg.Logger, slog.Default())
	if pool := cfg.Redis.Options().PoolSize; cfg.Workers < 1 || cfg.Workers >= pool {
		return fmt.Errorf("naive consumer: workers is %d, must be 1 to %d, one less than the client's connections to a node", cfg.Workers, pool-1)
	}
	// Redis counts both in milliseconds; 0 would claim what is being worked on,
	// and block for ever.
	if cfg.MinIdle < time.Millisecond || cfg.Block < time.Millisecond {
		return fmt.Errorf("naive consumer: min idle is %s and block %s, must be at least 1ms", cfg.MinIdle, cfg.Block)
	}
	return nil
}

// Consumer runs the workers of one process.
type Consumer struct {
	cfg Config
	log *slog.Logger

	// life's Taking bounds reading and claiming, its Working what is in hand.
	life service.Life
}

// NewConsumer checks the configuration and fills in defaults.
func NewConsumer(cfg Config) (*Consumer, error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	return &Consumer{cfg: cfg, log: cfg.Logger.With("stream", cfg.Stream.Name(), "group", cfg.Group), life: service.Life{Grace: stopGrace}}, nil
}

// stopGrace is how long Stop waits for what is in hand before it cancels it.
const stopGrace = 3 * time.Second

// Start makes sure that the group exists and starts the workers.
func (c *Consumer) Start(ctx context.Context) error {
	return c.life.Start(ctx, func(ctx context.Context) error {
		err := c.cfg.Redis.XGroupCreateMkStream(ctx, c.cfg.Stream.Key(), c.cfg.Group, "0").Err()
		if err != nil && !strings.HasPrefix(err.Error(), "BUSYGROUP") {
			return fmt.Errorf("create group %s on %s: %w", c.cfg.Group, c.cfg.Stream.Key(), err)
		}
		for i := range c.cfg.Workers {
			w := newWorker(c.cfg, c.log, i+1)
			c.life.Go(func() { w.run(c.life.Taking(), c.life.Working()) })
		}
		return nil
	})
}

// Stop stops reading, lets the workers finish what they have read, and returns
// when they have ended. What they could not finish stays pending.
func (c *Consumer) Stop() { c.life.Stop() }
