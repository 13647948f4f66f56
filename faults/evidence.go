package faults

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"paperlab/reports/history"
)

// await returns at the act's time, once the acts before it on the same target
// are over.
func (a *act) await(ctx context.Context, first []*act) error {
	timer := time.NewTimer(time.Until(a.begin.Add(a.At)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	}
	for _, b := range first {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-b.done:
		}
	}
	return ctx.Err()
}

// evidence asks until there is some, and tells on the run's clock when the
// reading that gave it began. The error is that of the last reading that was not
// cut short. A reading that ended with the context is none: an answer that we
// stopped waiting for is not one that did not come.
func (a *act) evidence(ctx context.Context, read func(context.Context) (string, error)) (text string, at float64, err error) {
	tick := time.NewTicker(a.Every)
	defer tick.Stop()
	var whole error
	for {
		at = a.Recorder.Now()
		err = guard(func() (err error) {
			text, err = read(ctx)
			return err
		})
		switch {
		case err == nil && ctx.Err() == nil:
			return text, at, nil
		case err == nil:
			err = fmt.Errorf("the reading %q was cut short", text)
		}
		if ctx.Err() == nil || whole == nil {
			whole = err
		}
		select {
		case <-ctx.Done():
			return "", at, fmt.Errorf("%w (%w)", whole, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

func (a *act) fail(err error) { a.Recorder.Record(history.FaultFailed(a.facts, err)) }

// guard turns a panic into an error: one broken fault must not keep the others
// from being healed.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}
