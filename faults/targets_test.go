package faults_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"paperlab/compose/standin"
	"paperlab/compose/undo"
	"paperlab/faults"
	"paperlab/reports/history"
)

// These tests use real processes (this test binary, started again), a real
// redis-server, and real TCP. Together they take some ten seconds.

const workerVariable = "PAPERLAB_TEST_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(workerVariable) != "" {
		work()
		return
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

func TestKillStrikesWithWorkInHand(t *testing.T) {
	p := newProcess(t)
	first := p.Pid()
	looks := 0
	work := pending(func() (int64, error) {
		looks++
		switch {
		case looks == 1:
			return 0, errors.New("not reachable yet")
		case looks < 5:
			return 0, nil
		}
		return 14, nil
	})
	o := runOne(t, faults.NewKill(p, work))
	wantText(t, o.Before, fmt.Sprintf("pid %d alive, 14 entries pending for worker", first))
	wantText(t, o.During, fmt.Sprintf("pid %d gone: signal: killed; 14 entries still pending", first))
	wantText(t, o.After, fmt.Sprintf("pid %d answers /healthz", p.Pid()))
	if p.Pid() == first {
		t.Error("the process was not started again")
	}
}

func TestKillOfAnIdleProcess(t *testing.T) {
	p := newProcess(t)
	n := faults.Nemesis{Recorder: history.NewRecorder("hardened"), BeforeWithin: 100 * time.Millisecond}
	n.Plan = []faults.Planned{{Fault: faults.NewKill(p, pending(func() (int64, error) { return 0, nil })), For: time.Second}}
	out, err := n.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if out[0].Err == nil || p.Ended() != "" {
		t.Errorf("killed although it had no work in hand: %+v", out[0])
	}
}

// TestKillThatLosesItsWork: the entries are gone when the process is.
func TestKillThatLosesItsWork(t *testing.T) {
	p := newProcess(t)
	n := faults.Nemesis{Recorder: history.NewRecorder("hardened"), ProveWithin: 200 * time.Millisecond}
	n.Plan = []faults.Planned{{Fault: faults.NewKill(p, pending(func() (int64, error) {
		if p.Ended() != "" {
			return 0, nil
		}
		return 1, nil
	})), For: time.Second}}
	out, _ := n.Run(t.Context())
	if out[0].Err == nil || out[0].EffectAt != nil || p.Ended() != "" {
		t.Errorf("want no proof, and the process started again: %+v", out[0])
	}
}

