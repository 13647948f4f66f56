package process

import (
	"sync"

	"github.com/Shopify/toxiproxy/v2/toxics"
)

// gateType is the name by which Toxiproxy makes gateToxics.
const gateType = "paperlab_gate"

func init() { toxics.Register(gateType, new(gateToxic)) }

// gateToxic is a Toxiproxy toxic that stands in both directions of a link for
// as long as the link lives, and passes bytes on or drops them by the gate.
//
// Adding and removing Toxiproxy's own timeout toxic would do the same on paper,
// and was rejected after trying it. To change the chain of toxics, Toxiproxy
// interrupts the toxic before, and waits for as long as that one waits for a
// receiver: a process that does not read its socket hangs the cut for good. And
// what a removed timeout toxic had not yet read is never read: the goroutines
// that hold it stay, 30 of them after ten cuts under traffic. Here the chain
// never changes, so a cut cannot hang, and who hangs up drains what is still to
// come.
type gateToxic struct{ gate *gate }

// Pipe moves one direction of one connection, until that ends, was there
// during a cut that is over, or the link closes.
func (t *gateToxic) Pipe(stub *toxics.ToxicStub) {
	born := t.gate.now()
	for {
		state := t.gate.now()
		if state.over(born) {
			hangUp(stub)
			return
		}
		select {
		case <-stub.Interrupt:
			return
		case <-state.changed:
		case chunk := <-stub.Input:
			if chunk == nil {
				stub.Close()
				return
			}
			// The state is asked for once more: what comes in after a cut has
			// returned must not pass, whichever case select preferred.
			if state = t.gate.now(); state.cut || state.over(born) {
				continue
			}
			select {
			case stub.Output <- chunk:
			case <-state.changed: // cut or closed while the receiver was slow, or gone
			}
		}
	}
}

// hangUp closes the connection that the stub writes to. What still comes in is
// thrown away until its source ends; nobody else would receive it.
func hangUp(stub *toxics.ToxicStub) {
	stub.Close()
	for range stub.Input {
	}
}

// gate is the switch of one link, obeyed by all its connections.
type gate struct {
	mu    sync.Mutex
	state gateState
}

type gateState struct {
	cut, closed bool
	// mends counts. A connection that was there before the latest mend has
	// lost bytes, or may have: it must not live on with a hole in it.
	mends int
	// changed is closed at the next change.
	changed chan struct{}
}

func newGate() *gate { return &gate{state: gateState{changed: make(chan struct{})}} }

func (s gateState) over(born gateState) bool { return s.closed || s.mends != born.mends }

func (g *gate) now() gateState {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state
}

// set changes the state, and wakes all connections if the new state is another:
// a connection that is woken drops what it has in hand.
func (g *gate) set(change func(*gateState)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	before := g.state
	change(&g.state)
	if g.state != before {
		close(g.state.changed)
		g.state.changed = make(chan struct{})
	}
}

func (g *gate) cut() { g.set(func(s *gateState) { s.cut = true }) }

func (g *gate) mend() {
	g.set(func(s *gateState) {
		if s.cut { // mending what is whole must not close its connections
			s.cut, s.mends = false, s.mends+1
		}
	})
}

func (g *gate) close() { g.set(func(s *gateState) { s.closed = true }) }
