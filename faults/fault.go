// Package faults breaks the service in a planned way and proves that it did.
//
// A fault is one file: its name and sentence, its fields in a scenario file,
// what it needs of its target (a power of the environment or a small interface),
// the act, the receipt, the undo, and the words for the report. It registers a
// [Kind]; the reader of scenarios, the runner, `lab list` and the report learn
// the rest from there.
//
//	entry of a scenario ──Kind.Read──▶ Fault ──Aim(Site)──▶ Act ──▶ Nemesis
//	  what its file says              what is to be struck    what is done to whom
//
// The Nemesis carries a schedule of acts out:
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
// with it and its child processes too; what outlives the lab the environment
// writes to the undo ledger first.
package faults

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"paperlab/compose"
	"paperlab/reports/history"
)

// Kind is one kind of fault, as its file declares it.
type Kind struct {
	// Name as it stands in a scenario file and in a record.
	Name string
	// About says what it does, in one sentence.
	About string
	// Undo says what heals it when the lab is killed.
	Undo string
	// Fields are the names of its fields in a scenario file; Example is an
	// entry with them, in YAML's flow style: "{role: summarize, pick: one}".
	Fields  []string
	Example string
	// Lasts names the field that says how long it lasts, beside the entry's at;
	// empty means "for".
	Lasts string
	// Read reads an entry's fields.
	// The plan says how much of the service there is to pick from.
	Read func(f Fields, plan compose.Plan) Fault
}

// Fault is an entry of a scenario, as its file reads it.
type Fault interface {
	// Mode says which of its kind's manners it has, "" for a kind of one.
	Mode() string
	// Holds are the parts that it breaks, or needs as they are: see Clash.
	Holds() []Hold
	// Aim finds the targets. The error is a *compose.MissingPowerError, or wraps
	// ErrNoTarget, where the fault cannot be injected in that place.
	Aim(s *Site) (Act, error)
}

// Fields are the values of an entry in a scenario file. What is wrong is kept by
// the reader, with its place; what a method returned then is of no account.
type Fields interface {
	// Has tells whether the field is there.
	Has(field string) bool
	// Word is a name or a whole number, as text.
	Word(field string) string
	// Choice is one of a few names.
	Choice(field string, allowed ...string) string
	// Duration is a time within both bounds.
	Duration(field string, least, most time.Duration) time.Duration
	// Number is a number above 0 and up to most, with its unit: 5%.
	Number(field, unit, example string, most float64) float64
	// Integer is a whole number within both bounds.
	Integer(field string, least, most int) int
	// Fail says what is wrong with a field's value.
	Fail(field, format string, args ...any)
}

// Act is a fault with its targets. Its methods are called from one goroutine, in
// the order of the package's drawing.
type Act interface {
	// Facts say whom it strikes and, in words for the report, what happened when
	// its effect is proven. ID, Kind and Mode are filled in by Arm.
	Facts() history.FaultFacts
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

// Tolling is the further power of an Act to say, just before the heal, what the
// fault has cost: it is added to the evidence taken during it.
type Tolling interface {
	Toll() string
}

var kinds = map[string]Kind{}

// register is called once by the file of each fault.
func register(k Kind) struct{} {
	if _, twice := kinds[k.Name]; twice {
		panic(fmt.Sprintf("faults: kind %q is registered twice", k.Name))
	}
	k.Lasts = cmp.Or(k.Lasts, "for")
	kinds[k.Name] = k
	return struct{}{}
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
