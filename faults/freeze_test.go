package faults_test

import "testing"

func TestFreeze(t *testing.T) {
	stage := newStage(t)
	w := stage.member("deliver")
	first, _ := w.Incarnation()
	b := strike(t, stage.site(), read(t, "freeze", "role", "deliver", "pick", "one"))
	wantProven(t, b, first+" answers /healthz", first+": no answer from /healthz in 500ms", first+" answers /healthz")
	if b.Happened != "deliver-1 was frozen" {
		t.Errorf("facts %+v", b.FaultFacts)
	}
	if again, ended := w.Incarnation(); again != first || ended != "" {
		t.Error("the process did not survive")
	}
}

// The receipt's sabotage: nothing is stopped.
func TestFreezeThatIsNotProven(t *testing.T) {
	stage := newStage(t)
	stage.member("deliver")
	stage.idle = true
	wantUnproven(t, strike(t, stage.site(), read(t, "freeze", "role", "deliver", "pick", "one")), "it is not frozen")
	wantMissing(t, "Freezer", read(t, "freeze", "role", "deliver", "pick", "one"))
}
