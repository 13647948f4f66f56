// Package monitor is Prometheus inside the lab: its own scraper, storage,
// query engine and rule engine, loaded with the very rule files that
// production loads. Nothing of it is re-implemented here, so an alert that
// fires in a run is one that would have fired in production.
//
//	targets ──/metrics──▶ scrape ──▶ tsdb (head only, in Config.Dir)
//	                                  │
//	rule files ─────────▶ rules ◀─promql
//	                        │ firing, resolved: once per alert instance and state
//	                     notifier ──Slack JSON──▶ Config.Webhook
//	                        │ each message says when its alert was first
//	                        │ scraped, pending, firing, sent (stages.go)
//
// What the caller must do, in order:
//
//  1. New with a folder, rule files, targets and a webhook;
//  2. Start when the targets answer: a target that is not up yet counts as
//     down, and ConsumerDown says so two seconds later;
//  3. Stop, then remove the folder.
//
// A process that comes back does so at the same address, in the same series.
//
// The time that a fault needs to be noticed is bounded by what production has
// too: up to one interval until the scrape, up to one until the rules are
// evaluated, then the rule's own "for". Only the interval is the lab's: rule
// files may name one for each group, and the lab overrides it.
//
// What happens on failure: a target that does not answer within
// three quarters of the interval has up = 0 and its other series end. A webhook that fails is
// tried again for ten seconds and then dropped with a log line; a full queue
// drops likewise. The monitor keeps no record of what it sent: that an alert was
// told is for the receiver to say.
package monitor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/tsdb"

	"paperlab/compose/standin"
	"paperlab/reports/history"
	"paperlab/system/service"
)

// Config is what a monitor needs.
type Config struct {
	// Dir is a folder for the storage's chunks. It must exist, belongs to the
	// monitor alone, and is left for the caller to remove after Stop.
	Dir string
	// Rules holds Prometheus rule files, *.yaml, at its root.
	Rules fs.FS
	// Targets are what is scraped.
	Targets []Target
	// Webhook is the address that Slack-format messages are posted to. Empty:
	// nobody is told.
	Webhook string
	// Interval between scrapes, and between evaluations of the rules; 1 s if
	// zero. At least 100 ms.
	Interval time.Duration
	// Phase moves the times of scrapes and of evaluations within the interval.
	// Prometheus takes each from a hash, of the target and of the rule's group;
	// monitors of one interval and one Phase do all things at the same times.
	Phase string
	// Logger is Prometheus' too, which tells of its daily work at level info;
	// slog.Default if nil.
	Logger *slog.Logger
}

// Monitor scrapes, evaluates and notifies between Start and Stop.
type Monitor struct {
	cfg      Config
	notifier *notifier
	engine   *promql.Engine

	life service.Life

	// files are the names of the rule files.
	files []string

	mu sync.RWMutex
	// db is there between Start and Stop; mu guards it.
	db *tsdb.DB
}

// New checks the configuration and the rule files; it starts nothing.
func New(cfg Config) (*Monitor, error) {
	cfg, err := cfg.checked()
	if err != nil {
		return nil, err
	}
	files, err := ruleFiles(cfg.Rules)
	if err != nil {
		return nil, err
	}
	return &Monitor{
		cfg:      cfg,
		files:    files,
		notifier: newNotifier(cfg.Webhook, cfg.Logger),
		engine:   newEngine(cfg),
		// An evaluation in hand ends by itself; its alerts are worth waiting for.
		life: service.Life{Grace: 10 * time.Second},
	}, nil
}

func (cfg Config) checked() (Config, error) {
	cfg.Interval = cmp.Or(cfg.Interval, time.Second)
	cfg.Logger = cmp.Or(cfg.Logger, slog.Default())
	switch info, err := os.Stat(cfg.Dir); {
	case err != nil:
		return cfg, fmt.Errorf("monitor: Dir: %w; create the folder first", err)
	case !info.IsDir():
		return cfg, fmt.Errorf("monitor: Dir %q is not a folder", cfg.Dir)
	case cfg.Rules == nil:
		return cfg, errors.New("monitor: Rules is nil; pass the folder of the rule files, such as grafana.Alerts()")
	case cfg.Interval < 100*time.Millisecond:
		return cfg, fmt.Errorf("monitor: Interval is %v, at least 100ms is needed", cfg.Interval)
	}
	return cfg, checkTargets(cfg.Targets)
}

// Start opens the storage, loads the rules and begins to scrape.
func (m *Monitor) Start(ctx context.Context) error {
	return m.life.Start(ctx, func(context.Context) error { return m.begin() })
}

func (m *Monitor) begin() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	registry := prometheus.NewRegistry()
	db, err := openStorage(m.cfg)
	if err != nil {
		return err
	}
	scraper, err := newScraper(m.life.Working(), m.cfg, db, registry)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	manager, err := newRules(m.life.Working(), m.cfg, db, m.engine, registry, m.files, m.notify)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	m.db = db
	targets := make(chan map[string][]*targetgroup.Group)
	m.notifier.start(func(found news) { m.findScrapes(db, found) })
	m.life.Go(func() { _ = scraper.Run(targets) })
	m.life.Go(manager.Run)
	m.life.Go(func() {
		<-m.life.Taking().Done()
		// A scraper that is stopped before it has its targets would still begin to
		// scrape them. One that never has them does not keep Stop for ever.
		for waits := 0; waits < 1000 && len(scraper.TargetsActive()[pool]) < len(m.cfg.Targets); waits++ {
			<-time.After(5 * time.Millisecond)
		}
		m.end(scraper, manager)
	})
	targets <- groupsOf(m.cfg.Targets)
	return nil
}

// Stop ends evaluation, gives queued messages two seconds to leave, and
// returns when nothing of the monitor runs any more.
func (m *Monitor) Stop() { m.life.Stop() }

func (m *Monitor) end(scraper *scrape.Manager, manager *rules.Manager) {
	m.mu.Lock()
	defer m.mu.Unlock()
	manager.Stop()
	m.notifier.stop()
	scraper.Stop()
	db := m.db
	m.db = nil
	if err := db.Close(); err != nil {
		m.cfg.Logger.Warn("closing the storage failed", "dir", m.cfg.Dir, "err", err)
	}
}

// notify takes what one evaluation of one rule found. It must not block: the
// rule engine waits for it.
func (m *Monitor) notify(_ context.Context, expr string, alerts ...*rules.Alert) {
	found := news{expr: expr}
	for _, a := range alerts {
		labels := a.Labels.Map()
		told := standin.SlackAlert{Name: labels[model.AlertNameLabel], State: history.Firing, At: a.FiredAt, Pending: a.ActiveAt, Labels: labels, Annotations: a.Annotations.Map()}
		if !a.ResolvedAt.IsZero() {
			told.State, told.At, told.Pending = history.Resolved, a.ResolvedAt, time.Time{}
		}
		delete(labels, model.AlertNameLabel)
		found.alerts = append(found.alerts, told)
	}
	m.notifier.enqueue(found)
}
