package standin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"paperlab/system/service"
)

// largestBody bounds every request's body.
const largestBody = 1 << 20

// server is the life of a stand-in: one listener, one http.Server.
type server struct {
	name    string
	handler http.Handler

	// life's Taking ends when the stand-in stops; waiting requests end with it.
	life    service.Life
	address atomic.Pointer[string]
}

func newServer(name string, handler http.Handler) *server {
	return &server{name: name, handler: handler}
}

// Start listens on a free port of 127.0.0.1 and returns once requests are
// taken.
func (s *server) Start(ctx context.Context) error {
	if err := s.life.Start(ctx, s.listen); err != nil {
		return fmt.Errorf("standin: %s: %w", s.name, err)
	}
	return nil
}

func (s *server) listen(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("no port on 127.0.0.1 to listen on: %w", err)
	}
	address := listener.Addr().String()
	s.address.Store(&address)
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return s.life.Taking() },
	}
	s.life.Go(func() { _ = server.Serve(listener) })
	s.life.Go(func() {
		<-s.life.Taking().Done()
		// Handlers watch it too and return at once. Shutdown waits for them,
		// which Close would not do.
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close()
		}
	})
	return nil
}

// Stop cuts off the requests in hand and returns when none is left.
func (s *server) Stop() { s.life.Stop() }

// Address is host:port, empty before Start.
func (s *server) Address() string {
	if address := s.address.Load(); address != nil {
		return *address
	}
	return ""
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
