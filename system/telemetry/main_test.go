package telemetry_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"paperlab/system/internal/redistest"
)

// The tests need redis-server 7.0 or newer and take about 5 s.
func TestMain(m *testing.M) { redistest.Main(m) }

// eventually waits for a condition; within is generous, because the machine
// may be busy and a condition that holds costs no waiting.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

// value is the gauge of a node; false if it has none.
func value(t *testing.T, registry *prometheus.Registry, name, node string) (float64, bool) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && len(m.GetLabel()) == 1 && m.GetLabel()[0].GetValue() == node {
				return m.GetGauge().GetValue(), true
			}
		}
	}
	return 0, false
}
