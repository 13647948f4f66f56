package process

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// pretend is a machine made of answers. A command is known by the fragment
// that its line contains.
type pretend struct {
	env      map[string]string
	programs []string
	uid      int
	os       string
	answers  []answer

	said, ran []string
}

type answer struct {
	fragment, out string
	fails         bool
	// installs is the program that the command brings.
	installs string
	// once is used up by the first call.
	once bool
}

func (p *pretend) machine() machine {
	if p.os == "" {
		p.os = "linux"
	}
	return machine{
		getenv: func(name string) string { return p.env[name] },
		lookPath: func(name string) (string, error) {
			if slices.Contains(p.programs, name) {
				return name, nil
			}
			return "", exec.ErrNotFound
		},
		run: p.run,
		say: func(line string) { p.said = append(p.said, line) },
		uid: p.uid,
		os:  p.os,
	}
}

func (p *pretend) run(_ context.Context, name string, args ...string) (string, error) {
	line := name + " " + strings.Join(args, " ")
	p.ran = append(p.ran, line)
	for i, a := range p.answers {
		if !strings.Contains(line, a.fragment) {
			continue
		}
		if a.once {
			p.answers = slices.Delete(p.answers, i, i+1)
		}
		if a.installs != "" {
			p.programs = append(p.programs, a.installs)
		}
		if a.fails {
			return a.out, errors.New("exit status 1")
		}
		return a.out, nil
	}
	return "", fmt.Errorf("unexpected command: %s", line)
}

const (
	seven  = "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=ae4d7c971a948f0\n"
	six    = "Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64 build=a3fdef44459b3ad6\n"
	offers = "redis-server:\n  Installed: (none)\n  Candidate: 5:%s\n  Version table:\n"
	nobody = 1000
)

