// Package role puts the parts of the service together, one role for each
// process:
//
//	crawl      arXiv ──▶ papers stream
//	summarize  papers stream ──▶ LLM, store, subscriptions ──▶ notifications stream
//	deliver    notifications stream ──▶ webhooks
//	watch      streams ──▶ metrics
//
// Each role is a command of the papers program: its exported fields are its
// flags, and Run is its life:
//
//  1. open: telemetry first, so that a process that waits is seen to wait, then
//     the database and Redis. What is away is waited for; what is wrong ends the
//     process at once.
//  2. serve: start the parts in order, say that it is ready, wait for SIGTERM
//     or Ctrl-C, stop the parts in the opposite order.
//
// The naive and the careful profile (packages naive and careful) are the same
// four processes without what makes the hardened ones safe. They exist to be
// compared with.
package role

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"regexp"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"paperlab/system/dial"
	"paperlab/system/sabotage"
	"paperlab/system/service"
	"paperlab/system/store"
	"paperlab/system/stream"
	"paperlab/system/summarize"
	"paperlab/system/telemetry"
)

// Papers is the stream from crawl to summarize.
const Papers = "papers"

// The consumer groups, named as the roles.
const (
	summarizers = "summarize"
	deliverers  = "deliver"
)

// Flags are those that all roles have.
type Flags struct {
	Name     string   `help:"Name of this process, unique in its role: the consumer's name in Redis, the instance in metrics." default:"${hostname}" env:"PAPERS_NAME"`
	Redis    []string `help:"Addresses of Redis Cluster nodes, as many as are known." placeholder:"HOST:PORT" required:"" env:"PAPERS_REDIS"`
	Link     []string `help:"Dial LINK wherever REAL is meant (a proxy for one target)." placeholder:"REAL=LINK" env:"PAPERS_LINK"`
	Database string   `help:"Where people, papers and deliveries are kept." placeholder:"sqlite:PATH" default:"sqlite:papers.db" env:"PAPERS_DATABASE"`
	Listen   string   `help:"Address of /metrics and /healthz; port 0 takes a free one." default:"127.0.0.1:0" env:"PAPERS_LISTEN"`
	Prefix   string   `help:"Stands before every Redis key, so that runs can share a cluster: letters, digits, - . _" env:"PAPERS_PREFIX"`
	Shards   int      `help:"Shards of each stream, decided when it is first opened." default:"12" env:"PAPERS_SHARDS"`
	Profile  string   `help:"hardened; or for comparison naive, as such services are usually written, or careful, with Redis' own advice and no coordinator." enum:"hardened,careful,naive" default:"hardened" env:"PAPERS_PROFILE"`
	LogLevel string   `help:"debug, info, warn or error." enum:"debug,info,warn,error" default:"info" env:"PAPERS_LOG_LEVEL"`
}

// prefixes are those that no key, pattern or hash tag can be misread with.
var prefixes = regexp.MustCompile(`^[A-Za-z0-9._-]*$`)

// The profiles that are compared with.
const (
	profileNaive   = "naive"
	profileCareful = "careful"
)

// process is what every role needs.
type process struct {
	flags    Flags
	log      *slog.Logger
	links    dial.Links
	registry *prometheus.Registry
	server   *telemetry.Server
	reach    *telemetry.Reach
	redis    *redis.ClusterClient
	store    *store.Store
}

// open makes the parts that all roles have. A role that needs no database gets
// none. What was opened is closed again if the rest fails.
func (f Flags) open(ctx context.Context, role string, withStore bool) (*process, error) {
	links, err := dial.ParseLinks(f.Link)
	if err != nil {
		return nil, err
	}
	if !prefixes.MatchString(f.Prefix) {
		return nil, fmt.Errorf("--prefix is %q; it must consist of letters, digits, dashes, dots and underscores", f.Prefix)
	}
	for _, node := range f.Redis {
		if _, _, err := net.SplitHostPort(node); err != nil {
			return nil, fmt.Errorf("--redis %s: %w: write HOST:PORT, as in 127.0.0.1:7000", node, err)
		}
	}
	p := &process{
		flags: f, links: links, registry: telemetry.NewRegistry(),
		log: f.logger().With("role", role, "name", f.Name),
	}
	dial.LogTo(p.log)
	p.server = telemetry.NewServer(f.Listen, p.registry, p.log)
	p.reach = telemetry.NewReach(f.Redis, links, p.registry)
	p.redis = dial.Redis(f.Redis, links)
	sabotage.AnnounceBy(func(defect string) { p.redis.Publish(context.Background(), sabotage.Channel, defect) })
	if err := p.start(ctx, withStore); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *process) start(ctx context.Context, withStore bool) error {
	for _, part := range []service.Service{p.server, p.reach} {
		if err := part.Start(ctx); err != nil {
			return err
		}
	}
	if !withStore {
		return nil
	}
	return p.insist(ctx, "open the database", func() (err error) {
		p.store, err = store.Open(ctx, p.flags.Database)
		return err
	})
}

func (f Flags) logger() *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(f.LogLevel)) // the flag's enum admits levels only
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

func (p *process) close() {
	p.server.Stop()
	p.reach.Stop()
	_ = p.redis.Close()
	if p.store != nil {
		_ = p.store.Close()
	}
}

// serve runs the parts until the context ends. A part that cannot be started
// because something is away is started again; serve returns an error only for
// what no waiting cures.
func (p *process) serve(ctx context.Context, parts ...service.Service) error {
	var started []service.Service
	defer func() {
		p.server.Ready(false)
		for _, running := range slices.Backward(started) {
			running.Stop()
		}
		p.log.Info("stopped")
	}()
	for _, next := range parts {
		started = append(started, next)
		if err := p.insist(ctx, "start", func() error { return next.Start(ctx) }); err != nil {
			return err
		}
	}
	p.server.Ready(true)
	p.log.Info("ready", "profile", p.flags.Profile)
	<-ctx.Done()
	return nil
}

// ErrStopped is returned by a role's Run when the process was told to stop while
// it waited for something. It is no failure.
var ErrStopped = errors.New("stopped while waiting")

// final are the errors that no waiting cures.
var final = []error{store.ErrSchema, store.ErrDSN, stream.ErrSpec}

// insist tries until it works, because the order in which processes and their
// servers come up must not matter. It gives up when the context ends.
func (p *process) insist(ctx context.Context, what string, try func() error) error {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 3*time.Second) {
		err := try()
		if err == nil {
			return nil
		}
		if slices.ContainsFunc(final, func(f error) bool { return errors.Is(err, f) }) {
			return err
		}
		if ctx.Err() == nil {
			p.log.Warn("waiting for what is away", "to", what, "error", err)
		}
		if !service.Pause(ctx, wait/2+rand.N(wait/2)) {
			return fmt.Errorf("%s: %w: %w", what, ErrStopped, err)
		}
	}
}

// openStreams opens both streams of the hardened profile.
func (p *process) openStreams(ctx context.Context) (papers, notifications *stream.Stream, err error) {
	err = p.insist(ctx, "open the streams", func() (err error) {
		spec := stream.Spec{Name: Papers, Prefix: p.flags.Prefix, Shards: p.flags.Shards}
		if papers, err = stream.Open(ctx, p.redis, spec); err != nil {
			return err
		}
		spec.Name = summarize.Notifications
		notifications, err = stream.Open(ctx, p.redis, spec)
		return err
	})
	return papers, notifications, err
}
