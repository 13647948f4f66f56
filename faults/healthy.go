package faults

import (
	"context"
	"fmt"
	"time"

	"paperlab/compose"
)

// healthy is the evidence that a process answers.
func healthy(ctx context.Context, m compose.Member) (string, error) {
	began := time.Now()
	who, _ := m.Incarnation()
	if err := m.Health(ctx); err != nil {
		return "", fmt.Errorf("%s does not answer /healthz: %w", who, err)
	}
	return fmt.Sprintf("%s answers /healthz in %s", who, short(time.Since(began))), nil
}

// short gives a duration the digits that a reader needs.
func short(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", d.Seconds()*1000)
	}
	return fmt.Sprintf("%.0f ms", d.Seconds()*1000)
}
