// Package process is the environment of one machine: the Redis Cluster, the
// links between each process and what it talks to, and the service's own
// processes are its processes.
//
//	lab process                              children
//	┌──────────────────────────────┐
//	│ stack ── supervises ─────────┼──▶ papers summarize … ──┐
//	│   └ undo ledger              │                         │ dials
//	│ Links (Toxiproxy) ◀──────────┼─────────────────────────┘
//	│   └ one per process & target │──▶ redis-server ×6 (Cluster)
//	└──────────────────────────────┘
//
// A process (package child) is entered into the undo ledger before it starts,
// lives in a process group of its own, and on Linux dies with the lab. Its
// output goes to a file, over all its incarnations, and errors quote the file's end.
//
// FindRedis finds redis-server, or installs it where that needs no question.
//
// The cluster is six redis-servers on 127.0.1.1 to 127.0.1.6, formed by package
// cluster over the Redis protocol, since redis-cli may not be there.
//
// A stack (stack.go) is all of that for one plan; its powers (powers.go) are
// signals to its processes and what its links do.
//
// Links are Toxiproxy proxies, one for each pair of process and target, so that
// one process can lose one target. A process is told the map from real address
// to link address and uses it in its dialer, redirections included. Links
// stand between the service and its surroundings, not between Redis nodes.
//
// What fails: a child that dies early makes the start that needed it fail, with
// the end of its output in the error. Whatever a failed or cancelled start has
// begun, it takes back before it returns.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"paperlab/compose"
)

// Config is what the environment needs of this machine.
type Config struct {
	// Papers is the service's program.
	Papers string
	// RedisServer is the program; empty means what FindRedis finds.
	RedisServer string
}

// Environment runs all parts as processes of this machine.
type Environment struct{ config Config }

// New is the environment; it starts nothing.
func New(c Config) *Environment { return &Environment{c} }

// Name is what the environment is asked for by.
const Name = "process"

// Name implements compose.Environment.
func (*Environment) Name() string { return Name }

// Host implements compose.Environment: everything is on loopback.
func (*Environment) Host() string { return loopback }

// Check implements compose.Environment.
func (e *Environment) Check(ctx context.Context) error {
	if _, err := os.Stat(e.config.Papers); err != nil {
		return fmt.Errorf("the service's program: %w; `make build` makes it", err)
	}
	if e.config.RedisServer != "" {
		return nil
	}
	_, _, err := FindRedis(ctx)
	return err
}

// Start implements compose.Environment.
func (e *Environment) Start(ctx context.Context, plan compose.Plan) (compose.Stack, error) {
	s := &stack{config: e.config, plan: plan, links: NewLinks(), frozen: map[string]frozen{}}
	if err := s.start(ctx); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// loopback is where all that is not a Redis node listens.
const loopback = "127.0.0.1"

// CheckSpace is nil if at least need bytes are free where path is, or will be.
// A disk that fills up in the middle of a run would be measured as a fault of
// Redis.
func CheckSpace(path string, need int64) error {
	var disk syscall.Statfs_t
	for {
		err := syscall.Statfs(path, &disk)
		if err == nil {
			break
		}
		parent := filepath.Dir(path)
		if !errors.Is(err, os.ErrNotExist) || parent == path {
			return fmt.Errorf("look how much space is free in %s: %w", path, err)
		}
		path = parent
	}
	// The types differ between systems.
	if free := int64(disk.Bavail) * int64(disk.Bsize); free < need {
		return fmt.Errorf("only %d MB are free in %s, and %d MB are needed: free some space, or choose another folder", free>>20, path, need>>20)
	}
	return nil
}
