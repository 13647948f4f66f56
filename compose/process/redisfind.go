package process

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// ErrNoRedis is returned by FindRedis when there is no redis-server of the
// needed version and none can be installed without asking.
var ErrNoRedis = errors.New("no redis-server 7.0 or newer")

// redisFloor is the oldest major version on which everything here works.
const redisFloor = 7

// ways is what a reader can do about ErrNoRedis.
const ways = `
There are three ways to get one:
  1. install it: apt-get install redis-server, brew install redis, or https://redis.io/docs/latest/operate/oss_and_stack/install/
  2. name one that you have: REDIS_SERVER=/path/to/redis-server
  3. let the lab install it: run it as root or with password-free sudo where apt-get offers Redis 7, or where there is brew`

// FindRedis returns a redis-server of version 7.0 or newer: the one that
// REDIS_SERVER names, else the one on the PATH, else one that it installs with
// apt-get (as root, or with sudo that asks no password) or brew, saying so in
// one line on stderr. An old one that was named or found is an error and stays
// as it is: it may serve somebody. ErrNoRedis names the three ways to get one.
func FindRedis(ctx context.Context) (path, version string, err error) {
	return thisMachine().find(ctx)
}

// machine is what the finder may see and do, so that each branch can be tested
// without installing anything.
type machine struct {
	getenv   func(string) string
	lookPath func(string) (string, error)
	// run returns the output, standard error included.
	run func(ctx context.Context, name string, args ...string) (string, error)
	say func(string)
	uid int
	os  string
}

func thisMachine() machine {
	return machine{
		getenv:   os.Getenv,
		lookPath: exec.LookPath,
		run: func(ctx context.Context, name string, args ...string) (string, error) {
			cmd := exec.CommandContext(ctx, name, args...)
			// An installation that is cancelled must take away what it put into
			// place, so it is asked to end and not killed.
			cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
			out, err := cmd.CombinedOutput()
			return string(out), err
		},
		say: func(line string) { fmt.Fprintln(os.Stderr, line) },
		uid: os.Getuid(),
		os:  runtime.GOOS,
	}
}

func (m machine) find(ctx context.Context) (path, version string, err error) {
	if named := m.getenv("REDIS_SERVER"); named != "" {
		path, err := m.lookPath(named)
		if err != nil {
			return "", "", fmt.Errorf("REDIS_SERVER=%s: %w%s", named, errors.Join(ErrNoRedis, err), ways)
		}
		return m.check(ctx, path)
	}
	if path, err := m.lookPath("redis-server"); err == nil {
		return m.check(ctx, path)
	}
	if err := m.install(ctx); err != nil {
		return "", "", fmt.Errorf("%w on the PATH, and it could not be installed: %w%s", ErrNoRedis, err, ways)
	}
	for _, place := range []string{"redis-server", "/usr/bin/redis-server", "/opt/homebrew/bin/redis-server", "/usr/local/bin/redis-server"} {
		if path, err := m.lookPath(place); err == nil {
			return m.check(ctx, path)
		}
	}
	return "", "", fmt.Errorf("%w: it was installed but is not on the PATH%s", ErrNoRedis, ways)
}

// check runs the server for its version.
func (m machine) check(ctx context.Context, path string) (string, string, error) {
	out, err := m.run(ctx, path, "--version")
	if err != nil {
		return "", "", fmt.Errorf("%s --version: %w: %s", path, err, strings.TrimSpace(out))
	}
	version := submatch(versionLine, out)
	if version == "" {
		return "", "", fmt.Errorf("%s --version: want a line such as \"Redis server v=7.0.15\", not %q%s", path, strings.TrimSpace(out), ways)
	}
	if major(version) < redisFloor {
		return "", "", fmt.Errorf("%s is Redis %s: %w%s", path, version, ErrNoRedis, ways)
	}
	return path, version, nil
}

// versionLine is "Redis server v=7.0.15 sha=00000000:0 …"; Valkey keeps the
// form under its own name.
var versionLine = regexp.MustCompile(`(?m)^(?:Redis|Valkey) server v=([0-9]+(?:\.[0-9]+)+)`)

// submatch is what the pattern's parentheses hold, "" if it is not in the text.
func submatch(pattern *regexp.Regexp, text string) string {
	if match := pattern.FindStringSubmatch(text); match != nil {
		return match[1]
	}
	return ""
}

// major is 0 for no version.
func major(version string) int {
	first, _, _ := strings.Cut(version, ".")
	n, _ := strconv.Atoi(first)
	return n
}

//go:embed redisinstall.sh
var aptInstall string

const aptUpdate = `DEBIAN_FRONTEND=noninteractive apt-get update -o DPkg::Lock::Timeout=120`

// install tries what needs no question and changes nothing else.
func (m machine) install(ctx context.Context) error {
	if _, err := m.lookPath("brew"); err == nil && m.uid != 0 {
		m.say("redis-server is not installed: installing it with brew install redis")
		return m.must(ctx, "env", "HOMEBREW_NO_AUTO_UPDATE=1", "brew", "install", "redis")
	}
	if _, err := m.lookPath("apt-get"); err == nil && m.os == "linux" {
		return m.installByApt(ctx)
	}
	return errors.New("there is neither apt-get nor a brew that may be used")
}

func (m machine) installByApt(ctx context.Context) error {
	root, err := m.rootShell(ctx)
	if err != nil {
		return err
	}
	offered := m.aptCandidate(ctx)
	if major(offered) < redisFloor {
		// A machine without package lists offers nothing; an old list may
		// offer less than there is.
		m.say("redis-server is not installed: updating the package lists with apt-get update")
		if err := m.must(ctx, root[0], append(root[1:], aptUpdate)...); err != nil {
			return err
		}
		if offered = m.aptCandidate(ctx); offered == "" {
			return errors.New("apt-get offers no redis-server")
		}
	}
	if major(offered) < redisFloor {
		return fmt.Errorf("apt-get offers only Redis %s", offered)
	}
	m.say("redis-server is not installed: installing Redis " + offered + " with apt-get")
	return m.must(ctx, root[0], append(root[1:], aptInstall)...)
}

// rootShell is the command that runs a script as root.
func (m machine) rootShell(ctx context.Context) ([]string, error) {
	if m.uid == 0 {
		return []string{"sh", "-c"}, nil
	}
	if _, err := m.lookPath("sudo"); err == nil {
		if _, err := m.run(ctx, "sudo", "-n", "true"); err == nil {
			return []string{"sudo", "-n", "sh", "-c"}, nil
		}
	}
	return nil, errors.New("apt-get needs root, and sudo would ask for a password")
}

// candidateLine is "  Candidate: 5:7.0.15-1~deb12u1".
var candidateLine = regexp.MustCompile(`(?m)^\s*Candidate:\s*(?:\d+:)?([0-9]+(?:\.[0-9]+)+)`)

func (m machine) aptCandidate(ctx context.Context) string {
	out, err := m.run(ctx, "env", "LC_ALL=C", "apt-cache", "policy", "redis-server")
	if err != nil {
		return ""
	}
	return submatch(candidateLine, out)
}

func (m machine) must(ctx context.Context, name string, args ...string) error {
	out, err := m.run(ctx, name, args...)
	if err == nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return fmt.Errorf("%s: %w: %s", name, err, strings.Join(lines[max(0, len(lines)-3):], " / "))
}
