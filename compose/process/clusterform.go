package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// form makes one cluster of six servers that know nothing of each other:
//
//  1. Each gets a configuration epoch of its own, which spares the cluster the
//     settling of equal ones; each master gets its slots.
//  2. Each pair meets. Meeting one node and leaving the rest to gossip works
//     too but takes longer.
//  3. When all know all, each replica is attached to its master.
//  4. Ready is when all nodes say ok, all agree on the roles and slots, and all
//     replicas have their master's data.
//
// A master that is new in a cluster refuses clients for its first two seconds
// (CLUSTER_WRITABLE_DELAY in the server's source), so the cluster cannot be up
// before.
func (c *Cluster) form(ctx context.Context) error {
	steps := []struct {
		what string
		do   func(context.Context, *node) error
	}{
		{"give out epochs and slots", c.prepare},
		{"meet the other nodes", c.meet},
		{"know the other nodes", c.awaitAcquainted},
		{"attach to its master", c.attach},
		{"be ready", c.awaitReady},
	}
	for _, step := range steps {
		if err := c.each(ctx, step.do); err != nil {
			return fmt.Errorf("cluster: %s: %w", step.what, err)
		}
	}
	if err := c.awaitAgreement(ctx); err != nil {
		return fmt.Errorf("cluster: agree on roles and slots: %w", err)
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

func (c *Cluster) prepare(ctx context.Context, n *node) error {
	id, err := n.client.Do(ctx, "cluster", "myid").Text()
	if err != nil {
		return err
	}
	n.ID = id
	epoch := 1 + slices.Index(c.nodes, n)
	if err := n.client.Do(ctx, "cluster", "set-config-epoch", epoch).Err(); err != nil {
		return err
	}
	if n.Role == Replica {
		return nil
	}
	return n.client.ClusterAddSlotsRange(ctx, n.FirstSlot, n.LastSlot).Err()
}

// meet introduces the node to those after it; a meeting goes both ways.
func (c *Cluster) meet(ctx context.Context, n *node) error {
	for _, other := range c.nodes[slices.Index(c.nodes, n)+1:] {
		host, port, err := net.SplitHostPort(other.Addr)
		if err != nil {
			return err
		}
		_, busPort, err := net.SplitHostPort(other.BusAddr)
		if err != nil {
			return err
		}
		if err := n.client.Do(ctx, "cluster", "meet", host, port, busPort).Err(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) awaitAcquainted(ctx context.Context, n *node) error {
	return poll(ctx, func() (bool, error) {
		view, err := c.view(ctx, n)
		return len(view) == len(c.nodes), err
	})
}

func (c *Cluster) attach(ctx context.Context, n *node) error {
	if n.Role == Master {
		return nil
	}
	n.MasterID = c.nodes[slices.Index(c.nodes, n)-len(c.nodes)/2].ID
	return n.client.ClusterReplicate(ctx, n.MasterID).Err()
}

func (c *Cluster) awaitReady(ctx context.Context, n *node) error {
	return poll(ctx, func() (bool, error) {
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

// awaitAgreement waits until every node sees what the lab made.
func (c *Cluster) awaitAgreement(ctx context.Context) error {
	want := map[string]string{}
	for _, n := range c.nodes {
		want[n.ID] = fmt.Sprintf("%s slave %s", n.Addr, n.MasterID)
		if n.Role == Master {
			want[n.ID] = fmt.Sprintf("%s master - %d-%d", n.Addr, n.FirstSlot, n.LastSlot)
		}
	}
	return c.each(ctx, func(ctx context.Context, n *node) error {
		return poll(ctx, func() (bool, error) {
			view, err := c.view(ctx, n)
			if err != nil || len(view) != len(want) {
				return false, err
			}
			for id, line := range want {
				if view[id] != line {
					return false, nil
				}
			}
			return true, nil
		})
	})
}

// view is what a node says of each node, by id: address, role, master and
// slots. Nodes that are still shaking hands, failing or not connected are left
// out.
func (c *Cluster) view(ctx context.Context, n *node) (map[string]string, error) {
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
