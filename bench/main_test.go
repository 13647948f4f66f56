package bench

import (
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"paperlab/compose/process"
	"paperlab/compose/undo"
)

// TestOnACluster needs redis-server 7.0 or newer. The other tests need nothing.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cluster starts a real cluster for one test.
func cluster(t *testing.T) *redis.ClusterClient {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	ledger, err := undo.Open("bench")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ledger.Close(); err != nil {
			t.Error(err)
		}
	})
	c, err := process.StartCluster(t.Context(), ledger, process.ClusterConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	rdb := c.Client()
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}
