package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	masters    = 3
	totalSlots = 16384
	// upWithin is generous: the machine may be compiling something else.
	upWithin = 15 * time.Second
)

type cluster struct {
	folder string
	nodes  []*node
	// quit ends the thread that started the servers; ended is closed when all
	// servers have exited and the folder is gone.
	quit, ended chan struct{}
}

type node struct {
	port, busPort int
	folder        string
	cmd           *exec.Cmd
}

func (n *node) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(n.port)) }

func (c *cluster) addrs() []string {
	addrs := make([]string, len(c.nodes))
	for i, n := range c.nodes {
		addrs[i] = n.addr()
	}
	return addrs
}

// startCluster tries again with other ports: a port that was free when we
// looked may be taken by the time the server binds it.
func startCluster() (*cluster, error) {
	binary := os.Getenv("REDIS_SERVER")
	if binary == "" {
		binary = "redis-server"
	}
	path, err := exec.LookPath(binary)
	if err != nil {
		return nil, fmt.Errorf("%s was not found: install Redis 7.0 or newer or name the binary in REDIS_SERVER: %w", binary, err)
	}
	for attempt := 1; ; attempt++ {
		c, err := tryStart(path)
		if err == nil {
			return c, nil
		}
		if attempt == 3 {
			return nil, fmt.Errorf("three attempts to start a cluster with %s failed, the last: %w", path, err)
		}
	}
}

func tryStart(binary string) (*cluster, error) {
	folder, err := os.MkdirTemp("", "redistest-")
	if err != nil {
		return nil, err
	}
	c := &cluster{folder: folder, quit: make(chan struct{}), ended: make(chan struct{})}
	if err := c.prepare(); err != nil {
		_ = os.RemoveAll(folder)
		return nil, err
	}
	started := make(chan error)
	go c.hold(binary, started)
	if err := <-started; err != nil {
		c.stop()
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), upWithin)
	defer cancel()
	if err := c.takeOver(ctx); err != nil {
		err = fmt.Errorf("%w\n%s", err, c.logs())
		c.stop()
		return nil, err
	}
	return c, nil
}

