package process

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"paperlab/system/cluster"
	"paperlab/system/dial"
	"paperlab/system/redistest"
	"paperlab/system/servicetest"
)

// silence is how long a test listens before it says that nothing came. It is
// the one thing here that cannot be waited for.
const silence = 300 * time.Millisecond

func TestLinkPassesBytes(t *testing.T) {
	target := newEcho(t)
	l := newLinks(t)
	conn := connect(t, add(t, l, "api", target))
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<18)
	var writing sync.WaitGroup
	writing.Go(func() { _, _ = conn.Write(sent) })
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(conn, got); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d bytes did not come back as they were: %v", len(sent), err)
	}
	writing.Wait()
}

func TestLinkAdd(t *testing.T) {
	one, two := newEcho(t), newEcho(t)
	l := newLinks(t)
	first := add(t, l, "api", one)
	if again := add(t, l, "api", one); again != first {
		t.Errorf("the same pair got two links: %s and %s", first, again)
	}
	second, others := add(t, l, "api", two), add(t, l, "watch", one)
	if first == second || first == others || second == others {
		t.Errorf("links share an address: %s, %s, %s", first, second, others)
	}
	links, err := dial.ParseLinks(l.Pairs("api"))
	if err != nil || len(links) != 2 || links[one] != first || links[two] != second {
		t.Errorf("the process reads its pairs as %v: %v", links, err)
	}
	if address, err := l.Address("watch", one); err != nil || address != others {
		t.Errorf("address %s, want %s: %v", address, others, err)
	}
	if pairs := l.Pairs("nobody"); len(pairs) != 0 {
		t.Errorf("nobody has links: %v", pairs)
	}
}

