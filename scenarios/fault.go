package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"

	"paperlab/compose"
	"paperlab/faults"
)

// faults reads the whole list, of a service that is known already. phase is the
// length of the fault phase.
func (d *document) faults(nodes []ast.Node, service compose.Plan, phase time.Duration) []faults.Planned {
	var plan []faults.Planned
	number := map[string]int{}
	for i, n := range nodes {
		f, ok := d.fault(n, service, phase)
		if !ok {
			return nil
		}
		number[f.Kind]++
		f.ID = fmt.Sprintf("%s-%d", f.Kind, number[f.Kind])
		// The nemesis takes the list as it comes; a file that is not in order
		// would read differently from what happens.
		if i > 0 && f.At < plan[i-1].At {
			d.fail(position(n), "%s begins at %v, before %s at %v; list the faults in the order in which they begin",
				f.ID, f.At, plan[i-1].ID, plan[i-1].At)
		}
		plan = append(plan, f)
	}
	for i, f := range plan {
		if why := faults.Clash(f, plan); why != "" {
			d.fail(position(nodes[i]), "%s", why)
		}
	}
	return plan
}

// shortestFault leaves time to prove that it is there.
const shortestFault = 100 * time.Millisecond

// fault reads an entry: one kind with its fields, and its times. ok is false for
// one that cannot be held against the others.
func (d *document) fault(n ast.Node, service compose.Plan, phase time.Duration) (f faults.Planned, ok bool) {
	var names, times []string
	for _, k := range faults.Kinds() {
		names = append(names, k.Name)
		times = append(times, k.Lasts)
	}
	slices.Sort(times)
	times = slices.Compact(times)
	o := d.object(n, "fault", slices.Concat(names, []string{"at"}, times)...)
	var found []faults.Kind
	for _, k := range faults.Kinds() {
		if o.Has(k.Name) {
			found = append(found, k)
		}
	}
	if len(found) != 1 {
		d.fail(o.at, "a fault is exactly one of %v; this one has %d of them", names, len(found))
		return f, false
	}
	k := found[0]
	f.Kind, f.Fault = k.Name, k.Read(d.object(o.fields[k.Name], k.Name, k.Fields...), service)
	for _, other := range times {
		if other != k.Lasts && o.Has(other) {
			o.Fail(other, "a %s has no %s; its length is %s", k.Name, other, k.Lasts)
		}
	}
	f.At = o.Duration("at", 0, phase)
	f.For = o.Duration(k.Lasts, shortestFault, phase)
	if end, _ := f.End(); end > phase {
		o.Fail(k.Lasts, "the fault ends %v into the fault phase, which lasts %v; lengthen phases.fault, or begin or end earlier", end, phase)
	}
	return f, d.err == nil
}
