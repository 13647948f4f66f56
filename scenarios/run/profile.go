package run

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"paperlab/compose"
	"paperlab/compose/monitor"
	"paperlab/compose/standin"
	"paperlab/faults"
	"paperlab/grafana"
	"paperlab/reports/history"
	"paperlab/reports/record"
	"paperlab/scenarios/observe"
	"paperlab/system/child"
	"paperlab/system/paper"
)

// warmUp is how long the load runs before the control phase, in which
// connections are made and caches filled. It is shorter than check.Hold, so that the load,
// which ends as much earlier, cannot end soon enough for an idle service to
// look recovered.
const warmUp = 2 * time.Second

// profileRun is one profile on its way through the phases.
type profileRun struct {
	lab
	name string
	rec  *history.Recorder

	around   *surroundings
	stack    compose.Stack
	plan     []faults.Armed
	monitor  *monitor.Monitor
	observer *observe.Observer
	// stops end what was started, the latest first.
	stops []func()
}

// seen is what a profile's run left behind. The run's record is empty if the
// service did not start.
type seen struct {
	run    record.Run
	events []history.Event
	slack  []standin.SlackMessage
}

// profile runs one profile and judges it. What it returns is as complete as the
// run came, also with an error.
func (l lab) profile(ctx context.Context, name string) (s seen, err error) {
	p := &profileRun{lab: l, name: name, rec: history.NewRecorder(name)}
	began := time.Now()
	defer p.stop()
	if err = p.provision(ctx); err == nil {
		err = p.startMonitor(ctx)
	}
	started := err == nil
	if started {
		err = p.phasesOf(ctx)
	} else {
		err = fmt.Errorf("start the service and what surrounds it: %w", err)
	}
	if err == nil {
		err = p.observe(ctx)
	}
	s.events = p.rec.Events()
	if started {
		s.run, s.slack = judge(l.Scenario, l.offered(name), s.events), p.around.slack.Messages()
		s.run.ClusterUpS, s.run.Memory, s.run.WallS = p.stack.ClusterUpIn().Seconds(), p.memory(), time.Since(began).Seconds()
	}
	return s, err
}

// provision starts what serve starts, and aims the faults: what the environment
// cannot do shows before the load.
func (p *profileRun) provision(ctx context.Context) error {
	if err := p.serve(ctx); err != nil {
		return err
	}
	return p.aim(p.People)
}

// serve starts the surroundings, the service and its witnesses.
func (p *profileRun) serve(ctx context.Context) (err error) {
	p.Progress.Say("%s: starting a Redis Cluster, the stand-ins and the service", p.name)
	if p.around, err = surround(ctx, p.Options, p.rec); err != nil {
		return err
	}
	p.stops = append(p.stops, p.around.Stop)
	for _, w := range p.Wishes {
		p.rec.Record(history.Subscribed(w))
	}
	written, _, err := p.ledger.Folder(logFolder(p.name))
	if err != nil {
		return err
	}
	s := p.Scenario.Service
	p.stack, err = p.Environment.Start(ctx, compose.Plan{
		Ledger: p.ledger, Logs: written, Prefix: p.prefix, Profile: p.name, Env: p.Env,
		Shards: s.Shards, Summarizers: s.Summarizers, Deliverers: s.Deliverers, Lanes: s.Lanes, LLMInFlight: llmInFlight,
		Begin: p.Corpus.Begin().Add(-time.Minute), Interval: crawlInterval(p.Options), PageSize: pageSize(p.Options),
		Subscribers: p.People, Subscriptions: p.Wishes, Surroundings: p.around.addresses(),
	})
	if err != nil {
		return err
	}
	p.stops = append(p.stops, p.stack.Stop)
	p.Progress.Say("%s: cluster up in %.1f s; %d processes ready", p.name, p.stack.ClusterUpIn().Seconds(), len(p.stack.Members("")))
	rdb := p.stack.Redis()
	p.observer = observe.New(rdb, p.prefix, p.rec)
	p.stops = append(p.stops, func() { _ = rdb.Close() }, p.observer.Stop)
	return p.observer.Start(ctx)
}

// aim finds the faults' targets, all by the seed.
func (p *profileRun) aim(people []paper.Subscriber) (err error) {
	site := &faults.Site{Stack: p.stack, Standins: p.around.breakable, Sink: p.around.sink, Work: p.observer, Rand: p.source(1)}
	for _, one := range people {
		site.Receivers = append(site.Receivers, one.ID)
	}
	p.plan, err = faults.Arm(p.Scenario.Faults, site)
	for _, f := range p.plan {
		p.Progress.Say("%s: planned: %v", p.name, f)
	}
	return err
}

func (p *profileRun) startMonitor(ctx context.Context) error {
	dir, _, err := p.ledger.Folder("prometheus/" + p.name)
	if err != nil {
		return err
	}
	if p.monitor, err = monitor.New(monitor.Config{
		Dir: dir, Rules: grafana.Alerts(), Targets: p.targets(), Webhook: p.around.slack.Webhook(), Interval: p.Scenario.Monitoring.Scrape,
	}); err != nil {
		return err
	}
	p.stops = append(p.stops, p.monitor.Stop)
	return p.monitor.Start(ctx)
}

