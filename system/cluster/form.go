package cluster

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	slots      = 16384
	configFile = "nodes.conf"
	// pollEvery is the pause between two looks at a starting cluster.
	pollEvery = 10 * time.Millisecond
)

// forming are the arguments of the time while the cluster forms; formed sets what
// they stand in for.
//
// cluster-node-timeout: on a busy machine a phantom taken for dead would cost a
// second. repl-diskless-sync: after a diskless sync the master sends nothing
// until the replica's next acknowledgement, up to a second later, so a replica
// would look in step and lack what was written meanwhile.
var forming = []string{"--cluster-node-timeout", "5000", "--repl-diskless-sync", "no"}

func (c *Cluster) formed(ctx context.Context, n *node) error {
	timeout := strconv.FormatInt(c.cfg.NodeTimeout.Milliseconds(), 10)
	return n.client.Do(ctx, "config", "set", "cluster-node-timeout", timeout, "repl-diskless-sync", "yes").Err()
}

// newID is random, because two clusters of one machine may use a port one after
// the other and must not take each other's nodes for their own.
func newID() string {
	var id [20]byte
	_, _ = rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

// phantoms is the first view of the cluster that a node finds on its disk.
//
// A master that is new in a cluster refuses clients for its first two seconds
// (CLUSTER_WRITABLE_DELAY in the server's source), and meeting the others takes
// another. Both waits apply to masters that know nobody, so here all know all
// from the start, and each master begins as the replica of a phantom, which owns
// its slots and lives nowhere, and takes its place at once. A replica begins as
// one of the same phantom and follows whoever takes over, as in any failover.
func (c *Cluster) phantoms(self int) []byte {
	var b bytes.Buffer
	for i, n := range c.nodes {
		flags := "slave"
		if i == self {
			flags = "myself,slave"
		}
		fmt.Fprintf(&b, "%s %s@%s %s %s 0 0 %d connected\n", n.ID, n.Addr, n.busPort, flags, n.master.phantom, 1+i%c.cfg.Masters)
	}
	for i, n := range c.nodes[:c.cfg.Masters] {
		// Nothing listens on ports this low.
		fmt.Fprintf(&b, "%s 127.0.0.1:%d@%d master - 0 0 %d connected %d-%d\n", n.phantom, i+1, i+1, i+1, n.FirstSlot, n.LastSlot)
	}
	fmt.Fprintf(&b, "vars currentEpoch %d lastVoteEpoch 0\n", c.cfg.Masters)
	return b.Bytes()
}

// form makes one cluster of servers that know phantoms as their masters:
//
//  1. Each master takes its phantom's place.
//  2. When all nodes see that, all forget the phantoms.
//  3. Ready is when all nodes say ok, all replicas have their master's data, and
//     all agree on the roles and slots.
func (c *Cluster) form(ctx context.Context) error {
	steps := []struct {
		what string
		do   func(context.Context, *node) error
	}{
		{"take connections", func(ctx context.Context, n *node) error { return n.awaitUp(ctx) }},
		{"take its phantom's place", takeOver},
		{"see the masters", c.awaitMasters},
		{"forget the phantoms", c.forget},
		{"be ready", c.awaitReady},
		{"take its last settings", c.formed},
	}
	for _, step := range steps {
		if err := c.each(ctx, step.do); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// each does a step on all nodes at once and names the node that failed, and
// how it ended if it is dead.
func (c *Cluster) each(ctx context.Context, do func(context.Context, *node) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, n := range c.nodes {
		group.Go(func() error {
			if err := do(ctx, n); err != nil {
				return fmt.Errorf("%s at %s: %w", n.Name, n.Addr, errors.Join(err, n.process.Died()))
			}
			return nil
		})
	}
	return group.Wait()
}

// poll is Poll for as long as the node lives.
func (n *node) poll(ctx context.Context, done func() (bool, error)) error {
	return Poll(ctx, func() (bool, error) {
		if err := n.process.Died(); err != nil {
			return false, err
		}
		return done()
	})
}

func (n *node) awaitUp(ctx context.Context) error {
	return n.poll(ctx, func() (bool, error) {
		// A plain dial first: the client would log each refused one.
		conn, err := net.DialTimeout("tcp", n.Addr, time.Second)
		if err != nil {
			return false, nil
		}
		_ = conn.Close()
		return n.client.Ping(ctx).Err() == nil, nil
	})
}

func takeOver(ctx context.Context, n *node) error {
	if n.master != n {
		return nil
	}
	return n.client.Do(ctx, "cluster", "failover", "takeover").Err()
}

func (c *Cluster) awaitMasters(ctx context.Context, n *node) error {
	return n.poll(ctx, func() (bool, error) {
		view, err := n.client.ClusterNodes(ctx).Result()
		return shows(view, c.nodes[:c.cfg.Masters]), err
	})
}

// forget tries again where a replica has not followed its master yet: nobody can
// forget his master.
func (c *Cluster) forget(ctx context.Context, n *node) error {
	for _, master := range c.nodes[:c.cfg.Masters] {
		err := n.poll(ctx, func() (bool, error) {
			err := n.client.ClusterForget(ctx, master.phantom).Err()
			if err != nil && strings.Contains(err.Error(), "my master") {
				return false, nil
			}
			return err == nil, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// awaitReady waits until the node sees what was made and nobody else, and has its
// master's data.
func (c *Cluster) awaitReady(ctx context.Context, n *node) error {
	return n.poll(ctx, func() (bool, error) {
		view, err := n.client.ClusterNodes(ctx).Result()
		if err != nil || strings.Count(view, "\n") != len(c.nodes) || !shows(view, c.nodes) {
			return false, err
		}
		info, err := n.client.ClusterInfo(ctx).Result()
		if err != nil || !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_slots_ok:16384") {
			return false, err
		}
		replication, err := n.client.Info(ctx, "replication").Result()
		return n.master == n || strings.Contains(replication, "master_link_status:up"), err
	})
}

// shows tells whether an answer to CLUSTER NODES has all these nodes in their
// places, and as sound: not shaking hands, failing or without a connection.
func shows(view string, nodes []*node) bool {
	return !slices.ContainsFunc(nodes, func(n *node) bool { return !n.place().MatchString(view) })
}

// place is the line of CLUSTER NODES that the node is to have: id, address@bus
// port,host name, flags, master, ping sent, pong received, epoch, link state,
// slots.
func (n *node) place() *regexp.Regexp {
	role, share := "master -", fmt.Sprintf(" %d-%d", n.FirstSlot, n.LastSlot)
	if n.master != n {
		role, share = "slave "+n.master.ID, ""
	}
	return regexp.MustCompile(fmt.Sprintf(`(?m)^%s %s@\S+ (myself,)?%s \d+ \d+ \d+ connected%s$`,
		n.ID, regexp.QuoteMeta(n.Addr), role, share))
}

// Poll calls done until it holds, fails, or ctx ends.
func Poll(ctx context.Context, done func() (bool, error)) error {
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
