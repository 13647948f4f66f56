// Package cluster forms a Redis Cluster of real servers on loopback, for tests and
// for a lab that breaks it: masters alone in a few hundred milliseconds, with
// replicas in one to three seconds, most of which is their first copy.
//
//	Config.Dir, Config.Launch ─▶ Start: launch ─▶ form ─▶ agree
//
// The folder and the processes are made by its caller, so that a lab can write
// down first what it will have to undo.
package cluster

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"paperlab/system/child"
)

const (
	// attempts is how often a start with new ports is tried when another
	// program takes one of them first.
	attempts = 5
	// startTimeout bounds a start whose context has no deadline of its own. It
	// is long, because the machine may be busy.
	startTimeout = 30 * time.Second
)

// Config says how to start a cluster.
type Config struct {
	// Program is the redis-server, 7.0 or newer.
	Program string
	// Masters is at least 1; Replicas is 0 to Masters, and the n-th is the
	// replica of the n-th master.
	Masters, Replicas int
	// NodeTimeout is Redis' cluster-node-timeout: so long must a node be silent
	// to be taken for dead.
	NodeTimeout time.Duration
	// Args are added to those that every node has.
	Args []string
	// Dir is a folder for the nodes' data; each has one in it, until Stop.
	Dir string
	// Launch starts a server; nil means child.Start.
	Launch func(child.Command) (*child.Process, error)
	// Host is the loopback address of the node with that number, from 1; nil
	// means 127.0.0.1 for all.
	Host func(number int) string
	// Port chooses a port of a host; nil means FreePort.
	Port func(host string) (int, error)
}

// Node is one redis-server of a cluster, as it was formed. A failover changes
// roles later: ask Redis for those.
type Node struct {
	// Name is redis-1, redis-2 and so on; the masters come first.
	Name string
	// ID is the cluster's own name of the node, 40 hexadecimal digits. It
	// outlives a restart, and a restart alone.
	ID   string
	Addr string
	// Of is the name of a replica's first master, empty for a master.
	Of string
	// FirstSlot and LastSlot are a master's share; 0 for a replica.
	FirstSlot, LastSlot int
}

// node is a Node with what is needed to work on it.
type node struct {
	Node
	host, port, busPort string
	// master is a replica's first master, and a master itself.
	master *node
	// phantom is the id under which a master's slots begin.
	phantom string
	folder  string
	// process is the latest incarnation, nil before the first.
	process *child.Process
	client  *redis.Client
}

// Cluster is a cluster that was started.
type Cluster struct {
	cfg   Config
	nodes []*node
	upIn  time.Duration

	// mu guards the nodes' processes, which Restart replaces.
	mu      sync.Mutex
	stopped bool
}

// Start starts a cluster and returns once all nodes serve all slots, all
// replicas are in step, and all nodes agree. If it fails or ctx ends, it leaves
// nothing behind.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	if cfg.Host == nil {
		cfg.Host = func(int) string { return "127.0.0.1" }
	}
	if cfg.Port == nil {
		cfg.Port = FreePort
	}
	if cfg.Launch == nil {
		cfg.Launch = child.Start
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	begin := time.Now()
	var last error
	for range attempts {
		c := &Cluster{cfg: cfg}
		if last = c.start(ctx); last == nil {
			c.upIn = time.Since(begin)
			return c, nil
		}
		c.Stop()
		if !strings.Contains(last.Error(), "Address already in use") {
			return nil, fmt.Errorf("cluster: %w", last)
		}
	}
	return nil, fmt.Errorf("cluster: in %d attempts each met a port that was taken in the meantime: %w", attempts, last)
}

func (c *Cluster) start(ctx context.Context) error {
	for index := range c.cfg.Masters + c.cfg.Replicas {
		if err := c.addNode(index); err != nil {
			return err
		}
	}
	for index, n := range c.nodes {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("start: %w", err)
		}
		if err := os.WriteFile(filepath.Join(n.folder, configFile), c.phantoms(index), 0o600); err != nil {
			return err
		}
		if err := c.launch(n, forming...); err != nil {
			return err
		}
	}
	return c.form(ctx)
}