// targets are all processes of the service.
func (p *profileRun) targets() (all []monitor.Target) {
	for _, m := range p.stack.Members("") {
		all = append(all, monitor.Target{Job: m.Role(), Instance: m.Name(), Addr: m.Address()})
	}
	return all
}

// stop ends everything, in the opposite order.
func (p *profileRun) stop() {
	for _, stop := range slices.Backward(p.stops) {
		stop()
	}
}

// phasesOf lets the load come and the faults happen.
func (p *profileRun) phasesOf(ctx context.Context) error {
	if err := p.settle(ctx); err != nil {
		return err
	}
	machine := observe.NewMachine(p.rec, p.processes())
	if err := machine.Start(ctx); err != nil {
		return err
	}
	defer machine.Stop()
	if err := p.around.arxiv.Release(p.Scenario.Load.Rate); err != nil {
		return err
	}
	if err := p.wait(ctx, "warm-up", warmUp); err != nil {
		return err
	}
	if err := p.phase(ctx, history.PhaseControl, p.Scenario.Phases.Control); err != nil {
		return err
	}
	if err := p.phase(ctx, history.PhaseSteady, p.Scenario.Phases.Steady); err != nil {
		return err
	}
	if err := p.breakAndMend(ctx); err != nil {
		return err
	}
	p.begin(history.PhaseDrain)
	return p.drain(ctx)
}

// processes is nil where the environment cannot list them.
func (p *profileRun) processes() observe.Processes {
	lister, err := compose.Power[compose.ProcessLister](p.stack)
	if err != nil {
		return nil
	}
	return lister.Processes
}

// breakAndMend is the fault and the recover phase. The nemesis works beside
// them and heals whatever it did before it returns, whatever ends it.
func (p *profileRun) breakAndMend(ctx context.Context) error {
	var nemesis sync.WaitGroup
	nemesis.Go(func() { faults.Nemesis{Recorder: p.rec, Plan: p.plan}.Run(ctx) })
	defer nemesis.Wait()
	length := p.Scenario.Phases
	if err := p.phase(ctx, history.PhaseFault, length.Fault); err != nil {
		return err
	}
	return p.phase(ctx, history.PhaseRecover, length.Recover)
}

// phase is a part of the run that lasts for a given time.
func (p *profileRun) phase(ctx context.Context, name string, d time.Duration) error {
	p.begin(name)
	return p.wait(ctx, name, d)
}

func (p *profileRun) begin(phase string) {
	p.Progress.Say("%s: %s", p.name, phase)
	p.rec.Record(history.Began(phase))
}

// showEvery is how often the live line changes.
const showEvery = 500 * time.Millisecond

// wait lets time pass and shows how the service does.
func (p *profileRun) wait(ctx context.Context, what string, d time.Duration) error {
	_, err := until(ctx, d, showEvery, func(passed time.Duration) bool {
		p.show(what, passed, d)
		return false
	})
	return err
}

// until looks every so often whether something holds, for so long at most. The
// error is the context's.
func until(ctx context.Context, within, every time.Duration, holds func(passed time.Duration) bool) (bool, error) {
	end := time.NewTimer(within)
	defer end.Stop()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for begin := time.Now(); ; {
		if holds(time.Since(begin)) {
			return true, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-end.C:
			return false, nil
		case <-tick.C:
		}
	}
}

func (p *profileRun) show(what string, passed, of time.Duration) {
	backlog := "unknown"
	if b := p.observer.Backlog(); b != nil {
		backlog = fmt.Sprint(*b)
	}
	p.Progress.Live("%s: %-8s %2.0f/%.0f s   served %d   backlog %s   told %d   Slack messages %d", p.name, what,
		passed.Seconds(), of.Seconds(), p.around.arxiv.Served(), backlog, p.around.sink.Answered(), len(p.around.slack.Messages()))
}

// observe reads what stands in the store and among the dead letters.
func (p *profileRun) observe(ctx context.Context) error {
	p.rec.Record(history.Began(history.PhaseObserve))
	if err := p.observer.DeadLetters(ctx); err != nil {
		return err
	}
	if err := observe.Rows(ctx, p.stack.Database(), p.rec); err != nil {
		return err
	}
	p.rec.Record(history.CommitsFenced(p.fenced()))
	if err := p.stack.Died(); err != nil {
		p.rec.Record(history.Exited(p.mask.Text(err.Error())))
	}
	p.rec.Record(history.Began(history.PhaseDone))
	return nil
}

func (p *profileRun) memory() []record.Memory {
	var list []record.Memory
	for _, m := range p.stack.Members("") {
		list = append(list, record.Memory{Process: m.Name(), PeakBytes: m.PeakMemory()})
	}
	return append(list, record.Memory{Process: "lab", PeakBytes: child.OwnPeakMemory()})
}

// fenced counts the refused commits of all processes; one that was killed
// counts with its last scrape. It is not known where scrapes are so rare that
// the last one may have come before the last commit.
func (p *profileRun) fenced() (n int, known bool) {
	if p.Scenario.Monitoring.Scrape > quietFor {
		return 0, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	values, err := p.monitor.Query(ctx, "sum(max_over_time(papers_fenced_total[1h]))")
	if err != nil || len(values) == 0 {
		return 0, false
	}
	return int(values[0].F), true
}
