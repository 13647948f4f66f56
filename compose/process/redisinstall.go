package process

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// aptInstall is run by sh as root. A policy of 101 keeps the package from
// starting a Redis of its own on port 6379; it is taken away again on every
// exit. Then the unit is disabled, or the next boot would start it.
const aptInstall = `set -e
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
fi
apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 redis-server
if command -v systemctl > /dev/null; then systemctl disable redis-server > /dev/null 2>&1 || true; fi`

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
	match := candidateLine.FindStringSubmatch(out)
	if match == nil {
		return ""
	}
	return match[1]
}

func (m machine) must(ctx context.Context, name string, args ...string) error {
	out, err := m.run(ctx, name, args...)
	if err == nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return fmt.Errorf("%s: %w: %s", name, err, strings.Join(lines[max(0, len(lines)-3):], " / "))
}