// addNode plans the node with an index from 0.
func (c *Cluster) addNode(index int) error {
	n := &node{Node: Node{Name: fmt.Sprintf("redis-%d", index+1), ID: newID()}, host: c.cfg.Host(index + 1)}
	if index < c.cfg.Masters {
		n.master, n.phantom = n, newID()
		n.FirstSlot, n.LastSlot = index*slots/c.cfg.Masters, (index+1)*slots/c.cfg.Masters-1
	} else {
		n.master = c.nodes[index-c.cfg.Masters]
		n.Of = n.master.Name
	}
	for _, chosen := range []*string{&n.port, &n.busPort} {
		port, err := c.cfg.Port(n.host)
		if err != nil {
			return err
		}
		*chosen = strconv.Itoa(port)
	}
	n.Addr = net.JoinHostPort(n.host, n.port)
	n.folder = filepath.Join(c.cfg.Dir, n.Name)
	if err := os.Mkdir(n.folder, 0o700); err != nil {
		return err
	}
	n.client = redis.NewClient(&redis.Options{
		Addr: n.Addr, Protocol: 2, DisableIdentity: true, PoolSize: 2, MaxRetries: -1,
		DialTimeout: time.Second, ReadTimeout: time.Second, WriteTimeout: time.Second,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	c.nodes = append(c.nodes, n)
	return nil
}

func (c *Cluster) launch(n *node, args ...string) error {
	p, err := c.cfg.Launch(child.Command{
		Name: n.Name, Path: c.cfg.Program, Args: slices.Concat(n.arguments(c.cfg.NodeTimeout), c.cfg.Args, args),
		Dir: n.folder, Log: filepath.Join(n.folder, "redis.log"),
	})
	if err == nil {
		n.process = p
	}
	return err
}

// arguments is the node's whole configuration with Config.Args: no file is
// read, so nothing of the machine's own Redis gets in.
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
func (n *node) arguments(timeout time.Duration) []string {
	return []string{
		"--bind", n.host, "--bind-source-addr", n.host, "--port", n.port, "--protected-mode", "no",
		"--dir", n.folder, "--daemonize", "no", "--loglevel", "notice", "--save", "",
		"--maxmemory-policy", "noeviction",
		"--cluster-enabled", "yes", "--cluster-port", n.busPort, "--cluster-config-file", configFile,
		"--cluster-announce-ip", n.host, "--cluster-node-timeout", strconv.FormatInt(timeout.Milliseconds(), 10),
		"--cluster-require-full-coverage", "no", "--cluster-allow-replica-migration", "no",
		"--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0",
	}
}

// UpIn is how long the start took, from the first process to agreement.
func (c *Cluster) UpIn() time.Duration { return c.upIn }

// Nodes are the nodes as they were formed: masters first, in order of slots.
func (c *Cluster) Nodes() []Node {
	var nodes []Node
	for _, n := range c.nodes {
		nodes = append(nodes, n.Node)
	}
	return nodes
}

// Addrs are the addresses of all nodes, in the order of Nodes.
func (c *Cluster) Addrs() []string {
	var addrs []string
	for _, n := range c.nodes {
		addrs = append(addrs, n.Addr)
	}
	return addrs
}

// Client connects to the cluster directly, past all links. The caller closes it.
func (c *Cluster) Client() *redis.ClusterClient {
	return redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: c.Addrs(), DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

// On is a client that talks to the named node and to no other, nil if there is
// no such node. It stays the cluster's.
func (c *Cluster) On(name string) *redis.Client {
	if n := c.named(name); n != nil {
		return n.client
	}
	return nil
}

// Process is the latest process of the named node, nil if there is no such
// node.
func (c *Cluster) Process(name string) *child.Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := c.named(name); n != nil {
		return n.process
	}
	return nil
}

func (c *Cluster) named(name string) *node {
	if at := slices.IndexFunc(c.nodes, func(n *node) bool { return n.Name == name }); at >= 0 {
		return c.nodes[at]
	}
	return nil
}

// Restart starts the named node again, with its data and addresses, after its
// process has ended. It returns once the node takes connections, which may be
// before it has rejoined.
func (c *Cluster) Restart(ctx context.Context, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.named(name)
	if n == nil {
		return fmt.Errorf("restart %s: the cluster has no such node, only redis-1 to redis-%d", name, len(c.nodes))
	}
	if n.process.Died() == nil || c.stopped {
		return fmt.Errorf("restart %s: want a node that has ended in a cluster that was not stopped", name)
	}
	if err := c.launch(n); err != nil {
		return err
	}
	if err := n.awaitUp(ctx); err != nil {
		return fmt.Errorf("restart %s at %s: %w", name, n.Addr, err)
	}
	return nil
}

// Stop ends all nodes and removes their data. The nodes are killed: what they
// would save on a gentle end is removed anyway. It may be called twice.
func (c *Cluster) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return
	}
	c.stopped = true
	var ends sync.WaitGroup
	for _, n := range c.nodes {
		ends.Go(func() {
			_ = n.client.Close()
			if n.process == nil || n.process.Kill() == nil {
				_ = os.RemoveAll(n.folder) // the data of a server that does not die stays
			}
		})
	}
	ends.Wait()
}
