package service_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"paperlab/system/service"
	"paperlab/system/servicetest"
)

func TestMain(m *testing.M) { servicetest.Main(m) }

// beat is the smallest service: it counts.
type beat struct {
	life  service.Life
	count atomic.Int64
}

func (b *beat) Start(ctx context.Context) error {
	return b.life.Start(ctx, func(context.Context) error {
		b.life.Go(func() {
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-b.life.Taking().Done():
					return
				case <-tick.C:
					b.count.Add(1)
				}
			}
		})
		return nil
	})
}

func (b *beat) Stop() { b.life.Stop() }

func TestALifeKeepsTheContract(t *testing.T) {
	servicetest.Lifecycle(t, func(*testing.T) (service.Service, func(*testing.T)) {
		b := &beat{}
		return b, func(t *testing.T) {
			before := b.count.Load()
			servicetest.Eventually(t, "it counts on", func() bool { return b.count.Load() > before })
		}
	})
}

func start(t *testing.T, l *service.Life, work func()) {
	t.Helper()
	err := l.Start(t.Context(), func(context.Context) error { l.Go(work); return nil })
	if err != nil {
		t.Fatal(err)
	}
}

func TestStopWaitsForWhatWorksOn(t *testing.T) {
	l := service.Life{Grace: time.Hour}
	release := make(chan struct{})
	var done atomic.Bool
	start(t, &l, func() {
		<-l.Taking().Done()
		<-release
		done.Store(l.Working().Err() == nil)
	})
	stopped := make(chan struct{})
	for range 2 {
		go func() { l.Stop(); stopped <- struct{}{} }()
	}
	<-l.Taking().Done()
	select {
	case <-stopped:
		t.Error("Stop has returned though work goes on")
	case <-time.After(20 * time.Millisecond):
	}
	close(release)
	<-stopped
	<-stopped
	if !done.Load() {
		t.Error("Working ended within the grace")
	}
}

func TestWorkEndsWithTheGrace(t *testing.T) {
	l := service.Life{Grace: 30 * time.Millisecond}
	start(t, &l, func() { <-l.Working().Done() })
	begin := time.Now()
	l.Stop()
	if took := time.Since(begin); took < l.Grace || took > 5*time.Second {
		t.Errorf("Stop took %v, want %v", took, l.Grace)
	}
}

func TestStopCutsAStartShort(t *testing.T) {
	var l service.Life
	begun, ended := make(chan struct{}), make(chan error)
	go func() {
		ended <- l.Start(t.Context(), func(ctx context.Context) error {
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		})
	}()
	<-begun
	stopped := make(chan struct{})
	go func() { l.Stop(); close(stopped) }()
	if err := <-ended; !errors.Is(err, service.ErrOver) || !errors.Is(err, context.Canceled) {
		t.Errorf("Start says %v, want ErrOver and what it was doing", err)
	}
	<-stopped
}

func TestTheContextOfAStartEndsWithIt(t *testing.T) {
	var l service.Life
	var starting context.Context
	if err := l.Start(t.Context(), func(ctx context.Context) error { starting = ctx; return ctx.Err() }); err != nil {
		t.Fatal(err)
	}
	if starting.Err() == nil {
		t.Error("what begin was given does not end with the start")
	}
	l.Stop()
}
