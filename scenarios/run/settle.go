package run

import (
	"context"
	"maps"
	"slices"
	"time"
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
	var last map[string][]int
	since := time.Now()
	_, err := until(ctx, settleWithin, 50*time.Millisecond, func(time.Duration) bool {
		if now := p.owners(); !maps.EqualFunc(now, last, slices.Equal[[]int]) {
			last, since = now, time.Now()
		}
		return time.Since(since) >= settledFor && (p.dealtOut(last) || p.name != "hardened")
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
