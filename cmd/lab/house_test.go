package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// floors are the folders from the ground up. What stands on a floor may need
// what stands on its own or on a lower one, tests included; no arrow runs up.
// Bench stands beside scenarios, grafana (data) and system on the ground.
var floors = map[string]int{
	"system": 0, "grafana": 0, "reports": 1, "compose": 2, "faults": 3, "scenarios": 4, "bench": 4, "cmd": 5,
}

// rules are what the floors do not say. A rule speaks of what a package needs
// in all, or, with direct, of what it imports itself.
var rules = []struct {
	packages  string
	direct    bool
	forbidden []string
	why       string
}{
	{"paperlab/system/...", false, []string{"paperlab/grafana"}, "the service ships without the lab"},
	{"paperlab/cmd/papers", false, []string{"paperlab/cmd/lab", "paperlab/compose", "paperlab/faults", "paperlab/scenarios", "paperlab/reports", "paperlab/bench", "paperlab/grafana"}, "the service ships without the lab"},
	{"paperlab/system/paper", false, []string{"paperlab/system/"}, "the domain's types know nobody"},
	{"paperlab/scenarios/check", true, []string{"os", "net", "net/http", "time", "math/rand", "math/rand/v2", "crypto/rand"}, "checkers see histories only"},
	{"paperlab/scenarios/observe", false, []string{"paperlab/system/stream", "paperlab/system/store", "paperlab/system/naive", "paperlab/system/careful"}, "the witness does not share the suspect's code"},
	{"paperlab/scenarios/check", false, []string{"paperlab/system/match"}, "the oracle does not share the suspect's code"},
	{"paperlab/reports/...", false, []string{"paperlab/system/stream"}, "reports read records and histories and run nothing"},
	{"paperlab/bench", false, []string{"paperlab/faults", "paperlab/scenarios/run"}, "benchmarks break nothing; bench/detect, which does, is a package of its own"},
}

// TestFloors takes a few seconds: it asks the go command.
func TestFloors(t *testing.T) {
	for at, deps := range imports(t, "paperlab/...", "{{.ImportPath}} {{join .Imports \" \"}} {{join .TestImports \" \"}} {{join .XTestImports \" \"}}") {
		for _, dep := range deps {
			if from, to := floorOf(at), floorOf(dep); to > from {
				t.Errorf("%s (floor %d) needs %s (floor %d): no arrow runs up", at, from, dep, to)
			}
		}
	}
}

func floorOf(path string) int {
	folder, ours := strings.CutPrefix(path, "paperlab/")
	if !ours {
		return -1
	}
	folder, _, _ = strings.Cut(folder, "/")
	floor, known := floors[folder]
	if !known {
		panic(folder + " has no floor")
	}
	return floor
}

// imports asks the go command for packages and what they need, by the format.
func imports(t *testing.T, packages, format string) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", format, packages).Output()
	if err != nil {
		t.Fatalf("go list %s: %v", packages, err)
	}
	needs := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		needs[words[0]] = words[1:]
	}
	return needs
}

func TestWhoMayKnowWhom(t *testing.T) {
	for _, r := range rules {
		field := ".Deps"
		if r.direct {
			field = ".Imports"
		}
		for at, deps := range imports(t, r.packages, "{{.ImportPath}} {{join "+field+" \" \"}}") {
			for _, dep := range deps {
				for _, forbidden := range r.forbidden {
					if dep != at && (dep == forbidden || strings.HasPrefix(dep, strings.TrimSuffix(forbidden, "/")+"/")) {
						t.Errorf("%s needs %s: %s", at, dep, r.why)
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
