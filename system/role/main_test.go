package role_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"paperlab/system/redistest"
	"paperlab/system/store"
)

// The tests start the real program, need the go command and redis-server 7.0 or
// newer, and take about 20 s and a build.
func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "papers-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	redistest.Main(m, func() { _ = os.RemoveAll(folder) })
}

// folder is where the service is built.
var folder string

// program builds the service once for all tests.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(folder, "papers")
	if out, err := exec.Command("go", "build", "-o", path, "paperlab/cmd/papers").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the service: %w: %s", err, out)
	}
	return path, nil
})

// process is a running role.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	output *output
	// ended is closed when the process has ended and its output is complete.
	ended chan struct{}
}

// output is standard output and standard error together.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// start runs the program; env adds to the environment.
func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(path, args...), output: &output{}, ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = t.TempDir(), append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = p.cmd.Wait(); close(p.ended) }()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("%v:\n%s", args[0], p.output)
		}
	})
	return p
}

// await waits for the end, at most so long, and returns the exit code.
func (p *process) await(t *testing.T, within time.Duration) int {
	t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(within):
		t.Fatalf("it has not ended within %s", within)
		return -1
	}
}

// stop sends SIGTERM and expects exit code 0 within 5 s.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.await(t, 5*time.Second); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
}

var served = regexp.MustCompile(`msg="metrics are served" .*address=(\S+)`)

// url is where the process answers; "" before it does.
func (p *process) url() string {
	if found := served.FindStringSubmatch(p.output.String()); found != nil {
		return "http://" + found[1]
	}
	return ""
}

var client = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// answers is the status of a GET of the process, 0 if there is none.
func (p *process) answers(path string) int {
	status, _ := p.ask(path)
	return status
}

// get is the body of a GET of the process, "" if there is none.
func (p *process) get(path string) string {
	_, body := p.ask(path)
	return body
}

func (p *process) ask(path string) (status int, body string) {
	res, err := client.Get(p.url() + path)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = res.Body.Close() }()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(text)
}

func (p *process) healthy() bool { return p.answers("/healthz") == http.StatusOK }

// database makes an empty one and returns its flag.
func database(t *testing.T) string {
	t.Helper()
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "papers.db")
	if err := store.Migrate(context.Background(), dsn); err != nil {
		t.Fatal(err)
	}
	return "--database=" + dsn
}

// away answers whatever it is asked with 503.
func away(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "away", http.StatusServiceUnavailable)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// roles are the arguments of each role on one cluster; what they need besides
// Redis is there and says that it is away.
func roles(t *testing.T, flags ...string) map[string][]string {
	t.Helper()
	db, elsewhere := database(t), away(t)
	all := map[string][]string{
		"crawl":     {db, "--arxiv=" + elsewhere, "--interval=1s"},
		"summarize": {db, "--ollama=" + elsewhere},
		"deliver":   {db},
		"watch":     nil,
	}
	for name, own := range all {
		all[name] = append(append([]string{name}, own...), flags...)
	}
	return all
}

// redisFlags name the cluster's nodes, each behind a link that the gate opens.
func redisFlags(t *testing.T, g *gate) (flags []string) {
	t.Helper()
	for _, node := range redistest.Start(t) {
		flags = append(flags, "--redis="+node)
		if g != nil {
			flags = append(flags, "--link="+node+"="+g.link(t, node))
		}
	}
	return flags
}

// gate is the way to Redis. While it is shut, its links take connections and
// break them.
type gate struct {
	mu   sync.Mutex
	open bool
	// conns are those that were let through.
	conns map[net.Conn]bool
}

func (g *gate) set(open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = open
	if !open {
		for conn := range g.conns {
			_ = conn.Close()
		}
		clear(g.conns)
	}
}

func (g *gate) link(t *testing.T, target string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	t.Cleanup(func() { _ = listener.Close(); g.set(false); done.Wait() })
	done.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			done.Go(func() { g.serve(conn, target) })
		}
	})
	return listener.Addr().String()
}

func (g *gate) serve(conn net.Conn, target string) {
	defer func() { _ = conn.Close() }()
	upstream, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	g.mu.Lock()
	if !g.open {
		_ = upstream.Close()
		g.mu.Unlock()
		return
	}
	if g.conns == nil {
		g.conns = map[net.Conn]bool{}
	}
	g.conns[conn], g.conns[upstream] = true, true
	g.mu.Unlock()
	var there sync.WaitGroup
	there.Go(func() { _, _ = io.Copy(upstream, conn); _ = upstream.Close() })
	_, _ = io.Copy(conn, upstream)
	_ = conn.Close()
	there.Wait()
}
