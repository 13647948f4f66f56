package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paperlab/faults"
)

var update = flag.Bool("update", false, "rewrite the tables in the README")

// The table of faults in the README is that of the faults themselves. With
// -update it is written anew.
func TestReadmeListsTheFaults(t *testing.T) {
	const begin, end = "<!-- faults, kept by go test ./cmd/lab -update -->\n", "<!-- end of faults -->"
	path := filepath.Join("..", "..", "README.md")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(raw), begin)
	table, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("the README has no place for the faults: %s", begin)
	}
	var want strings.Builder
	want.WriteString("| fault in a scenario file | what it does | after a kill -9 of the lab |\n|---|---|---|\n")
	for _, k := range faults.Kinds() {
		fmt.Fprintf(&want, "| `%s: %s` | %s | %s |\n", k.Name, k.Example, k.About, k.Undo)
	}
	if table == want.String() {
		return
	}
	if !*update {
		t.Fatalf("the README's table of faults is\n%s\nwant\n%s\ngo test ./cmd/lab -update writes it", table, want.String())
	}
	if err := os.WriteFile(path, []byte(before+begin+want.String()+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
