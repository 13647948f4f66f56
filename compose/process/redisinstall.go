package process

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

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
