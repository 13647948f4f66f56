package scenarios

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"paperlab/faults"
	"paperlab/grafana"
	"paperlab/reports/schema/schematest"
)

var _ = flag.Bool("update", false, "rewrite schema.json")

// schema is what is known of the value at a path.
func (s *survey) schema(t *testing.T, path string) schematest.Schema {
	if fields, is := s.mappings[path]; is {
		return s.mapping(t, path, fields)
	}
	if !s.lists[path] {
		return value(t, path, s.shapes[path])
	}
	list := schematest.Schema{"type": "array", "items": s.schema(t, path+"[]")}
	if list["items"].(schematest.Schema)["enum"] != nil {
		list["minItems"], list["uniqueItems"] = 1, true // as distinct wants it
	}
	if len(s.shapes[path]) > 0 {
		return schematest.Schema{"anyOf": []schematest.Schema{value(t, path, s.shapes[path]), list}}
	}
	return list
}

func (s *survey) mapping(t *testing.T, path string, fields []string) schematest.Schema {
	properties, required := schematest.Schema{}, []string{}
	for _, field := range fields {
		properties[field] = s.schema(t, path+"."+field)
		if s.needed[path+" -"+field][field] {
			required = append(required, field)
		}
	}
	m := schematest.Schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		m["required"] = required
	}
	if path == entries {
		// A fault is one kind, with its times.
		var kinds []schematest.Schema
		needs := schematest.Schema{}
		for _, k := range faults.Kinds() {
			properties[k.Name].(schematest.Schema)["description"] = k.About
			properties[k.Name].(schematest.Schema)["examples"] = []any{example(t, k.Example)}
			kinds = append(kinds, schematest.Schema{"required": []string{k.Name}})
			needs[k.Name] = slices.Sorted(maps.Keys(s.needed[path+" +"+k.Name]))
		}
		m["oneOf"], m["dependencies"] = kinds, needs
	}
	return m
}

// entries is the path of an entry of faults.
const entries = ".faults[]"

func example(t *testing.T, text string) any {
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// value is the schema of what is no mapping and no list.
func value(t *testing.T, path string, asked []shape) schematest.Schema {
	kinds := map[string]shape{}
	for _, a := range asked {
		known, again := kinds[a.kind+a.unit]
		if again {
			a = a.or(known)
		}
		kinds[a.kind+a.unit] = a
	}
	delete(kinds, "several") // it says that a list may stand there as well
	if len(kinds) > 1 {
		delete(kinds, "text") // a text that is then one of a few names
	}
	var any []schematest.Schema
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		any = append(any, kinds[kind].schema())
	}
	switch len(any) {
	case 0:
		t.Errorf("nothing is known of %s: what reads it in object.go must ask the form first, as Integer does", path)
		return schematest.Schema{}
	case 1:
		return any[0]
	default:
		return schematest.Schema{"anyOf": any}
	}
}

func (s shape) schema() schematest.Schema {
	switch s.kind {
	case "choice":
		return schematest.Schema{"type": "string", "enum": slices.Sorted(slices.Values(s.allowed))}
	case "integer":
		of := schematest.Schema{"type": "integer"}
		if s.least >= 0 {
			of["minimum"] = s.least
		}
		if s.most >= 0 {
			of["maximum"] = s.most
		}
		return of
	case "decimal":
		of := schematest.Schema{"type": "number", "exclusiveMinimum": 0}
		if s.most >= 0 {
			of["maximum"] = s.most
		}
		return of
	case "word":
		return schematest.Schema{"type": []string{"string", "integer"}}
	case "duration":
		text := "a time with its unit, such as 10s"
		if s.least > 0 {
			text += fmt.Sprintf(", at least %v", time.Duration(s.least))
		}
		if s.most >= 0 {
			text += fmt.Sprintf(", at most %v", time.Duration(s.most))
		}
		return schematest.Schema{"type": "string", "description": text, "pattern": `^\+?(0|([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`}
	case "number":
		text := "a number with its unit, such as " + s.example
		if s.most >= 0 {
			text += fmt.Sprintf(", above 0 and up to %g", s.most)
		}
		return schematest.Schema{"type": "string", "description": text, "pattern": `^\+?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?` + s.unit + `$`}
	default:
		return schematest.Schema{"type": "string", "pattern": `\S`}
	}
}

// comment takes the comments of the types that the fields are read into.
func comment(s schematest.Schema, docs schematest.Docs, typ string) {
	properties, _ := s["properties"].(schematest.Schema)
	for name, property := range properties {
		of, ok := property.(schematest.Schema)
		if !ok {
			continue
		}
		for field, doc := range docs.Fields[typ] {
			if !strings.EqualFold(field, strings.ReplaceAll(name, "_", "")) {
				continue
			}
			if shape, also := of["description"].(string); also && doc != "" {
				doc += " (" + shape + ")"
			}
			if doc != "" {
				of["description"] = doc
			}
		}
		for field, holds := range docs.Holds[typ] {
			if strings.EqualFold(field, strings.ReplaceAll(name, "_", "")) {
				comment(of, docs, holds)
			}
		}
	}
}

