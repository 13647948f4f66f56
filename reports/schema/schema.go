// Package schema has the JSON schemas of what a run and a benchmark leave behind,
// for programs that read it: result (result.json of a run), bench (that of a
// benchmark), set (set.json of many seeds) and history (one line of history.jsonl).
//
// The files are made from the types, with their comments, by a test of package
// reports: go test ./reports -update.
package schema

import (
	"embed"
	"strings"
)

//go:embed *.json
var files embed.FS

// Names are the schemas that there are, in alphabetical order.
func Names() (names []string) {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // the embedded folder is always there
	}
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".json"))
	}
	return names
}

// Text is a schema; ok is false if there is none of that name.
func Text(name string) (text []byte, ok bool) {
	text, err := files.ReadFile(name + ".json")
	return text, err == nil
}
