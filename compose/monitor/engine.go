package monitor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"path"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	httpconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// pool is the one scrape pool that all targets are in; the job of a series
// comes from its target.
const pool = "paperlab"

func newEngine(cfg Config) *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		Logger:               cfg.Logger,
		MaxSamples:           1_000_000,
		Timeout:              10 * time.Second,
		LookbackDelta:        lookback(cfg.Interval),
		EnableAtModifier:     true,
		EnableNegativeOffset: true,
		Parser:               parser.NewParser(parser.Options{}),
	})
}

// openStorage opens a head without a write-ahead log: a run's series are worth
// nothing after a crash of the lab. Blocks of a day mean that a run never
// compacts; small stripes and buffers keep it at a few megabytes.
func openStorage(cfg Config) (*tsdb.DB, error) {
	opts := tsdb.DefaultOptions()
	opts.WALSegmentSize = -1
	opts.NoLockfile = true
	opts.StripeSize = 1 << 10
	opts.HeadChunksWriteBufferSize = chunks.MinWriteBufferSize
	opts.MinBlockDuration = (24 * time.Hour).Milliseconds()
	opts.MaxBlockDuration = opts.MinBlockDuration
	db, err := tsdb.Open(cfg.Dir, cfg.Logger, nil, opts, nil)
	if err != nil {
		return nil, fmt.Errorf("monitor: open storage in %s: %w; is the folder writable and the disk not full?", cfg.Dir, err)
	}
	return db, nil
}

// newScraper makes what scrapes. A scrape may take three quarters of the
// interval, so that a process that hangs is down one interval later. The context
// ends the connections: the scraper wraps its client such that closing the idle
// ones does not reach them.
func newScraper(ctx context.Context, cfg Config, db *tsdb.DB, registry prometheus.Registerer) (*scrape.Manager, error) {
	scraper, err := scrape.NewManager(&scrape.Options{
		DiscoveryReloadOnStartup: true,
		DiscoveryReloadInterval:  model.Duration(50 * time.Millisecond),
		HTTPClientOptions:        []httpconfig.HTTPClientOption{httpconfig.WithDialContextFunc(dialUntil(ctx))},
	}, cfg.Logger, nil, nil, db, registry)
	if err != nil {
		return nil, fmt.Errorf("monitor: make the scraper: %w", err)
	}
	// External labels do not show in a series; they are part of the hash that the
	// scrapes' times come from.
	text := fmt.Sprintf("global: {scrape_interval: %v, scrape_timeout: %v, external_labels: {phase: %q}}\nscrape_configs: [{job_name: %s}]\n",
		model.Duration(cfg.Interval), model.Duration(cfg.Interval*3/4), cfg.Phase, pool)
	loaded, err := config.Load(text, cfg.Logger)
	if err != nil {
		return nil, fmt.Errorf("monitor: scrape every %v: %w", cfg.Interval, err)
	}
	if err := scraper.ApplyConfig(loaded); err != nil {
		return nil, fmt.Errorf("monitor: configure the scraper: %w", err)
	}
	return scraper, nil
}

func dialUntil(end context.Context) httpconfig.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err == nil {
			context.AfterFunc(end, func() { _ = conn.Close() })
		}
		return conn, err
	}
}

// newRules loads the rule files. ResendDelay is beyond any run: production
// repeats a firing alert to Alertmanager, which drops repeats; here nobody
// would. So the rule engine reports each state of each alert once.
func newRules(ctx context.Context, cfg Config, db *tsdb.DB, engine *promql.Engine,
	registry prometheus.Registerer, files []string, notify rules.NotifyFunc,
) (*rules.Manager, error) {
	manager := rules.NewManager(&rules.ManagerOptions{
		Context:      ctx,
		QueryFunc:    rules.EngineQueryFunc(engine, db),
		NotifyFunc:   notify,
		AppendableV2: db,
		Queryable:    db,
		Logger:       cfg.Logger,
		Registerer:   registry,
		ResendDelay:  24 * time.Hour,
		GroupLoader:  loader{cfg.Rules, parser.NewParser(parser.Options{})},
	})
	var phased []string
	for _, name := range files {
		// The folder is part of the hash that a group's times come from; loader
		// takes it off again.
		phased = append(phased, path.Join(cfg.Phase, name))
	}
	if err := manager.Update(cfg.Interval, phased, labels.EmptyLabels(), "", nil); err != nil {
		return nil, fmt.Errorf("monitor: load rules %v: %w", files, err)
	}
	return manager, nil
}

