package stream

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/cespare/xxhash/v2"

	"paperlab/system/sabotage"
)

// A failed entry waits retryMin, then twice as long each time up to retryMax,
// each wait drawn from the upper half of that span.
const retryMin, retryMax = 100 * time.Millisecond, 3 * time.Second

// lane works on entries one after the other. A key whose entry failed waits,
// with everything behind it, while other keys go on.
type lane struct {
	o  *owner
	in chan Entry
	// waiting holds, for each key that waits, its tasks in stream order; the
	// first one is tried again when it is due.
	waiting map[string][]task
}

type task struct {
	Entry
	failures int
	tries    int
	due      time.Time
}

func newLane(o *owner) *lane {
	// The capacity is the bound on entries in hand, so take never blocks.
	return &lane{o: o, in: make(chan Entry, o.c.cfg.InFlight), waiting: make(map[string][]task)}
}

// laneOf uses the part of the hash that Bucket leaves over: within a shard the
// keys' buckets are alike.
func laneOf(key string, lanes int) int {
	return int(xxhash.Sum64String(key) / Buckets % uint64(lanes))
}

// run ends when fetch does, after the handler in hand has returned. What was
// not begun stays pending for the next owner.
func (l *lane) run(fetch, work context.Context) {
	for fetch.Err() == nil {
		key, due := l.next()
		var again <-chan time.Time
		if key != "" {
			again = time.After(time.Until(due))
		}
		select {
		case <-fetch.Done():
		case e := <-l.in:
			l.accept(work, task{Entry: e})
		case <-again:
			l.again(fetch, work, key)
		}
	}
}

// next is the waiting key that is due first, "" if none waits.
func (l *lane) next() (key string, due time.Time) {
	for k, tasks := range l.waiting {
		if key == "" || tasks[0].due.Before(due) {
			key, due = k, tasks[0].due
		}
	}
	return key, due
}

func (l *lane) accept(work context.Context, t task) {
	if queue, waits := l.waiting[t.Key]; waits {
		l.waiting[t.Key] = append(queue, t)
		return
	}
	if !l.attempt(work, &t) {
		l.waiting[t.Key] = []task{t}
	}
}

// again tries a waiting key's tasks until one fails, none is left, or the lane
// is to end.
func (l *lane) again(fetch, work context.Context, key string) {
	queue := l.waiting[key]
	for len(queue) > 0 && fetch.Err() == nil && l.attempt(work, &queue[0]) {
		queue = queue[1:]
	}
	if len(queue) > 0 {
		l.waiting[key] = queue
		return
	}
	delete(l.waiting, key)
}

// attempt handles a task and tells whether it is settled: done, or a dead
// letter. If not, the task says when to try again.
func (l *lane) attempt(work context.Context, t *task) bool {
	cfg := l.o.c.cfg
	if t.Deliveries > cfg.MaxDeliveries {
		return l.bury(t, fmt.Errorf("delivered %d times without an end", t.Deliveries))
	}
	if sabotage.On(sabotage.AckBeforeEffect) {
		cfg.Stream.rdb.XAck(work, l.o.keys.entries, cfg.Group, t.ID)
		sabotage.Struck(sabotage.AckBeforeEffect)
	}
	results, err := l.call(work, t.Entry)
	if err == nil {
		l.o.finished <- outcome{Entry: t.Entry, results: results}
		return true
	}
	var outside unavailable
	var final rejected
	if !errors.As(err, &outside) && work.Err() == nil {
		t.failures++
	}
	if errors.As(err, &final) || t.failures >= cfg.MaxAttempts {
		return l.bury(t, err)
	}
	t.tries++
	t.due = time.Now().Add(backoff(t.tries))
	cfg.Metrics.Count(cfg.Stream.Name(), "retried")
	l.o.log.Debug("entry waits", "entry", t.ID, "message", t.Message.ID, "tries", t.tries, "error", err)
	return false
}

// bury settles a task as a dead letter.
func (l *lane) bury(t *task, reason error) bool {
	l.o.log.Warn("entry becomes a dead letter", "entry", t.ID, "message", t.Message.ID, "error", reason)
	l.o.finished <- outcome{Entry: t.Entry, dead: reason.Error(), attempts: t.failures}
	return true
}

// call turns a handler's panic into an error of the entry, so that one bad
// message cannot take the process, and every shard it owns, down with it.
func (l *lane) call(work context.Context, e Entry) (results []Outgoing, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("handler panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return l.o.c.cfg.Handler(work, e)
}

func backoff(tries int) time.Duration {
	span := min(retryMin<<min(tries-1, 10), retryMax)
	return span/2 + rand.N(span/2)
}
