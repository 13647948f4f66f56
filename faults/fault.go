// Package faults breaks the service in a planned way and proves that it did.
//
// A fault is one condition on one target, in a file of its own. It declares
// the small interface of the target that it needs; the stack satisfies it. The
// Nemesis applies a schedule of faults and heals them:
//
//	waiting ──at──▶ Before ──▶ Inject ──▶ During ──at+for──▶ Heal ──▶ After
//	                  │ no evidence          │ polled until the effect is proven
//	                  ▼                      ▼ never proven
//	             not injected           Fault Fail, healed all the same
//
// Before, During and After are the receipt: evidence in words with numbers,
// taken from outside the process under test. A fault without a full receipt
// proves nothing about the service, and the run is inconclusive.
//
// What happens on failure: whatever was injected is healed on every way out
// (error, cancelled context, panic), with a deadline of its own that no
// cancellation shortens. When the lab itself is killed, links and stand-ins die
// with it and its child processes too; only what outlives the lab writes an
// undo to the ledger first (see freeze.go).
package faults

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"paperlab/compose/undo"
)

// Fault is one injectable condition on one target. Its methods are called from
// one goroutine, in the order of the drawing above.
type Fault interface {
	// ID names the fault and its target: "kill-summarize-2". The Nemesis adds
	// a number when a schedule has the same one twice.
	ID() string
	// Kind is the name that it is registered under.
	Kind() string
	// Target says in words what it strikes.
	Target() string
	// Holds names what must not be struck by two faults at once, such as
	// "process/summarize-2": the heal of one would end the other.
	Holds() []string

	// Before gives the evidence that the target is well. It may wait for its
	// moment until the context ends.
	Before(ctx context.Context) (string, error)
	// Inject causes the condition. Heal is called even if it failed, since it
	// may have failed half-way.
	Inject(ctx context.Context) error
	// During gives the evidence of the effect, or an error as long as there is
	// none; it is asked again until it holds or time is up.
	During(ctx context.Context) (string, error)
	// Heal ends the condition. Healing what is well must do no harm.
	Heal(ctx context.Context) error
	// After gives the evidence that the target is well again; it is asked
	// again until it holds or time is up.
	After(ctx context.Context) (string, error)
}

// Tolling is the further power to say, just before the heal, what the fault
// has cost: it is added to the evidence taken during it.
type Tolling interface {
	Toll() string
}

// Telling is the further power to say what the report needs: which of its
// kind's manners it has, which processes of the service it strikes, and, in
// words, what happened once its effect is proven ("summarize-1 was killed").
type Telling interface {
	Tell() (mode string, processes []string, happened string)
}

// Ledger is where a fault writes the undo of what would outlive the lab,
// before it acts. *undo.Ledger is one.
type Ledger interface {
	Add(kind, what string, data any) (*undo.Entry, error)
}

// Kind describes a kind of fault for people and for the scenario's reader.
type Kind struct {
	// Name as it stands in a scenario file.
	Name string
	// About says what it does, in one sentence.
	About string
	// Undo says what heals it when the lab is killed.
	Undo string
}

var kinds = map[string]Kind{}

// register is called once by the file of each fault.
func register(k Kind) string {
	if _, twice := kinds[k.Name]; twice {
		panic(fmt.Sprintf("faults: kind %q is registered twice", k.Name))
	}
	kinds[k.Name] = k
	return k.Name
}

// Kinds are all kinds of fault, by name.
func Kinds() []Kind {
	var all []Kind
	for _, k := range kinds {
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b Kind) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
