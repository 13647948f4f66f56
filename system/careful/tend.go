package careful

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// claimBatch is how many entries one claim takes.
	claimBatch = 100
	// trimEvery is how often what is acknowledged is removed.
	trimEvery = 10 * time.Second
)

// tend does what is due: claims and trims.
func (p *partition) tend(ctx context.Context) error {
	if time.Since(p.claimed) >= p.cfg.MinIdle/2 {
		if err := p.claim(ctx); err != nil {
			return err
		}
		p.claimed = time.Now()
	}
	if time.Since(p.trimmed) >= min(trimEvery, max(p.cfg.Keep, time.Millisecond)) {
		if err := p.trim(ctx); err != nil {
			return err
		}
		p.trimmed = time.Now()
	}
	return nil
}

// claim takes over what is pending and idle, all of it: once it is ours, it is
// done in order with what was ours before. Our own entries may be among it,
// which changes nothing. JUSTID leaves the delivery count as it is.
func (p *partition) claim(ctx context.Context) error {
	for cursor := "0-0"; ; {
		ids, next, err := p.cfg.Redis.XAutoClaimJustID(ctx, &redis.XAutoClaimArgs{
			Stream: p.key, Group: p.cfg.Group, Consumer: p.cfg.Member, MinIdle: p.cfg.MinIdle, Start: cursor, Count: claimBatch,
		}).Result()
		if err != nil {
			return fmt.Errorf("claim idle entries of %s: %w", p.key, err)
		}
		p.behind = p.behind || len(ids) > 0
		if next == "0-0" {
			return nil
		}
		cursor = next
	}
}

// trim removes what is acknowledged and older than Keep. The order of the two
// questions matters: what is not after the last delivered entry and not pending
// afterwards is acknowledged; asked the other way round, what is delivered in
// between would look so too.
func (p *partition) trim(ctx context.Context) error {
	pipe := p.cfg.Redis.Pipeline()
	groups := pipe.XInfoGroups(ctx, p.key)
	pending := pipe.XPending(ctx, p.key, p.cfg.Group)
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("look for what is acknowledged of %s: %w", p.key, err)
	}
	below := fmt.Sprintf("%d-0", time.Now().Add(-p.cfg.Keep).UnixMilli())
	for _, g := range groups.Val() {
		// Whatever group reads this stream, what it has not read stays.
		below = earlier(below, g.LastDeliveredID)
	}
	if pending.Val().Count > 0 {
		below = earlier(below, pending.Val().Lower)
	}
	if err := p.cfg.Redis.XTrimMinIDApprox(ctx, p.key, below, 0).Err(); err != nil {
		return fmt.Errorf("trim %s below %s: %w", p.key, below, err)
	}
	return nil
}

// earlier is the lower of two entry ids.
func earlier(a, b string) string {
	aTime, aSeq := split(a)
	bTime, bSeq := split(b)
	if bTime < aTime || bTime == aTime && bSeq < aSeq {
		return b
	}
	return a
}

func split(id string) (ms, seq uint64) {
	before, after, _ := strings.Cut(id, "-")
	ms, _ = strconv.ParseUint(before, 10, 64)
	seq, _ = strconv.ParseUint(after, 10, 64)
	return ms, seq
}
