package process

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"paperlab/compose/undo"
	"paperlab/system/cluster"
)

// What a cluster's nodes are, as package cluster has it.
type (
	Node = cluster.Node
	Role = cluster.Role
)

// The roles.
const (
	Master  = cluster.Master
	Replica = cluster.Replica
)

// ClusterConfig says how to start a cluster. The zero value is complete.
type ClusterConfig struct {
	// MaxMemory of each node, as Redis writes it; empty means 256mb.
	MaxMemory string
	// RedisServer is the program; empty means what FindRedis finds.
	RedisServer string

	// port chooses ports; tests put taken ones here.
	port func(host string) (int, error)
}

var memories = regexp.MustCompile(`(?i)^[1-9][0-9]*(b|k|kb|m|mb|g|gb)?$`)

func (c *ClusterConfig) complete(ctx context.Context) error {
	if c.MaxMemory == "" {
		c.MaxMemory = "256mb"
	}
	if !memories.MatchString(c.MaxMemory) {
		return fmt.Errorf("cluster: MaxMemory %q: want a number with kb, mb or gb, such as 256mb", c.MaxMemory)
	}
	if c.RedisServer != "" {
		return nil
	}
	var err error
	c.RedisServer, _, err = FindRedis(ctx)
	return err
}

// Cluster is three masters and three replicas, one redis-server process each.
type Cluster struct{ *cluster.Cluster }

// StartCluster starts a cluster whose processes and folders stand in the
// ledger. It returns once all nodes serve all slots, all replicas are in step,
// and all nodes agree. If it fails or ctx ends, it leaves nothing behind.
func StartCluster(ctx context.Context, ledger *undo.Ledger, config ClusterConfig) (*Cluster, error) {
	if err := config.complete(ctx); err != nil {
		return nil, err
	}
	c, err := cluster.Start(ctx, cluster.Config{
		Program: config.RedisServer, Masters: 3, Replicas: 3, NodeTimeout: time.Second,
		Args:     []string{"--maxmemory", config.MaxMemory, "--appendonly", "yes", "--appendfsync", "everysec"},
		Launcher: launcher{ledger}, Host: cluster.Loopback, Port: config.port,
	})
	if err != nil {
		return nil, err
	}
	return &Cluster{c}, nil
}

// Process is the latest process of the named node, nil if there is no such
// node.
func (c *Cluster) Process(name string) *Process {
	p, _ := c.Cluster.Process(name).(*Process)
	return p
}

// launcher enters what it makes into the ledger. What cannot be undone by the
// cluster stays there.
type launcher struct{ ledger *undo.Ledger }

func (l launcher) Folder(node string) (path string, remove func() error, err error) {
	path, entry, err := l.ledger.Folder("redis/" + node)
	if err != nil {
		return "", nil, err
	}
	return path, func() error { return entry.Undo(context.Background()) }, nil
}

func (l launcher) Launch(node, folder, program string, args []string) (cluster.Process, error) {
	p, err := StartProcess(l.ledger, Spec{Name: node, Path: program, Args: args, Dir: folder})
	if err != nil {
		return nil, err // and no nil *Process in an interface
	}
	return p, nil
}
