package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// document is the file at hand. It keeps the first error; what is read after
// that is of no account, so that reading needs no check at every step.
type document struct {
	file  string
	lines []string
	err   *Error
	// blank: a form is read, in which nothing is wrong.
	blank bool
}

func (d *document) fail(at *token.Position, format string, args ...any) {
	if d.err != nil || d.blank {
		return
	}
	d.err = &Error{File: d.file, Message: fmt.Sprintf(format, args...)}
	if at != nil {
		d.err.Line, d.err.Column = at.Line, at.Column
		d.err.Excerpt = excerpt(d.lines, at.Line, at.Column)
	}
}

// position is where a reader of the file would say that the node begins. The
// library's own answer for a block mapping is its first colon.
func position(n ast.Node) *token.Position {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	if n == nil || n.GetToken() == nil {
		return nil
	}
	return n.GetToken().Position
}

// describe says in a user's words what stands in the place of what is needed.
func describe(n ast.Node) string {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return "empty"
	case *ast.MappingNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.StringNode:
		return strconv.Quote(short(n.Value))
	case *ast.LiteralNode:
		return "a text"
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		return "an anchor, alias or tag, which scenario files do not have"
	default:
		return n.String()
	}
}

// object is a mapping with known fields; its exported methods are faults.Fields.
type object struct {
	doc    *document
	form   *form  // nil but in the reading of a form
	path   string // "load", or empty for the file
	at     *token.Position
	fields map[string]ast.Node
	keys   map[string]*token.Position
}

// object reads a mapping whose fields are among those allowed.
func (d *document) object(n ast.Node, path string, allowed ...string) *object {
	o := &object{doc: d, path: path, fields: map[string]ast.Node{}, keys: map[string]*token.Position{}}
	if blank, ok := n.(*form); ok {
		blank.lay(o, allowed)
		return o
	}
	mapping, ok := n.(*ast.MappingNode)
	if !ok {
		d.fail(position(n), "%s is %s; a mapping is needed with the fields %s", cmp.Or(path, "the file"), describe(n), strings.Join(allowed, ", "))
		return o
	}
	o.at = position(mapping)
	for _, v := range mapping.Values {
		key, at := v.Key.String(), position(v.Key)
		if s, ok := v.Key.(*ast.StringNode); ok {
			key = s.Value
		}
		if !slices.Contains(allowed, key) {
			d.fail(at, "%s", unknown(strings.TrimSpace(path+" field"), key, allowed))
		}
		o.fields[key], o.keys[key] = v.Value, at
	}
	return o
}

func (o *object) Has(name string) bool { return o.fields[name] != nil }

// name is the field's full name.
func (o *object) name(field string) string {
	return strings.TrimPrefix(o.path+"."+field, ".")
}

// Fail marks a field's value, or its key if it has no value.
func (o *object) Fail(field, format string, args ...any) {
	at := position(o.fields[field])
	if _, null := o.fields[field].(*ast.NullNode); null || at == nil {
		at = o.keys[field]
	}
	if at == nil {
		at = o.at
	}
	o.doc.fail(at, format, args...)
}

// need finds a field that must be there.
func (o *object) need(field, kind string) ast.Node {
	n := o.fields[field]
	if n == nil && o.form != nil {
		return o.blank(field)
	}
	if n == nil {
		o.Fail(field, "%s is missing; %s is needed", o.name(field), kind)
	}
	return n
}

// wrong tells that a field's value is not of the kind that is needed. Of one that
// is missing, need has told.
func (o *object) wrong(field, kind string) {
	o.Fail(field, "%s is %s; %s is needed", o.name(field), describe(o.fields[field]), kind)
}

// Text is a string that is not empty.
func (o *object) Text(field string) string {
	if blank := o.blank(field); blank != nil {
		blank.ask(shape{kind: "text"})
		return "a text"
	}
	return o.textOf(field, "a text")
}

func (o *object) textOf(field, kind string) string {
	value := ""
	switch n := o.need(field, kind).(type) {
	case *ast.StringNode:
		value = n.Value
	case *ast.LiteralNode:
		value = n.Value.Value
	}
	value = strings.TrimSpace(value)
	if value == "" {
		o.wrong(field, kind)
	}
	return value
}

