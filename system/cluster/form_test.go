package cluster

import (
	"fmt"
	"testing"
)

func TestParseView(t *testing.T) {
	const raw = `a1 127.0.1.1:7001@17001 myself,master - 0 0 1 connected 0-5460
b2 127.0.1.2:7002@17002,,shard-id=x slave a1 0 1 4 connected
c3 127.0.1.3:7003@17003 master,fail? - 0 1 3 connected 10922-16383
d4 127.0.1.4:7004@17004 handshake - 0 0 0 connected
e5 127.0.1.5:7005@17005 master - 0 0 2 disconnected 5461-10921
`
	want := map[string]string{"a1": "127.0.1.1:7001 master - 0-5460", "b2": "127.0.1.2:7002 slave a1"}
	if got := parseView(raw); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