func TestFindRedis(t *testing.T) {
	brings := answer{fragment: "apt-get install", installs: "redis-server"}
	offersSeven := answer{fragment: "apt-cache policy", out: fmt.Sprintf(offers, "7.0.15-1~deb12u1")}
	version := answer{fragment: "--version", out: seven}
	for name, c := range map[string]struct {
		pretend
		path string
		// says is how many lines the user is told.
		says int
		// fails lists what the error must hold.
		fails []string
		runs  string
	}{
		"named": {
			pretend: pretend{env: map[string]string{"REDIS_SERVER": "/opt/r"}, programs: []string{"/opt/r", "redis-server"}, answers: []answer{version}},
			path:    "/opt/r"},
		"named and missing": {
			pretend: pretend{env: map[string]string{"REDIS_SERVER": "/opt/r"}, programs: []string{"redis-server", "apt-get"}},
			fails:   []string{"REDIS_SERVER=/opt/r", "three ways"}},
		"named and too old": {
			pretend: pretend{env: map[string]string{"REDIS_SERVER": "/opt/r"}, programs: []string{"/opt/r"}, answers: []answer{{fragment: "/opt/r --version", out: six}}},
			fails:   []string{"6.0.16", "7.0", "three ways"}},
		"on the PATH": {
			pretend: pretend{programs: []string{"redis-server", "apt-get"}, answers: []answer{version}},
			path:    "redis-server"},
		"on the PATH, too old, is not touched": {
			pretend: pretend{programs: []string{"redis-server", "apt-get"}, answers: []answer{{fragment: "--version", out: six}}},
			fails:   []string{"redis-server is Redis 6.0.16", "REDIS_SERVER="}},
		"not Redis at all": {
			pretend: pretend{programs: []string{"redis-server"}, answers: []answer{{fragment: "--version", out: "hello"}}},
			fails:   []string{"hello", "three ways"}},
		"does not run": {
			pretend: pretend{programs: []string{"redis-server"}, answers: []answer{{fragment: "--version", out: "libsomething.so missing", fails: true}}},
			fails:   []string{"libsomething.so missing"}},
		"apt as root": {
			pretend: pretend{programs: []string{"apt-get"}, answers: []answer{offersSeven, brings, version}},
			path:    "redis-server", says: 1, runs: "apt-get install -y"},
		"apt with sudo": {
			pretend: pretend{uid: nobody, programs: []string{"apt-get", "sudo"}, answers: []answer{{fragment: "sudo -n true"}, offersSeven, brings, version}},
			path:    "redis-server", says: 1, runs: "sudo -n sh -c # Run by sh as root"},
		"apt needs an update first": {
			pretend: pretend{programs: []string{"apt-get"}, answers: []answer{
				{fragment: "apt-cache policy", out: "", once: true}, {fragment: "apt-get update"}, offersSeven, brings, version}},
			path: "redis-server", says: 2, runs: "apt-get update"},
		"update fails": {
			pretend: pretend{programs: []string{"apt-get"}, answers: []answer{
				{fragment: "apt-cache policy", out: ""}, {fragment: "apt-get update", out: "no network", fails: true}}},
			says: 1, fails: []string{"no network", "three ways"}},
		"apt offers nothing": {
			pretend: pretend{programs: []string{"apt-get"}, answers: []answer{{fragment: "apt-cache policy", out: ""}, {fragment: "apt-get update"}}},
			says:    1, fails: []string{"offers no redis-server", "three ways"}},
		"apt offers an old one, which is not installed": {
			pretend: pretend{programs: []string{"apt-get"}, answers: []answer{
				{fragment: "apt-cache policy", out: fmt.Sprintf(offers, "6.0.16-1")}, {fragment: "apt-get update"}}},
			says: 1, fails: []string{"only Redis 6.0.16", "three ways"}},
		"apt fails": {
			pretend: pretend{programs: []string{"apt-get"}, answers: []answer{offersSeven, {fragment: "apt-get install", out: "disk full", fails: true}}},
			says:    1, fails: []string{"disk full", "three ways"}},
		"sudo would ask": {
			pretend: pretend{uid: nobody, programs: []string{"apt-get", "sudo"}, answers: []answer{{fragment: "sudo -n true", fails: true}}},
			fails:   []string{"password", "three ways"}},
		"no sudo": {
			pretend: pretend{uid: nobody, programs: []string{"apt-get"}},
			fails:   []string{"needs root", "three ways"}},
		"brew": {
			pretend: pretend{uid: nobody, os: "darwin", programs: []string{"brew"}, answers: []answer{{fragment: "brew install redis", installs: "/opt/homebrew/bin/redis-server"}, version}},
			path:    "/opt/homebrew/bin/redis-server", says: 1},
		"installed and not to be found": {
			pretend: pretend{uid: nobody, os: "darwin", programs: []string{"brew"}, answers: []answer{{fragment: "brew install redis"}}},
			says:    1, fails: []string{"not on the PATH", "three ways"}},
		"no installer": {
			fails: []string{"neither apt-get nor", "three ways"}},
	} {
		t.Run(name, func(t *testing.T) {
			path, version, err := c.machine().find(t.Context())
			if c.fails == nil && (err != nil || path != c.path || version != "7.0.15") {
				t.Errorf("found %q, version %q, error %v; want %q, 7.0.15", path, version, err, c.path)
			}
			for _, part := range c.fails {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("error %v; want %q in it", err, part)
				}
			}
			if len(c.said) != c.says {
				t.Errorf("said %q; want %d lines", c.said, c.says)
			}
			if !strings.Contains(strings.Join(c.ran, "\n"), c.runs) {
				t.Errorf("ran %q; want %q among it", c.ran, c.runs)
			}
		})
	}
}

func TestFindRedisOnThisMachine(t *testing.T) {
	path, version, err := FindRedis(t.Context())
	if err != nil {
		t.Fatalf("these tests need a real redis-server: %v", err)
	}
	if path == "" || major(version) < redisFloor {
		t.Errorf("found %q, version %q", path, version)
	}
}
