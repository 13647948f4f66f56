package cluster

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
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
		_, busPort, _ := net.SplitHostPort(n.BusAddr)
		fmt.Fprintf(&b, "%s %s@%s %s %s 0 0 %d connected\n", n.ID, n.Addr, busPort, flags, c.phantom(i), 1+i%c.cfg.Masters)
	}
	for i, n := range c.nodes[:c.cfg.Masters] {
		// Nothing listens on ports this low.
		fmt.Fprintf(&b, "%s 127.0.0.1:%d@%d master - 0 0 %d connected %d-%d\n", c.phantom(i), i+1, i+1, i+1, n.FirstSlot, n.LastSlot)
	}
	fmt.Fprintf(&b, "vars currentEpoch %d lastVoteEpoch 0\n", c.cfg.Masters)
	return b.Bytes()
}

// phantom is the id of the phantom that the node with an index begins under: its
// master's own, read backwards.
func (c *Cluster) phantom(index int) string {
	id := []byte(c.nodes[index%c.cfg.Masters].ID)
	for i, j := 0, len(id)-1; i < j; i, j = i+1, j-1 {
		id[i], id[j] = id[j], id[i]
	}
	return string(id)
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
		{"take its phantom's place", c.takeOver},
		{"see the masters", c.awaitMasters},
		{"forget the phantoms", c.forget},
		{"be ready", c.awaitReady},
		{"agree on roles and slots", c.awaitAgreement},
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

// awaitUp waits until the node takes connections, or is dead.
func (n *node) awaitUp(ctx context.Context) error {
	return Poll(ctx, func() (bool, error) {
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

func (c *Cluster) takeOver(ctx context.Context, n *node) error {
	if n.Role == Replica {
		return nil
	}
	return n.client.Do(ctx, "cluster", "failover", "takeover").Err()
}

// seen is how every node is to see this one in the end.
func (n *node) seen() string {
	if n.Role == Replica {
		return fmt.Sprintf("%s slave %s", n.Addr, n.MasterID)
	}
	return fmt.Sprintf("%s master - %d-%d", n.Addr, n.FirstSlot, n.LastSlot)
}

func (c *Cluster) awaitMasters(ctx context.Context, n *node) error {
	return c.awaitView(ctx, n, c.nodes[:c.cfg.Masters], func(map[string]string) bool { return true })
}

// awaitAgreement waits until the node sees what was made, and nobody else.
func (c *Cluster) awaitAgreement(ctx context.Context, n *node) error {
	return c.awaitView(ctx, n, c.nodes, func(view map[string]string) bool { return len(view) == len(c.nodes) })
}

func (c *Cluster) awaitView(ctx context.Context, n *node, others []*node, holds func(map[string]string) bool) error {
	return Poll(ctx, func() (bool, error) {
		view, err := n.view(ctx)
		if err != nil || !holds(view) {
			return false, err
		}
		for _, other := range others {
			if view[other.ID] != other.seen() {
				return false, nil
			}
		}
		return true, nil
	})
}

// forget tries again where a replica has not followed its master yet: nobody can
// forget his master.
func (c *Cluster) forget(ctx context.Context, n *node) error {
	for i := range c.cfg.Masters {
		err := Poll(ctx, func() (bool, error) {
			err := n.client.ClusterForget(ctx, c.phantom(i)).Err()
			if err != nil && strings.Contains(err.Error(), "my master") {
				return false, n.process.Died()
			}
			return err == nil, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) awaitReady(ctx context.Context, n *node) error {
	return Poll(ctx, func() (bool, error) {
		if err := n.process.Died(); err != nil {
			return false, err
		}
		info, err := n.client.ClusterInfo(ctx).Result()
		if err != nil || !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_slots_ok:16384") {
			return false, err
		}
		if n.Role == Master {
			return true, nil
		}
		replication, err := n.client.Info(ctx, "replication").Result()
		return strings.Contains(replication, "master_link_status:up"), err
	})
}

// view is what a node says of each node, by id: address, role, master and
// slots. Nodes that are still shaking hands, failing or not connected are left
// out.
func (n *node) view(ctx context.Context) (map[string]string, error) {
	if err := n.process.Died(); err != nil {
		return nil, err
	}
	raw, err := n.client.ClusterNodes(ctx).Result()
	if err != nil {
		return nil, err
	}
	return parseView(raw), nil
}

// parseView reads CLUSTER NODES: id, address@bus port,host name, flags, master,
// ping sent, pong received, epoch, link state, slots.
func parseView(raw string) map[string]string {
	view := map[string]string{}
	for line := range strings.Lines(raw) {
		fields := strings.Fields(line)
		if len(fields) < 8 || fields[7] != "connected" {
			continue
		}
		role := ""
		sound := true
		for flag := range strings.SplitSeq(fields[2], ",") {
			switch flag {
			case "myself":
			case "master", "slave":
				role = flag
			default:
				sound = false
			}
		}
		if !sound || role == "" {
			continue
		}
		addr, _, _ := strings.Cut(fields[1], "@")
		view[fields[0]] = strings.Join(append([]string{addr, role, fields[3]}, fields[8:]...), " ")
	}
	return view
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
