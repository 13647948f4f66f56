package faults_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"paperlab/compose"
	"paperlab/compose/process"
	"paperlab/compose/standin"
	"paperlab/faults"
	"paperlab/reports/history"
	"paperlab/system/child"
	"paperlab/system/cluster"
)

// The stage is a small stack for one fault at a time: real processes (this test
// binary, started again), real redis-servers, real links and stand-ins. A test
// of a fault sabotages its receipt as well: the stage is told to do something
// else than it was asked, and nothing must be taken for proven.

const workerVariable = "PAPERLAB_TEST_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(workerVariable) != "" {
		work()
		return
	}
	// These tests wait nearly all of their time, for evidence and for its lack.
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// work is the other process: it says on stdout where /healthz answers, and
// ends when its stdin does.
func work() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	go func() { _ = http.Serve(l, http.NotFoundHandler()) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

type stage struct {
	t       *testing.T
	workers []*worker
	nodes   []*server
	links   *process.Links
	// outside are the addresses of stand-ins, as targets of links.
	outside map[string]string
	// idle makes every power do nothing and say that it did.
	idle bool
	// died is what a real stack would tell.
	died error
}

func newStage(t *testing.T) *stage {
	return &stage{t: t, links: process.NewLinks(), outside: map[string]string{}}
}

// site is the stage for faults, with seed 1.
func (s *stage) site() *faults.Site {
	return &faults.Site{
		Stack: s, Standins: map[string]faults.Standin{}, Rand: rand.New(rand.NewPCG(1, 1)),
		Work: inHand(func() (int64, error) { return 1, nil }),
	}
}

// inHand says what every member has in hand.
type inHand func() (int64, error)

func (f inHand) InHand(context.Context, string) (int64, error) { return f() }

// member starts a worker under a role's name.
func (s *stage) member(role string) *worker {
	s.t.Helper()
	w := &worker{role: role, name: fmt.Sprintf("%s-%d", role, len(s.workers)+1)}
	if err := w.start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = w.cmd.Process.Kill()
		<-w.ended
	})
	s.workers = append(s.workers, w)
	return w
}

// node starts a redis-server, and a link to it for every member so far.
func (s *stage) node() *server {
	s.t.Helper()
	n := &server{name: fmt.Sprintf("redis-%d", len(s.nodes)+1), dir: s.t.TempDir(), addr: freeAddress(s.t)}
	if err := n.start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(n.kill)
	s.nodes = append(s.nodes, n)
	s.link(n.name, n.addr)
	return n
}

// given are the addresses that a test has, so that no other takes its server for
// its own.
var given sync.Map

func freeAddress(t *testing.T) string {
	t.Helper()
	for {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := free.Addr().String()
		free.Close()
		if _, twice := given.LoadOrStore(address, true); !twice {
			return address
		}
	}
}

func (s *stage) link(target, addr string) {
	s.t.Helper()
	s.outside[target] = addr
	for _, w := range s.workers {
		if _, err := s.links.Add(s.t.Context(), w.name, addr); err != nil {
			s.t.Fatal(err)
		}
	}
	if len(s.outside) == 1 {
		s.t.Cleanup(func() { _ = s.links.Close() })
	}
}

