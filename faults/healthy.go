package faults

import (
	"context"
	"fmt"
	"time"
)

// healthy is the evidence that a process answers.
func healthy(ctx context.Context, p interface {
	Pid() int
	Health(ctx context.Context) error
}) (string, error) {
	began := time.Now()
	if err := p.Health(ctx); err != nil {
		return "", fmt.Errorf("pid %d does not answer /healthz: %w", p.Pid(), err)
	}
	return fmt.Sprintf("pid %d answers /healthz in %s", p.Pid(), short(time.Since(began))), nil
}

// short gives a duration the digits that a reader needs.
func short(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", d.Seconds()*1000)
	}
	return fmt.Sprintf("%.0f ms", d.Seconds()*1000)
}
