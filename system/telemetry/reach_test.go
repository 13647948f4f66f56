package telemetry_test

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"paperlab/system/dial"
	"paperlab/system/redistest"
	"paperlab/system/service"
	"paperlab/system/servicetest"
	"paperlab/system/telemetry"
)

// link stands between the prober and a Redis node.
type link struct {
	target string
	// address is where it listens, also after it was cut.
	address string

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
	silent   bool
	done     sync.WaitGroup
}

func newLink(t *testing.T, target string) *link {
	l := &link{target: target, address: "127.0.0.1:0", conns: map[net.Conn]bool{}}
	t.Cleanup(func() { l.cut(); l.done.Wait() })
	l.open(t, false)
	return l
}

// open accepts connections, forwards them or says nothing.
func (l *link) open(t *testing.T, silent bool) {
	t.Helper()
	l.cut()
	listener, err := net.Listen("tcp", l.address)
	if err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.address, l.listener, l.silent = listener.Addr().String(), listener, silent
	l.done.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			l.done.Go(func() { l.serve(conn) })
		}
	})
}

// cut breaks all connections and takes no more.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener != nil {
		_ = l.listener.Close()
	}
	for conn := range l.conns {
		_ = conn.Close()
	}
}

func (l *link) serve(conn net.Conn) {
	upstream, err := net.Dial("tcp", l.target)
	if err != nil {
		_ = conn.Close()
		return
	}
	l.mu.Lock()
	l.conns[conn], l.conns[upstream] = true, true
	silent := l.silent
	l.mu.Unlock()
	var back sync.WaitGroup
	if !silent {
		back.Go(func() { _, _ = io.Copy(conn, upstream); _ = conn.Close() })
	}
	_, _ = io.Copy(upstream, conn)
	_ = upstream.Close()
	back.Wait()
	_ = conn.Close()
}

const reachable = "papers_redis_node_reachable"

func TestReachShowsWhichNodesAnswer(t *testing.T) {
	nodes := redistest.Start(t)
	l := newLink(t, nodes[0])
	registry := telemetry.NewRegistry()
	r := telemetry.NewReach(nodes[:2], dial.Links{nodes[0]: l.address}, registry)
	defer r.Stop()
	shows := func(node string, want float64) func() bool {
		return func() bool {
			got, known := value(t, registry, reachable, node)
			return known && got == want
		}
	}
	if _, known := value(t, registry, reachable, nodes[0]); known {
		t.Error("a node is shown before it was asked")
	}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	servicetest.Eventually(t, "both answer", func() bool { return shows(nodes[0], 1)() && shows(nodes[1], 1)() })
	faults := map[string]func(){
		"cut":    l.cut,
		"silent": func() { l.open(t, true) },
	}
	for name, inflict := range faults {
		inflict()
		begin := time.Now()
		servicetest.Eventually(t, name+": the node does not answer", shows(nodes[0], 0))
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("%s: seen after %s, want 2s at most", name, took)
		}
		if !shows(nodes[1], 1)() {
			t.Errorf("%s: the other node is shown as lost too", name)
		}
		l.open(t, false)
		servicetest.Eventually(t, name+": it answers again", shows(nodes[0], 1))
	}
}

// The node takes connections and says nothing, so each question needs one.
func TestReachKeepsTheContract(t *testing.T) {
	node, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	var accepting sync.WaitGroup
	t.Cleanup(func() { _ = node.Close(); accepting.Wait() })
	accepting.Go(func() {
		for {
			conn, err := node.Accept()
			if err != nil {
				return
			}
			defer func() { _ = conn.Close() }()
			asked.Add(1)
		}
	})
	servicetest.Lifecycle(t, func(*testing.T) (service.Service, func(*testing.T)) {
		r := telemetry.NewReach([]string{node.Addr().String()}, nil, telemetry.NewRegistry())
		return r, func(t *testing.T) {
			before := asked.Load()
			servicetest.Eventually(t, "the node is asked again", func() bool { return asked.Load() > before })
		}
	})
}
