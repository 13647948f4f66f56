package reports

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"paperlab/reports/history"
	"paperlab/reports/record"
	"paperlab/reports/schema/schematest"
)

// records are the kinds of result.json. As their reader passes over fields that it
// does not know, so do their schemas.
var records = []struct {
	file, title, schema string
	of                  reflect.Type
}{
	{"result", "The record of one run (result.json)", record.Schema, reflect.TypeFor[record.Result]()},
	{"bench", "The record of one benchmark (result.json)", record.BenchSchema, reflect.TypeFor[record.Bench]()},
	{"set", "The record of one scenario run for many seeds (set.json)", record.SetSchema, reflect.TypeFor[record.Set]()},
}

func recordSchema(t testing.TB, file string) *jsonschema.Schema {
	t.Helper()
	for _, r := range records {
		if r.file == file {
			g := schematest.NewTypes(t, false, "record")
			s := g.Of(r.of)
			if file == "set" {
				g.Allow("SetSeed", "verdict", "") // not run yet
			}
			g.Const(r.of.Name(), "schema", r.schema)
			return schematest.Golden(t, filepath.Join("schema", file+".json"), g.Whole(r.schema, r.title, s))
		}
	}
	t.Fatalf("no record %s", file)
	return nil
}

// historySchema is that of one line: the first, which names the schema, or an
// event, of which the reader knows every field.
func historySchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	g := schematest.NewTypes(t, true, "history", "../system/paper")
	event := g.Of(reflect.TypeFor[history.Event]())
	definition := g.Defs["Event"].(schematest.Schema)
	// The reader refuses a subscribe without its wish.
	definition["if"] = schematest.Schema{"properties": schematest.Schema{"op": schematest.Schema{"const": history.Subscribe}}}
	definition["then"] = schematest.Schema{"required": []string{"wish"}}
	first := schematest.Schema{
		"type": "object", "description": "the first line", "required": []string{"schema"}, "additionalProperties": false,
		"properties": schematest.Schema{"schema": schematest.Schema{"const": history.Schema}},
	}
	whole := g.Whole(history.Schema, "One line of a history (history.jsonl.gz)", schematest.Schema{"anyOf": []schematest.Schema{first, event}})
	return schematest.Golden(t, filepath.Join("schema", "history.json"), whole)
}

// TestSchemasOfRecords: what is written is as the schemas say, and what is broken
// is not.
func TestSchemasOfRecords(t *testing.T) {
	dir := written(t)
	result := recordSchema(t, "result")
	good := read(t, dir, "result.json")
	accepts(t, result, good)
	empty := t.TempDir()
	if err := Write(empty, record.Result{Scenario: "s", Verdict: record.Aborted, Runs: []record.Run{{}}}, nil, nil); err != nil {
		t.Fatal(err)
	}
	accepts(t, result, read(t, empty, "result.json"))
	for from, to := range map[string]string{
		`"verdict": "pass"`:         `"verdict": "passed"`,
		record.Schema:               "paperlab/result/v0",
		`"wall_s": `:                `"walls": `,
		`"instance": "summarize-2"`: `"instance": 2`,
		`"started_at": "2026`:       `"started_at": "in 2026`,
		`"effect_at_s": `:           `"effect_at_s": "late", "x": `,
		`"offered": `:               `"offered": 0.5, "x": `,
		`"held": true`:              `"held": 1`,
	} {
		refuses(t, result, good, from, to)
	}
	folder := t.TempDir()
	if err := WriteBench(folder, sampleBench()); err != nil {
		t.Fatal(err)
	}
	bench, good := recordSchema(t, "bench"), read(t, folder, "result.json")
	accepts(t, bench, good)
	refuses(t, bench, good, `"value": `, `"value": "1", "x": `)
	refuses(t, bench, good, record.BenchSchema, record.Schema)
	set := t.TempDir()
	if err := WriteSet(set, sampleSet()); err != nil {
		t.Fatal(err)
	}
	accepts(t, recordSchema(t, "set"), read(t, set, record.SetFile))
	if err := schematest.Judge(result, []byte(good)); err == nil {
		t.Error("a benchmark's record passes for a run's")
	}
}

func accepts(t *testing.T, s *jsonschema.Schema, text string) {
	t.Helper()
	if err := schematest.Judge(s, []byte(text)); err != nil {
		t.Errorf("a record that was written is refused: %v", err)
	}
}

func refuses(t *testing.T, s *jsonschema.Schema, good, from, to string) {
	t.Helper()
	broken := strings.Replace(good, from, to, 1)
	if broken == good {
		t.Errorf("nothing was broken by %s", to)
	} else if err := schematest.Judge(s, []byte(broken)); err == nil {
		t.Errorf("with %s the record is accepted", to)
	}
}

// TestSchemaOfHistories: every line of the histories that there are is as the
// schema says; what the reader refuses, the schema refuses.
func TestSchemaOfHistories(t *testing.T) {
	s := historySchema(t)
	f, err := os.Open(filepath.Join(written(t), historyFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range bytes.Lines(text) {
		seen++
		if err := schematest.Judge(s, line); err != nil {
			t.Fatalf("line %d, %s: %v", seen, line, err)
		}
	}
	if seen < 1000 {
		t.Errorf("only %d lines were seen", seen)
	}
	for _, broken := range []string{
		`{"schema":"paperlab/history/v1"}`,
		`{}`,
		`{"t":1,"profile":"naive","process":"lab","type":"ok","op":"phase","name":"steady","mood":"good"}`,
		`{"t":1,"profile":"naive","process":"lab","type":"ok"}`,
		`{"t":"1","profile":"naive","process":"lab","type":"ok","op":"phase"}`,
		`{"t":1,"profile":"naive","process":"lab","type":"ok","op":"subscribe"}`,
	} {
		if err := schematest.Judge(s, []byte(broken)); err == nil {
			t.Errorf("the schema accepts %s", broken)
		}
		lines := `{"schema":"` + history.Schema + `"}` + "\n" + broken + "\n"
		if strings.HasPrefix(broken, `{"schema"`) {
			lines = broken
		}
		refused := false
		for _, err := range history.ReadLines(strings.NewReader(lines)) {
			refused = err != nil
		}
		if !refused {
			t.Errorf("the reader accepts %s", broken)
		}
	}
	if err := schematest.Judge(s, []byte(`{"t":1,"profile":"naive","process":"lab","type":"happy","op":"phase"}`)); err == nil {
		t.Error("the schema accepts a type of event that does not exist")
	}
}

// TestReadmeShowsWhatIsWritten: the lines of a history that the README shows are
// lines of a history.
func TestReadmeShowsWhatIsWritten(t *testing.T) {
	s := historySchema(t)
	shown := 0
	for line := range strings.Lines(read(t, "..", "README.md")) {
		if strings.HasPrefix(line, `{"t":`) || strings.HasPrefix(line, `{"schema":`) {
			shown++
			if err := schematest.Judge(s, []byte(line)); err != nil {
				t.Errorf("the README's line %s: %v", line, err)
			}
		}
	}
	if shown < 4 {
		t.Errorf("the README shows %d lines of a history", shown)
	}
}
