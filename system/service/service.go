// Package service is what everything that starts and stops has in common: the
// contract, and the one life that keeps it.
package service

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Service is what starts and stops with its process, or within it.
//
//   - Start returns once the service runs, or with an error and nothing left
//     behind. Its context bounds the starting only: what was started goes on
//     when it ends. A context that has ended is an error.
//   - After an error Start may be called again. It succeeds once: called again
//     then, or after Stop, it says ErrOver.
//   - Stop returns when nothing of the service runs any more. It may be called
//     before Start, twice, at once by many, and while Start has not returned,
//     which it then cuts short.
//
// Package servicetest holds every service to it.
type Service interface {
	Start(ctx context.Context) error
	Stop()
}

// ErrOver is what Start says when it succeeded before, or Stop was called.
var ErrOver = errors.New("it was started or stopped before: make a new one")

// Life keeps the contract for the service that has it as a field:
//
//	func (s *S) Start(ctx context.Context) error {
//		return s.life.Start(ctx, func(ctx context.Context) error {
//			// 1. what can fail; 2. what runs on:
//			s.life.Go(func() { s.work(s.life.Taking()) })
//			return nil
//		})
//	}
//
//	func (s *S) Stop() { s.life.Stop() }
//
// A service that has something to end, and not only to wait for, does so in a
// goroutine of its own that waits for Taking's end. The zero value is ready.
type Life struct {
	// Grace is how long work in hand may go on after Stop was called: the time
	// between the ends of Taking and of Working. It is set before Start.
	Grace time.Duration

	mu   sync.Mutex
	once sync.Once
	// begun is set while Start runs and when it has succeeded.
	begun, stopped bool

	taking, working       context.Context
	endTaking, endWorking context.CancelFunc
	// running counts the goroutines, and a Start that has not returned.
	running sync.WaitGroup
}

func (l *Life) init() {
	l.once.Do(func() {
		l.working, l.endWorking = context.WithCancel(context.Background())
		l.taking, l.endTaking = context.WithCancel(l.working)
	})
}

// Taking ends when Stop is called: no more work is to be taken.
func (l *Life) Taking() context.Context { l.init(); return l.taking }

// Working ends Grace later: what is in hand is to be left as it is.
func (l *Life) Working() context.Context { l.init(); return l.working }

// Go runs f, and Stop waits for it. It may be called by begin, once nothing can
// fail any more, and by what Go runs.
func (l *Life) Go(f func()) { l.running.Go(f) }

// Start calls begin, whose context ends with ctx or when Stop is called. When
// begin fails, it has left nothing behind.
func (l *Life) Start(ctx context.Context, begin func(context.Context) error) error {
	if err := l.enter(ctx); err != nil {
		return err
	}
	defer l.running.Done()
	starting, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.taking, cancel)()
	err := begin(starting)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun = err == nil
	if l.stopped {
		return errors.Join(ErrOver, err)
	}
	return err
}

func (l *Life) enter(ctx context.Context) error {
	l.init()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.begun || l.stopped {
		return ErrOver
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	l.begun = true
	l.running.Add(1)
	return nil
}

// Stop ends Taking, then after Grace Working, and returns when all that Go ran
// has ended.
func (l *Life) Stop() {
	l.init()
	l.mu.Lock()
	l.stopped = true
	l.mu.Unlock()
	l.endTaking()
	timer := time.AfterFunc(l.Grace, l.endWorking)
	l.running.Wait()
	timer.Stop()
	l.endWorking()
}
