package telemetry_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"paperlab/system/redistest"
)

// The tests need redis-server 7.0 or newer and take about 5 s.
func TestMain(m *testing.M) { redistest.Main(m) }

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
