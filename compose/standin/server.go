// Package standin plays everything outside the paper service that a lab cannot
// have: arXiv, the two LLMs, the people's webhooks, and Slack. Each is an HTTP
// server of its own, inside the lab's process, so that none of
// them dies with a process under test.
//
//	NewArxiv   the query API over a corpus that appears by the clock
//	NewGateway arXiv itself, asked politely, with a witness in between
//	NewLLM     an OpenAI-compatible chat endpoint, as Ollama or as OpenAI
//	NewSink    the webhooks of all subscribers
//	NewSlack   where alerts arrive
//
// A stand-in is two things at once. It is a counterpart with the manners of the
// original, bad ones included: rate limits, full queues, late answers. What a
// fault adds is a Manner. And it is a witness: it records what it was asked and what it
// answered as history.Events, and what a checker believes rests on that. So an
// event is recorded at the moment that gives it its meaning, under one lock
// where its order matters:
//
//   - Serve before the page is written. A page that then gets lost on its way
//     was served all the same: served means offered, not received.
//   - Tell at acceptance, before the answer's latency, so that the order of
//     Tell events is the order in which people were told.
//   - Ask as Invoke when the request is understood, and OK only after the
//     answer is written; the caller hanging up first is Info.
//
// # Use
//
//  1. Make one with its Config; bad values are refused by field and bound.
//  2. Start it. URL is good from then on.
//  3. SetManner switches its manner at any time: how it treats requests in
//     place of its ordinary answer, as one value. Requests that are waiting when
//     it changes go on under the new one, so that a heal is immediate. Refuse
//     closes the door itself: whoever connects is refused.
//  4. Stop it. Requests in hand are cut off.
//
// Latencies and coin tosses come from a source that is seeded by the Config;
// they are drawn in the order in which requests arrive, and the same whatever the
// manner.
package standin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"paperlab/system/service"
)

// largestBody bounds every request's body.
const largestBody = 1 << 20

// server is the life of a stand-in: one address, and on it one listener with
// its http.Server, or none while connections are refused.
//
//	        Start            Refuse(true)
//	made ──────────▶ open ◀──────────────▶ refusing
//	                    └──────▶ stopped ◀──────┘
type server struct {
	name, host string
	handler    http.Handler
	// life's Taking ends when the stand-in stops; waiting requests end with it.
	life service.Life

	mu      sync.Mutex
	address string
	// http is nil while nothing listens; served is closed when it is done.
	http   *http.Server
	served chan struct{}
	// held keeps the address while nothing listens.
	held io.Closer
}

// newServer makes one that handles one pattern of http.ServeMux. The host to
// listen on is an IP address or a name of this machine; empty means 127.0.0.1.
func newServer(name, host, pattern string, handle http.HandlerFunc) *server {
	mux := http.NewServeMux()
	mux.HandleFunc(pattern, handle)
	return &server{name: name, host: cmp.Or(host, "127.0.0.1"), handler: mux}
}

// Start listens on a free port of its host and returns once requests are taken.
func (s *server) Start(ctx context.Context) error {
	err := s.life.Start(ctx, func(ctx context.Context) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if err := s.listen(ctx, net.JoinHostPort(s.host, "0")); err != nil {
			return err
		}
		s.life.Go(func() {
			<-s.life.Taking().Done()
			s.close()
		})
		return nil
	})
	if err != nil {
		return fmt.Errorf("standin: %s: %w", s.name, err)
	}
	return nil
}

// Stop cuts off the requests in hand and returns when none is left.
func (s *server) Stop() { s.life.Stop() }

// listen opens the address. The caller holds mu.
func (s *server) listen(ctx context.Context, address string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w", address, err)
	}
	s.address = listener.Addr().String()
	server, served := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return s.life.Taking() },
	}, make(chan struct{})
	s.http, s.served = server, served
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	return nil
}

// close ends the listener, or the hold on its address.
func (s *server) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http == nil {
		_ = s.held.Close()
		return
	}
	// Handlers watch Taking and return at once. Shutdown waits for them, which
	// Close would not do.
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close()
	}
	<-s.served
}

// Refuse closes the listener, so that whoever connects is refused, and cuts off
// the connections that are open; the requests in hand get no answer. Refuse of
// false listens again on the same address, which nobody else gets meanwhile.
// Twice the same changes nothing. It is an error before Start and after Stop.
func (s *server) Refuse(on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.address == "" || s.life.Taking().Err() != nil:
		return fmt.Errorf("standin: %s: it refuses connections anyway, because it does not run", s.name)
	case on == (s.http == nil):
		return nil
	case on:
		_ = s.http.Close()
		<-s.served
		s.http, s.held = nil, hold(s.address)
		return nil
	}
	if err := s.listen(context.Background(), s.address); err != nil {
		return fmt.Errorf("standin: %s: %w", s.name, err)
	}
	return s.held.Close()
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

// hold keeps an address that nobody listens on from being given away: the
// system hands free ports to every connection that anybody opens, and a stand-in
// that refuses for a while has to come back on its own. The socket is bound and
// does not listen, so whoever connects is refused; and because both set
// SO_REUSEADDR, a listener can take the address over without a gap.
//
// Where it cannot be held the port is left to luck.
func hold(address string) io.Closer {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !at.Addr().Is4() {
		return io.NopCloser(nil)
	}
	// No process that is started meanwhile may inherit it.
	syscall.ForkLock.RLock()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return io.NopCloser(nil)
	}
	_ = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	_ = syscall.Bind(fd, &syscall.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()})
	return os.NewFile(uintptr(fd), "held "+address)
}
