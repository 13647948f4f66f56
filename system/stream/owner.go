package stream

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"paperlab/system/service"
)

// owner is one shard under one tenure. Its parts:
//
//	fetcher ─▶ lanes ─▶ committer        keeper renews the lease of them all
//
// Three contexts end it, one inside the other: fetch (no new entries: the
// shard is wanted elsewhere or the consumer stops), work (handlers are
// cancelled) and trust (the lease is lost). A finished handling is committed
// for as long as trust lasts.
type owner struct {
	c     *Consumer
	log   *slog.Logger
	shard int
	token string
	keys  shardKeys

	// fenced ends trust, and with it everything else.
	trust  context.Context
	fenced context.CancelCauseFunc

	lanes []*lane
	// finished holds up to InFlight outcomes, so a lane never waits for the
	// committer.
	finished  chan outcome
	committed chan struct{}
	// freed receives when entries left inHand.
	freed chan struct{}

	// delivered is the id of the last entry that was delivered on the shard, as
	// far as the fetcher knows; all up to it were in hand, or acknowledged before.
	delivered string
	// commits is how many commits of this tenure Redis has answered. The
	// committer's alone.
	commits int

	mu sync.Mutex
	// inHand are the entries fetched and not yet committed, never more than
	// InFlight: their ids, and how often they were delivered before this tenure.
	inHand map[string]int64
}

func newOwner(c *Consumer, shard int, token string) *owner {
	o := &owner{
		c: c, shard: shard, token: token,
		log:       c.log.With("shard", shard),
		keys:      c.cfg.Stream.keys[shard],
		finished:  make(chan outcome, c.cfg.InFlight),
		committed: make(chan struct{}, 1),
		freed:     make(chan struct{}, 1),
		inHand:    make(map[string]int64),
	}
	o.trust, o.fenced = context.WithCancelCause(context.Background())
	for range c.cfg.Lanes {
		o.lanes = append(o.lanes, newLane(o))
	}
	return o
}

// run works on the shard until it must be given up, and gives it up.
func (o *owner) run(fetch, work context.Context, asked time.Time) {
	work, cancelWork := context.WithCancel(work)
	defer context.AfterFunc(o.trust, cancelWork)()
	fetch, drain := context.WithCancel(fetch)
	defer context.AfterFunc(work, drain)()

	var keeper, lanes, committer, alongside sync.WaitGroup
	keeper.Go(func() { o.keep(asked, drain) })
	committer.Go(o.commitAll)
	for _, l := range o.lanes {
		lanes.Go(func() { l.run(fetch, work) })
	}
	if o.c.cfg.Alongside != nil {
		alongside.Go(func() { o.c.cfg.Alongside(work, Tenure{Shard: o.shard, Committed: o.committed}) })
	}

	o.fetchAll(fetch)
	lanes.Wait()
	close(o.finished)
	committer.Wait()
	cancelWork()
	alongside.Wait()

	lost := context.Cause(o.trust)
	o.fenced(context.Canceled)
	keeper.Wait()
	if errors.Is(lost, ErrFenced) {
		o.log.Warn("shard lost", "error", lost)
		return
	}
	o.c.release(o.shard, o.token, o.inHand, false)
	if lost != nil {
		o.log.Warn("shard is begun again", "error", lost)
		return
	}
	o.log.Info("shard given up", "in_hand", len(o.inHand))
}

// keep renews the lease at a third of its length, and sooner after an attempt
// that failed, and ends trust when it can no longer be vouched for. When another
// member should own the shard, it begins the drain and goes on renewing until
// that is done.
func (o *owner) keep(asked time.Time, drain context.CancelFunc) {
	lease := o.c.cfg.Lease
	expiry := time.AfterFunc(time.Until(asked.Add(lease)), func() { o.lose(ErrFenced) })
	defer expiry.Stop()
	for wait := lease / 3; ; {
		service.Pause(o.trust, jitter(wait))
		if o.trust.Err() != nil {
			return
		}
		wait = lease / 3
		v, err := o.c.tend(o.trust, o.shard, o.token, "")
		switch {
		case o.trust.Err() != nil:
			return
		case err != nil:
			o.log.Warn("lease not renewed", "error", err)
			wait = lease / 10
		case v.holder != o.token:
			o.lose(ErrFenced)
		default:
			expiry.Reset(time.Until(v.asked.Add(lease)))
			if !o.c.mine(o.shard, v) {
				drain()
			}
		}
	}
}

// lose ends the tenure at once: what is in hand is dropped and stays pending.
func (o *owner) lose(cause error) {
	if errors.Is(cause, ErrFenced) && o.trust.Err() == nil {
		o.c.cfg.Metrics.fenced.WithLabelValues(o.c.cfg.Stream.Name()).Inc()
	}
	o.fenced(cause)
}

// take notes entries as in hand and gives each to its key's lane.
func (o *owner) take(entries []Entry) {
	o.mu.Lock()
	for _, e := range entries {
		o.inHand[e.ID] = e.Deliveries - 1
	}
	o.mu.Unlock()
	for _, e := range entries {
		o.lanes[laneOf(e.Key, len(o.lanes))].in <- e
	}
}

func (o *owner) has(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, found := o.inHand[id]
	return found
}

func (o *owner) drop(done []outcome) {
	o.mu.Lock()
	for _, d := range done {
		delete(o.inHand, d.ID)
	}
	o.mu.Unlock()
	signal(o.freed)
}

// room waits until entries may be fetched, and says how many.
func (o *owner) room(ctx context.Context) int {
	for ctx.Err() == nil {
		o.mu.Lock()
		free := o.c.cfg.InFlight - len(o.inHand)
		o.mu.Unlock()
		if free > 0 {
			return free
		}
		select {
		case <-ctx.Done():
		case <-o.freed:
		}
	}
	return 0
}

// signal leaves a token in a channel of capacity 1; one is enough.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
