package run

import (
	"context"
	"fmt"
	"time"

	"paperlab/compose/monitor"
	"paperlab/faults"
	"paperlab/reports/history"
)

// Stage is a scenario's service under its load, with the faults aimed, and
// nobody that judges: for who looks at it in a way of his own.
type Stage struct{ p *profileRun }

// OnStage starts what a run of the first profile starts, lets the load come,
// calls the work, and stops everything. Of the options, Out and DrainWithin are
// not used.
func OnStage(ctx context.Context, o Options, rec *history.Recorder, work func(Stage) error) error {
	return o.withLedger(time.Now(), func(l lab) error {
		p := &profileRun{lab: l, name: o.Profiles[0], rec: rec}
		defer p.stop()
		if err := p.provision(ctx); err != nil {
			return fmt.Errorf("start the service and what surrounds it: %w", err)
		}
		if err := p.settle(ctx); err != nil {
			return err
		}
		if err := p.around.arxiv.Release(p.Scenario.Load.Rate); err != nil {
			return err
		}
		if err := p.wait(ctx, "warm-up", warmUp); err != nil {
			return err
		}
		return work(Stage{p})
	})
}

// Targets are what a monitor scrapes.
func (s Stage) Targets() []monitor.Target { return s.p.targets() }

// Folder is a new folder that goes when the stage does.
func (s Stage) Folder(name string) (string, error) {
	dir, _, err := s.p.ledger.Folder(name)
	return dir, err
}

// Break carries the scenario's faults out, beginning now, and returns when all
// are healed. What became of them is in the recorder.
func (s Stage) Break(ctx context.Context) {
	faults.Nemesis{Recorder: s.p.rec, Plan: s.p.plan}.Run(ctx)
}

// Well tells whether the service still runs as it should.
func (s Stage) Well() error { return s.p.stack.Died() }
