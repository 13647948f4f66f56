package faults_test

import "testing"

func TestRedisFreeze(t *testing.T) {
	t.Parallel()
	stage := newStage(t)
	for range 3 {
		stage.node()
	}
	b := strike(t, stage.site(), read(t, "redis-freeze", "node", "master"))
	wantProven(t, b, "redis-1 answers PONG in ", "no answer in 500ms", "redis-1 answers PONG in ")
	if b.Happened != "the Redis node redis-1 was frozen" || b.Mode != "master" {
		t.Errorf("facts %+v", b.FaultFacts)
	}
	if b = strike(t, stage.site(), read(t, "redis-freeze", "node", "replica")); b.Target == "redis-1" {
		t.Errorf("a replica was to be frozen: %+v", b)
	}
}

// The receipt's sabotage: nothing is frozen.
func TestRedisFreezeThatIsNotProven(t *testing.T) {
	t.Parallel()
	stage := newStage(t)
	stage.node()
	stage.idle = true
	f := read(t, "redis-freeze", "node", "master")
	wantUnproven(t, strike(t, stage.site(), f), "it is not frozen")
	wantMissing(t, "NodeFreezer", f)
}
