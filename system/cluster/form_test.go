package cluster

import "testing"

func TestShows(t *testing.T) {
	const view = `a1 127.0.1.1:7001@17001 myself,master - 0 0 1 connected 0-5460
b2 127.0.1.2:7002@17002,,shard-id=x slave a1 0 1 4 connected
c3 127.0.1.3:7003@17003 master,fail? - 0 1 3 connected 10922-16383
d4 127.0.1.4:7004@17004 handshake - 0 0 0 connected
e5 127.0.1.5:7005@17005 master - 0 0 2 disconnected 5461-10921
`
	master := func(id, addr string, first, last int) *node {
		n := &node{Node: Node{ID: id, Addr: addr, FirstSlot: first, LastSlot: last}}
		n.master = n
		return n
	}
	a1 := master("a1", "127.0.1.1:7001", 0, 5460)
	b2 := &node{Node: Node{ID: "b2", Addr: "127.0.1.2:7002"}, master: a1}
	if !shows(view, []*node{a1, b2}) {
		t.Errorf("a1 and b2 are not seen, but %v and %v", a1.place(), b2.place())
	}
	for what, n := range map[string]*node{
		"failing":         master("c3", "127.0.1.3:7003", 10922, 16383),
		"shaking hands":   master("d4", "127.0.1.4:7004", 0, 0),
		"not connected":   master("e5", "127.0.1.5:7005", 5461, 10921),
		"elsewhere":       master("a1", "127.0.1.1:7002", 0, 5460),
		"of other slots":  master("a1", "127.0.1.1:7001", 0, 546),
		"no master":       master("b2", "127.0.1.2:7002", 0, 5460),
		"nobody's":        {Node: Node{ID: "b2", Addr: "127.0.1.2:7002"}, master: b2},
		"somebody else's": {Node: Node{ID: "a1", Addr: "127.0.1.1:7001"}, master: b2},
		"unknown":         master("f6", "127.0.1.1:7001", 0, 5460),
	} {
		if shows(view, []*node{a1, n}) {
			t.Errorf("a node that is %s is seen in its place", what)
		}
	}
}