// standin starts one as a surrounding of that name.
func (s *stage) standin(name string, one interface {
	Start(context.Context) error
	Stop()
	Address() string
}) {
	s.t.Helper()
	if err := one.Start(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(one.Stop)
	s.link(name, one.Address())
}

func (s *stage) Members(role string) (all []compose.Member) {
	for _, w := range s.workers {
		if role == "" || w.role == role {
			all = append(all, w)
		}
	}
	return all
}

func (s *stage) Nodes() (all []compose.Node) {
	for i, n := range s.nodes {
		one := compose.Node{Name: n.name, Addr: n.addr, Master: i == 0 || len(s.nodes) < 3}
		if !one.Master {
			one.Of = s.nodes[0].name
		}
		all = append(all, one)
	}
	return all
}

func (s *stage) Redis() *redis.ClusterClient { panic("no fault asks for it") }
func (s *stage) Database() string            { return "" }
func (s *stage) ClusterUpIn() time.Duration  { return time.Second }
func (s *stage) Died() error                 { return s.died }
func (s *stage) Stop()                       {}

func (s *stage) worker(name string) *worker {
	at := slices.IndexFunc(s.workers, func(w *worker) bool { return w.name == name })
	return s.workers[at]
}

func (s *stage) server(name string) *server {
	at := slices.IndexFunc(s.nodes, func(n *server) bool { return n.name == name })
	return s.nodes[at]
}

// does is the act, unless the stage is idle.
func (s *stage) does(act func() error) error {
	if s.idle {
		return nil
	}
	return act()
}

func (s *stage) Kill(_ context.Context, name string) error {
	return s.does(func() error { return s.worker(name).signal(syscall.SIGKILL) })
}

func (s *stage) Restart(_ context.Context, name string) error {
	if _, ended := s.worker(name).Incarnation(); ended == "" {
		return nil
	}
	return s.worker(name).start()
}

func (s *stage) Freeze(_ context.Context, name string) error {
	return s.does(func() error { return s.worker(name).signal(syscall.SIGSTOP) })
}

func (s *stage) Thaw(_ context.Context, name string) error {
	return s.worker(name).signal(syscall.SIGCONT)
}

func (s *stage) KillNode(_ context.Context, name string) error {
	return s.does(func() error { s.server(name).kill(); return nil })
}

func (s *stage) RestartNode(_ context.Context, name string) error {
	if s.server(name).process.Ended() == "" {
		return nil
	}
	return s.server(name).start()
}

func (s *stage) FreezeNode(_ context.Context, name string) error {
	return s.does(func() error { return s.server(name).process.Signal(syscall.SIGSTOP) })
}

func (s *stage) ThawNode(_ context.Context, name string) error {
	return s.server(name).process.Signal(syscall.SIGCONT)
}

func (s *stage) Cut(_ context.Context, member, target string) error {
	return s.does(func() error { return s.links.Cut(member, s.outside[target]) })
}

func (s *stage) Mend(_ context.Context, member, target string) error {
	return s.links.Mend(member, s.outside[target])
}

func (s *stage) Shape(_ context.Context, member, target string, how compose.Shape) error {
	return s.does(func() error { return s.links.Shape(member, s.outside[target], how) })
}

func (s *stage) Via(member, target string) (string, error) {
	return s.links.Address(member, s.outside[target])
}

// worker is this binary, started again.
type worker struct {
	role, name string

	mu    sync.Mutex
	cmd   *exec.Cmd
	addr  string
	ended chan struct{}
}

func (w *worker) start() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), workerVariable+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if _, err := cmd.StdinPipe(); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if _, err := fmt.Fscanln(out, &w.addr); err != nil {
		return err
	}
	ended := make(chan struct{})
	w.cmd, w.ended = cmd, ended
	go func() { _ = cmd.Wait(); close(ended) }()
	return nil
}

func (w *worker) Name() string      { return w.name }
func (w *worker) Role() string      { return w.role }
func (w *worker) PeakMemory() int64 { return 0 }

func (w *worker) Address() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.addr
}

func (w *worker) Incarnation() (id, ended string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.ended:
		ended = w.cmd.ProcessState.String()
	default:
	}
	return "pid " + strconv.Itoa(w.cmd.Process.Pid), ended
}

func (w *worker) signal(sig os.Signal) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cmd.Process.Signal(sig)
}

