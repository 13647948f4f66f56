package scenarios

import (
	"github.com/goccy/go-yaml/ast"
)

// A form is a node that stands for whatever a file could say in its place. Reading
// one shows what the reader asks for: which fields a mapping may have, of what
// kind, within which bounds. The schema of scenario files is made of that
// (schema_test.go), so that it cannot say anything else than the reader does.
type form struct {
	ast.NullNode
	// path names the place: "load.rate", "faults[].kill.role".
	path string
	*trial
}

// trial is one reading of a form, and what came of it.
type trial struct {
	// absent tells whether a field is left out, and choose which name is taken.
	absent func(object, field string) bool
	choose func(path string, allowed []string) string
	// big answers every number with the largest possible one, else it is the
	// smallest: a bound that follows from another field is known by that.
	big bool
	// mappings and shapes are what was asked for at a path; missed are the fields
	// that were left out and needed.
	mappings map[string][]string
	lists    map[string]bool
	shapes   map[string][]shape
	missed   map[string]bool
}

// shape is what a reader wants a value to be: a number has its unit and bounds,
// a choice its names.
type shape struct {
	kind          string // text, word, choice, several, integer, decimal, duration, number
	allowed       []string
	unit, example string
	least, most   float64
}

// String implements ast.Node; the embedded node has no token to ask.
func (f *form) String() string { return f.path }

// lay makes the fields of a mapping, those that are not left out.
func (f *form) lay(o *object, allowed []string) {
	o.form, f.mappings[f.path] = f, allowed
	for _, name := range allowed {
		if !f.absent(f.path, name) {
			o.fields[name] = f.at("." + name)
		}
	}
}

func (f *form) at(step string) *form { return &form{path: f.path + step, trial: f.trial} }

// items is a list of one.
func (f *form) items() []ast.Node {
	f.lists[f.path] = true
	return []ast.Node{f.at("[]")}
}

// ask notes what the reader wants, and answers with a number within the bounds.
func (f *form) ask(s shape) float64 {
	f.shapes[f.path] = append(f.shapes[f.path], s)
	if f.big {
		return s.most
	}
	return max(s.least, s.most/1000)
}

// blank is the field's value if it is one of a form, else nil. A field that was
// left out is asked for all the same.
func (o *object) blank(field string) *form {
	if there, ok := o.fields[field].(*form); ok {
		return there
	}
	if o.form == nil || o.fields[field] != nil {
		return nil
	}
	o.form.missed[o.form.path+"."+field] = true
	return o.form.at("." + field)
}
