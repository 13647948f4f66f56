package process

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

// newEcho is a server that says what it is told.
func newEcho(t *testing.T) (address string) {
	t.Helper()
	listener := listen(t)
	serveEcho(t, listener)
	return listener.Addr().String()
}

func serveEcho(t *testing.T, listener net.Listener) {
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				stop := context.AfterFunc(t.Context(), func() { conn.Close() })
				defer stop()
				_, _ = io.Copy(conn, conn)
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		serving.Wait()
	})
}

func connect(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// ping asks Redis over a connection of its own.
func ping(address string) (answer string, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(silence))
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return "", err
	}
	line := make([]byte, 64)
	n, err := conn.Read(line)
	return string(line[:n]), err
}

// flood keeps 64 connections busy and makes new ones for those that end. Each
// has 100 PINGs on the way at a time, as a client with a pipeline: without such
// a bound new connections starve, through a link or not.
func flood(t *testing.T, address string, answers *atomic.Int64) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var flooding sync.WaitGroup
	for range 64 {
		flooding.Go(func() {
			for ctx.Err() == nil {
				conn, err := net.Dial("tcp", address)
				if err != nil {
					return // the links are closed
				}
				hangUp := context.AfterFunc(ctx, func() { conn.Close() })
				for pipeline(conn) == nil {
					answers.Add(100)
				}
				conn.Close()
				hangUp()
			}
		})
	}
	return func() { cancel(); flooding.Wait() }
}

// pipeline sends 100 PINGs at once and waits for the answers.
func pipeline(conn net.Conn) error {
	if _, err := conn.Write(bytes.Repeat([]byte("PING\r\n"), 100)); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, make([]byte, 100*len("+PONG\r\n")))
	return err
}

func wantEcho(t *testing.T, conn net.Conn) {
	t.Helper()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := conn.Write([]byte("hello")); err != nil {
		t.Errorf("write: %v", err)
		return
	}
	got := make([]byte, 5)
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != "hello" {
		t.Errorf("echo is %q: %v", got, err)
	}
}

// wantSilence: what is said gets no answer, and the connection stays open.
func wantSilence(t *testing.T, conn net.Conn) {
	t.Helper()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := conn.Write([]byte("hello")); err != nil {
		t.Errorf("write: %v", err)
	}
	hearNothing(t, conn)
}

func hearNothing(t *testing.T, conn net.Conn) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(silence))
	got := make([]byte, 8)
	if n, err := conn.Read(got); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("heard %q, %v: want nothing in %v", got[:n], err, silence)
	}
}

// wantEnd: the connection is closed by the other side, without a byte.
func wantEnd(t *testing.T, conn net.Conn) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	got := make([]byte, 8)
	if n, err := conn.Read(got); n != 0 || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("heard %q, %v: want the end of the connection", got[:n], err)
	}
}
