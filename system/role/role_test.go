package role_test

import (
	"bytes"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"paperlab/system/redistest"
	"paperlab/system/servicetest"
	"paperlab/system/stream"
)

// ownWords tells which lines of a log are not the service's own: go-redis
// writes to standard error when nobody keeps it from doing so.
func ownWords(t *testing.T, p *process) {
	t.Helper()
	for line := range strings.Lines(p.output.String()) {
		if !strings.HasPrefix(line, "time=") {
			t.Errorf("not a line of the service's log: %s", line)
		}
	}
}

// All roles are started while Redis does not answer, and none of them minds.
func TestRolesComeUpWhateverTheOrder(t *testing.T) {
	for _, profile := range []string{"hardened", "careful", "naive"} {
		t.Run(profile, func(t *testing.T) {
			redistest.Client(t)
			g := &gate{}
			all := map[string]*process{}
			for name, args := range roles(t, append(redisFlags(t, g), "--profile="+profile)...) {
				all[name] = start(t, nil, args...)
			}
			for name, p := range all {
				servicetest.Eventually(t, name+" answers", func() bool { return p.url() != "" })
				if got := p.answers("/metrics"); got != http.StatusOK {
					t.Errorf("%s: /metrics answers %d while it waits, want 200", name, got)
				}
				// The naive crawler, which is the careful one too, asks Redis when it
				// has a paper, and their watchers show that they cannot read.
				if profile != "hardened" && (name == "crawl" || name == "watch") {
					continue
				}
				servicetest.Eventually(t, name+" says that it waits", func() bool {
					return strings.Contains(p.output.String(), `level=WARN msg="waiting for what is away"`)
				})
				if got := p.answers("/healthz"); got != http.StatusServiceUnavailable {
					t.Errorf("%s: /healthz answers %d while it waits, want 503", name, got)
				}
			}
			g.set(true)
			for name, p := range all {
				servicetest.Eventually(t, name+" is healthy", p.healthy)
			}
			for name, p := range all {
				p.stop(t)
				ownWords(t, p)
				if text := p.output.String(); !strings.Contains(text, "msg=ready") || !strings.Contains(text, "msg=stopped") {
					t.Errorf("%s does not say that it was ready and has stopped: %s", name, text)
				}
			}
		})
	}
}

// Nothing listens on port 1: go-redis has something to say of each attempt.
func TestSIGTERMEndsARoleThatWaits(t *testing.T) {
	for name, args := range roles(t, "--redis=127.0.0.1:1") {
		p := start(t, nil, args...)
		servicetest.Eventually(t, name+" waits", func() bool { return strings.Count(p.output.String(), "waiting for what is away") > 1 })
		p.stop(t)
		ownWords(t, p)
	}
}

func TestSIGTERMEndsRolesThatLostRedis(t *testing.T) {
	redistest.Client(t)
	g := &gate{}
	g.set(true)
	all := map[string]*process{}
	for name, args := range roles(t, redisFlags(t, g)...) {
		all[name] = start(t, nil, args...)
	}
	for name, p := range all {
		servicetest.Eventually(t, name+" is healthy", p.healthy)
	}
	g.set(false)
	for _, p := range all {
		p.stop(t)
		ownWords(t, p)
	}
}

func TestAnotherNumberOfShardsEndsAtOnce(t *testing.T) {
	rdb := redistest.Client(t)
	if _, err := stream.Open(t.Context(), rdb, stream.Spec{Name: "papers", Shards: 4}); err != nil {
		t.Fatal(err)
	}
	for name, args := range roles(t, append(redisFlags(t, nil), "--shards=5")...) {
		p := start(t, nil, args...)
		if code := p.await(t, 5*time.Second); code != 1 {
			t.Errorf("%s: exit code %d, want 1", name, code)
		}
		if text := p.output.String(); !strings.Contains(text, "papers: open stream papers: ") || !strings.Contains(text, "it has 4 shards, not 5: ask for 4") {
			t.Errorf("%s: no clear error: %s", name, text)
		}
	}
}

func TestADatabaseWithoutSchemaEndsAtOnce(t *testing.T) {
	redistest.Client(t)
	for name, args := range roles(t, append(redisFlags(t, nil), "--database=sqlite:none.db")...) {
		if name == "watch" {
			continue // it needs none
		}
		p := start(t, nil, args...)
		if code := p.await(t, 5*time.Second); code != 1 {
			t.Errorf("%s: exit code %d, want 1", name, code)
		}
		if text := p.output.String(); !strings.Contains(text, "run `papers migrate --database sqlite:none.db`") {
			t.Errorf("%s: the remedy is not named: %s", name, text)
		}
	}
}

func TestAnAddressThatIsTakenEndsAtOnce(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for name, args := range roles(t, append(redisFlags(t, nil), "--listen="+taken.Addr().String())...) {
		p := start(t, nil, args...)
		if code := p.await(t, 5*time.Second); code != 1 {
			t.Errorf("%s: exit code %d, want 1", name, code)
		}
		if text := p.output.String(); !strings.Contains(text, "address already in use: choose another address") {
			t.Errorf("%s: no clear error: %s", name, text)
		}
	}
}

// An import that was interrupted has imported nothing and must say so.
func TestAnImportThatIsInterruptedFails(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p := start(t, nil, "import", database(t), "-")
		// More than a pipe holds: when it is written, the program reads.
		if _, err := p.stdin.Write(bytes.Repeat([]byte(" "), 1<<20)); err != nil {
			t.Fatal(err)
		}
		if err := p.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if code := p.await(t, 5*time.Second); code != 1 {
			t.Errorf("%s: exit code %d, want 1", sig, code)
		}
	}
}
