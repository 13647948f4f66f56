package faults

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"paperlab/reports/history"
)

// Outcome is what became of one planned fault. Times are the run's clock, in
// seconds.
type Outcome struct {
	ID, Kind, Target string
	// InjectedAt is when the injection began, or when it was given up.
	InjectedAt float64
	// EffectAt is when the reading that proved the effect began, which is
	// before its end by as long as it takes to notice that an answer is
	// missing. Nil: not proven.
	EffectAt *float64
	// HealedAt is when the heal had succeeded. Nil: never injected, or never
	// healed.
	HealedAt *float64
	// Before, During and After are the receipt; what could not be had is
	// empty.
	Before, During, After string
	// Err says what went wrong, nil if nothing did.
	Err error
}

// Nemesis carries out a schedule of faults. The zero value of each time means
// its default.
type Nemesis struct {
	// Recorder receives Fault and Heal events of the witness "lab".
	Recorder *history.Recorder
	Plan     []Planned
	// Every is the time between two looks for evidence; 50 ms.
	Every time.Duration
	// BeforeWithin bounds the wait for a fault's moment, ProveWithin that for
	// its effect; 5 s each.
	BeforeWithin, ProveWithin time.Duration
	// HealWithin bounds a heal, and then the wait for the evidence that it
	// worked; 15 s each. After the context has ended, the heal has as long, but
	// the evidence only three seconds.
	HealWithin time.Duration
}

// afterAbort bounds the wait for evidence that nobody will judge.
const afterAbort = 3 * time.Second

// Run carries the schedule out, beginning now, and returns when every fault is
// healed: in the order of Plan, what became of each. When the context ends,
// faults that wait are given up and faults that act are healed at once. Faults
// that last to the end are healed when the context ends. The error is Check's,
// and nothing was done then.
func (n Nemesis) Run(ctx context.Context) ([]Outcome, error) {
	if err := Check(n.Plan); err != nil {
		return nil, err
	}
	n.Every = or(n.Every, 50*time.Millisecond)
	n.BeforeWithin = or(n.BeforeWithin, 5*time.Second)
	n.ProveWithin = or(n.ProveWithin, 5*time.Second)
	n.HealWithin = or(n.HealWithin, 15*time.Second)

	begin := time.Now()
	acts := make([]*act, len(n.Plan))
	times := map[string]int{}
	for i, p := range n.Plan {
		id := p.ID()
		if times[id]++; times[id] > 1 {
			id += fmt.Sprintf("-%d", times[id])
		}
		acts[i] = &act{Nemesis: n, Planned: p, begin: begin, done: make(chan struct{}),
			out: Outcome{ID: id, Kind: p.Kind(), Target: p.Target()}}
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
	out := make([]Outcome, len(acts))
	for i, a := range acts {
		out[i] = a.out
	}
	return out, nil
}

func or(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// act is one fault on its way through the schedule.
type act struct {
	Nemesis
	Planned
	begin time.Time
	// done is closed when the fault is healed and its receipt is complete.
	done chan struct{}
	out  Outcome
	// toll is what it has cost, if it can say so.
	toll string
}

// after are the acts that hold what this one needs, and end before it begins.
func (a *act) after(all []*act) (first []*act) {
	for _, b := range all {
		if end, ends := b.end(); b != a && ends && end <= a.At && shared(a.Planned, b.Planned) != "" {
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
	text, _, err := a.evidence(before, a.Before)
	cancel()
	if err != nil {
		a.fail(fmt.Errorf("not injected: before: %w", err))
		return
	}
	a.out.Before = text
	a.out.InjectedAt = a.Recorder.Record(history.FaultInjected(a.facts(), text))
	a.strike(ctx)
	a.heal(ctx)
}

// strike injects, proves, and lasts as long as planned.
func (a *act) strike(ctx context.Context) {
	end := make(<-chan time.Time)
	if at, ends := a.end(); ends {
		timer := time.NewTimer(time.Until(a.begin.Add(at)))
		defer timer.Stop()
		end = timer.C
	}
	if err := guard(func() error { return a.Inject(ctx) }); err != nil {
		a.fail(fmt.Errorf("inject: %w", err))
		return
	}
	prove, cancel := context.WithTimeout(ctx, a.ProveWithin)
	text, at, err := a.evidence(prove, a.During)
	cancel()
	if err != nil {
		a.fail(fmt.Errorf("no effect proven: %w", err))
		return
	}
	a.out.During, a.out.EffectAt = text, &at
	a.Recorder.Record(history.FaultProven(a.out.ID, text, a.Recorder.Now()-at))
	select {
	case <-ctx.Done():
	case <-end:
	}
	if t, ok := a.Fault.(Tolling); ok {
		_ = guard(func() error { a.toll = t.Toll(); return nil })
		if a.toll != "" {
			a.out.During += "; " + a.toll
		}
	}
}

// heal runs on every way out of strike; the schedule's context no longer
// counts, except that an aborted run does not wait long for evidence.
func (a *act) heal(ctx context.Context) {
	patience := a.HealWithin
	if ctx.Err() != nil {
		patience = min(patience, afterAbort)
	}
	ctx = context.WithoutCancel(ctx)
	healing, cancel := context.WithTimeout(ctx, a.HealWithin)
	defer cancel()
	if err := guard(func() error { return a.Heal(healing) }); err != nil {
		a.out.Err = errors.Join(a.out.Err, fmt.Errorf("heal: %w", err))
		a.Recorder.Record(history.HealFailed(a.out.ID, err))
		return
	}
	at := a.Recorder.Record(history.Healed(a.out.ID, a.toll))
	a.out.HealedAt = &at
	proving, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	text, _, err := a.evidence(proving, a.After)
	if err != nil {
		a.out.Err = errors.Join(a.out.Err, fmt.Errorf("after the heal: %w", err))
		a.Recorder.Record(history.NotWell(a.out.ID, err))
		return
	}
	a.out.After = text
	a.Recorder.Record(history.WellAgain(a.out.ID, text))
}
