package process

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"paperlab/compose"
	"paperlab/system/child"
	"paperlab/system/cluster"
)

// member is one process of the service under a name that outlives restarts.
type member struct {
	stack      *stack
	role, name string

	mu sync.Mutex
	// process is the latest incarnation, nil before the first.
	process *child.Process
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
func (m *member) begin(ctx context.Context) error {
	var last error
	for range startAttempts {
		port, err := cluster.FreePort(loopback)
		if err != nil {
			return err
		}
		m.mu.Lock()
		m.address = net.JoinHostPort(loopback, strconv.Itoa(port))
		m.mu.Unlock()
		last = m.start(ctx)
		if last == nil || !strings.Contains(last.Error(), "address already in use") {
			return last
		}
	}
	return last
}

// start starts the process under its name, unless it runs, and waits until it
// is ready.
func (m *member) start(ctx context.Context) error {
	if err := m.launch(ctx); err != nil {
		return err
	}
	return cluster.Poll(ctx, func() (bool, error) {
		if err := m.latest().Died(); err != nil {
			return false, err
		}
		return m.Health(ctx) == nil, nil
	})
}

func (m *member) launch(ctx context.Context) error {
	args, err := m.arguments(ctx)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.process != nil {
		if m.process.Ended() == "" {
			return nil
		}
		m.peak = max(m.peak, m.process.PeakMemory())
	}
	p, err := start(m.stack.plan.Ledger, m.stack.plan.Logs, child.Command{
		Name: m.name, Path: m.stack.config.Papers, Args: args,
		Env: append([]string{"OPENAI_API_KEY=" + m.stack.plan.Surroundings.OpenAIKey}, m.stack.plan.Env...),
	})
	if err == nil {
		m.process, m.meant = p, false
	}
	return err
}

func (m *member) arguments(ctx context.Context) ([]string, error) {
	st := m.stack
	for _, target := range append(compose.Targets(m.role), st.nodeNames()...) {
		if _, err := st.links.Add(ctx, m.name, st.addressOf(target)); err != nil {
			return nil, err
		}
	}
	args := []string{
		m.role, "--name", m.name, "--prefix", st.plan.Prefix, "--profile", st.plan.Profile, "--listen", m.Address(),
		"--redis", strings.Join(st.cluster.Addrs(), ","), "--database", st.database,
		"--link", strings.Join(st.links.Pairs(m.name), ","), "--shards", strconv.Itoa(st.plan.Shards),
	}
	return append(args, st.roleArguments(m.role)...), nil
}

func (m *member) latest() *child.Process {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.process
}

// Name implements compose.Member, as do Role, Address, Health and PeakMemory.
func (m *member) Name() string { return m.name }

func (m *member) Role() string { return m.role }

func (m *member) Address() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.address
}

// Incarnation is the pid as last started, and what wait(2) told of its end.
func (m *member) Incarnation() (id, ended string) {
	p := m.latest()
	return fmt.Sprintf("pid %d", p.Pid()), p.Ended()
}

// kill ends the process on purpose and does not wait for its end.
func (m *member) kill() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.meant = true
	return m.process.Signal(syscall.SIGKILL)
}

// health asks /healthz, within a bound.
var health = http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func (m *member) Health(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+m.Address()+"/healthz", http.NoBody)
	if err != nil {
		return err
	}
	res, err := health.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 200))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s: %s", m.name, res.Status, strings.TrimSpace(string(text)))
	}
	return err
}

func (m *member) PeakMemory() int64 {
	p := m.latest()
	m.mu.Lock()
	defer m.mu.Unlock()
	return max(m.peak, p.PeakMemory())
}

// died is the error of a process that ended though nobody ended it.
func (m *member) died() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.process == nil || m.meant {
		return nil
	}
	return m.process.Died()
}

// stop ends the process gently, or by force when ctx ends.
func (m *member) stop(ctx context.Context) {
	m.mu.Lock()
	p := m.process
	m.meant = true
	m.mu.Unlock()
	if p == nil {
		return
	}
	// A stopped process would sleep through SIGTERM.
	_ = p.Signal(syscall.SIGCONT)
	_ = p.Stop(ctx)
}
