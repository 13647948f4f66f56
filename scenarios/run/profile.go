package run

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"paperlab/compose/monitor"
	"paperlab/compose/process"
	"paperlab/compose/standin"
	"paperlab/faults"
	"paperlab/grafana"
	"paperlab/reports/history"
	"paperlab/reports/record"
	"paperlab/scenarios/observe"
)

// warmUp is how long the load runs before the steady phase, in which
// connections are made and caches filled. It is shorter than check.Hold, so that the load,
// which ends as much earlier, cannot end soon enough for an idle service to
// look recovered.
const warmUp = 2 * time.Second

// profileRun is one profile on its way through the phases.
type profileRun struct {
	lab
	name string
	rec  *history.Recorder

	world    *world
	stack    *process.Stack
	monitor  *monitor.Monitor
	observer *observe.Observer
}

// seen is what a profile's run left behind.
type seen struct {
	events []history.Event
	slack  []standin.SlackMessage
}

// profile runs one profile and judges it. What it returns is as complete as the
// run came, also with an error.
func (l lab) profile(ctx context.Context, name string) (run record.Run, s seen, err error) {
	p := &profileRun{lab: l, name: name, rec: history.NewRecorder(name)}
	began := time.Now()
	defer func() { run.WallS = time.Since(began).Seconds() }()
	defer p.stop()
	if err := p.provision(ctx); err != nil {
		return run, seen{events: p.rec.Events()}, fmt.Errorf("start the service and what surrounds it: %w", err)
	}
	err = p.phasesOf(ctx)
	if err == nil {
		err = p.observe(ctx)
	}
	s = seen{p.rec.Events(), p.world.slack.Messages()}
	run = judge(l.Scenario, s.events)
	run.ClusterUpS, run.Memory = p.stack.Cluster.UpIn().Seconds(), p.memory()
	return run, s, err
}

// provision starts the world, the service, the witnesses and the monitor.
func (p *profileRun) provision(ctx context.Context) (err error) {
	p.Progress.Say("%s: starting a Redis Cluster, the stand-ins and the service", p.name)
	seed := uint64(p.Seed)
	if p.world, err = newWorld(ctx, p.Options, p.rec); err != nil {
		return err
	}
	people, wishes := p.Corpus.Subscriptions(rand.New(rand.NewPCG(seed, 2)), p.Scenario.Load.Subscribers, nil)
	for _, w := range wishes {
		p.rec.Record(history.Subscribed(w))
	}
	s := p.Scenario.Service
	p.stack, err = process.StartStack(ctx, p.ledger, process.StackConfig{
		Papers: p.Papers, Env: p.Env, Profile: p.name, RedisServer: p.RedisServer,
		Shards: s.Shards, Summarizers: s.Summarizers, Deliverers: s.Deliverers, Lanes: s.Lanes,
		Begin: process.CorpusBegin(p.Corpus), Interval: crawlInterval(p.Options), PageSize: pageSize(p.Options),
		Subscribers: people, Subscriptions: wishes, World: p.world.forService(),
	})
	if err != nil {
		return err
	}
	p.Progress.Say("%s: cluster up in %.1f s; %d processes ready", p.name, p.stack.Cluster.UpIn().Seconds(), len(p.stack.Services("")))
	p.observer = observe.New(p.stack.Cluster.Client(), p.rec)
	if err := p.observer.Start(ctx); err != nil {
		return err
	}
	return p.startMonitor(ctx)
}

func (p *profileRun) startMonitor(ctx context.Context) error {
	dir, _, err := p.ledger.Folder("prometheus/" + p.name)
	if err != nil {
		return err
	}
	var targets []monitor.Target
	for _, s := range p.stack.Services("") {
		targets = append(targets, s.Target())
	}
	if p.monitor, err = monitor.New(monitor.Config{
		Dir: dir, Rules: grafana.Alerts(), Targets: targets, Webhook: p.world.slack.Webhook(),
	}); err != nil {
		return err
	}
	return p.monitor.Start(ctx)
}

// stop ends everything, in the opposite order. It may be called for a run that
// was only partly started.
func (p *profileRun) stop() {
	if p.monitor != nil {
		p.monitor.Stop()
	}
	if p.observer != nil {
		p.observer.Stop()
	}
	if p.stack != nil {
		p.stack.Stop()
	}
	if p.world != nil {
		p.world.Stop()
	}
}

