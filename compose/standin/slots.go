package standin

import (
	"context"
	"errors"
	"sync/atomic"
)

// errQueueFull is returned by slots.acquire when as many wait as may.
var errQueueFull = errors.New("queue full")

// slots are the places in which an LLM works, and the bounded queue before
// them. Places are given in the order of arrival: that is how a channel serves
// those who wait to send.
type slots struct {
	taken   chan struct{}
	waiting atomic.Int64
	most    int64 // in the queue
}

func newSlots(total, queue int) *slots {
	return &slots{taken: make(chan struct{}, total), most: int64(queue)}
}

// acquire takes a slot, or waits for one in the queue. It gives up, without a
// slot, when changed closes or ctx ends; changed says so with again.
func (s *slots) acquire(ctx context.Context, changed <-chan struct{}) (again bool, err error) {
	select {
	case s.taken <- struct{}{}:
		return false, nil
	default:
	}
	defer s.waiting.Add(-1)
	if s.waiting.Add(1) > s.most {
		return false, errQueueFull
	}
	select {
	case s.taken <- struct{}{}:
		return false, nil
	case <-changed:
		return true, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// release hands the slot to the first in the queue, or frees it.
func (s *slots) release() { <-s.taken }
