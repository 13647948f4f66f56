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
// Own is a cluster for a test that breaks it.
//
// Missing redis-server is a failure and not a skip: a test that is silently not
// run proves nothing. REDIS_SERVER names another binary.
package redistest

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/system/cluster"
	"paperlab/system/servicetest"
)

var (
	once    sync.Once
	shared  *cluster.Cluster
	root    string
	failure error
)

// Main runs the tests, stops the cluster if one was started, does the cleanups,
// fails if a goroutine was left behind, and exits.
func Main(m *testing.M, cleanups ...func()) {
	servicetest.Main(m, append([]func(){stop}, cleanups...)...)
}

func start() {
	if root, failure = os.MkdirTemp("", "redistest-"); failure == nil {
		shared, failure = form(root, cluster.Config{Masters: 3, NodeTimeout: 5 * time.Second})
	}
}

func form(root string, cfg cluster.Config) (*cluster.Cluster, error) {
	binary := cmp.Or(os.Getenv("REDIS_SERVER"), "redis-server")
	path, err := exec.LookPath(binary)
	if err != nil {
		return nil, fmt.Errorf("%s was not found: install Redis 7.0 or newer or name the binary in REDIS_SERVER: %w", binary, err)
	}
	cfg.Program, cfg.Dir = path, root
	cfg.Args = append(cfg.Args, "--enable-debug-command", "local")
	return cluster.Start(context.Background(), cfg)
}

// Own starts a cluster for a test that breaks it, and stops it when the test
// ends. Program and Dir are redistest's.
func Own(t testing.TB, cfg cluster.Config) *cluster.Cluster {
	t.Helper()
	c, err := form(t.TempDir(), cfg)
	if err != nil {
		t.Fatalf("redistest: %v", err)
	}
	t.Cleanup(c.Stop)
	return c
}

func stop() {
	if shared != nil {
		shared.Stop()
	}
	_ = os.RemoveAll(root)
}

// Start returns the addresses of the three masters and starts them if no
// earlier test of this process has.
func Start(t testing.TB) []string {
	t.Helper()
	once.Do(start)
	if failure != nil {
		t.Fatalf("redistest: %v", failure)
	}
	return shared.Addrs()
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
		t.Fatalf("redistest: emptying the cluster at %v: %v", shared.Addrs(), err)
	}
	return rdb
}
