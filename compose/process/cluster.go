package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"paperlab/compose/undo"
)

const (
	masters  = 3
	replicas = 3
	// attempts is how often a start with new ports is tried when another
	// program takes one of them first.
	attempts = 5
	// startTimeout bounds a start whose context has no deadline of its own. It
	// is long, because the machine may be busy; the aim is 3 s.
	startTimeout = 30 * time.Second
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
	if c.port == nil {
		c.port = freePort
	}
	if c.RedisServer != "" {
		return nil
	}
	var err error
	c.RedisServer, _, err = FindRedis(ctx)
	return err
}

// Cluster is three masters and three replicas, one redis-server process each.
type Cluster struct {
	config ClusterConfig
	ledger *undo.Ledger
	nodes  []*node
	upIn   time.Duration

	// mu guards the nodes' processes, which Restart replaces.
	mu      sync.Mutex
	stopped bool
}

// StartCluster starts a cluster and returns once all nodes serve all slots,
// all replicas are in step, and all nodes agree. If it fails or ctx ends, it
// leaves nothing behind.
func StartCluster(ctx context.Context, ledger *undo.Ledger, config ClusterConfig) (*Cluster, error) {
	if err := config.complete(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	begin := time.Now()
	var last error
	for range attempts {
		c := &Cluster{config: config, ledger: ledger}
		last = c.start(ctx)
		if last == nil {
			c.upIn = time.Since(begin)
			return c, nil
		}
		c.Stop()
		if !strings.Contains(last.Error(), "Address already in use") {
			return nil, last
		}
	}
	return nil, fmt.Errorf("cluster: in %d attempts each met a port that was taken in the meantime: %w", attempts, last)
}

func (c *Cluster) start(ctx context.Context) error {
	for number := range masters + replicas {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("cluster: start: %w", err)
		}
		if err := c.addNode(number); err != nil {
			return fmt.Errorf("cluster: %w", err)
		}
	}
	if err := c.each(ctx, func(ctx context.Context, n *node) error { return n.awaitUp(ctx) }); err != nil {
		return fmt.Errorf("cluster: take connections: %w", err)
	}
	return c.form(ctx)
}

// addNode starts the server of a number from 0; it does not wait for it.
func (c *Cluster) addNode(number int) error {
	n := &node{Node: Node{Name: nodeName(number + 1), Role: Replica}}
	if number < masters {
		n.Role = Master
		n.FirstSlot, n.LastSlot = share(number, masters)
	}
	host := nodeHost(number + 1)
	port, err := c.config.port(host)
	if err != nil {
		return err
	}
	busPort, err := c.config.port(host)
	if err != nil {
		return err
	}
	n.Addr, n.BusAddr = net.JoinHostPort(host, strconv.Itoa(port)), net.JoinHostPort(host, strconv.Itoa(busPort))
	dir, entry, err := c.ledger.Folder("redis/" + n.Name)
	if err != nil {
		return err
	}
	n.dir = entry
	n.spec = Spec{Name: n.Name, Path: c.config.RedisServer, Args: arguments(n.Node, c.config.MaxMemory, dir), Dir: dir}
	n.client = nodeClient(n.Addr)
	c.nodes = append(c.nodes, n)
	n.process, err = StartProcess(c.ledger, n.spec)
	return err
}

// UpIn is how long the start took, from the first process to readiness.
func (c *Cluster) UpIn() time.Duration { return c.upIn }

// Nodes are the nodes as they were formed: masters first, in order of slots.
func (c *Cluster) Nodes() []Node {
	nodes := make([]Node, 0, len(c.nodes))
	for _, n := range c.nodes {
		nodes = append(nodes, n.Node)
	}
	return nodes
}

// Addrs are the addresses of all nodes, in the order of Nodes.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, 0, len(c.nodes))
	for _, n := range c.nodes {
		addrs = append(addrs, n.Addr)
	}
	return addrs
}

// Client connects to the cluster directly, past all links. The caller closes
// it.
func (c *Cluster) Client() *redis.ClusterClient {
	return redis.NewClusterClient(&redis.ClusterOptions{
		Addrs:                    c.Addrs(),
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

// Process is the latest process of the named node, nil if there is no such
// node.
func (c *Cluster) Process(name string) *Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.nodes {
		if n.Name == name {
			return n.process
		}
	}
	return nil
}

// Restart starts the named node again, with its data and addresses, after its
// process has ended. It returns once the node takes connections, which may be
// before it has rejoined.
func (c *Cluster) Restart(ctx context.Context, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.nodes {
		if n.Name != name {
			continue
		}
		if _, ended := n.process.ExitState(); !ended || c.stopped {
			return fmt.Errorf("restart %s: want a node that has ended in a cluster that was not stopped", name)
		}
		process, err := StartProcess(c.ledger, n.spec)
		if err != nil {
			return err
		}
		n.process = process
		if err := n.awaitUp(ctx); err != nil {
			return fmt.Errorf("restart %s at %s: %w", name, n.Addr, err)
		}
		return nil
	}
	return fmt.Errorf("restart %s: the cluster has no such node, only redis-1 to redis-%d", name, len(c.nodes))
}

// Stop ends all nodes and removes their data. The nodes are killed: what they
// would save on a gentle end is removed anyway. What cannot be undone here
// stays in the ledger. It may be called twice.
func (c *Cluster) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return
	}
	c.stopped = true
	var ends sync.WaitGroup
	for _, n := range c.nodes {
		ends.Go(func() { _ = n.end() })
	}
	ends.Wait()
}

func (n *node) end() error {
	err := n.client.Close()
	if n.process != nil {
		if killed := n.process.Kill(); killed != nil {
			return errors.Join(err, killed)
		}
	}
	return errors.Join(err, n.dir.Undo(context.Background()))
}