func rules(t *testing.T) []grafana.Rule {
	t.Helper()
	all, err := grafana.Rules()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// catalogued is the survey with the alerts of the rule files, made once.
var catalogued = sync.OnceValues(func() (*survey, error) {
	rules, err := grafana.Rules()
	return surveyed(rules), err
})

// draft is an older one than that of records: editors know it longest.
const draft = "http://json-schema.org/draft-07/schema#"

// scenarioSchema is the file, which is what the reader asks for.
func scenarioSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	made, err := catalogued()
	if err != nil {
		t.Fatal(err)
	}
	s := made.schema(t, "")
	comment(s, schematest.ReadDocs(t, "."), "Scenario")
	s["$schema"], s["$id"], s["title"] = draft, "paperlab/scenario", "A scenario of the lab (scenarios/*.yaml)"
	return schematest.Golden(t, "schema.json", s)
}

func asJSON(t *testing.T, source string) []byte {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(source), &v); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestSchema: every scenario of the catalogue, and every example of a fault, is as
// the schema says.
func TestSchema(t *testing.T) {
	t.Parallel()
	s := scenarioSchema(t)
	accepts(t, s, "proof/sabotage.yaml")
	for _, name := range Names() {
		accepts(t, s, name+".yaml")
	}
	base, err := os.ReadFile("consumer-crash.yaml")
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(base), "\nfaults:")
	_, after, _ := strings.Cut(string(base), "\nobjectives:")
	for _, k := range faults.Kinds() {
		source := fmt.Sprintf("%s\nfaults:\n  - %s: %s\n    at: 0s\n    %s: 3s\nobjectives:%s", before, k.Name, k.Example, k.Lasts, after)
		if _, err := Parse("consumer-crash.yaml", []byte(source), nil); err != nil {
			t.Errorf("%s: %v", k.Name, err)
		}
		if err := schematest.Judge(s, asJSON(t, source)); err != nil {
			t.Errorf("%s: %v", k.Name, err)
		}
	}
}

func accepts(t *testing.T, s *jsonschema.Schema, path string) {
	t.Helper()
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(source), "# yaml-language-server: $schema=") {
		t.Errorf("%s does not name the schema for editors", path)
	}
	if err := schematest.Judge(s, asJSON(t, string(source))); err != nil {
		t.Errorf("%s: %v", path, err)
	}
}

// TestSchemaRefuses: what is wrong in a file is wrong for the reader and for the
// schema.
func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	s := scenarioSchema(t)
	source, err := os.ReadFile("consumer-crash.yaml")
	if err != nil {
		t.Fatal(err)
	}
	good := string(source)
	for from, to := range map[string]string{
		"name: consumer-crash":      "nome: consumer-crash",
		"shards: 12":                "shards: 0",
		"summarizers: 2":            "summarizers: 33",
		"deliverers: 2":             "deliverers: two",
		"subscribers: ":             "subscriber: ",
		"of_capacity: 70%":          "of_capacity: 70",
		"steady: ":                  "steady: 1 and ",
		"fault: ":                   "fault: -",
		"- kill:":                   "- kil:",
		"role: summarize":           "role: summarizer",
		"at: 0s":                    "at: 0",
		"    at: 0s\n":              "",
		"alert: ConsumerDown":       "alert: ConsumerUp",
		"no-loss":                   "no-los",
		"[no-loss, ":                "[no-loss, no-loss, ",
		"objectives:":               "objective:",
		"restart_after:":            "restart_afterwards:",
		"about: ":                   "about: 7 # ",
		"service: ":                 "service: 12 # ",
		"  - kill: {role: ":         "  - freeze: {role: deliver, pick: one}\n    kill: {role: ",
		"lag_recovery: {within: 15": "lag_recovery: {inside: 15",
	} {
		broken := strings.Replace(good, from, to, 1)
		if broken == good {
			t.Errorf("nothing was broken by %q", to)
			continue
		}
		if _, err := Parse("consumer-crash.yaml", []byte(broken), rules(t)); err == nil {
			t.Errorf("the reader accepts %q", to)
		}
		if err := schematest.Judge(s, asJSON(t, broken)); err == nil {
			t.Errorf("the schema accepts %q", to)
		}
	}
}

// TestSurveyFindsWhatDependsOnOthers: a reader whose questions depend on presence
// and choice is seen through.
func TestSurveyFindsWhatDependsOnOthers(t *testing.T) {
	t.Parallel()
	s, err := catalogued()
	if err != nil {
		t.Fatal(err)
	}
	for path, kind := range map[string]string{
		".load.rate": "number", ".phases.fault": "duration", ".faults[].arxiv.retry_after": "duration", ".faults[].sink.share": "number",
		".objectives.time_to_detect.alert": "choice", ".invariants[]": "choice", ".service.lanes": "integer",
	} {
		if !slices.ContainsFunc(s.shapes[path], func(s shape) bool { return s.kind == kind }) {
			t.Errorf("%s is not known for a %s: %+v", path, kind, s.shapes[path])
		}
	}
	if s.needed[".service -lanes"]["lanes"] || !s.needed[".service -shards"]["shards"] {
		t.Errorf("of service, what is needed is %v", s.needed)
	}
}
