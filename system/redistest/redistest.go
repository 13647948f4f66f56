// Package redistest gives tests a real Redis Cluster: three masters on free
// ports of 127.0.0.1, started once per test process in a few hundred
// milliseconds and gone with it.
//
// Use it in three steps:
//
//  1. func TestMain(m *testing.M) { redistest.Main(m) }
//  2. rdb := redistest.Client(t), or redistest.Start(t) for the addresses alone
//  3. nothing: Main stops the servers, and a killed test process takes them along
//
// Tests of one package share the cluster, so they must not run in parallel with
// a test that calls Client: it empties every node.
//
// Missing redis-server is a failure and not a skip: a test that is silently not
// run proves nothing. REDIS_SERVER names another binary.
package redistest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/system/servicetest"
)

var (
	once    sync.Once
	shared  *cluster
	failure error
)

// Main runs the tests, stops the cluster if one was started, does the cleanups,
// fails if a goroutine was left behind, and exits.
func Main(m *testing.M, cleanups ...func()) {
	servicetest.Main(m, append([]func(){stop}, cleanups...)...)
}

func stop() {
	if shared != nil {
		shared.stop()
	}
}

// Start returns the addresses of the three masters and starts them if no
// earlier test of this process has.
func Start(t testing.TB) []string {
	t.Helper()
	once.Do(func() { shared, failure = startCluster() })
	if failure != nil {
		t.Fatalf("redistest: %v", failure)
	}
	return shared.addrs()
}

// Client returns a client of the cluster, emptied of what earlier tests wrote,
// that is closed when the test ends.
func Client(t testing.TB) *redis.ClusterClient {
	t.Helper()
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: Start(t), DisableIdentity: true})
	t.Cleanup(func() { _ = rdb.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := rdb.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		return node.FlushAll(ctx).Err()
	})
	if err != nil {
		t.Fatalf("redistest: emptying the cluster at %v: %v", shared.addrs(), err)
	}
	return rdb
}
