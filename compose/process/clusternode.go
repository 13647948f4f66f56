package process

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"paperlab/compose/undo"
)

// Role is what a node was made as.
type Role string

// The roles.
const (
	Master  Role = "master"
	Replica Role = "replica"
)

// Node is one redis-server of a cluster, as it was formed. A failover changes
// roles later: ask Redis for those.
type Node struct {
	// Name is redis-1 to redis-6; the masters come first, and redis-4 is the
	// replica of redis-1.
	Name string
	// ID is the cluster's own name of the node, 40 hexadecimal digits. It
	// outlives a restart, and a restart alone.
	ID   string
	Addr string
	// BusAddr is where the other nodes talk to it.
	BusAddr string
	Role    Role
	// MasterID is a replica's first master.
	MasterID string
	// FirstSlot and LastSlot are a master's share; 0 for a replica.
	FirstSlot, LastSlot int
}

// node is a Node with what is needed to work on it.
type node struct {
	Node
	dir *undo.Entry
	// spec restarts the node; process is the latest incarnation.
	spec    Spec
	process *Process
	client  *redis.Client
}

// arguments is the node's whole configuration: no file is read, so nothing of
// the machine's own Redis gets in.
//
// cluster-require-full-coverage no: with yes, one master cut off would stop
// the other two for all clients, and a fault of one shard would be measured as
// an outage of all.
//
// cluster-allow-replica-migration no: a replica that changes its master during
// a run of faults would make equal schedules end differently.
//
// protected-mode no: with yes, Redis 7.0 refuses whoever does not come from
// 127.0.0.1 itself, and a replica comes from its own 127.0.1.x. All listen on
// loopback alone.
func arguments(n Node, maxMemory, dir string) []string {
	host, port, _ := net.SplitHostPort(n.Addr)
	_, busPort, _ := net.SplitHostPort(n.BusAddr)
	return []string{
		"--bind", host, "--bind-source-addr", host, "--port", port, "--protected-mode", "no",
		"--dir", dir, "--daemonize", "no", "--loglevel", "notice", "--save", "",
		"--maxmemory", maxMemory, "--maxmemory-policy", "noeviction",
		"--appendonly", "yes", "--appendfsync", "everysec",
		"--cluster-enabled", "yes", "--cluster-port", busPort, "--cluster-config-file", "nodes.conf",
		"--cluster-announce-ip", host, "--cluster-node-timeout", "1000",
		"--cluster-require-full-coverage", "no", "--cluster-allow-replica-migration", "no",
		"--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0",
	}
}

// nodeClient talks to one node of the cluster and to no other.
func nodeClient(addr string) *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr: addr, Protocol: 2, DisableIdentity: true, PoolSize: 2, MaxRetries: -1,
		DialTimeout: time.Second, ReadTimeout: time.Second, WriteTimeout: time.Second,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

// pollEvery is the pause between two looks at a starting cluster.
const pollEvery = 10 * time.Millisecond

// awaitUp waits until the node takes connections, or is dead.
func (n *node) awaitUp(ctx context.Context) error {
	return poll(ctx, func() (bool, error) {
		if err := n.process.Died(); err != nil {
			return false, err
		}
		// A plain dial first: the client would log each refused one.
		conn, err := net.DialTimeout("tcp", n.Addr, time.Second)
		if err != nil {
			return false, nil
		}
		_ = conn.Close()
		return n.client.Ping(ctx).Err() == nil, nil
	})
}

// poll calls done until it holds, fails, or ctx ends.
func poll(ctx context.Context, done func() (bool, error)) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// share splits the 16384 slots evenly and in order: 5461, 5461 and 5462 for
// three masters.
func share(index, masters int) (first, last int) {
	const slots = 16384
	return index * slots / masters, (index+1)*slots/masters - 1
}

// nodeHost is the loopback address of the node with that number, from 1: each
// has its own, so that a rule can cut one pair of nodes.
func nodeHost(number int) string { return hostOr("127.0.1." + strconv.Itoa(number)) }

func nodeName(number int) string { return fmt.Sprintf("redis-%d", number) }