// phasesOf lets the load come and the faults happen.
func (p *profileRun) phasesOf(ctx context.Context) error {
	if err := p.settle(ctx); err != nil {
		return err
	}
	if err := p.world.arxiv.Release(p.Scenario.Load.Rate); err != nil {
		return err
	}
	if err := p.wait(ctx, "warm-up", warmUp); err != nil {
		return err
	}
	if err := p.phase(ctx, "steady", func() error { return p.wait(ctx, "steady", p.Scenario.Phases.Steady) }); err != nil {
		return err
	}
	if err := p.breakAndMend(ctx); err != nil {
		return err
	}
	return p.phase(ctx, "drain", func() error { return p.drain(ctx) })
}

// breakAndMend is the fault and the recover phase. The nemesis works beside
// them and heals whatever it did before it returns, whatever ends it.
func (p *profileRun) breakAndMend(ctx context.Context) error {
	plan, err := p.planFaults()
	if err != nil {
		return err
	}
	nemesis := make(chan error, 1)
	go func() {
		_, err := faults.Nemesis{Recorder: p.rec, Plan: plan}.Run(ctx)
		nemesis <- err
	}()
	length := p.Scenario.Phases
	err = p.phase(ctx, "fault", func() error { return p.wait(ctx, "fault", length.Fault) })
	if err == nil {
		err = p.phase(ctx, "recover", func() error { return p.wait(ctx, "recover", length.Recover) })
	}
	return errors.Join(err, <-nemesis)
}

func (p *profileRun) planFaults() ([]faults.Planned, error) {
	planner := planner{
		rng: rand.New(rand.NewPCG(uint64(p.Seed), 1)), stack: p.stack, world: p.world, observer: p.observer, ledger: p.ledger,
	}
	plan, err := planner.plan(p.Scenario.Faults)
	for _, f := range plan {
		p.Progress.Say("%s: planned: %v", p.name, f)
	}
	return plan, err
}

// phase notes the begin of a part of the run; the next one ends it.
func (p *profileRun) phase(ctx context.Context, name string, during func() error) error {
	p.Progress.Say("%s: %s", p.name, name)
	p.rec.Record(history.Began(name))
	if err := during(); err != nil {
		return err
	}
	return ctx.Err()
}

// showEvery is how often the live line changes.
const showEvery = 500 * time.Millisecond

// wait lets time pass and shows how the service does.
func (p *profileRun) wait(ctx context.Context, what string, d time.Duration) error {
	end := time.NewTimer(d)
	defer end.Stop()
	tick := time.NewTicker(showEvery)
	defer tick.Stop()
	begin := time.Now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end.C:
			return nil
		case <-tick.C:
			p.show(what, time.Since(begin), d)
		}
	}
}

func (p *profileRun) show(what string, passed, of time.Duration) {
	backlog := "unknown"
	if b := p.observer.Latest().Backlog; b != nil {
		backlog = fmt.Sprint(*b)
	}
	p.Progress.Live("%s: %-8s %2.0f/%.0f s   served %d   backlog %s   told %d   Slack messages %d", p.name, what,
		passed.Seconds(), of.Seconds(), p.world.arxiv.Served(), backlog, p.world.sink.Answered(), len(p.world.slack.Messages()))
}

// observe reads what stands in the store and among the dead letters.
func (p *profileRun) observe(ctx context.Context) error {
	p.rec.Record(history.Began(history.PhaseObserve))
	if err := p.observer.DeadLetters(ctx); err != nil {
		return err
	}
	if err := observe.Rows(ctx, p.stack.StorePath(), p.rec); err != nil {
		return err
	}
	p.rec.Record(history.CommitsFenced(p.fenced()))
	if err := p.stack.Died(); err != nil {
		p.rec.Record(history.Exited(err.Error()))
	}
	p.rec.Record(history.Began(history.PhaseDone))
	return nil
}

func (p *profileRun) memory() []record.Memory {
	var list []record.Memory
	for _, s := range p.stack.Services("") {
		list = append(list, record.Memory{Process: s.Name(), PeakBytes: s.PeakMemory()})
	}
	return append(list, record.Memory{Process: "lab", PeakBytes: process.OwnPeakMemory()})
}

// fenced counts the refused commits of all processes; one that was killed
// counts with its last scrape.
func (p *profileRun) fenced() (n int, known bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	values, err := p.monitor.Query(ctx, "sum(max_over_time(papers_fenced_total[1h]))")
	if err != nil || len(values) == 0 {
		return 0, false
	}
	return int(values[0].Value), true
}
