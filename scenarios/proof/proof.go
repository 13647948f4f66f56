// Package proof proves that the judges can say no. It runs one scenario again
// and again, each time with one defect planted in the hardened service, and
// expects exactly one checker to turn red, and none without a defect: a checker
// that never says no is worth nothing, and one that says it for the wrong reason
// sends the engineer to the wrong place.
//
// The service must be built with `-tags sabotage`; see package
// system/sabotage, which names the defects.
package proof

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"paperlab/reports/record"
	"paperlab/scenarios"
)

//go:embed sabotage.yaml
var source []byte

// DrainWithin is short: a service that adds its last paper again and again, as
// one without a repeat check does, never comes to rest.
const DrainWithin = 12 * time.Second

// Case is one planted defect and the checker that it must turn red.
type Case struct {
	// Sabotage is the defect's name, empty for the control without one.
	Sabotage string
	// Red is the invariant, empty for the control.
	Red string
	// Unsteady: it is no checker but the guards of steady state that must say no.
	Unsteady bool
	// About says what is planted.
	About string
}

// Cases are all defects, the control first. The names are those of package
// system/sabotage, as an environment variable carries them to a process.
var Cases = []Case{
	{"", "", false, "nothing is planted"},
	{"ack-before-effect", "no-loss", false, "a paper is acknowledged before its work is done"},
	{"no-epoch-check", "key-order", false, "every member owns every shard and commits under any epoch"},
	{"no-repeat-check", "produce-once", false, "a message is added to a stream though its id was seen"},
	{"drop-notification", "all-or-none", false, "one of a paper's notifications is left out"},
	{"swap-notifications", "key-order", false, "two notifications of one subscriber change places"},
	{"fresh-idempotency-key", "no-duplicate-effect", false, "every attempt of a webhook has a new key"},
	{"tell-stranger", "no-unexpected-effect", false, "somebody is told what they never asked for"},
	{"slow-drift", "", true, "each paper takes a little longer than the one before"},
}

// Name is the name of the case's run and of its report's folder.
func (c Case) Name() string { return cmp.Or(c.Sabotage, "none") }

// Env is what the service's processes find in their environment.
func (c Case) Env() []string { return []string{"PAPERS_SABOTAGE=" + c.Sabotage} }

// Scenario is the scenario of the case.
func (c Case) Scenario() *scenarios.Scenario {
	s, err := scenarios.Parse("sabotage.yaml", source, nil)
	if err != nil {
		panic(err) // the file is built in, and a test reads it
	}
	s.Name = c.Name()
	s.About += " Planted: " + c.About + "."
	return s
}

// Judge tells whether the run's verdicts are the expected ones, and in a word
// which checkers were red. A defect that never struck proves nothing.
func (c Case) Judge(r record.Result) (found string, ok bool) {
	if len(r.Runs) == 0 || len(r.Runs[0].Invariants) == 0 {
		return "nothing was judged: " + strings.Join(r.Reasons, " "), false
	}
	var red, unknown, want []string
	for _, i := range r.Runs[0].Invariants {
		switch i.Answer {
		case record.Invalid:
			red = append(red, i.ID)
		case record.Unknown:
			unknown = append(unknown, i.ID)
		}
	}
	if c.Red != "" {
		want = []string{c.Red}
	}
	found = "no checker red"
	if len(red) > 0 {
		found = strings.Join(red, ", ") + " red"
	}
	if len(unknown) > 0 {
		found += fmt.Sprintf("; could not judge %s", strings.Join(unknown, ", "))
	}
	if held := r.Runs[0].Steady.Held; c.Unsteady {
		if held {
			return found + "; it passed for steady", false
		}
		found += "; never steady"
	}
	if c.Sabotage != "" && r.Runs[0].Struck[c.Sabotage] == 0 {
		return found + "; the defect never struck", false
	}
	return found, slices.Equal(red, want) && len(unknown) == 0
}
