package bench

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"paperlab/system/stream"
)

// timerStep is the resolution of Go's timers on Linux: epoll waits for whole
// milliseconds.
const timerStep = time.Millisecond

// stalled is how long a run may go without progress. A lease lasts 3 s, so even
// a lost one could be taken again several times within it.
const stalled = 20 * time.Second

// worker handles the messages of one run and checks the order of each key.
type worker struct {
	work time.Duration

	mu    sync.Mutex
	begin time.Time // of the first handling
	// handled counts messages; each once, or wrong is set.
	handled int
	// next is the number that a key's next message has: one more than that of the
	// last one that was handled to its end.
	next map[string]int
	// debt is, for each shard, how much longer than wanted its last sleep was.
	debt  []time.Duration
	wrong error
}

func newWorker(work time.Duration, shards int) *worker {
	return &worker{work: work, next: make(map[string]int), debt: make([]time.Duration, shards)}
}

func (w *worker) handle(_ context.Context, e stream.Entry) ([]stream.Outgoing, error) {
	number := w.start(e)
	if w.work > 0 {
		w.sleep(e.Shard)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next[e.Key] = number + 1
	w.handled++
	return nil, nil
}

// start checks the message's number when its handling begins and not when it
// ends: so a message that is begun while the one before it is still in hand is
// found as well.
func (w *worker) start(e stream.Entry) (number int) {
	digits, _, _ := bytes.Cut(e.Payload, []byte(" "))
	number, err := strconv.Atoi(string(digits))
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.begin.IsZero() {
		w.begin = time.Now()
	}
	switch next := w.next[e.Key]; {
	case w.wrong != nil:
	case err != nil:
		w.wrong = fmt.Errorf("message %s of key %s has no number: %w", e.Message.ID, e.Key, err)
	case number != next:
		w.wrong = fmt.Errorf("order lost: key %s has message %d begun when %d was the last one handled", e.Key, number, next-1)
	}
	return number
}

// sleep stands for work that waits, as a call to an LLM does. It takes off what
// the shard's last sleep was too long, up to a timer's step: an idle process
// rounds a sleep up to whole milliseconds, a busy one does not, and without
// this one shard would look slower than it is (5.9 ms for 5 ms of work), and
// twelve would be 12.7 times as fast. Being late by more than a step is what
// the machine cannot do better, and stays in the result.
func (w *worker) sleep(shard int) {
	w.mu.Lock()
	want := w.work - w.debt[shard]
	w.mu.Unlock()
	begin := time.Now()
	time.Sleep(want)
	late := time.Since(begin) - want
	w.mu.Lock()
	w.debt[shard] = min(late, timerStep, w.work)
	w.mu.Unlock()
}

// drain runs one consumer with one lane a shard until all is acknowledged.
func (w *worker) drain(ctx context.Context, s *stream.Stream, total int) (time.Duration, error) {
	consumer, err := stream.NewConsumer(stream.ConsumerConfig{
		Stream: s, Group: "bench", Member: "bench", Handler: w.handle, Lanes: 1,
	})
	if err != nil {
		return 0, err
	}
	if err := consumer.Start(ctx); err != nil {
		return 0, err
	}
	defer consumer.Stop()
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	for seen, since := 0, time.Now(); ; {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-poll.C:
		}
		begin, handled, err := w.progress()
		left := int64(total - handled)
		if err == nil && left == 0 {
			left, err = unacknowledged(ctx, s)
		}
		switch {
		case err != nil:
			return 0, err
		case left == 0:
			return time.Since(begin), nil
		case handled != seen:
			seen, since = handled, time.Now()
		case time.Since(since) > stalled:
			return 0, fmt.Errorf("%d of %d messages handled, %d not acknowledged, and no progress for %v; the consumer's warnings say why", handled, total, left, stalled)
		}
	}
}

func (w *worker) progress() (begin time.Time, handled int, wrong error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.begin, w.handled, w.wrong
}

func unacknowledged(ctx context.Context, s *stream.Stream) (int64, error) {
	infos, err := s.Inspect(ctx, "bench")
	if err != nil {
		return 0, err
	}
	var left int64
	for _, i := range infos {
		if i.Lag == nil {
			return 0, fmt.Errorf("shard %d: Redis does not know the lag, so the end cannot be seen", i.Shard)
		}
		left += i.Pending + *i.Lag
	}
	return left, nil
}
