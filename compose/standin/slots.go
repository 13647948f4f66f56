package standin

import (
	"context"
	"errors"
	"sync"
)

// errQueueFull is returned by slots.acquire when as many wait as may.
var errQueueFull = errors.New("queue full")

// slots are the places in which an LLM works, and the bounded queue before
// them. Places are given in the order of arrival.
type slots struct {
	// mu, and not a channel of places: who is given one has left the queue in the
	// same step, or one who comes at that moment would find it full.
	mu      sync.Mutex
	free    int
	total   int
	most    int // in the queue
	waiting []chan struct{}
}

func newSlots(total, queue int) *slots { return &slots{free: total, total: total, most: queue} }

// acquire takes a slot, or waits for one in the queue. It gives up, without a
// slot, when changed closes or ctx ends; changed says so with again.
func (s *slots) acquire(ctx context.Context, changed <-chan struct{}) (again bool, err error) {
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		s.mu.Unlock()
		return false, nil
	}
	if len(s.waiting) >= s.most {
		s.mu.Unlock()
		return false, errQueueFull
	}
	turn := make(chan struct{})
	s.waiting = append(s.waiting, turn)
	s.mu.Unlock()
	select {
	case <-turn:
		return false, nil
	case <-changed:
		s.abandon(turn)
		return true, nil
	case <-ctx.Done():
		s.abandon(turn)
		return false, ctx.Err()
	}
}

// abandon leaves the queue, or gives back the slot if it came meanwhile.
func (s *slots) abandon(turn chan struct{}) {
	s.mu.Lock()
	for i, t := range s.waiting {
		if t == turn {
			s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
			s.mu.Unlock()
			return
		}
	}
	s.mu.Unlock()
	s.release()
}

// release hands the slot to the first in the queue, or frees it.
func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		s.free++
		return
	}
	close(s.waiting[0])
	s.waiting = s.waiting[1:]
}
