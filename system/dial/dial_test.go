package dial_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"paperlab/system/dial"
	"paperlab/system/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// forward is a link: it copies bytes to target and counts connections.
func forward(t *testing.T, target string) (addr string, count *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	count = new(atomic.Int64)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			count.Add(1)
			go pipe(conn, target)
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return listener.Addr().String(), count
}

func pipe(conn net.Conn, target string) {
	defer func() { _ = conn.Close() }()
	upstream, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer func() { _ = upstream.Close() }()
	go func() { _, _ = io.Copy(upstream, conn); _ = upstream.Close() }()
	_, _ = io.Copy(conn, upstream)
}

func TestRedirectsGoThroughLinksToo(t *testing.T) {
	redistest.Client(t)
	addrs := redistest.Start(t)
	links := dial.Links{}
	counts := map[string]*atomic.Int64{}
	for _, addr := range addrs {
		links[addr], counts[addr] = forward(t, addr)
	}
	rdb := dial.Redis(addrs[:1], links)
	defer func() { _ = rdb.Close() }()
	for _, key := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		if err := rdb.Set(context.Background(), key, "1", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for addr, count := range counts {
		if count.Load() == 0 {
			t.Errorf("node %s was never reached through its link", addr)
		}
	}
}

func TestLinkThatIsCutLosesOneNodeOnly(t *testing.T) {
	redistest.Client(t)
	addrs := redistest.Start(t)
	// Nothing listens on port 1.
	rdb := dial.Redis(addrs[1:], dial.Links{addrs[0]: "127.0.0.1:1"})
	defer func() { _ = rdb.Close() }()
	var reached, lost int
	for _, key := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		if err := rdb.Set(ctx, key, "1", 0).Err(); err != nil {
			lost++
			if !strings.Contains(err.Error(), "through its link 127.0.0.1:1") {
				t.Errorf("the error does not name the link: %v", err)
			}
		} else {
			reached++
		}
		cancel()
	}
	if reached == 0 || lost == 0 {
		t.Fatalf("%d keys written and %d lost, want some of each", reached, lost)
	}
}

func TestHTTPKeepsTheRealHost(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Host)
	}))
	defer server.Close()
	links := dial.Links{"papers.example:80": server.Listener.Addr().String()}
	transport := links.Transport(1)
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Get("http://papers.example/")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if body, _ := io.ReadAll(res.Body); string(body) != "papers.example" {
		t.Fatalf("the server saw host %q", body)
	}
}

func TestParseLinks(t *testing.T) {
	links, err := dial.ParseLinks([]string{"127.0.1.1:7000=127.0.0.1:9000", "", " 127.0.1.2:7000=127.0.0.1:9001"})
	if err != nil || len(links) != 2 || links["127.0.1.2:7000"] != "127.0.0.1:9001" {
		t.Fatalf("got %v, %v", links, err)
	}
	for _, bad := range [][]string{{"a:1"}, {"a=b:1"}, {"a:1=b"}, {"a:1=b:1", "a:1=c:1"}} {
		if _, err := dial.ParseLinks(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
