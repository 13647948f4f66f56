package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"paperlab/compose/monitor"
	"paperlab/system/cluster"
)

// Service is one process of the service under a name that outlives restarts.
type Service struct {
	stack      *Stack
	role, name string

	mu sync.Mutex
	// process is the latest incarnation, nil before the first.
	process *Process
	address string
	// meant tells that the process was ended on purpose.
	meant bool
	// peak is the largest memory of the incarnations before this one.
	peak int64
}

// startAttempts is how often a start is tried with another port when somebody
// took the one that was free a moment ago.
const startAttempts = 3

// begin starts the process for the first time and waits until it is ready.
func (s *Service) begin(ctx context.Context) error {
	var last error
	for range startAttempts {
		port, err := cluster.FreePort("127.0.0.1")
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.address = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		s.mu.Unlock()
		last = s.Start(ctx)
		if last == nil || !strings.Contains(last.Error(), "address already in use") {
			return last
		}
	}
	return last
}

// Start starts the process under its name, unless it runs, and waits until it
// is ready.
func (s *Service) Start(ctx context.Context) error {
	if err := s.launch(ctx); err != nil {
		return err
	}
	return cluster.Poll(ctx, func() (bool, error) {
		if err := s.latest().Died(); err != nil {
			return false, err
		}
		return s.Health(ctx) == nil, nil
	})
}

func (s *Service) launch(ctx context.Context) error {
	args, err := s.arguments(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		if _, ended := s.process.ExitState(); !ended {
			return nil
		}
		s.peak = max(s.peak, s.process.PeakMemory())
	}
	s.process, err = StartProcess(s.stack.ledger, Spec{
		Name: s.name, Path: s.stack.cfg.Papers, Args: args,
		Env: append([]string{"OPENAI_API_KEY=" + OpenAIKey}, s.stack.cfg.Env...),
	})
	s.meant = false
	return err
}

func (s *Service) arguments(ctx context.Context) ([]string, error) {
	st := s.stack
	own, addresses := st.targets(s.role)
	for _, target := range append(addresses, st.Cluster.Addrs()...) {
		if _, err := st.Links.Add(ctx, s.name, target); err != nil {
			return nil, err
		}
	}
	args := []string{
		s.role, "--name", s.name, "--profile", st.cfg.Profile, "--listen", s.Address(),
		"--redis", strings.Join(st.Cluster.Addrs(), ","), "--database", st.database,
		"--link", strings.Join(st.Links.Of(s.name).Pairs(), ","), "--shards", strconv.Itoa(st.cfg.Shards),
	}
	return append(args, own...), nil
}

func (s *Service) latest() *Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process
}

// Name is the role and a number: "summarize-2".
func (s *Service) Name() string { return s.name }

// Role is crawl, summarize, deliver or watch.
func (s *Service) Role() string { return s.role }

// Address is where /metrics and /healthz are.
func (s *Service) Address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.address
}

// Target is what the monitor scrapes.
func (s *Service) Target() monitor.Target {
	return monitor.Target{Job: s.role, Instance: s.name, Addr: s.Address()}
}

// Pid is the process as last started.
func (s *Service) Pid() int { return s.latest().Pid() }

// Signal sends a signal to the process as last started.
func (s *Service) Signal(sig os.Signal) error {
	if sig == syscall.SIGKILL || sig == syscall.SIGTERM {
		s.mu.Lock()
		s.meant = true
		s.mu.Unlock()
	}
	return s.latest().Signal(sig)
}

// Ended is how the process ended ("signal: killed"), empty while it runs.
func (s *Service) Ended() string {
	state, ended := s.latest().ExitState()
	if !ended {
		return ""
	}
	return state.String()
}

// healthWithin bounds one question to /healthz.
const healthWithin = 2 * time.Second

func healthClient() *http.Client {
	return &http.Client{Timeout: healthWithin, Transport: &http.Transport{DisableKeepAlives: true}}
}

// Health asks /healthz.
func (s *Service) Health(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Address()+"/healthz", http.NoBody)
	if err != nil {
		return err
	}
	res, err := healthClient().Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 200))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s: %s", s.name, res.Status, strings.TrimSpace(string(text)))
	}
	return err
}

// PeakMemory is the largest resident memory over all incarnations, in bytes.
func (s *Service) PeakMemory() int64 {
	p := s.latest()
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(s.peak, p.PeakMemory())
}

// died is the error of a process that ended though nobody ended it.
func (s *Service) died() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil || s.meant {
		return nil
	}
	return s.process.Died()
}

// stop ends the process gently, or by force when ctx ends.
func (s *Service) stop(ctx context.Context) {
	s.mu.Lock()
	p := s.process
	s.meant = true
	s.mu.Unlock()
	if p == nil {
		return
	}
	// A stopped process would sleep through SIGTERM.
	_ = p.Signal(syscall.SIGCONT)
	if err := p.Stop(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		_ = p.Kill()
	}
}
