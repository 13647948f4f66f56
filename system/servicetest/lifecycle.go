package servicetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"paperlab/system/service"
)

// Lifecycle holds a service to the contract of service.Service. It asks for new
// ones again and again, and for a function that sees one work: it has the
// service do something new, waits for the effect, and ends the test if there is
// none. What such a function needs of its own (clients, stand-ins) is there
// before it is asked for the first service, so that what is left of a service
// can be told.
func Lifecycle(t *testing.T, fresh func(t *testing.T) (s service.Service, works func(t *testing.T))) {
	t.Run("start bounds the starting only", func(t *testing.T) { startsOnce(t, fresh) })
	t.Run("an ended start may be repeated", func(t *testing.T) { startsLater(t, fresh) })
	t.Run("stop before start", func(t *testing.T) { stopsBefore(t, fresh) })
	t.Run("start and stop at once", func(t *testing.T) { races(t, fresh) })
}

type maker func(t *testing.T) (service.Service, func(t *testing.T))

func startsOnce(t *testing.T, fresh maker) {
	s, works := fresh(t)
	before := goleak.IgnoreCurrent()
	t.Cleanup(s.Stop)
	starting, cancel := context.WithCancel(t.Context())
	if err := s.Start(starting); err != nil {
		t.Fatal(err)
	}
	cancel()
	works(t)
	if err := s.Start(t.Context()); !errors.Is(err, service.ErrOver) {
		t.Errorf("a second Start says %v, want ErrOver", err)
	}
	works(t)
	stopsAtOnce(t, s)
	s.Stop()
	gone(t, before)
	if err := s.Start(t.Context()); !errors.Is(err, service.ErrOver) {
		t.Errorf("Start after Stop says %v, want ErrOver", err)
	}
	gone(t, before)
}

func startsLater(t *testing.T, fresh maker) {
	s, works := fresh(t)
	before := goleak.IgnoreCurrent()
	t.Cleanup(s.Stop)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Start(ended); err == nil || errors.Is(err, service.ErrOver) {
		t.Fatalf("Start with a context that has ended says %v, want the context's error", err)
	}
	gone(t, before)
	if err := s.Start(t.Context()); err != nil {
		t.Fatalf("Start after one that failed: %v", err)
	}
	works(t)
}

func stopsBefore(t *testing.T, fresh maker) {
	s, _ := fresh(t)
	before := goleak.IgnoreCurrent()
	s.Stop()
	stopsAtOnce(t, s)
	if err := s.Start(t.Context()); !errors.Is(err, service.ErrOver) {
		t.Errorf("Start after Stop says %v, want ErrOver", err)
	}
	s.Stop()
	gone(t, before)
}

// races has Start and several Stops meet; whoever comes first, a last Stop
// leaves nothing. Start may succeed only if no Stop was called before it
// returned, and so is over either way.
func races(t *testing.T, fresh maker) {
	for range 10 {
		s, _ := fresh(t)
		before := goleak.IgnoreCurrent()
		var all sync.WaitGroup
		all.Go(func() { _ = s.Start(t.Context()) })
		for range 3 {
			all.Go(s.Stop)
		}
		waitFor(t, "Start and Stop return", all.Wait)
		gone(t, before)
		if err := s.Start(t.Context()); !errors.Is(err, service.ErrOver) {
			t.Fatalf("Start after Stop says %v, want ErrOver", err)
		}
	}
}

func stopsAtOnce(t *testing.T, s service.Service) {
	t.Helper()
	var stops sync.WaitGroup
	for range 4 {
		stops.Go(s.Stop)
	}
	waitFor(t, "Stop returns", stops.Wait)
}

func waitFor(t *testing.T, what string, wait func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); wait() }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("not within %v: %s", patience, what)
	}
}

// gone fails the test if a goroutine that was not there before still is. A
// moment is granted: one that has told of its end is still ending.
func gone(t *testing.T, before goleak.Option) {
	t.Helper()
	if err := goleak.Find(before); err != nil {
		t.Errorf("goroutines left behind: %v", err)
	}
}
