package compose

import (
	"context"
	"fmt"
	"reflect"
	"time"
)

// Each power below is a further interface that a Stack may have. Names are those
// of members, nodes and targets; one that does not exist is an error that says
// which do. Taking back what was not done does no harm.

// Killer ends a member at once, without a word to it, and starts it again.
type Killer interface {
	Kill(ctx context.Context, member string) error
	// Restart starts a member that has ended and returns once it is ready; one
	// that runs is left as it is.
	Restart(ctx context.Context, member string) error
}

// Freezer stops a member without ending it: it holds its connections and
// leases and does nothing.
type Freezer interface {
	Freeze(ctx context.Context, member string) error
	Thaw(ctx context.Context, member string) error
}

// LinkCutter lets no byte pass between a member and a target: a node's name, or
// one of [Targets].
type LinkCutter interface {
	// Cut leaves connections open and takes new ones, which are silent.
	Cut(ctx context.Context, member, target string) error
	// Mend closes what was open during the cut: it has lost bytes, or may have.
	Mend(ctx context.Context, member, target string) error
	// Via is where the lab can dial the link as the member does, host:port.
	Via(member, target string) (string, error)
}

// Shape is what a link does to the bytes that pass, in both directions. The
// zero value passes them as they come.
type Shape struct {
	// Latency is added to every piece of data, give or take Jitter, drawn
	// evenly.
	Latency, Jitter time.Duration
	// Bandwidth is in bytes a second for each direction of each connection; 0
	// does not limit it.
	Bandwidth int64
	// CutAfter ends a connection after so many bytes from the target; 0 never.
	CutAfter int64
	// Seed is where the draws come from.
	Seed uint64
}

// LinkShaper makes a link worse without cutting it.
type LinkShaper interface {
	// Shape with the zero Shape makes the link what it was.
	Shape(ctx context.Context, member, target string, how Shape) error
	Via(member, target string) (string, error)
}

// NodeKiller ends a Redis node at once and starts it again with its data and
// addresses.
type NodeKiller interface {
	KillNode(ctx context.Context, node string) error
	// RestartNode returns once the node takes connections, which may be before
	// it has rejoined.
	RestartNode(ctx context.Context, node string) error
}

// NodeFreezer stops a Redis node without ending it.
type NodeFreezer interface {
	FreezeNode(ctx context.Context, node string) error
	ThawNode(ctx context.Context, node string) error
}

// NodeIsolator cuts a Redis node off from the other nodes, while its clients
// still reach it.
type NodeIsolator interface {
	Isolate(ctx context.Context, node string) error
	Rejoin(ctx context.Context, node string) error
}

// ClockStepper moves a Redis node's clock against everybody else's.
type ClockStepper interface {
	// StepClock makes the node's clock differ by so much; 0 sets it right.
	StepClock(ctx context.Context, node string, by time.Duration) error
}

// ProcessLister tells which processes of this machine the parts are now.
type ProcessLister interface {
	// Processes are the pids of those that run: the members', and the nodes'. A
	// part that has ended has none.
	Processes() (members, nodes []int)
}

// MissingPowerError is returned by Power for a stack that lacks the power. A run
// that needed it is inconclusive.
type MissingPowerError struct{ Power string }

func (e *MissingPowerError) Error() string {
	return fmt.Sprintf("this environment lacks the power %s", e.Power)
}

// Power is the stack as one that has the power P, or a *MissingPowerError.
func Power[P any](s Stack) (P, error) {
	power, has := s.(P)
	if !has {
		return power, &MissingPowerError{reflect.TypeFor[P]().Name()}
	}
	return power, nil
}
