package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"paperlab/compose/undo"
	"paperlab/system/cluster"
	"paperlab/system/servicetest"
)

// These tests start real clusters: about 3 s each. They need redis-server 7.0
// or newer and fail without it.

func startCluster(t *testing.T, l *undo.Ledger, config ClusterConfig) *cluster.Cluster {
	t.Helper()
	c, err := StartCluster(t.Context(), l, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return c
}

func TestCluster(t *testing.T) {
	l := openLedger(t)
	c := startCluster(t, l, ClusterConfig{MaxMemory: "64mb"})
	t.Logf("up in %v", c.UpIn())
	checkShape(t, c.Nodes())

	client := c.Client()
	defer client.Close()
	for i := range 300 {
		if err := client.Set(t.Context(), fmt.Sprintf("key-%d", i), i, 0).Err(); err != nil {
			t.Fatalf("write right after the start: %v", err)
		}
	}
	for _, n := range c.Nodes() {
		settings, err := c.On(n.Name).ConfigGet(t.Context(), "*").Result()
		if err != nil {
			t.Fatal(err)
		}
		host, _, _ := net.SplitHostPort(n.Addr)
		for name, want := range map[string]string{
			"maxmemory": strconv.Itoa(64 << 20), "maxmemory-policy": "noeviction", "appendonly": "yes",
			"appendfsync": "everysec", "cluster-node-timeout": "1000", "bind": host, "bind-source-addr": host,
			"cluster-require-full-coverage": "no", "save": "", "repl-diskless-sync-delay": "0",
		} {
			if settings[name] != want {
				t.Errorf("%s: %s is %q, want %q", n.Name, name, settings[name], want)
			}
		}
	}
	c.Stop()
	c.Stop()
	if left := runsIn(t, l.Root()); len(left) != 0 {
		t.Errorf("processes left after Stop: %v", left)
	}
	if left, _ := filepath.Glob(filepath.Join(l.Root(), "redis", "*")); len(left) != 0 {
		t.Errorf("folders left after Stop: %v", left)
	}
}

func checkShape(t *testing.T, nodes []cluster.Node) {
	t.Helper()
	if len(nodes) != 6 {
		t.Fatalf("%d nodes, want 6", len(nodes))
	}
	next := 0
	for i, n := range nodes {
		host, _, _ := net.SplitHostPort(n.Addr)
		if want := fmt.Sprintf("127.0.1.%d", i+1); host != want && host != "127.0.0.1" {
			t.Errorf("%s is at %s, want %s", n.Name, host, want)
		}
		if i >= 3 {
			if n.Of != nodes[i-3].Name {
				t.Errorf("%s is of %q, want a replica of %s", n.Name, n.Of, nodes[i-3].Name)
			}
			continue
		}
		if n.Of != "" || n.FirstSlot != next {
			t.Errorf("%s: of %q, from slot %d, want a master from slot %d", n.Name, n.Of, n.FirstSlot, next)
		}
		next = n.LastSlot + 1
	}
	if next != 16384 {
		t.Errorf("the masters' slots end before %d, want 16384", next)
	}
}

func TestClustersSideBySide(t *testing.T) {
	l := openLedger(t)
	var clusters [2]*cluster.Cluster
	var starts sync.WaitGroup
	for i := range clusters {
		// Two runs have two ledgers; here the node's folders tell them apart.
		ledger, err := undo.Open("side-" + strconv.Itoa(i))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = ledger.Close() })
		starts.Go(func() {
			c, err := StartCluster(t.Context(), ledger, ClusterConfig{})
			if err != nil {
				t.Errorf("cluster %d: %v", i, err)
				return
			}
			clusters[i] = c
		})
	}
	starts.Wait()
	for i, c := range clusters {
		if c == nil {
			t.FailNow()
		}
		defer c.Stop()
		client := c.Client()
		defer client.Close()
		if err := client.Set(t.Context(), "who", i, 0).Err(); err != nil {
			t.Error(err)
		}
	}
	for i, c := range clusters {
		client := c.Client()
		defer client.Close()
		if who, err := client.Get(t.Context(), "who").Int(); err != nil || who != i {
			t.Errorf("cluster %d holds the value %d, %v: the clusters have met", i, who, err)
		}
	}
	_ = l
}

