package main

import (
	"os"
	"path/filepath"
	"testing"

	"paperlab/reports/record"
)

// Whatever makes runs differ makes another set; what does not, does not.
func TestSetID(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "lab")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(program, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	of := func(change func(*record.Set)) string {
		t.Helper()
		s := record.Set{
			Scenario: "x", Environment: "process", Corpus: "builtin", Profiles: []string{"naive", "hardened"},
			Versions: map[string]string{"redis": "7.0.15", "go": "1.26.8"}, Host: record.Host{CPUs: 2, CPU: "a CPU", MemoryBytes: 8 << 30},
		}
		change(&s)
		id, err := setID(s, []string{program})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	same := func(*record.Set) {}
	write("one build")
	base := of(same)
	for name, change := range map[string]func(*record.Set){
		"memory": func(s *record.Set) { s.Host.MemoryBytes-- },
		"about":  func(s *record.Set) { s.About = "other words" },
	} {
		if of(change) != base {
			t.Errorf("another %s makes another set", name)
		}
	}
	for name, change := range map[string]func(*record.Set){
		"scenario": func(s *record.Set) { s.Scenario = "y" },
		"corpus":   func(s *record.Set) { s.Corpus = "papers.jsonl.gz" },
		"profiles": func(s *record.Set) { s.Profiles = s.Profiles[1:] },
		"redis":    func(s *record.Set) { s.Versions["redis"] = "7.2.0" },
		"cpus":     func(s *record.Set) { s.Host.CPUs = 4 },
	} {
		if of(change) == base {
			t.Errorf("another %s is the same set", name)
		}
	}
	write("one built")
	if of(same) == base {
		t.Error("another program is the same set")
	}
}
