package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

var roles = []string{"crawl", "summarize", "deliver", "watch"}

// kinds are the faults that an entry can be, each with what reads its value.
var kinds = []struct {
	kind   Kind
	fields []string
	read   func(o *object, f *Fault)
}{
	{Kill, []string{"role", "pick"}, func(o *object, f *Fault) { t := target(o); f.Kill = &t }},
	{Freeze, []string{"role", "pick"}, func(o *object, f *Fault) { t := target(o); f.Freeze = &t }},
	{LLM, []string{"provider", "mode"}, func(o *object, f *Fault) {
		f.LLM = &LLMFault{o.choice("provider", "ollama", "openai", "all"), o.choice("mode", "errors", "slow", "refuse")}
	}},
	{Partition, []string{"role", "pick", "from"}, func(o *object, f *Fault) {
		f.Partition = &PartitionFault{target(o), o.choice("from", "redis-one", "redis-all")}
	}},
	{Sink, []string{"mode", "share"}, func(o *object, f *Fault) {
		f.Sink = &SinkFault{o.choice("mode", "lose-answers"), o.number("share", "%", "5%", 100) / 100}
	}},
}

func target(o *object) Target {
	return Target{Role: o.choice("role", roles...), Pick: o.choice("pick", "one")}
}

func kindNames() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, string(k.kind))
	}
	return names
}

// faults reads the whole list. phase is the length of the fault phase.
func (d *document) faults(nodes []ast.Node, phase time.Duration) []Fault {
	var faults []Fault
	var places []*token.Position
	number := map[Kind]int{}
	for _, n := range nodes {
		f := d.fault(n, phase)
		number[f.Kind]++
		f.ID = fmt.Sprintf("%s-%d", f.Kind, number[f.Kind])
		for _, earlier := range faults {
			if f.disturbs(earlier) {
				d.fail(position(n), "%s begins at %v, while %s still lasts (%v to %v) and hits the same; let one end before the other begins",
					f.ID, f.At, earlier.ID, earlier.At, earlier.End())
			}
		}
		for _, earlier := range faults {
			if f.Sink != nil && earlier.Sink != nil && f.Sink.Share != earlier.Sink.Share {
				d.fail(position(n), "%s loses another share of the answers than %s; give all sink faults of a scenario the same share", f.ID, earlier.ID)
			}
		}
		faults, places = append(faults, f), append(places, position(n))
	}
	// The nemesis takes the list as it comes; a file that is not in order would
	// read differently from what happens.
	for i := range faults {
		if i > 0 && faults[i].At < faults[i-1].At {
			d.fail(places[i], "%s begins at %v, before %s at %v; list the faults in the order in which they begin",
				faults[i].ID, faults[i].At, faults[i-1].ID, faults[i-1].At)
		}
	}
	return faults
}

func (d *document) fault(n ast.Node, phase time.Duration) Fault {
	var f Fault
	o := d.object(n, "fault", append(kindNames(), "at", "for", "restart_after")...)
	var found []string
	for _, k := range kinds {
		if o.has(string(k.kind)) {
			found = append(found, string(k.kind))
			f.Kind = k.kind
		}
	}
	if len(found) != 1 {
		d.fail(o.at, "a fault is exactly one of %v; this one has %d of them %v", kindNames(), len(found), found)
		return f
	}
	k := kinds[slices.Index(kindNames(), found[0])]
	k.read(d.object(o.fields[found[0]], found[0], k.fields...), &f)

	lasts, other := "for", "restart_after"
	if f.Kind == Kill {
		lasts, other = other, lasts
	}
	if o.has(other) {
		o.fail(other, "a %s has no %s; its length is %s", f.Kind, other, lasts)
	}
	f.At = o.duration("at", 0, phase)
	f.Lasts = o.duration(lasts, 100*time.Millisecond, phase)
	if f.End() > phase {
		o.fail(lasts, "the fault ends %v into the fault phase, which lasts %v; lengthen phases.fault, or begin or end earlier", f.End(), phase)
	}
	return f
}

// disturbs tells whether healing one fault would heal the other as well,
// because both hit the same thing at the same time.
func (f Fault) disturbs(g Fault) bool {
	if f.Kind != g.Kind || f.At >= g.End() || g.At >= f.End() {
		return false
	}
	if f.Kind == LLM {
		return f.LLM.Provider == g.LLM.Provider || f.LLM.Provider == "all" || g.LLM.Provider == "all"
	}
	return f.Kind == Sink
}
