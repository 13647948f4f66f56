package process

import (
	"context"
	"errors"
	"fmt"
	"os"

	"paperlab/compose"
	"paperlab/compose/undo"
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

// Name implements compose.Environment.
func (*Environment) Name() string { return "process" }

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
	s := &stack{config: e.config, plan: plan, links: NewLinks()}
	if err := s.start(ctx); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// loopback is where all that is not a Redis node listens.
const loopback = "127.0.0.1"

// The undos of what a power did to a process that outlives the lab for a moment.
const frozenKind = "freeze"

func init() { undo.Register(frozenKind, undoFreeze) }

var errNoPart = errors.New("there is no such part")