// prepare picks ports and writes each server's view of the cluster to disk.
//
// A fresh Redis master refuses writes for its first two seconds, and meeting
// the others takes another. Both waits apply to masters only, so each server
// starts as the replica of a phantom master that owns a third of the slots and
// lives nowhere, and takes its place at once.
func (c *cluster) prepare() error {
	ports, err := freePorts(2 * masters)
	if err != nil {
		return err
	}
	for i := range masters {
		n := &node{port: ports[2*i], busPort: ports[2*i+1], folder: filepath.Join(c.folder, strconv.Itoa(i))}
		c.nodes = append(c.nodes, n)
	}
	for i, n := range c.nodes {
		if err := os.Mkdir(n.folder, 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(n.folder, "nodes.conf"), c.view(i), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func realID(i int) string    { return strings.Repeat(strconv.Itoa(i+1), 40) }
func phantomID(i int) string { return strings.Repeat(string(rune('a'+i)), 40) }

func (c *cluster) view(self int) []byte {
	var b strings.Builder
	for i, n := range c.nodes {
		flags := "slave"
		if i == self {
			flags = "myself,slave"
		}
		fmt.Fprintf(&b, "%s 127.0.0.1:%d@%d %s %s 0 0 %d connected\n", realID(i), n.port, n.busPort, flags, phantomID(i), i+1)
		// Nothing listens on ports 1 to 3, and 0 slots are left over.
		fmt.Fprintf(&b, "%s 127.0.0.1:%d@%d master - 0 0 %d connected %d-%d\n",
			phantomID(i), i+1, i+1, i+1, i*totalSlots/masters, (i+1)*totalSlots/masters-1)
	}
	fmt.Fprintf(&b, "vars currentEpoch %d lastVoteEpoch 0\n", masters)
	return []byte(b.String())
}

// hold starts the servers and stays on their thread until quit: the kernel
// kills them when the thread that started them ends, not the process.
func (c *cluster) hold(binary string, started chan<- error) {
	runtime.LockOSThread()
	defer close(c.ended)
	defer func() { _ = os.RemoveAll(c.folder) }()
	var err error
	for _, n := range c.nodes {
		if err = n.start(binary); err != nil {
			break
		}
	}
	started <- err
	<-c.quit
	for _, n := range c.nodes {
		if n.cmd != nil {
			_ = n.cmd.Process.Kill()
			_ = n.cmd.Wait()
		}
	}
}

func (n *node) start(binary string) error {
	cmd := exec.Command(binary,
		"--port", strconv.Itoa(n.port), "--bind", "127.0.0.1", "--cluster-port", strconv.Itoa(n.busPort),
		"--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "5000",
		"--dir", n.folder, "--logfile", "redis.log", "--daemonize", "no",
		"--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction",
		"--enable-debug-command", "local")
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", binary, err)
	}
	n.cmd = cmd
	return nil
}

// stop ends the servers and returns when they and their folder are gone.
func (c *cluster) stop() {
	close(c.quit)
	<-c.ended
}

// takeOver puts each server in its phantom's place and waits until all three
// agree about who owns what.
func (c *cluster) takeOver(ctx context.Context) error {
	clients := make([]*redis.Client, len(c.nodes))
	for i, n := range c.nodes {
		clients[i] = redis.NewClient(&redis.Options{Addr: n.addr(), MaxRetries: -1, DisableIdentity: true})
		defer func() { _ = clients[i].Close() }()
	}
	for i, client := range clients {
		promote := func() error { return client.Do(ctx, "cluster", "failover", "takeover").Err() }
		if err := until(ctx, promote); err != nil {
			return fmt.Errorf("making %s a master: %w", c.nodes[i].addr(), err)
		}
	}
	for i, client := range clients {
		settled := func() error { return c.settled(ctx, client) }
		if err := until(ctx, settled); err != nil {
			return fmt.Errorf("waiting for %s to see the cluster: %w", c.nodes[i].addr(), err)
		}
	}
	for _, client := range clients {
		for i := range masters {
			if err := client.ClusterForget(ctx, phantomID(i)).Err(); err != nil {
				return fmt.Errorf("forgetting a phantom master: %w", err)
			}
		}
	}
	return nil
}

// settled is nil when the client's server says that the cluster works and that
// no phantom owns a slot.
func (c *cluster) settled(ctx context.Context, client *redis.Client) error {
	info, err := client.ClusterInfo(ctx).Result()
	if err != nil {
		return err
	}
	if !strings.Contains(info, "cluster_state:ok") {
		return errors.New("its cluster_state is not ok")
	}
	slots, err := client.ClusterSlots(ctx).Result()
	if err != nil {
		return err
	}
	for _, s := range slots {
		for _, n := range s.Nodes {
			if _, port, _ := net.SplitHostPort(n.Addr); len(port) < 2 {
				return fmt.Errorf("slots %d to %d still belong to a phantom", s.Start, s.End)
			}
		}
	}
	return nil
}

func until(ctx context.Context, condition func() error) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := condition()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %s: %w", upWithin, err)
		case <-tick.C:
		}
	}
}

func (c *cluster) logs() string {
	var b strings.Builder
	for _, n := range c.nodes {
		text, _ := os.ReadFile(filepath.Join(n.folder, "redis.log"))
		fmt.Fprintf(&b, "--- log of %s\n%s", n.addr(), text)
	}
	return b.String()
}

// freePorts keeps every listener open until all ports are chosen, so that they
// differ.
func freePorts(count int) ([]int, error) {
	ports := make([]int, count)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("looking for a free port: %w", err)
		}
		defer func() { _ = l.Close() }()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
