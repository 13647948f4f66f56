package process

import (
	"context"
	"slices"

	"paperlab/compose"
)

// ProcessLinks are the links of one process. A cut or mend is done when the
// call returns, and never waits for traffic.
type ProcessLinks struct {
	links   *Links
	process string
}

// Process names whose links they are.
func (p ProcessLinks) Process() string { return p.process }

// Address is the host:port to dial instead of the target. The error of this,
// Cut and Mend is that there is no such link, and names those that there are.
func (p ProcessLinks) Address(target string) (string, error) {
	one, err := p.links.find(p.process, target)
	if err != nil {
		return "", err
	}
	return one.address, nil
}

// Cut lets no byte pass in either direction that is sent after Cut returned,
// and leaves connections open. New ones are taken, and are silent. What is sent
// meanwhile is lost. Only a connection's end still passes, as its two sides are
// two connections: a server learns that its client has gone. Cutting what is
// cut does nothing.
func (p ProcessLinks) Cut(_ context.Context, target string) error {
	one, err := p.links.find(p.process, target)
	if err != nil {
		return err
	}
	one.gate.cut()
	return nil
}

// Mend lets new connections work, and closes all that were there during the
// cut: they have lost bytes, or may have. Mending what is whole does nothing.
func (p ProcessLinks) Mend(_ context.Context, target string) error {
	one, err := p.links.find(p.process, target)
	if err != nil {
		return err
	}
	one.gate.mend()
	return nil
}

// Shape makes the link worse, or what it was for the zero Shape. Connections
// live on.
func (p ProcessLinks) Shape(target string, how compose.Shape) error {
	one, err := p.links.find(p.process, target)
	if err != nil {
		return err
	}
	one.gate.reshape(how)
	return nil
}

// Pairs are the links as "REAL=LINK", sorted: what the process is told.
func (p ProcessLinks) Pairs() (pairs []string) {
	p.links.mu.Lock()
	defer p.links.mu.Unlock()
	for at, one := range p.links.links {
		if at.process == p.process {
			pairs = append(pairs, at.target+"="+one.address)
		}
	}
	slices.Sort(pairs)
	return pairs
}
