package cluster_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"paperlab/system/cluster"
	"paperlab/system/redistest"
	"paperlab/system/servicetest"
)

// The tests start real clusters, need redis-server 7.0 or newer and take about
// 10 s.
func TestMain(m *testing.M) { servicetest.Main(m) }

func TestEverySizeTakesWritesAtOnce(t *testing.T) {
	for _, size := range []cluster.Config{{Masters: 1}, {Masters: 1, Replicas: 1}, {Masters: 3}, {Masters: 3, Replicas: 2}, {Masters: 5}} {
		t.Run(fmt.Sprint(size.Masters, "+", size.Replicas), func(t *testing.T) {
			size.NodeTimeout = time.Second
			c := redistest.Own(t, size)
			t.Logf("up in %v", c.UpIn())
			client := c.Client()
			defer func() { _ = client.Close() }()
			for i := range 300 {
				if err := client.Set(t.Context(), fmt.Sprintf("key-%d", i), i, 0).Err(); err != nil {
					t.Fatalf("write right after the start: %v", err)
				}
			}
			for _, n := range c.Nodes() {
				if got := c.On(n.Name).ConfigGet(t.Context(), "cluster-node-timeout").Val(); got["cluster-node-timeout"] != "1000" {
					t.Errorf("%s: the node timeout is %v, want 1000", n.Name, got)
				}
			}
		})
	}
}

// A cluster that was formed by the shortcut fails over like any other: every
// master in turn, with what was written to it.
func TestAReplicaTakesTheMastersPlaceWithItsData(t *testing.T) {
	c := redistest.Own(t, cluster.Config{Masters: 3, Replicas: 3, NodeTimeout: time.Second, Args: []string{"--appendonly", "yes"}})
	client := c.Client()
	defer func() { _ = client.Close() }()
	const keys = 300
	for i := range keys {
		if err := client.Set(t.Context(), fmt.Sprintf("key-%d", i), i, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for i, n := range c.Nodes()[:3] {
		replica := c.On(c.Nodes()[3+i].Name)
		begin := time.Now()
		servicetest.Eventually(t, "its replica has what was written to "+n.Name, func() bool {
			return replica.DBSize(t.Context()).Val() == c.On(n.Name).DBSize(t.Context()).Val()
		})
		if took := time.Since(begin); took > 500*time.Millisecond {
			t.Errorf("%s: its replica is in step after %v only", n.Name, took)
		}
	}
	for i, n := range c.Nodes()[:3] {
		if err := c.Process(n.Name).Kill(); err != nil {
			t.Fatal(err)
		}
		replica := c.Nodes()[3+i]
		servicetest.Eventually(t, replica.Name+" takes the place of "+n.Name, func() bool {
			return strings.Contains(c.On(replica.Name).Info(t.Context(), "replication").Val(), "role:master")
		})
		if err := c.Restart(t.Context(), n.Name); err != nil {
			t.Fatal(err)
		}
		servicetest.Eventually(t, n.Name+" is back as a replica in step", func() bool {
			info := c.On(n.Name).Info(t.Context(), "replication").Val()
			return strings.Contains(info, "role:slave") && strings.Contains(info, "master_link_status:up")
		})
	}
	for i := range keys {
		servicetest.Eventually(t, fmt.Sprint("key-", i, " has its value"), func() bool {
			got, err := client.Get(t.Context(), fmt.Sprintf("key-%d", i)).Int()
			return err == nil && got == i
		})
	}
}

func TestARestartIsForANodeThatHasEnded(t *testing.T) {
	c := redistest.Own(t, cluster.Config{Masters: 1, NodeTimeout: time.Second})
	if c.Restart(t.Context(), "redis-1") == nil {
		t.Error("a running node was restarted")
	}
	if c.Process("redis-2") != nil || c.On("redis-2") != nil || c.Restart(t.Context(), "redis-2") == nil {
		t.Error("there is a redis-2")
	}
	c.Stop()
	c.Stop()
	if c.Restart(t.Context(), "redis-1") == nil {
		t.Error("a node of a stopped cluster was restarted")
	}
}
