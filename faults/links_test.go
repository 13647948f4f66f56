package faults_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// newRedis starts a redis-server and returns its address.
func newRedis(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath(cmp.Or(os.Getenv("REDIS_SERVER"), "redis-server"))
	if err != nil {
		t.Fatalf("%v: `lab setup` finds one or installs it", err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	free.Close()
	cmd := exec.Command(path, "--bind", "127.0.0.1", "--port", port, "--save", "", "--dir", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	deadline := time.After(5 * time.Second)
	for {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
			return addr
		}
		select {
		case <-deadline:
			t.Fatalf("redis-server on %s did not come up: %v", addr, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

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
