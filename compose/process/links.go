package process

import (
	"context"
	"fmt"
	"maps"
	"net"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"paperlab/compose"
	"paperlab/system/cluster"
)

// Links are Toxiproxy proxies inside the lab, one for each pair of process and
// target:
//
//		summarize-1 ──▶ 127.0.0.1:40001 ─ gate ─▶ 127.0.1.1:20001  redis-1
//		            ──▶ 127.0.0.1:40002 ─ gate ─▶ 127.0.1.2:20002  redis-2
//		summarize-2 ──▶ 127.0.0.1:40003 ─ gate ─▶ 127.0.1.1:20001  redis-1
//
//	 1. Add each pair; the pair's link exists from then on.
//	 2. Start the process with its Pairs.
//	 3. Cut, Mend and Shape, which never wait for traffic.
//	 4. Close, after the processes have ended.
//
// What is asked about a link that is not there is an error that names those that
// the process has.
//
// A link takes connections even while its target is down, and closes them
// then: a process sees an end of file where it would see a refusal without the
// link.
type Links struct {
	server *toxiproxy.ApiServer
	// label marks the goroutines of all proxies, so that Close can look for
	// them: Toxiproxy does not wait for those of its connections.
	label string

	mu     sync.Mutex
	links  map[pair]*link
	closed bool
}

type pair struct{ process, target string }

type link struct {
	proxy   *toxiproxy.Proxy
	address string
	gate    *gate
}

// closeTimeout bounds Links.Close. What can last is a proxy's attempt to reach
// a target that does not answer, which Toxiproxy gives no way to end.
const closeTimeout = 5 * time.Second

const linksLabel = "paperlab"

var linksMade atomic.Int64

// NewLinks are no links yet. Toxiproxy is used as a library: its HTTP interface
// is not served.
func NewLinks() *Links {
	return &Links{
		// Without collectors the metrics are off; nil would be a crash.
		server: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()),
		label:  fmt.Sprintf("links-%d", linksMade.Add(1)),
		links:  map[pair]*link{},
	}
}

// Add makes the process's link to the target, a real host:port, and returns the
// link's host:port, on 127.0.0.1. For a pair that has a link it returns that
// one. It does not need the target to be up.
func (l *Links) Add(ctx context.Context, process, target string) (address string, err error) {
	if err := checkPair(process, target); err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if have, ok := l.links[pair{process, target}]; ok {
		return have.address, nil
	}
	if l.closed {
		return "", fmt.Errorf("link %s to %s: these links are closed: make new ones with NewLinks", process, target)
	}
	made, err := l.start(ctx, process, target)
	if err != nil {
		return "", fmt.Errorf("link %s to %s: %w", process, target, err)
	}
	l.links[pair{process, target}] = made
	return made.address, nil
}

func checkPair(process, target string) error {
	if process == "" {
		return fmt.Errorf("link to %s: the process has no name", target)
	}
	host, port, err := net.SplitHostPort(target)
	if err != nil || host == "" || port == "" || strings.ContainsAny(target, "=, ") {
		return fmt.Errorf("link %s to %q: want host:port, as in 127.0.1.1:20001", process, target)
	}
	return nil
}

func (l *Links) start(ctx context.Context, process, target string) (*link, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// The system chooses the port as it is taken, so nobody can be faster.
	made := &link{gate: newGate()}
	made.proxy = toxiproxy.NewProxy(l.server, process+" to "+target, "127.0.0.1:0", target)
	for _, direction := range []string{"upstream", "downstream"} {
		toxic, err := made.proxy.Toxics.AddToxicJson(strings.NewReader(
			fmt.Sprintf(`{"type": %q, "stream": %q}`, gateType, direction)))
		if err != nil {
			return nil, fmt.Errorf("the gate for its %s: %w", direction, err)
		}
		// No connection is there yet that could look.
		own := toxic.Toxic.(*gateToxic)
		own.gate, own.fromTarget = made.gate, direction == "downstream"
	}
	var err error
	pprof.Do(ctx, pprof.Labels(linksLabel, l.label), func(context.Context) { err = made.proxy.Start() })
	if err != nil {
		return nil, fmt.Errorf("listen on a free port of 127.0.0.1: %w", err)
	}
	made.address = made.proxy.Listen
	return made, nil
}

// Close closes all links and their connections and returns when none of their
// goroutines is left. It may be called twice. The error says that some are left
// after five seconds; another call looks again.
func (l *Links) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	var stops sync.WaitGroup
	for _, one := range l.links {
		one.gate.close()
		stops.Go(one.proxy.Stop)
	}
	stopped := make(chan struct{})
	go func() {
		stops.Wait()
		close(stopped)
	}()
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	select {
	case <-stopped:
		if cluster.Poll(ctx, func() (bool, error) { return !l.running(), nil }) == nil {
			return nil
		}
	case <-ctx.Done():
	}
	return fmt.Errorf("links: some of their goroutines are left after %v: a target that answers no "+
		"connection attempt holds them; close again after its heal", closeTimeout)
}

// running tells whether a goroutine of the proxies is left. They have a label,
// which Go hands down to every goroutine that they start.
func (l *Links) running() bool {
	var dump strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&dump, 1)
	return strings.Contains(dump.String(), fmt.Sprintf("%q:%q", linksLabel, l.label))
}

// Address is the host:port to dial instead of the target.
func (l *Links) Address(process, target string) (string, error) {
	one, err := l.find(process, target)
	if err != nil {
		return "", err
	}
	return one.address, nil
}

// Cut lets no byte pass in either direction that is sent after Cut returned,
// and leaves connections open. New ones are taken, and are silent. What is sent
// meanwhile is lost. Only a connection's end still passes, as its two sides are
// two connections: a server learns that its client has gone. Cutting what is
// cut does nothing.
func (l *Links) Cut(process, target string) error {
	return l.act(process, target, (*gate).cut)
}

// Mend lets new connections work, and closes all that were there during the
// cut: they have lost bytes, or may have. Mending what is whole does nothing.
func (l *Links) Mend(process, target string) error {
	return l.act(process, target, (*gate).mend)
}

// Shape makes the link worse, or what it was for the zero Shape. Connections
// live on.
func (l *Links) Shape(process, target string, how compose.Shape) error {
	return l.act(process, target, func(g *gate) { g.reshape(how) })
}

func (l *Links) act(process, target string, do func(*gate)) error {
	one, err := l.find(process, target)
	if err != nil {
		return err
	}
	do(one.gate)
	return nil
}

// Pairs are a process's links as "REAL=LINK", sorted: what the process is told.
func (l *Links) Pairs(process string) (pairs []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for at, one := range l.links {
		if at.process == process {
			pairs = append(pairs, at.target+"="+one.address)
		}
	}
	slices.Sort(pairs)
	return pairs
}

func (l *Links) find(process, target string) (*link, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one, ok := l.links[pair{process, target}]; ok {
		return one, nil
	}
	targets, processes := map[string]bool{}, map[string]bool{}
	for p := range l.links {
		processes[p.process] = true
		if p.process == process {
			targets[p.target] = true
		}
	}
	return nil, fmt.Errorf("process %s has no link to %s, only to %v; there are links of %v",
		process, target, slices.Sorted(maps.Keys(targets)), slices.Sorted(maps.Keys(processes)))
}
