package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The rules of the house: who may know whom. A rule speaks of what a package
// needs in all, or, with direct, of what it imports itself.
var rules = []struct {
	packages  string
	direct    bool
	forbidden []string
	why       string
}{
	{"paperlab/system/...", false, []string{"paperlab/cmd", "paperlab/compose", "paperlab/faults", "paperlab/scenarios", "paperlab/reports", "paperlab/bench", "paperlab/grafana"}, "the service ships without the lab"},
	{"paperlab/cmd/papers", false, []string{"paperlab/cmd/lab", "paperlab/compose", "paperlab/faults", "paperlab/scenarios", "paperlab/reports", "paperlab/bench", "paperlab/grafana"}, "the service ships without the lab"},
	{"paperlab/system/paper", false, []string{"paperlab/system/"}, "the domain's types know nobody"},
	{"paperlab/scenarios/check", true, []string{"os", "net", "net/http", "time", "math/rand", "math/rand/v2", "crypto/rand"}, "checkers see histories only"},
	{"paperlab/scenarios/observe", false, []string{"paperlab/system/stream", "paperlab/system/store", "paperlab/system/naive"}, "the witness does not share the suspect's code"},
	{"paperlab/scenarios/check", false, []string{"paperlab/system/match"}, "the oracle does not share the suspect's code"},
	{"paperlab/reports/...", false, []string{"paperlab/compose", "paperlab/faults", "paperlab/bench", "paperlab/scenarios/run", "paperlab/scenarios/check", "paperlab/system/stream"}, "reports read records and histories and run nothing"},
	{"paperlab/bench", false, []string{"paperlab/faults", "paperlab/scenarios/run"}, "benchmarks break nothing"},
	{"paperlab/faults", false, []string{"paperlab/compose", "paperlab/system/stream"}, "each fault declares the target that it needs"},
}

// TestWhoMayKnowWhom takes a few seconds: it asks the go command.
func TestWhoMayKnowWhom(t *testing.T) {
	for _, r := range rules {
		field := ".Deps"
		if r.direct {
			field = ".Imports"
		}
		out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join "+field+" \" \"}}", r.packages).Output()
		if err != nil {
			t.Fatalf("go list %s: %v", r.packages, err)
		}
		for line := range strings.Lines(string(out)) {
			words := strings.Fields(line)
			for _, dep := range words[1:] {
				for _, forbidden := range r.forbidden {
					if dep != words[0] && (dep == forbidden || strings.HasPrefix(dep, strings.TrimSuffix(forbidden, "/")+"/")) {
						t.Errorf("%s needs %s: %s", words[0], dep, r.why)
					}
				}
			}
		}
	}
}

// TestTopFolders: the layout is fixed.
func TestTopFolders(t *testing.T) {
	allowed := []string{"bench", "cmd", "compose", "faults", "grafana", "reports", "scenarios", "system"}
	entries, err := os.ReadDir(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !slices.Contains(allowed, e.Name()) {
			t.Errorf("folder %s is not one of %v", e.Name(), allowed)
		}
	}
}
