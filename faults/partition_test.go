package faults_test

import (
	"strings"
	"testing"
)

func TestPartition(t *testing.T) {
	t.Parallel()
	stage := newStage(t)
	stage.member("summarize")
	stage.node()
	stage.node()
	b := strike(t, stage.site(), read(t, "partition", "role", "summarize", "pick", "one", "from", "redis-one"))
	wantProven(t, b, "PING via summarize-1's link to redis-", "no answer in ", "PONG")
	if n := strings.Count(b.during, "no answer"); n != 1 {
		t.Errorf("%d links without an answer, want 1: %s", n, b.during)
	}
	b = strike(t, stage.site(), read(t, "partition", "role", "summarize", "pick", "one", "from", "redis-all"))
	wantProven(t, b, "PONG", "no answer in ", "PONG")
	if n := strings.Count(b.during, "no answer"); n != 2 || b.Happened != "summarize-1 was cut off from 2 Redis nodes by a network partition" {
		t.Errorf("%d links without an answer, want 2: %+v", n, b)
	}
}

// The receipt's sabotage: the link is not cut.
func TestPartitionThatIsNotProven(t *testing.T) {
	t.Parallel()
	stage := newStage(t)
	stage.member("summarize")
	stage.node()
	stage.idle = true
	f := read(t, "partition", "role", "summarize", "pick", "one", "from", "redis-all")
	wantUnproven(t, strike(t, stage.site(), f), `answer "PONG"`)
	wantMissing(t, "LinkCutter", f)
}
