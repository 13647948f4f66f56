package process

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"

	"paperlab/compose"
)

// gateType is the name by which Toxiproxy makes gateToxics.
const gateType = "paperlab_gate"

func init() { toxics.Register(gateType, new(gateToxic)) }

// gateToxic is a Toxiproxy toxic that stands in both directions of a link for
// as long as the link lives, and passes bytes on, late or slowly or not at all, by
// the gate.
//
// Adding and removing Toxiproxy's own timeout toxic would do the same on paper,
// and was rejected after trying it. To change the chain of toxics, Toxiproxy
// interrupts the toxic before, and waits for as long as that one waits for a
// receiver: a process that does not read its socket hangs the cut for good. And
// what a removed timeout toxic had not yet read is never read: the goroutines
// that hold it stay, 30 of them after ten cuts under traffic. Here the chain
// never changes, so a cut cannot hang, and who hangs up drains what is still to
// come.
type gateToxic struct {
	gate *gate
	// fromTarget tells which of the two directions this one is.
	fromTarget bool
}

// Pipe moves one direction of one connection, until that ends, was there
// during a cut that is over, or the link closes.
func (t *gateToxic) Pipe(stub *toxics.ToxicStub) {
	born := t.gate.now()
	passed := int64(0) // bytes of this connection in this direction
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
			t.gate.hold(chunk)
			// The state is asked for once more: what comes in after a cut has
			// returned must not pass, whichever case select preferred.
			if state = t.gate.now(); state.cut || state.over(born) {
				continue
			}
			last := t.fromTarget && state.shape.CutAfter > 0 && passed+int64(len(chunk.Data)) >= state.shape.CutAfter
			if last {
				chunk.Data = chunk.Data[:max(0, state.shape.CutAfter-passed)]
			}
			passed += int64(len(chunk.Data))
			select {
			case stub.Output <- chunk:
			case <-state.changed: // cut or closed while the receiver was slow, or gone
			}
			if last {
				hangUp(stub)
				return
			}
		}
	}
}

// hold keeps a piece of data for as long as the link's shape wants, or until
// that changes. What waited in a queue meanwhile does not wait again.
func (g *gate) hold(chunk *stream.StreamChunk) {
	state := g.now()
	wait := g.latency() - time.Since(chunk.Timestamp)
	if rate := state.shape.Bandwidth; rate > 0 {
		wait = max(wait, 0) + time.Duration(float64(len(chunk.Data))/float64(rate)*float64(time.Second))
	}
	if state.shape == (compose.Shape{}) || wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-state.changed:
	}
}

// latency draws how long the next piece of data takes.
func (g *gate) latency() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	shape := g.state.shape
	if shape.Jitter == 0 {
		return shape.Latency
	}
	return shape.Latency + time.Duration((2*g.draws.Float64()-1)*float64(shape.Jitter))
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
	// draws is where the jitter of the shape comes from.
	draws *rand.Rand
}

type gateState struct {
	cut, closed bool
	// mends counts. A connection that was there before the latest mend has
	// lost bytes, or may have: it must not live on with a hole in it.
	mends int
	shape compose.Shape
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

// reshape gives the link another shape; connections live on.
func (g *gate) reshape(how compose.Shape) {
	g.mu.Lock()
	g.draws = rand.New(rand.NewPCG(how.Seed, 0))
	g.mu.Unlock()
	g.set(func(s *gateState) { s.shape = how })
}

func (g *gate) close() { g.set(func(s *gateState) { s.closed = true }) }
