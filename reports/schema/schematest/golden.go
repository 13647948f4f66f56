package schematest

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Golden holds a file to the schema, or writes it where the test's flag -update is
// set. It returns the file, compiled.
func Golden(t testing.TB, path string, s Schema) *jsonschema.Schema {
	t.Helper()
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile(path)
	if update := flag.Lookup("update"); !bytes.Equal(have, want.Bytes()) && update != nil && update.Value.String() == "true" {
		have, err = want.Bytes(), os.WriteFile(path, want.Bytes(), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want.Bytes()) {
		folder, _ := os.Getwd() // a test's is its package's
		t.Errorf("%s is not what the program writes or reads: go test ./%s -update writes it anew", path, filepath.Base(folder))
	}
	return compile(t, want.Bytes())
}

func compile(t testing.TB, raw []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatalf("not a schema: %v", err)
	}
	return s
}

// Judge is nil if the JSON text is as the schema says.
func Judge(s *jsonschema.Schema, text []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return s.Validate(value)
}