func TestLinkAddRefuses(t *testing.T) {
	l := newLinks(t)
	for _, pair := range [][2]string{{"", "127.0.0.1:1"}, {"api", "127.0.0.1"}, {"api", ":80"}, {"api", "127.0.0.1:"}, {"api", "a=b:1"}} {
		if address, err := l.Add(t.Context(), pair[0], pair[1]); err == nil {
			t.Errorf("a link for %q: %s", pair, address)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Add(ended, "api", "127.0.0.1:1"); !errors.Is(err, context.Canceled) {
		t.Errorf("a start after its context: %v", err)
	}
}

func TestLinkCut(t *testing.T) {
	target := newEcho(t)
	l := newLinks(t)
	address := add(t, l, "api", target)
	old := connect(t, address)
	wantEcho(t, old)

	for range 2 {
		try(t, l.Cut("api", target))
	}
	wantSilence(t, old)
	fresh := connect(t, address)
	wantSilence(t, fresh)

	for range 2 {
		try(t, l.Mend("api", target))
	}
	wantEnd(t, old)
	wantEnd(t, fresh)
	whole := connect(t, address)
	wantEcho(t, whole)

	// To mend what is whole closes nothing, and what is cut again is silent.
	try(t, l.Mend("api", target))
	wantEcho(t, whole)
	try(t, l.Cut("api", target))
	wantSilence(t, whole)
}

// TestLinkCutInBothDirections: the target speaks without being asked.
func TestLinkCutInBothDirections(t *testing.T) {
	listener := listen(t)
	l := newLinks(t)
	near := connect(t, add(t, l, "api", listener.Addr().String()))
	far, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	try(t, l.Cut("api", listener.Addr().String()))
	for _, pair := range [][2]net.Conn{{near, far}, {far, near}} {
		if _, err := pair[0].Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		hearNothing(t, pair[1])
	}
}

// TestLinkCutAndMendInOneMoment: a connection that did not notice the cut is
// closed all the same.
func TestLinkCutAndMendInOneMoment(t *testing.T) {
	target := newEcho(t)
	l := newLinks(t)
	conn := connect(t, add(t, l, "api", target))
	wantEcho(t, conn)
	try(t, l.Cut("api", target))
	try(t, l.Mend("api", target))
	wantEnd(t, conn)
}

func TestLinkCutOfOneProcess(t *testing.T) {
	one, two := newEcho(t), newEcho(t)
	l := newLinks(t)
	cut := connect(t, add(t, l, "summarize-1", one))
	others := []net.Conn{connect(t, add(t, l, "summarize-1", two)), connect(t, add(t, l, "summarize-2", one))}
	try(t, l.Cut("summarize-1", one))
	wantSilence(t, cut)
	for _, conn := range others {
		wantEcho(t, conn)
	}
	try(t, l.Mend("summarize-1", one))
	for _, conn := range others {
		wantEcho(t, conn)
	}
}

func TestLinkUnknown(t *testing.T) {
	l := newLinks(t)
	if _, err := l.Address("api", "127.0.0.1:1"); err == nil {
		t.Error("an address of no link")
	}
	add(t, l, "api", "127.0.0.1:1")
	add(t, l, "api", "127.0.0.1:2")
	add(t, l, "watch", "127.0.0.1:3")
	for process, want := range map[string]string{
		"api":  "process api has no link to 127.0.0.1:9, only to [127.0.0.1:1 127.0.0.1:2]; there are links of [api watch]",
		"apii": "process apii has no link to 127.0.0.1:9, only to []; there are links of [api watch]",
	} {
		_, err := l.Address(process, "127.0.0.1:9")
		cut := l.Cut(process, "127.0.0.1:9")
		mend := l.Mend(process, "127.0.0.1:9")
		for _, err := range []error{err, cut, mend} {
			if err == nil || err.Error() != want {
				t.Errorf("error %v, want %s", err, want)
			}
		}
	}
}

func TestLinkToATargetThatComesUpLater(t *testing.T) {
	listener := listen(t)
	target := listener.Addr().String()
	listener.Close()
	l := newLinks(t)
	address := add(t, l, "api", target)
	wantEnd(t, connect(t, address))
	again, err := net.Listen("tcp", target)
	if err != nil {
		t.Fatalf("somebody took %s meanwhile: %v", target, err)
	}
	serveEcho(t, again)
	wantEcho(t, connect(t, address))
}

// TestLinkCutWhileNobodyReads: a process that is frozen must not hang the cut,
// which is what Toxiproxy's own toxics do.
func TestLinkCutWhileNobodyReads(t *testing.T) {
	listener := listen(t)
	l := newLinks(t)
	near := connect(t, add(t, l, "api", listener.Addr().String()))
	far, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	block := make([]byte, 1<<20)
	for err = nil; err == nil; { // until all buffers on the way are full
		_ = near.SetWriteDeadline(time.Now().Add(silence))
		_, err = near.Write(block)
	}
	within(t, 2*time.Second, "cut", func() { try(t, l.Cut("api", listener.Addr().String())) })
	within(t, 2*time.Second, "mend", func() { try(t, l.Mend("api", listener.Addr().String())) })
	within(t, 2*time.Second, "close", func() { wantClosed(t, l) })
}

// TestLinkUnderTraffic cuts and mends a link to Redis that 64 connections keep
// busy. It takes about three seconds.
func TestLinkUnderTraffic(t *testing.T) {
	target := redistest.Own(t, cluster.Config{Masters: 1, NodeTimeout: time.Second}).Addrs()[0]
	l := newLinks(t)
	address := add(t, l, "api", target)
	var answers atomic.Int64
	stop := flood(t, address, &answers)
	defer stop()
	for range 5 {
		heard := answers.Load()
		servicetest.Eventually(t, "answers come through the link", func() bool { return answers.Load() > heard+1000 })
		within(t, 2*time.Second, "cut", func() { try(t, l.Cut("api", target)) })
		if answer, err := ping(address); err == nil {
			t.Errorf("PING was answered through a cut link: %s", answer)
		}
		within(t, 2*time.Second, "mend", func() { try(t, l.Mend("api", target)) })
		servicetest.Eventually(t, "PING is answered through a mended link", func() bool {
			answer, err := ping(address)
			return err == nil && answer == "+PONG\r\n"
		})
	}
	within(t, closeTimeout, "close", func() { wantClosed(t, l) })
}

func TestLinkClose(t *testing.T) {
	target := newEcho(t)
	l := newLinks(t)
	address := add(t, l, "api", target)
	add(t, l, "watch", target)
	idle, cut := connect(t, address), connect(t, add(t, l, "watch", target))
	wantEcho(t, idle)
	try(t, l.Cut("watch", target))
	wantClosed(t, l)
	wantClosed(t, l)
	wantEnd(t, idle)
	wantEnd(t, cut)
	if _, err := net.Dial("tcp", address); err == nil {
		t.Error("a closed link takes connections")
	}
	if _, err := l.Add(t.Context(), "api", newEcho(t)); err == nil {
		t.Error("a link was added to closed links")
	}
	other := newLinks(t)
	wantEcho(t, connect(t, add(t, other, "api", target)))
}

func newLinks(t *testing.T) *Links {
	t.Helper()
	l := NewLinks()
	t.Cleanup(func() { wantClosed(t, l) })
	return l
}

func add(t *testing.T, l *Links, process, target string) string {
	t.Helper()
	address, err := l.Add(t.Context(), process, target)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func try(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func within(t *testing.T, bound time.Duration, what string, act func()) {
	t.Helper()
	began := time.Now()
	act()
	if took := time.Since(began); took > bound {
		t.Errorf("%s took %v, want %v at most", what, took, bound)
	}
}

// wantClosed closes and looks for goroutines at once, without goleak's
// patience and without the label that Close itself goes by.
func wantClosed(t *testing.T, l *Links) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	stacks := make([]byte, 1<<22)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, "created by github.com/Shopify/toxiproxy") {
			t.Errorf("left after Close: %s", stack)
			return
		}
	}
}
