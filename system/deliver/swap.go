package deliver

import (
	"context"
	"sync"

	"paperlab/system/paper"
	"paperlab/system/sabotage"
)

// sabotagedEntry is the one that is held back.
const sabotagedEntry = 20

// swap is the sabotage of delivering two of one subscriber's notifications in
// the wrong order, once in a process: the 20th notification is held back and
// reported as delivered, and follows the next one of its subscriber.
type swap struct {
	mu   sync.Mutex
	seen int
	held *paper.Notification
}

func (s *swap) deliver(ctx context.Context, n paper.Notification, post func(context.Context, paper.Notification) error) error {
	s.mu.Lock()
	s.seen++
	if s.seen == sabotagedEntry {
		s.held = &n
		s.mu.Unlock()
		return nil
	}
	var late *paper.Notification
	if s.held != nil && s.held.Subscriber == n.Subscriber {
		late = s.held
	}
	s.mu.Unlock()

	if err := post(ctx, n); err != nil || late == nil {
		return err
	}
	// An error calls this handler again for n, which is then a repeat, and the
	// late one is tried once more.
	if err := post(ctx, *late); err != nil {
		return err
	}
	sabotage.Struck(sabotage.SwapNotifications)
	s.mu.Lock()
	s.held = nil
	s.mu.Unlock()
	return nil
}
