package standin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// largestBody bounds every request's body.
const largestBody = 1 << 20

// server is the life of a stand-in: one listener, one http.Server.
type server struct {
	name    string
	handler http.Handler

	mu      sync.Mutex
	started bool
	stopped bool
	address string
	http    *http.Server
	// ctx ends when the stand-in stops; waiting requests end with it.
	ctx    context.Context
	cancel context.CancelFunc
	served chan struct{}
}

func newServer(name string, handler http.Handler) *server {
	s := &server{name: name, handler: handler, served: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Start listens on a free port of 127.0.0.1 and returns once requests are
// taken. ctx bounds the starting only; Stop ends what was started. It can be
// started once.
func (s *server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started || s.stopped {
		return fmt.Errorf("standin: %s: it was started or stopped before: make a new one", s.name)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("standin: %s: no port on 127.0.0.1 to listen on: %w", s.name, err)
	}
	s.started = true
	s.address = listener.Addr().String()
	s.http = &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return s.ctx },
	}
	go func() {
		defer close(s.served)
		_ = s.http.Serve(listener)
	}()
	return nil
}

// Stop cuts off the requests in hand and returns when none is left. It may be
// called twice, and before Start.
func (s *server) Stop() {
	s.mu.Lock()
	s.stopped = true
	started := s.started
	s.mu.Unlock()
	s.cancel()
	if !started {
		return
	}
	// Handlers watch s.ctx and return at once. Shutdown waits for them, which
	// Close would not do.
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close()
	}
	<-s.served
}

// Address is host:port, empty before Start.
func (s *server) Address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.address
}

// URL is the server's root, without a slash at the end; empty before Start.
func (s *server) URL() string {
	if a := s.Address(); a != "" {
		return "http://" + a
	}
	return ""
}

// readBody reads a bounded body, or answers 413 or 400 and says false.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestBody))
	if err == nil {
		return body, true
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		http.Error(w, fmt.Sprintf("body is larger than %d bytes", largestBody), http.StatusRequestEntityTooLarge)
	} else {
		http.Error(w, "body ended early", http.StatusBadRequest)
	}
	return nil, false
}

// reset drops the connection without an answer; the caller sees it reset. A
// handler that gives up before its answer has to call it, for one that only
// returns has answered with an empty 200.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		// With no time to linger, closing sends RST.
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
