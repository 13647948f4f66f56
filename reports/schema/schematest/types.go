// Package schematest makes JSON schemas of Go types, with their doc comments as
// descriptions, and holds the files in the repository to them. Only tests import
// it, so that no program carries what a schema is made with.
package schematest

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// Schema is a JSON schema of draft 2020-12, or a part of one.
type Schema map[string]any

// Draft is what a whole schema names.
const Draft = "https://json-schema.org/draft/2020-12/schema"

// Types makes schemas of types whose packages' sources were read.
type Types struct {
	t      testing.TB
	docs   Docs
	closed bool
	// Defs are the structs that were met, by name.
	Defs Schema
}

// NewTypes reads the sources in the folders. Closed schemas allow no field that
// they do not know, as a strict reader.
func NewTypes(t testing.TB, closed bool, folders ...string) *Types {
	return &Types{t: t, docs: ReadDocs(t, folders...), closed: closed, Defs: Schema{}}
}

// Of is the type's schema; structs go to Defs.
func (g *Types) Of(typ reflect.Type) Schema {
	switch {
	case typ == reflect.TypeFor[time.Time]():
		return Schema{"type": "string", "format": "date-time"}
	case typ.Implements(reflect.TypeFor[json.Marshaler]()), typ.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		g.t.Fatalf("%v writes its own JSON: say here what it looks like", typ)
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return nullable(g.Of(typ.Elem()))
	case reflect.Struct:
		return g.reference(typ)
	case reflect.Map:
		return Schema{"type": []string{"object", "null"}, "additionalProperties": g.Of(typ.Elem())}
	case reflect.Slice:
		return Schema{"type": []string{"array", "null"}, "items": g.Of(typ.Elem())}
	case reflect.Interface:
		return Schema{}
	case reflect.String:
		s := Schema{"type": "string"}
		if values := g.docs.Values[typ.Name()]; len(values) > 0 {
			s["enum"] = values
		}
		return s
	case reflect.Bool:
		return Schema{"type": "boolean"}
	case reflect.Float32, reflect.Float64:
		return Schema{"type": "number"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return Schema{"type": "integer"}
	}
	g.t.Fatalf("no schema is known for %v", typ)
	return nil
}

func nullable(s Schema) Schema {
	if kind, simple := s["type"].(string); simple && s["enum"] == nil {
		s["type"] = []string{kind, "null"}
		return s
	}
	return Schema{"anyOf": []Schema{s, {"type": "null"}}}
}

func (g *Types) reference(typ reflect.Type) Schema {
	name := typ.Name()
	if _, known := g.Defs[name]; !known {
		s := Schema{"type": "object", "properties": Schema{}}
		g.Defs[name] = s // first, for a type that holds itself
		g.fields(s, typ)
		if doc := g.docs.Types[name]; doc != "" {
			s["description"] = doc
		}
		if g.closed {
			s["additionalProperties"] = false
		}
	}
	return Schema{"$ref": "#/$defs/" + name}
}

// fields adds those of a struct, and of the structs that it embeds. What is not
// left out when it is empty is always there.
func (g *Types) fields(s Schema, typ reflect.Type) {
	var required []string
	for f := range typ.Fields() {
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		switch {
		case f.Anonymous && tag == "":
			g.fields(s, f.Type)
			continue
		case !f.IsExported() || name == "-":
			continue
		case name == "":
			g.t.Fatalf("%v.%s has no name for JSON", typ, f.Name)
		}
		omitted := strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
		of := f.Type
		if omitted && of.Kind() == reflect.Pointer {
			of = of.Elem() // never null: it is left out then
		}
		value := g.Of(of)
		if doc := g.docs.Field(typ, f.Name); doc != "" {
			value["description"] = doc
		}
		s["properties"].(Schema)[name] = value
		if !omitted {
			required = append(required, name)
		}
	}
	if len(required) > 0 {
		earlier, _ := s["required"].([]string)
		s["required"] = append(earlier, required...)
	}
}

// Whole is a schema with its title and all that it refers to.
func (g *Types) Whole(id, title string, s Schema) Schema {
	whole := Schema{"$schema": Draft, "$id": id, "title": title, "$defs": g.Defs}
	for key, value := range s {
		whole[key] = value
	}
	return whole
}

// Allow adds a value to those that a property of a struct may have.
func (g *Types) Allow(structName, property, value string) {
	s, _ := g.Defs[structName].(Schema)["properties"].(Schema)[property].(Schema)
	values, ok := s["enum"].([]string)
	if !ok {
		g.t.Fatalf("%s has no %s with given values", structName, property)
	}
	s["enum"] = append(slices.Clone(values), value)
}

// Const makes a property of a struct hold one value.
func (g *Types) Const(structName, property, value string) {
	s, ok := g.Defs[structName].(Schema)["properties"].(Schema)[property].(Schema)
	if !ok {
		g.t.Fatalf("%s has no %s", structName, property)
	}
	s["const"] = value
}