func TestClusterTakesOtherPortsWhenOneIsTaken(t *testing.T) {
	l := openLedger(t)
	taken, err := net.Listen("tcp", net.JoinHostPort(cluster.Loopback(1), "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	var mu sync.Mutex
	asked := 0
	c := startCluster(t, l, ClusterConfig{port: func(host string) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		if asked++; asked == 1 {
			return taken.Addr().(*net.TCPAddr).Port, nil
		}
		return cluster.FreePort(host)
	}})
	if slices.Contains(c.Addrs(), taken.Addr().String()) {
		t.Errorf("the cluster claims %s, which the test holds", taken.Addr())
	}
}

func TestClusterStartFails(t *testing.T) {
	l := openLedger(t)
	taken, err := net.Listen("tcp", net.JoinHostPort(cluster.Loopback(1), "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	soon, cancelSoon := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancelSoon()
	for name, c := range map[string]struct {
		ctx    context.Context
		config ClusterConfig
		want   string
	}{
		"memory":              {t.Context(), ClusterConfig{MaxMemory: "much"}, "must be a memory value"},
		"program":             {t.Context(), ClusterConfig{RedisServer: "/no/such/redis"}, "/no/such/redis"},
		"dies at once":        {t.Context(), ClusterConfig{RedisServer: "false"}, "ended with exit status 1"},
		"every port is taken": {t.Context(), ClusterConfig{port: func(string) (int, error) { return taken.Addr().(*net.TCPAddr).Port, nil }}, "Address already in use"},
		"cancelled before":    {cancelled, ClusterConfig{}, "canceled"},
		"cancelled meanwhile": {soon, ClusterConfig{}, "deadline"},
	} {
		t.Run(name, func(t *testing.T) {
			started, err := StartCluster(c.ctx, l, c.config)
			if err == nil {
				started.Stop()
				t.Fatal("started")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q; want %q in it", err, c.want)
			}
			if left := runsIn(t, l.Root()); len(left) != 0 {
				t.Errorf("processes left: %v", left)
			}
			if left, _ := filepath.Glob(filepath.Join(l.Root(), "redis", "*")); len(left) != 0 {
				t.Errorf("folders left: %v", left)
			}
		})
	}
}

func TestClusterFailsOverAndTakesARestartedNodeBack(t *testing.T) {
	l := openLedger(t)
	c := startCluster(t, l, ClusterConfig{})
	client := c.Client()
	defer client.Close()
	if err := c.Restart(t.Context(), "redis-1"); err == nil {
		t.Error("a running node was restarted")
	}
	if err := c.Process("redis-1").Kill(); err != nil {
		t.Fatal(err)
	}
	// Of the other two masters nothing may be noticed; "a" lies on redis-3.
	if err := client.Set(t.Context(), "a", 1, 0).Err(); err != nil {
		t.Errorf("a shard that lost nothing: %v", err)
	}
	sees := func(line string) func() bool {
		what := regexp.MustCompile(line)
		return func() bool {
			nodes, err := c.On("redis-4").ClusterNodes(t.Context()).Result()
			return err == nil && what.MatchString(nodes)
		}
	}
	servicetest.Eventually(t, "the replica takes the master's place", sees("myself,master"))
	if err := c.Restart(t.Context(), "redis-1"); err != nil {
		t.Fatal(err)
	}
	old, promoted := c.Nodes()[0], c.Nodes()[3]
	servicetest.Eventually(t, "the old master is back as a replica",
		sees(fmt.Sprintf(`%s %s@\d+ slave %s`, old.ID, regexp.QuoteMeta(old.Addr), promoted.ID)))
	if c.Process("redis-7") != nil || c.Restart(t.Context(), "redis-7") == nil {
		t.Error("there is a redis-7")
	}
}

func TestKilledLabLeavesNothing(t *testing.T) {
	for _, what := range []string{"lab with a process", "lab starting a cluster", "lab with a cluster"} {
		t.Run(what, func(t *testing.T) {
			killLab(t, what)
			servicetest.Eventually(t, "the children die with the lab, as far as Pdeathsig goes", func() bool {
				return len(runsIn(t, undo.Base())) == 0
			})
			stale, err := undo.Stale()
			if err != nil || len(stale) != 1 {
				t.Fatalf("stale: %v, %v; want one run", stale, err)
			}
			if _, err := undo.Heal(t.Context(), stale[0]); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(stale[0].Root); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the run's folder is still there: %v", err)
			}
		})
	}
}
