package scenarios

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"paperlab/grafana"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestEveryScenarioIsSound also holds each to what the catalogue promises: a
// share of capacity as load, every checker, the naive profile beside.
func TestEveryScenarioIsSound(t *testing.T) {
	names := Names()
	for _, want := range []string{"consumer-crash", "llm-outage", "network-partition"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not in the catalogue: %v", want, names)
		}
	}
	rules, err := grafana.Rules()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			s, err := Load(name, rules)
			if err != nil {
				t.Fatal(err)
			}
			if s.Load.OfCapacity != 0.7 || s.Load.Hottest != 0.05 || s.Load.FanOut != 5 {
				t.Errorf("its load is %+v; one figure for all wants 70%% of capacity, 5%% for the hottest, 5 notifications a paper", s.Load)
			}
			if s.Objectives.TimeToDetect == nil || !slices.Contains(s.Compare, "naive") || len(s.Invariants) != 6 {
				t.Errorf("not complete: %+v", s)
			}
		})
	}
}

func TestUnknownName(t *testing.T) {
	for _, name := range []string{"consumer-crahs", "", "..", "catalogue.go"} {
		_, err := Load(name, nil)
		var e *Error
		if !errors.As(err, &e) || e.ExitCode() != 64 || !strings.Contains(err.Error(), "\nthere are: consumer-crash, llm-outage") {
			t.Errorf("%q: error is %v; want an *Error with the list", name, err)
		}
	}
	_, err := Load("consumer-crahs", nil)
	if !strings.HasPrefix(err.Error(), `there is no scenario "consumer-crahs"; did you mean consumer-crash?`) {
		t.Errorf("got %v", err)
	}
}

func TestPath(t *testing.T) {
	byPath, err := Load("./consumer-crash.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	byName, err := Load("consumer-crash", nil)
	if err != nil || byPath.About != byName.About {
		t.Fatalf("%v: %+v; want %+v", err, byPath, byName)
	}
	folder := t.TempDir()
	endless := filepath.Join(folder, "endless.yaml")
	if err := os.WriteFile(endless, make([]byte, maxSize+1), 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(folder, "none.yaml"): "cannot be opened: no such file",
		folder + "/":                       "cannot be read: is a directory",
		endless:                            "longer than",
	} {
		_, err := Load(path, nil)
		var e *Error
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v; want %q", path, err, want)
		}
	}
}
