package run

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"paperlab/compose"
	"paperlab/reports/history"
	"paperlab/scenarios/check"
)

// How a capacity is measured: for so long, after so long a time in which
// connections are made and the lanes fill.
const (
	capacityWarmUp = 1500 * time.Millisecond
	capacityWindow = 4 * time.Second
	// atOnce is the rate at which the load appears, in papers a second: faster
	// than any crawler here.
	atOnce = 5000
	// ample is how many times what the LLM could answer in that time is there to
	// be done, within fewest and most papers: a stream that is cut at 10,000 keeps
	// them all.
	ample        = 2.0
	fewest, most = 200, 8000
	// nearBound is the share of what the LLM's latency allows from which on nothing
	// else can have been in the way.
	nearBound = 0.85
)

// measureCapacity is how many papers a second a profile can do.
//
// What else the machine does in those seconds makes it less and never more. So
// where it is far below what the LLM's latency allows, which on a slow machine is
// right, it is measured once more, and the better one counts.
func (o Options) measureCapacity(ctx context.Context, profile string) (papersPerS float64, err error) {
	for range 2 {
		again, err := o.measureOnce(ctx, profile)
		if err != nil {
			return 0, err
		}
		papersPerS = max(papersPerS, again)
		bound := llmBound(o.Scenario.Service.Summarizers)
		if papersPerS >= nearBound*bound {
			break
		}
		o.Progress.Say("%s: did %.1f papers/s, and the LLM would allow %.0f: was the machine busy?", profile, again, bound)
	}
	return papersPerS, nil
}

// llmBound is how many papers a second the LLM's latency allows: its mean, that
// of a lognormal distribution.
func llmBound(summarizers int) float64 {
	mean := ollamaLatency.Median.Seconds() * math.Exp(ollamaLatency.Sigma*ollamaLatency.Sigma/2)
	return float64(summarizers*llmInFlight) / mean
}

// measureOnce starts what a run of the profile starts, but for faults, monitor and
// planted defects; lets far more papers appear at once than it can do; and counts
// how many are done while there is more to do. The history is no part of any
// run's.
//
// A paper is done when all who wish for it have been told, as the witnesses saw
// it: the slower of summarizers and deliverers counts.
func (o Options) measureOnce(ctx context.Context, profile string) (papersPerS float64, err error) {
	s := *o.Scenario
	wanted := int(ample * llmBound(s.Service.Summarizers) * (capacityWarmUp + capacityWindow).Seconds())
	s.Load.Papers = min(max(wanted, fewest), most)
	o.Scenario, o.Env, o.Live = &s, nil, nil
	if err := o.take(); err != nil {
		return 0, err
	}
	if err := o.interest(); err != nil {
		return 0, err
	}
	err = o.withLedger(time.Now(), func(l lab) error {
		p := &profileRun{lab: l, name: profile, rec: history.NewRecorder(profile)}
		defer p.stop()
		papersPerS, err = p.flood(ctx)
		return err
	})
	return papersPerS, err
}

// flood has the whole corpus appear and counts what is done in the window.
func (p *profileRun) flood(ctx context.Context) (float64, error) {
	if err := p.serve(ctx); err != nil {
		return 0, err
	}
	if err := p.settle(ctx); err != nil {
		return 0, err
	}
	if err := p.around.arxiv.Release(atOnce); err != nil {
		return 0, err
	}
	if err := p.wait(ctx, "warm-up", capacityWarmUp); err != nil {
		return 0, err
	}
	from := p.rec.Now()
	if err := p.wait(ctx, "capacity", capacityWindow); err != nil {
		return 0, err
	}
	to := p.rec.Now()
	p.drop()
	return rateDone(history.AccountOf(p.rec.Events()), from, to)
}

// drop ends the service's processes at once where the environment can: they
// would finish what they have in hand, and nobody looks any more.
func (p *profileRun) drop() {
	killer, err := compose.Power[compose.Killer](p.stack)
	if err != nil {
		return
	}
	var all sync.WaitGroup
	for _, m := range p.stack.Members("") {
		all.Go(func() { _ = killer.Kill(context.Background(), m.Name()) }) // Stop ends what is left
	}
	all.Wait()
}

// rateDone is how many papers a second were done from then until then, or until
// the last one was begun, if that came sooner: an idle service does nothing.
func rateDone(a *history.Account, from, to float64) (float64, error) {
	begun := map[string]bool{}
	for _, c := range a.Calls {
		if begun[c.Version] = true; len(begun) == len(a.Served) {
			to = min(to, c.From)
			break
		}
	}
	n := 0
	for _, at := range check.Done(a) {
		if at >= from && at < to {
			n++
		}
	}
	if n == 0 {
		return 0, errors.New("no paper was done in time")
	}
	return float64(n) / (to - from), nil
}
