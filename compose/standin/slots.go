package standin

import (
	"context"
	"errors"
	"slices"
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
// slot, with errChanged when changed closes, or when ctx ends.
func (s *slots) acquire(ctx context.Context, changed <-chan struct{}) error {
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		s.mu.Unlock()
		return nil
	}
	if len(s.waiting) >= s.most {
		s.mu.Unlock()
		return errQueueFull
	}
	turn := make(chan struct{})
	s.waiting = append(s.waiting, turn)
	s.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-changed:
		s.abandon(turn)
		return errChanged
	case <-ctx.Done():
		s.abandon(turn)
		return ctx.Err()
	}
}

// abandon leaves the queue, or gives back the slot if it came meanwhile.
func (s *slots) abandon(turn chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.waiting, turn); i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
		return
	}
	s.pass()
}

func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pass()
}

// pass hands a slot to the first in the queue, or frees it. The caller holds mu.
func (s *slots) pass() {
	if len(s.waiting) == 0 {
		s.free++
		return
	}
	close(s.waiting[0])
	s.waiting = s.waiting[1:]
}
