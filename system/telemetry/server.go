// Package telemetry is what a process of the service shows of itself over
// HTTP, and what it sees of Redis from where it stands.
//
//	GET /metrics   Prometheus' text format, from the first moment on
//	GET /healthz   200 once the role works; 503 before, and while it stops
//
// /metrics answers before the role is ready, so that a process that waits for
// Redis is seen to wait and is not taken for dead.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"paperlab/system/service"
)

// NewRegistry makes a registry that has the Go runtime's and the process's own
// metrics.
func NewRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return registry
}

// Server answers /metrics and /healthz.
type Server struct {
	address  string
	registry *prometheus.Registry
	logger   *slog.Logger
	ready    atomic.Bool
	life     service.Life
}

// NewServer makes a server for an address such as 127.0.0.1:9101; port 0 takes
// a free one.
func NewServer(address string, registry *prometheus.Registry, logger *slog.Logger) *Server {
	return &Server{address: address, registry: registry, logger: logger}
}

// Start listens. An address that cannot be had is an error.
func (s *Server) Start(ctx context.Context) error { return s.life.Start(ctx, s.listen) }

func (s *Server) listen(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.address)
	if err != nil {
		return fmt.Errorf("--listen %s: %w: choose another address, or port 0 for a free one", s.address, err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", s.health)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	s.life.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.logger.Error("metrics are not served any more", "error", err)
		}
	})
	s.life.Go(func() {
		<-s.life.Taking().Done()
		// Nobody is owed the rest of a scrape.
		_ = server.Close()
	})
	s.logger.Info("metrics are served", "address", listener.Addr().String())
	return nil
}

// Ready says whether the role works.
func (s *Server) Ready(ready bool) { s.ready.Store(ready) }

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	if !s.ready.Load() {
		http.Error(w, "starting or stopping", http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

// Stop ends the server and breaks its connections.
func (s *Server) Stop() { s.life.Stop() }
