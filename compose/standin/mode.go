package standin

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// The modes of stand-ins; not every stand-in has every mode.
const (
	// Normal: as configured.
	Normal = "normal"
	// Errors: every request is answered with an error at once: 503, from the
	// sink 500.
	Errors = "errors"
	// Slow: answers come only after Config.SlowAnswer.
	Slow = "slow"
	// Refuse: the connection is reset without an answer.
	Refuse = "refuse"
	// RateLimited: 429 with Retry-After.
	RateLimited = "rate-limited"
	// Quota: OpenAI's 429 insufficient_quota, which waiting does not heal.
	Quota = "quota"
	// LoseAnswers: the sink takes the webhook and then drops the connection,
	// with the probability Config.LoseShare.
	LoseAnswers = "lose-answers"
)

// modes is the switch of one stand-in.
type modes struct {
	name    string
	allowed []string

	mu      sync.Mutex
	mode    string
	changed chan struct{} // closed at the next change
}

func newModes(name string, allowed ...string) *modes {
	return &modes{name: name, allowed: allowed, mode: Normal, changed: make(chan struct{})}
}

// SetMode switches the mode. An unknown mode is an error and changes nothing.
func (m *modes) SetMode(mode string) error {
	if !slices.Contains(m.allowed, mode) {
		return fmt.Errorf("standin: %s: mode is %q: want one of %s", m.name, mode, strings.Join(m.allowed, ", "))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if mode != m.mode {
		m.mode = mode
		close(m.changed)
		m.changed = make(chan struct{})
	}
	return nil
}

// Mode is the current mode.
func (m *modes) Mode() string {
	mode, _ := m.current()
	return mode
}

func (m *modes) current() (mode string, changed <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mode, m.changed
}

// wait lets d pass. It ends early, with the reason, when ctx does, and without
// one when the mode changes: then the caller looks at the mode again.
func wait(ctx context.Context, d time.Duration, changed <-chan struct{}) (early bool, err error) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return false, nil
	case <-changed:
		return true, nil
	case <-ctx.Done():
		return true, ctx.Err()
	}
}
