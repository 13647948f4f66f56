package faults_test

import "testing"

func TestRedisKill(t *testing.T) {
	t.Parallel()
	stage := newStage(t)
	for range 3 {
		stage.node()
	}
	b := strike(t, stage.site(), read(t, "redis-kill", "node", "master"))
	wantProven(t, b, "redis-1 answers PONG in ", "PING to redis-1 at ", "redis-1 answers PONG in ")
	if b.Happened != "the Redis node redis-1 was killed" || b.Mode != "master" {
		t.Errorf("facts %+v", b.FaultFacts)
	}
	if b = strike(t, stage.site(), read(t, "redis-kill", "node", "replica")); b.Target == "redis-1" {
		t.Errorf("a replica was to be killed: %+v", b)
	}
	wantProven(t, b, "PONG", "connection refused", "PONG")
}

// The receipt's sabotage: nothing is killed.
func TestRedisKillThatIsNotProven(t *testing.T) {
	t.Parallel()
	stage := newStage(t)
	stage.node()
	stage.idle = true
	f := read(t, "redis-kill", "node", "master")
	wantUnproven(t, strike(t, stage.site(), f), "it is not gone")
	wantMissing(t, "NodeKiller", f)
}
