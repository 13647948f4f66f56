package faults

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"paperlab/reports/history"
)

// Nemesis carries out a schedule of faults. The zero value of each time means
// its default.
type Nemesis struct {
	// Recorder receives what becomes of each fault, its receipt included, as
	// Fault, Heal and Well events.
	Recorder *history.Recorder
	Plan     []Armed
	// Every is the time between two looks for evidence; 50 ms.
	Every time.Duration
	// BeforeWithin bounds the wait for a fault's moment, 10 s: what it strikes may
	// still be recovering from the fault before. ProveWithin bounds that for its
	// effect; 5 s.
	BeforeWithin, ProveWithin time.Duration
	// HealWithin bounds a heal, and then the wait for the evidence that it
	// worked; 15 s each. After the context has ended, the heal has as long, but
	// the evidence only three seconds.
	HealWithin time.Duration
}

// afterAbort bounds the wait for evidence that nobody will judge.
const afterAbort = 3 * time.Second

// Run carries the schedule out, beginning now, and returns when every fault is
// healed. When the context ends, faults that wait are given up and faults that
// act are healed at once. Faults that last to the end are healed when the
// context ends.
func (n Nemesis) Run(ctx context.Context) {
	n.Every = cmp.Or(n.Every, 50*time.Millisecond)
	n.BeforeWithin = cmp.Or(n.BeforeWithin, 10*time.Second)
	n.ProveWithin = cmp.Or(n.ProveWithin, 5*time.Second)
	n.HealWithin = cmp.Or(n.HealWithin, 15*time.Second)

	begin := time.Now()
	acts := make([]*act, len(n.Plan))
	for i, p := range n.Plan {
		acts[i] = &act{Nemesis: n, Armed: p, begin: begin, done: make(chan struct{})}
	}
	var wg sync.WaitGroup
	for _, a := range acts {
		first := a.after(acts)
		wg.Go(func() {
			defer close(a.done)
			a.run(ctx, first)
		})
	}
	wg.Wait()
}

// act is one fault on its way through the schedule.
type act struct {
	Nemesis
	Armed
	begin time.Time
	// done is closed when the fault is healed and its receipt is complete.
	done chan struct{}
}

// after are the acts that hold what this one holds too, and end before it begins.
func (a *act) after(all []*act) (first []*act) {
	for _, b := range all {
		_, _, both := common(a.Planned, b.Planned)
		if end, ends := b.End(); b != a && ends && end <= a.At && both {
			first = append(first, b)
		}
	}
	return first
}

func (a *act) run(ctx context.Context, first []*act) {
	if err := a.await(ctx, first); err != nil {
		a.fail(fmt.Errorf("not injected: %w", err))
		return
	}
	before, cancel := context.WithTimeout(ctx, a.BeforeWithin)
	text, _, err := a.evidence(before, a.Act.Before)
	cancel()
	if err != nil {
		a.fail(fmt.Errorf("not injected: before: %w", err))
		return
	}
	a.Recorder.Record(history.FaultInjected(a.facts, text))
	toll := a.strike(ctx)
	a.heal(ctx, toll)
}

// strike injects, proves, lasts as long as planned, and says what it has cost.
func (a *act) strike(ctx context.Context) (toll string) {
	end := make(<-chan time.Time)
	if at, ends := a.End(); ends {
		timer := time.NewTimer(time.Until(a.begin.Add(at)))
		defer timer.Stop()
		end = timer.C
	}
	if err := guard(func() error { return a.Act.Inject(ctx) }); err != nil {
		a.fail(fmt.Errorf("inject: %w", err))
		return ""
	}
	prove, cancel := context.WithTimeout(ctx, a.ProveWithin)
	text, at, err := a.evidence(prove, a.Act.During)
	cancel()
	if err != nil {
		a.fail(fmt.Errorf("no effect proven: %w", err))
		return ""
	}
	a.Recorder.Record(history.FaultProven(a.ID, text, a.Recorder.Now()-at))
	select {
	case <-ctx.Done():
	case <-end:
	}
	if t, ok := a.Act.(Tolling); ok {
		_ = guard(func() error { toll = t.Toll(); return nil })
	}
	return toll
}

// heal runs on every way out of strike; the schedule's context no longer
// counts, except that an aborted run does not wait long for evidence.
func (a *act) heal(ctx context.Context, toll string) {
	patience := a.HealWithin
	if ctx.Err() != nil {
		patience = min(patience, afterAbort)
	}
	ctx = context.WithoutCancel(ctx)
	healing, cancel := context.WithTimeout(ctx, a.HealWithin)
	defer cancel()
	if err := guard(func() error { return a.Act.Heal(healing) }); err != nil {
		a.Recorder.Record(history.HealFailed(a.ID, err))
		return
	}
	a.Recorder.Record(history.Healed(a.ID, toll))
	proving, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	text, _, err := a.evidence(proving, a.Act.After)
	if err != nil {
		a.Recorder.Record(history.NotWell(a.ID, err))
		return
	}
	a.Recorder.Record(history.WellAgain(a.ID, text))
}