// ErrNotRunning is returned by Query before Start and after Stop.
var ErrNotRunning = errors.New("monitor: not running")

// Query evaluates a PromQL expression now. A scalar is one value without
// labels; a range vector is refused. No value means that no series matched,
// which is not the same as 0.
func (m *Monitor) Query(ctx context.Context, expr string) (promql.Vector, error) {
	// Held to the end, so that Stop does not close the storage meanwhile.
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.db == nil {
		return nil, ErrNotRunning
	}
	vector, err := rules.EngineQueryFunc(m.engine, m.db)(ctx, expr, time.Now())
	if err != nil {
		return nil, fmt.Errorf("monitor: query %s: %w", expr, err)
	}
	return vector, nil
}

// loader reads rule files from a file system that may be embedded, and clears
// the interval that a group names: the lab evaluates every group at its own.
type loader struct {
	files  fs.FS
	parser parser.Parser
}

// Load implements rules.GroupLoader.
func (l loader) Load(name string, ignoreUnknown bool, scheme model.ValidationScheme) (*rulefmt.RuleGroups, []error) {
	content, err := fs.ReadFile(l.files, path.Base(name)) // the rest is a phase
	if err != nil {
		return nil, []error{err}
	}
	groups, errs := rulefmt.Parse(content, ignoreUnknown, scheme, l.parser, slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		return nil, []error{fmt.Errorf("%s: %w", name, errors.Join(errs...))}
	}
	for i := range groups.Groups {
		groups.Groups[i].Interval = 0
	}
	return groups, nil
}

// Parse implements rules.GroupLoader.
func (l loader) Parse(query string) (parser.Expr, error) { return l.parser.ParseExpr(query) }

// ruleFiles names the rule files, each of which must parse: a rule file with
// an error would otherwise only mean that no alert ever comes.
func ruleFiles(files fs.FS) ([]string, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("monitor: list rule files: %w", err)
	}
	if len(names) == 0 {
		return nil, errors.New("monitor: no rule files (*.yaml) at the root of Rules")
	}
	l := loader{files, parser.NewParser(parser.Options{})}
	for _, name := range names {
		if _, errs := l.Load(name, false, model.UTF8Validation); len(errs) > 0 {
			return nil, fmt.Errorf("monitor: rule file: %w; `promtool check rules` names the same", errors.Join(errs...))
		}
	}
	return names, nil
}

// Target is one process that answers /metrics.
type Target struct {
	// Job is the role, Instance the process's name; together they are unique.
	Job, Instance string
	// Addr is host:port.
	Addr string
}

func checkTargets(targets []Target) error {
	seen := map[[2]string]bool{}
	for _, t := range targets {
		key := [2]string{t.Job, t.Instance}
		_, _, err := net.SplitHostPort(t.Addr)
		switch {
		case t.Job == "" || t.Instance == "":
			return fmt.Errorf("monitor: target %+v: Job and Instance must not be empty", t)
		case seen[key]:
			return fmt.Errorf("monitor: target %s of job %s is there twice; their series would mix", t.Instance, t.Job)
		case err != nil:
			return fmt.Errorf("monitor: target %s: Addr %q: %w; give host:port", t.Instance, t.Addr, err)
		}
		seen[key] = true
	}
	return nil
}

func groupsOf(targets []Target) map[string][]*targetgroup.Group {
	group := &targetgroup.Group{Source: "lab"}
	for _, t := range targets {
		group.Targets = append(group.Targets, model.LabelSet{
			model.AddressLabel:  model.LabelValue(t.Addr),
			model.JobLabel:      model.LabelValue(t.Job),
			model.InstanceLabel: model.LabelValue(t.Instance),
		})
	}
	return map[string][]*targetgroup.Group{pool: {group}}
}
