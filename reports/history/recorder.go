package history

import (
	"slices"
	"sync"
	"time"
)

// Recorder gathers the events of one profile's run. It may be used from any
// number of goroutines.
type Recorder struct {
	profile string
	begin   time.Time

	mu sync.Mutex
	// events are in the order of T, because the clock is read under the lock.
	events []Event
}

// NewRecorder starts the clock of a run.
func NewRecorder(profile string) *Recorder {
	return &Recorder{profile: profile, begin: time.Now()}
}

// Beside is a recorder of further events on the same clock, kept apart: of a
// witness whose events must not mix with those of others like it.
func (r *Recorder) Beside(profile string) *Recorder {
	return &Recorder{profile: profile, begin: r.begin}
}

// Now is the run's clock, in seconds since it began.
func (r *Recorder) Now() float64 { return time.Since(r.begin).Seconds() }

// At puts a time of this process on the run's clock.
func (r *Recorder) At(t time.Time) float64 { return t.Sub(r.begin).Seconds() }

// Record stamps the event with the run's clock and profile, keeps it, and
// returns the stamp.
func (r *Recorder) Record(e Event) float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.T, e.Profile = r.Now(), r.profile
	r.events = append(r.events, e)
	return e.T
}

// Events is a copy of what has been recorded so far, in order.
func (r *Recorder) Events() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}
