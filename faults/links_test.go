package faults_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"paperlab/system/redistest"
)

// newRedis starts a redis-server and returns its address.
func newRedis(t *testing.T) string { return redistest.Single(t) }

// links forward TCP. A cut link takes bytes and passes none on.
type links struct {
	addrs map[string]string
	// swapped cuts another link than the one that was named.
	swapped map[string]string

	mu  sync.Mutex
	cut map[string]bool
}

func newLinks(t *testing.T, nodes ...string) *links {
	t.Helper()
	l := &links{addrs: map[string]string{}, cut: map[string]bool{}}
	var wg sync.WaitGroup
	// Cleanups run last in, first out: this one once all listeners are closed.
	t.Cleanup(wg.Wait)
	for _, node := range nodes {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.addrs[node] = listener.Addr().String()
		wg.Go(func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				wg.Go(func() { l.forward(conn, node) })
			}
		})
		t.Cleanup(func() { listener.Close() })
	}
	return l
}

// forward serves one connection with its one request and one answer.
func (l *links) forward(conn net.Conn, node string) {
	defer conn.Close()
	request := make([]byte, 64)
	n, err := conn.Read(request)
	if err != nil {
		return
	}
	l.mu.Lock()
	cut := l.cut[node]
	l.mu.Unlock()
	if cut {
		_, _ = io.Copy(io.Discard, conn) // until the caller gives up
		return
	}
	up, err := net.Dial("tcp", node)
	if err != nil {
		return
	}
	defer up.Close()
	_, _ = up.Write(request[:n])
	answer := make([]byte, 64)
	if n, err = up.Read(answer); err == nil {
		_, _ = conn.Write(answer[:n])
	}
}

func (l *links) Process() string { return "summarize-1" }

func (l *links) Address(node string) (string, error) {
	if addr, ok := l.addrs[node]; ok {
		return addr, nil
	}
	return "", fmt.Errorf("no link to %s", node)
}

func (l *links) Cut(_ context.Context, node string) error  { return l.set(node, true) }
func (l *links) Mend(_ context.Context, node string) error { return l.set(node, false) }

func (l *links) set(node string, cut bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if other, ok := l.swapped[node]; ok {
		node = other
	}
	if !strings.Contains(node, ":") {
		return fmt.Errorf("no node %s", node)
	}
	l.cut[node] = cut
	return nil
}
