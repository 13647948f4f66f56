package stream

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/google/uuid"

	"paperlab/system/sabotage"
)

// A tenure names one acquisition of one shard: "member epoch". The epoch is
// random and not a counter, because after a failover Redis may have forgotten
// an acquisition and would hand the same number out again.
func newTenure(member string) string { return member + " " + uuid.NewString() }

// view is what a member sees of a shard when it tends it.
type view struct {
	// holder is the tenure that holds the lease, "" if it is free.
	holder  string
	members []string
	// asked is when the attempt began. The lease is trusted until asked plus
	// its length, not until the answer's arrival plus it: the server may have
	// set it at any moment in between.
	asked time.Time
}

// tend announces the member on the shard and renews the tenure held, or takes
// a free lease under the tenure proposed; either may be "".
func (c *Consumer) tend(ctx context.Context, shard int, held, proposed string) (view, error) {
	k := c.cfg.Stream.keys[shard]
	v := view{asked: time.Now()}
	// With a half in place of a third, one answer that is lost would cost the
	// lease.
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Lease/3)
	defer cancel()
	reply, err := tendScript.Run(ctx, c.cfg.Stream.rdb,
		[]string{k.lease(c.cfg.Group), k.members(c.cfg.Group)},
		c.cfg.Member, held, c.cfg.Lease.Milliseconds(), proposed).StringSlice()
	if err != nil {
		return v, fmt.Errorf("tend lease of shard %d: %w", shard, scriptError(err))
	}
	if len(reply) == 0 {
		return v, fmt.Errorf("tend lease of shard %d: empty answer", shard)
	}
	v.holder, v.members = reply[0], reply[1:]
	return v, nil
}

// mine tells whether this member should own the shard. A view without the
// member itself cannot be right and decides nothing.
func (c *Consumer) mine(shard int, v view) bool {
	if sabotage.On(sabotage.NoEpochCheck) {
		return true
	}
	return slices.Contains(v.members, c.cfg.Member) && c.dealt(v.members)[shard] == c.cfg.Member
}

// dealing is who should own which shard, for these members.
type dealing struct{ members, owners []string }

// dealt is deal for the stream's shards. It is kept until the members change:
// every shard asks at every renewal.
func (c *Consumer) dealt(members []string) []string {
	members = slices.Sorted(slices.Values(members))
	if last := c.dealing.Load(); last != nil && slices.Equal(last.members, members) {
		return last.owners
	}
	var tags []string
	for _, k := range c.cfg.Stream.keys {
		tags = append(tags, k.tag)
	}
	now := &dealing{members, deal(tags, members)}
	c.dealing.Store(now)
	return now.owners
}

// deal says which member should own each shard: the one with the highest hash of
// member and shard (Thaler and Ravishankar, 1998) among those that have not got
// their fair share yet. So every member has as many shards as any other, or one
// more, and whoever sees the same members deals alike, in whatever order.
//
// The hash alone was rejected: of twelve shards, one of two members had eight or
// more in four cases of ten, and did two thirds of the work. With fair shares, a
// member that comes or goes moves its own shards and a few of the others'.
func deal(tags, members []string) (owners []string) {
	owners = make([]string, len(tags))
	if len(members) == 0 {
		return owners
	}
	fair, more := len(tags)/len(members), len(tags)%len(members)
	has := make(map[string]int, len(members))
	for shard, tag := range tags {
		full := func(m string) bool { return has[m] > fair || has[m] == fair && more == 0 }
		owner := preferred(tag, slices.DeleteFunc(slices.Clone(members), full))
		if has[owner]++; has[owner] > fair {
			more--
		}
		owners[shard] = owner
	}
	return owners
}

// preferred is the member with the highest hash, "" for no members; their order
// does not matter.
func preferred(shard string, members []string) string {
	var best string
	var top uint64
	for _, m := range members {
		h := xxhash.Sum64String(strconv.Itoa(len(m)) + m + shard)
		if best == "" || h > top || h == top && m < best {
			best, top = m, h
		}
	}
	return best
}

// release gives a lease up before it runs out, and takes the deliveries of what
// is in hand back: they say nothing against the entries. Leaving also withdraws
// the member, so that others need not wait for it. Failure costs time only: the
// lease runs out by itself.
func (c *Consumer) release(shard int, tenure string, inHand map[string]int64, leaving bool) {
	ctx, cancel := context.WithTimeout(context.Background(), c.cfg.Lease/3)
	defer cancel()
	member := ""
	if leaving {
		member = c.cfg.Member
	}
	k := c.cfg.Stream.keys[shard]
	args := []any{tenure, member, c.cfg.Group, c.cfg.Member}
	for id, deliveries := range inHand {
		args = append(args, id, deliveries)
	}
	err := releaseScript.Run(ctx, c.cfg.Stream.rdb,
		[]string{k.lease(c.cfg.Group), k.members(c.cfg.Group), k.entries}, args...).Err()
	if err != nil {
		c.log.Warn("lease not released; it runs out by itself", "shard", shard, "error", err)
	}
}