func TestFreeze(t *testing.T) {
	p := newProcess(t)
	first := p.Pid()
	l := openLedger(t)
	o := runOne(t, faults.NewFreeze(p, l))
	wantText(t, o.During, fmt.Sprintf("pid %d: no answer from /healthz in 500ms", first))
	if p.Pid() != first || p.Ended() != "" {
		t.Error("the process did not survive")
	}
	if err := p.Health(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestFreezeIsUndoneFromTheLedger: the lab ends in the middle.
func TestFreezeIsUndoneFromTheLedger(t *testing.T) {
	p := newProcess(t)
	l := openLedger(t)
	f := faults.NewFreeze(p, l)
	if err := f.Inject(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.During(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil { // undoes what is open
		t.Fatal(err)
	}
	if _, err := f.After(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestLLM(t *testing.T) {
	for mode, evidence := range map[string]string{
		faults.LLMErrors: "POST to ollama answered 503 server busy in",
		faults.LLMSlow:   "POST to ollama had no answer in 100",
		faults.LLMRefuse: "POST to ollama failed in",
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			ollama, openai := newLLM(t, "ollama"), newLLM(t, "openai")
			stop := ollama.load(t)
			o := runOne(t, faults.NewLLM(mode, ollama, openai))
			stop()
			wantText(t, o.Before, "POST to ollama answered 200 in ")
			wantText(t, o.During, evidence)
			if o.Target != "ollama+openai" || strings.Contains(o.During, "; 0 calls of the service failed") {
				t.Errorf("outcome %+v: no call of the service was met", o)
			}
		})
	}
}

// TestLLMThatIgnoresItsMode: a stand-in that stays well is not taken for ill.
func TestLLMThatIgnoresItsMode(t *testing.T) {
	s := newLLM(t, "ollama")
	s.deaf.Store(true)
	n := faults.Nemesis{Recorder: history.NewRecorder("hardened"), ProveWithin: 200 * time.Millisecond}
	n.Plan = []faults.Planned{{Fault: faults.NewLLM(faults.LLMSlow, s), For: time.Second}}
	out, _ := n.Run(t.Context())
	if out[0].EffectAt != nil || out[0].Err == nil {
		t.Errorf("outcome %+v", out[0])
	}
}

func TestPartition(t *testing.T) {
	one, two := newRedis(t), newRedis(t)
	l := newLinks(t, one, two)
	o := runOne(t, faults.NewPartition(l, one))
	wantText(t, o.Before, fmt.Sprintf("PING via summarize-1's link to %s: PONG in ", one))
	wantText(t, o.During, "no answer in 50")
	wantText(t, o.After, "PONG")

	o = runOne(t, faults.NewPartition(l, one, two))
	if n := strings.Count(o.During, "no answer"); n != 2 {
		t.Errorf("%d links without an answer, want 2: %s", n, o.During)
	}
}

// TestPartitionOfTheWrongLink: evidence is asked of the link that was meant.
func TestPartitionOfTheWrongLink(t *testing.T) {
	one, two := newRedis(t), newRedis(t)
	l := newLinks(t, one, two)
	l.swapped = map[string]string{one: two}
	n := faults.Nemesis{Recorder: history.NewRecorder("hardened"), ProveWithin: 200 * time.Millisecond}
	n.Plan = []faults.Planned{{Fault: faults.NewPartition(l, one), For: time.Second}}
	out, _ := n.Run(t.Context())
	if out[0].EffectAt != nil || out[0].Err == nil {
		t.Errorf("outcome %+v", out[0])
	}
}

func TestSinkLosesAnswers(t *testing.T) {
	s := &sink{}
	stop := s.load(t)
	o := runOne(t, faults.NewSink(s, 0.5))
	stop()
	wantText(t, o.Before, "the sink has answered ")
	wantText(t, o.During, "withheld its answers; ")
	wantText(t, o.After, "since the heal")
}

func wantText(t *testing.T, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("evidence %q does not say %q", got, want)
	}
}

type pending func() (int64, error)

func (p pending) Pending(context.Context, string) (int64, error) { return p() }

func openLedger(t *testing.T) *undo.Ledger {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	l, err := undo.Open("faults-test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// process is this binary, started again as a worker.
type process struct {
	mu    sync.Mutex
	cmd   *exec.Cmd
	addr  string
	ended chan struct{}
}

func newProcess(t *testing.T) *process {
	t.Helper()
	p := &process{}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Signal(syscall.SIGKILL)
		<-p.ended
	})
	return p
}

func (p *process) Start(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
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
	if _, err := fmt.Fscanln(out, &p.addr); err != nil {
		return err
	}
	ended := make(chan struct{})
	p.cmd, p.ended = cmd, ended
	go func() { _ = cmd.Wait(); close(ended) }()
	return nil
}

func (p *process) Name() string { return "worker" }

func (p *process) Pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process.Pid
}

func (p *process) Signal(sig os.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process.Signal(sig)
}

func (p *process) Ended() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.String()
	default:
		return ""
	}
}

func (p *process) Health(ctx context.Context) error {
	p.mu.Lock()
	addr := p.addr
	p.mu.Unlock()
	_, err := get(ctx, "http://"+addr)
	return err
}

// get returns the status of an answer of any kind.
func get(ctx context.Context, url string) (int, error) {
	transport := &http.Transport{DisableKeepAlives: true}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// llm is a small stand-in that can do what the fault asks.
type llm struct {
	provider string
	server   *httptest.Server
	manner   atomic.Value
	deaf     atomic.Bool
	struck   count
}

func newLLM(t *testing.T, provider string) *llm {
	s := &llm{provider: provider}
	s.manner.Store(standin.Manner{})
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch m := s.manner.Load().(standin.Manner); {
		case m.Status != 0:
			w.WriteHeader(m.Status)
		case m.Delay > 0:
			<-r.Context().Done()
		case m.Ends == standin.Reset:
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(s.server.Close)
	return s
}

func (s *llm) Provider() string { return s.provider }
func (s *llm) Struck() int64    { return s.struck.Load() }

func (s *llm) SetManner(m standin.Manner) error {
	if !s.deaf.Load() {
		s.manner.Store(m)
	}
	return nil
}

func (s *llm) Probe(ctx context.Context) (standin.Seen, error) {
	status, err := get(ctx, s.server.URL)
	return standin.Seen{Status: status, Head: "server busy"}, err
}

// load calls as the service would.
func (s *llm) load(t *testing.T) (stop func()) {
	return every(t, 5*time.Millisecond, func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		if status, err := get(ctx, s.server.URL); err != nil || status != http.StatusOK {
			s.struck.Add(1)
		}
	})
}

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

type sink struct {
	withhold         atomic.Bool
	answered, struck count
}

func (s *sink) SetManner(m standin.Manner) error { s.withhold.Store(m.Take); return nil }
func (s *sink) Answered() int64                  { return s.answered.Load() }
func (s *sink) Struck() int64                    { return s.struck.Load() }

func (s *sink) load(t *testing.T) (stop func()) {
	return every(t, 5*time.Millisecond, func(context.Context) {
		if s.withhold.Load() {
			s.struck.Add(1)
		} else {
			s.answered.Add(1)
		}
	})
}