func (w *worker) Health(ctx context.Context) error {
	transport := &http.Transport{DisableKeepAlives: true}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.Address(), http.NoBody)
	if err != nil {
		return err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// server is a redis-server.
type server struct {
	name, addr, dir string
	process         *child.Process
}

func (n *server) start() (err error) {
	path, err := exec.LookPath(cmp.Or(os.Getenv("REDIS_SERVER"), "redis-server"))
	if err != nil {
		return fmt.Errorf("%w: `lab setup` finds one or installs it", err)
	}
	_, port, _ := net.SplitHostPort(n.addr)
	n.process, err = child.Start(child.Command{
		Name: n.name, Path: path, Dir: n.dir, Log: filepath.Join(n.dir, "log"),
		Args: []string{"--bind", "127.0.0.1", "--port", port, "--save", "", "--dir", n.dir},
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return cluster.Poll(ctx, func() (bool, error) {
		conn, err := net.Dial("tcp", n.addr)
		if err != nil {
			return false, nil
		}
		return true, conn.Close()
	})
}

func (n *server) kill() {
	_ = n.process.Kill()
}

// fields are an entry of a scenario's file; what the reader would refuse fails
// the test.
type fields struct {
	t      *testing.T
	values map[string]string
}

func (f fields) Has(field string) bool { return f.values[field] != "" }

func (f fields) Word(field string) string {
	if !f.Has(field) {
		f.t.Errorf("%s is missing", field)
	}
	return f.values[field]
}

func (f fields) Choice(field string, allowed ...string) string {
	if !slices.Contains(allowed, f.values[field]) {
		f.t.Errorf("%s is %q, want one of %v", field, f.values[field], allowed)
	}
	return f.values[field]
}

func (f fields) Duration(field string, least, most time.Duration) time.Duration {
	d, err := time.ParseDuration(f.values[field])
	if err != nil || d < least || d > most {
		f.t.Errorf("%s is %q, want %v to %v", field, f.values[field], least, most)
	}
	return d
}

func (f fields) Number(field, unit, _ string, most float64) float64 {
	n, err := strconv.ParseFloat(strings.TrimSuffix(f.values[field], unit), 64)
	if err != nil || n <= 0 || n > most {
		f.t.Errorf("%s is %q, want up to %v", field, f.values[field], most)
	}
	return n
}

func (f fields) Integer(field string, least, most int) int {
	n, err := strconv.Atoi(f.values[field])
	if err != nil || n < least || n > most {
		f.t.Errorf("%s is %q, want %d to %d", field, f.values[field], least, most)
	}
	return n
}

func (f fields) Fail(field, format string, args ...any) {
	f.t.Errorf("%s: %s", field, fmt.Sprintf(format, args...))
}

// service is what the faults of a test can pick from.
var service = compose.Plan{Shards: 12, Summarizers: 3, Deliverers: 2}

// read is a fault as a scenario's file has it: kind, then pairs of field and
// value.
func read(t *testing.T, kind string, pairs ...string) faults.Planned {
	t.Helper()
	f := fields{t, map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		f.values[pairs[i]] = pairs[i+1]
	}
	all := faults.Kinds()
	at := slices.IndexFunc(all, func(k faults.Kind) bool { return k.Name == kind })
	if at < 0 {
		t.Fatalf("there is no kind %s", kind)
	}
	for name := range f.values {
		if !slices.Contains(all[at].Fields, name) {
			t.Errorf("a %s has no field %s", kind, name)
		}
	}
	return faults.Planned{ID: kind + "-1", Kind: kind, Fault: all[at].Read(f, service)}
}

// became is what is recorded of one fault.
type became struct {
	history.FaultFacts
	before, during, toll, after string
	effectAt                    float64
	healed                      bool
	err                         string
}

// proven tells whether the receipt is complete.
func (b became) proven() bool {
	return b.err == "" && b.before != "" && b.during != "" && b.healed && b.after != ""
}

func whatBecame(rec *history.Recorder, id string) (b became) {
	for _, e := range rec.Events() {
		if e.Name != id {
			continue
		}
		switch {
		case e.Type == history.Fail:
			b.err += e.Evidence + " "
		case e.Op == history.Fault && e.Type == history.Invoke:
			b.before = e.Evidence
		case e.Op == history.Fault:
			b.during, b.effectAt = e.Evidence, e.T-e.Seconds
		case e.Op == history.Heal:
			b.toll, b.healed = e.Evidence, true
		case e.Op == history.Well:
			b.after = e.Evidence
		}
		if e.Facts != nil {
			b.FaultFacts = *e.Facts
		}
	}
	return b
}

// strike carries out one fault for a second in real time and tells what became
// of it.
func strike(t *testing.T, s *faults.Site, f faults.Planned) became {
	t.Helper()
	f.For = cmp.Or(f.For, time.Second)
	armed, err := faults.Arm([]faults.Planned{f}, s)
	if err != nil {
		t.Fatal(err)
	}
	rec := history.NewRecorder("hardened")
	faults.Nemesis{Recorder: rec, Plan: armed, BeforeWithin: 2 * time.Second, ProveWithin: 2 * time.Second, HealWithin: 5 * time.Second}.Run(t.Context())
	b := whatBecame(rec, f.ID)
	t.Logf("%s %s of %s: %s\n before: %s\n during: %s\n toll:   %s\n after:  %s\n error:  %s",
		b.Kind, b.Mode, b.Target, b.Happened, b.before, b.during, b.toll, b.after, b.err)
	return b
}

// wantProven wants a full receipt, with these pieces of text in it.
func wantProven(t *testing.T, b became, before, during, after string) {
	t.Helper()
	if !b.proven() || b.Target == "" || b.Happened == "" {
		t.Errorf("incomplete: %+v", b)
	}
	wantText(t, b.before, before)
	wantText(t, b.during, during)
	wantText(t, b.after, after)
}

// wantUnproven wants that nothing was taken for the effect.
func wantUnproven(t *testing.T, b became, why string) {
	t.Helper()
	if b.during != "" || !strings.Contains(b.err, why) {
		t.Errorf("an effect was taken for proven, or not for %q: %+v", why, b)
	}
}

func wantText(t *testing.T, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("evidence %q does not say %q", got, want)
	}
}

// wantMissing wants that a stack without the power is told so.
func wantMissing(t *testing.T, power string, f faults.Planned) {
	t.Helper()
	_, err := faults.Arm([]faults.Planned{f}, &faults.Site{Stack: struct{ compose.Stack }{newStage(t)}})
	var missing *compose.MissingPowerError
	if !errors.As(err, &missing) || missing.Power != power {
		t.Errorf("aimed at a stack without powers: %v, want that %s is missing", err, power)
	}
}

// deaf is a stand-in that takes a manner and does not obey.
type deaf struct{ faults.Standin }

func (deaf) SetManner(standin.Manner) error { return nil }
func (deaf) Refuse(bool) error              { return nil }

// every calls until it is stopped.
func every(t *testing.T, d time.Duration, f func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(d)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				f(ctx)
			}
		}
	})
	return func() { cancel(); wg.Wait() }
}

// post sends a body as the service would and takes whatever comes.
func post(ctx context.Context, url, body string) {
	ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return
	}
	transport := &http.Transport{DisableKeepAlives: true}
	if resp, err := transport.RoundTrip(req); err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
}