// Word is a name or a whole number, as text.
func (o *object) Word(field string) string {
	if blank := o.blank(field); blank != nil {
		blank.ask(shape{kind: "word"})
		return "one"
	}
	if n, ok := o.fields[field].(*ast.IntegerNode); ok {
		return fmt.Sprint(n.Value)
	}
	return o.textOf(field, "a name or a whole number")
}

// Choice is one of a few names.
func (o *object) Choice(field string, allowed ...string) string {
	if blank := o.blank(field); blank != nil {
		blank.ask(shape{kind: "choice", allowed: allowed})
		return blank.choose(blank.path, allowed)
	}
	value := o.textOf(field, "one of "+strings.Join(allowed, ", "))
	if value != "" && !slices.Contains(allowed, value) {
		o.Fail(field, "%s", unknown(o.name(field), value, allowed))
	}
	return value
}

// read takes the value of a field that must be there: a node of one type, which
// parse finds possible or not.
func read[Node ast.Node, T any](o *object, field, kind string, parse func(Node) (T, bool)) (value T) {
	n, ok := o.need(field, kind).(Node)
	if ok {
		value, ok = parse(n)
	}
	if !ok {
		o.wrong(field, kind)
	}
	return value
}

// Integer is a whole number within both bounds.
func (o *object) Integer(field string, least, most int) int {
	if blank := o.blank(field); blank != nil {
		return int(blank.ask(shape{kind: "integer", least: float64(least), most: float64(most)}))
	}
	kind := fmt.Sprintf("a whole number from %d to %d", least, most)
	return read(o, field, kind, func(n *ast.IntegerNode) (int, bool) {
		value, err := strconv.Atoi(fmt.Sprint(n.Value)) // an int64, or a uint64 where it is too large for that
		return value, err == nil && value >= least && value <= most
	})
}

// Duration is a time with its unit, within both bounds.
func (o *object) Duration(field string, least, most time.Duration) time.Duration {
	if blank := o.blank(field); blank != nil {
		return time.Duration(blank.ask(shape{kind: "duration", least: float64(least), most: float64(most)}))
	}
	kind := fmt.Sprintf("a time from %v to %v, such as 10s,", least, most)
	return read(o, field, kind, func(n *ast.StringNode) (time.Duration, bool) {
		value, err := time.ParseDuration(n.Value)
		return value, err == nil && value >= least && value <= most
	})
}

// Number is a text such as 60/s or 5%: a number above 0 and up to most, and
// then its unit.
func (o *object) Number(field, unit, example string, most float64) float64 {
	if blank := o.blank(field); blank != nil {
		return blank.ask(shape{kind: "number", unit: unit, example: example, most: most})
	}
	kind := fmt.Sprintf("a number above 0 and up to %g with its unit, such as %s,", most, example)
	return read(o, field, kind, func(n *ast.StringNode) (float64, bool) {
		digits, ok := strings.CutSuffix(n.Value, unit)
		value, err := strconv.ParseFloat(digits, 64)
		return value, ok && err == nil && value > 0 && value <= most
	})
}

// Decimal is a number without a unit, above 0 and up to most; of says what it
// counts.
func (o *object) Decimal(field, of string, most float64) float64 {
	if blank := o.blank(field); blank != nil {
		return blank.ask(shape{kind: "decimal", most: most})
	}
	kind := fmt.Sprintf("a number of %s above 0 and up to %g", of, most)
	return read(o, field, kind, func(n ast.ScalarNode) (float64, bool) {
		value, err := strconv.ParseFloat(fmt.Sprint(n.GetValue()), 64)
		_, text := n.(*ast.StringNode)
		return value, !text && err == nil && value > 0 && value <= most
	})
}

// several tells whether a field that may be a list is one.
func (o *object) several(field string) bool {
	if blank := o.blank(field); blank != nil {
		blank.ask(shape{kind: "several", allowed: []string{"one", "several"}})
		return blank.choose(blank.path, []string{"one", "several"}) == "several"
	}
	_, list := o.fields[field].(*ast.SequenceNode)
	return list
}

// list is a sequence; a field that is not there is an empty one.
func (o *object) list(field string) []ast.Node {
	if !o.Has(field) {
		return nil
	}
	if blank, ok := o.fields[field].(*form); ok {
		return blank.items()
	}
	sequence, ok := o.fields[field].(*ast.SequenceNode)
	if !ok {
		o.wrong(field, "a list")
		return nil
	}
	return sequence.Values
}
