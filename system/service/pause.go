package service

import (
	"context"
	"time"
)

// Pause waits, and is false if the context ended first.
func Pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
