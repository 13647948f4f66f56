package run

import (
	"context"
	"maps"
	"slices"
	"time"

	"paperlab/reports/history"
	"paperlab/reports/record"
)

const (
	// settledFor is how long no shard may have changed hands.
	settledFor = 1200 * time.Millisecond
	// settleWithin bounds the wait; a service that does not settle shows that
	// in its steady phase.
	settleWithin = 10 * time.Second
)

// settle waits, before the load comes, until the shards are dealt out: whoever
// of a role starts first owns all of them for a moment, and the hand-over to
// the others would be measured as part of steady state. The naive service has
// no owners and nothing to wait for.
func (p *profileRun) settle(ctx context.Context) error {
	if p.name != record.Hardened {
		return nil
	}
	var last map[string][]int
	since := time.Now()
	_, err := until(ctx, settleWithin, 50*time.Millisecond, func(time.Duration) bool {
		if now := p.owners(); !maps.EqualFunc(now, last, slices.Equal[[]int]) {
			last, since = now, time.Now()
		}
		return time.Since(since) >= settledFor && p.dealtOut(last)
	})
	return err
}

// owners are the shards of both streams by owner; those of notifications are
// counted from the last one of papers on.
func (p *profileRun) owners() map[string][]int {
	owned := p.observer.Owners("papers")
	for owner, shards := range p.observer.Owners("notifications") {
		for _, shard := range shards {
			owned[owner] = append(owned[owner], p.Scenario.Service.Shards+shard)
		}
	}
	return owned
}

// dealtOut tells whether every shard of both streams has an owner.
func (p *profileRun) dealtOut(owned map[string][]int) bool {
	count := 0
	for owner, shards := range owned {
		if owner != "" {
			count += len(shards)
		}
	}
	return count == 2*p.Scenario.Service.Shards
}

// DrainWithin is how long a service usually has to do what it was offered.
const DrainWithin = 60 * time.Second

// LiveDrainWithin is the same where arXiv itself is asked: much of the load may
// still have to come when the phases are over, a page every few seconds.
const LiveDrainWithin = 5 * time.Minute

// quietFor is how long everything must be done before it counts as done:
// several of the observer's readings, and time for it to read the last
// entries.
const quietFor = 1500 * time.Millisecond

// drain waits until everything that was offered is done: no more papers come,
// nothing is on its way on the streams or in an outbox, and nobody was told
// anything for a while. What is not done when time is up is a doubt
// about the verdict and no error.
func (p *profileRun) drain(ctx context.Context) error {
	quietSince, told := time.Now(), int64(-1)
	drained, err := until(ctx, p.DrainWithin, 100*time.Millisecond, func(passed time.Duration) bool {
		if now := p.around.sink.Answered(); now != told || !p.idle(ctx) {
			quietSince, told = time.Now(), now
		}
		p.show("drain", passed, p.DrainWithin)
		return time.Since(quietSince) >= quietFor
	})
	if err == nil {
		p.rec.Record(history.Drained(drained))
	}
	return err
}

// idle tells whether nothing is on its way as far as can be seen.
func (p *profileRun) idle(ctx context.Context) bool {
	backlog := p.observer.Backlog()
	if backlog == nil || *backlog > 0 || !p.around.arxiv.Done() {
		return false
	}
	waiting, err := p.observer.Outboxes(ctx)
	return err == nil && waiting == 0
}
