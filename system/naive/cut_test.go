package naive

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"paperlab/system/dial"
	"paperlab/system/redistest"
	"paperlab/system/servicetest"
)

// network stands between a client and the cluster. Cut, it swallows what it is
// given, as a firewall does: connections stay open and nothing comes back.
type network struct {
	cut     atomic.Bool
	running sync.WaitGroup

	mu    sync.Mutex
	conns []io.Closer
}

// newNetwork returns the links that lead through it.
func newNetwork(t *testing.T, addrs []string) (*network, dial.Links) {
	t.Helper()
	n, links := &network{}, dial.Links{}
	for _, addr := range addrs {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		n.own(l)
		links[addr] = l.Addr().String()
		n.running.Go(func() { n.accept(l, addr) })
	}
	t.Cleanup(n.close)
	return n, links
}

func (n *network) own(c io.Closer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.conns = append(n.conns, c)
}

func (n *network) close() {
	n.mu.Lock()
	for _, c := range n.conns {
		_ = c.Close()
	}
	n.mu.Unlock()
	n.running.Wait()
}

func (n *network) accept(l net.Listener, addr string) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", addr)
		if err != nil {
			_ = client.Close()
			continue
		}
		n.own(client)
		n.own(server)
		n.running.Go(func() { n.carry(client, server) })
		n.running.Go(func() { n.carry(server, client) })
	}
}

func (n *network) carry(to, from net.Conn) {
	defer func() { _ = to.Close() }()
	buffer := make([]byte, 32<<10)
	for {
		count, err := from.Read(buffer)
		if err != nil {
			return
		}
		if n.cut.Load() {
			continue
		}
		if _, err := to.Write(buffer[:count]); err != nil {
			return
		}
	}
}

// Takes about 5 s: an answer of Redis is waited for 1.5 s.
func TestConsumerCutOffFromRedisGoesOnAndCanBeStopped(t *testing.T) {
	direct := redistest.Client(t)
	net, links := newNetwork(t, redistest.Start(t))
	rdb := dial.Redis(redistest.Start(t), links)
	defer func() { _ = rdb.Close() }()
	var j journal
	c := startTest(t, Config{Redis: rdb, Member: "a", Workers: 2, MinIdle: 300 * time.Millisecond,
		Handler: func(_ context.Context, payload []byte) error { j.note(payload); return nil }})
	list := papers(2)
	produce(t, direct, list[0])
	servicetest.Eventually(t, "it is handled", func() bool { different, _ := j.sizes(); return different == 1 })

	net.cut.Store(true)
	produce(t, direct, list[1])
	net.cut.Store(false)
	servicetest.Eventually(t, "the other is handled", func() bool { different, _ := j.sizes(); return different == 2 })
	servicetest.Eventually(t, "all is acknowledged", func() bool { return backlog(t, direct) == 0 })

	net.cut.Store(true)
	begin := time.Now()
	c.Stop()
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("Stop took %s while Redis was out of reach", took)
	}
}
