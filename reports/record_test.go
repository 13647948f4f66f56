package reports

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"paperlab/reports/record"
)

func TestResultRoundTrip(t *testing.T) {
	dir, want := written(t), crashResult(1)
	for _, path := range []string{dir, filepath.Join(dir, "result.json")} {
		got, err := record.LoadResult(path)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("read back\n%+v\nwant\n%+v", got, want)
		}
	}
}

func TestSchemaIsFilledIn(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir, record.Result{Scenario: "s", Verdict: record.Aborted}, nil, nil); err != nil {
		t.Fatal(err)
	}
	if r, err := record.LoadResult(dir); err != nil || r.Schema != record.Schema {
		t.Errorf("schema is %q, error %v", r.Schema, err)
	}
}

// contract are the names of section 5 of the design. Others may be added; these
// must not change while the schema is v1.
var contract = map[string][]string{
	"":                        {"schema", "scenario", "seed", "environment", "started_at", "finished_at", "wall_s", "verdict", "code", "versions", "host", "runs"},
	"code":                    {"commit", "dirty"},
	"versions":                {"redis", "go"},
	"host":                    {"cpus", "memory_bytes", "cpu"},
	"runs.0":                  {"profile", "counts", "faults", "alerts", "time_to_detect_s", "time_to_recover_s", "lag_recovery_s", "invariants", "objectives"},
	"runs.0.price":            {"latency_p50_s", "latency_p95_s", "latency_p99_s", "saturation_per_s", "commands_per_message", "memory_bytes_per_message"},
	"runs.0.counts":           {"offered", "acknowledged", "delivered", "lost", "recovered", "unexpected", "duplicate_deliveries", "duplicate_effects", "order_violations", "fenced", "dead_letters", "llm_calls", "llm_calls_repeated"},
	"runs.0.faults.0":         {"kind", "target", "injected_at_s", "effect_at_s", "healed_at_s", "receipt"},
	"runs.0.faults.0.receipt": {"before", "during", "after"},
	"runs.0.alerts.0":         {"name", "firing_at_s", "notified_at_s", "resolved_at_s"},
	"runs.0.invariants.0":     {"id", "verdict", "detail"},
	"runs.0.objectives.0":     {"id", "bound", "value", "ok"},
}

func TestResultKeepsItsContract(t *testing.T) {
	dir := written(t)
	content, err := os.ReadFile(filepath.Join(dir, "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	var record any
	if err := json.Unmarshal(content, &record); err != nil {
		t.Fatal(err)
	}
	for path, names := range contract {
		object := at(t, record, path)
		for _, name := range names {
			if _, found := object[name]; !found {
				t.Errorf("%q has no %q, only %q", path, name, slices.Sorted(maps.Keys(object)))
			}
		}
	}
}

func at(t *testing.T, v any, path string) map[string]any {
	t.Helper()
	for step := range strings.SplitSeq(path, ".") {
		switch c := v.(type) {
		case map[string]any:
			if step != "" {
				v = c[step]
			}
		case []any:
			v = c[0]
		}
	}
	object, ok := v.(map[string]any)
	if !ok {
		t.Fatalf("%q is %v, not an object", path, v)
	}
	return object
}

// Every number that is measured carries its unit in its key: a float in the
// record ends with _s or _share, or is one of those that have no unit of their own.
func TestUnitsAreInTheKeys(t *testing.T) {
	unitless := map[string]bool{"value": true, "backlog_bound": true, "backlog_p99": true, "low": true, "high": true, "least": true, "most": true, "level": true,
		"of_capacity": true, "hottest_share": true, "fan_out": true}
	// The bound of something that has its unit beside it.
	unitBeside := func(typ reflect.Type, key string) bool {
		_, has := typ.FieldByName("Unit")
		return has && key == "bound"
	}
	var walk func(typ reflect.Type)
	seen := map[reflect.Type]bool{}
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Map {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] || typ.PkgPath() != reflect.TypeFor[record.Result]().PkgPath() {
			return
		}
		seen[typ] = true
		for f := range typ.Fields() {
			key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			kind := f.Type
			if kind.Kind() == reflect.Pointer {
				kind = kind.Elem()
			}
			switch {
			case f.Anonymous: // its fields are walked below
			case key == "" || key != strings.ToLower(key):
				t.Errorf("%s.%s has the key %q", typ.Name(), f.Name, key)
			case kind.Kind() == reflect.Float64 && !strings.HasSuffix(key, "_s") && !strings.HasSuffix(key, "_share") && !strings.HasSuffix(key, "_per_message") && !unitless[key] && !unitBeside(typ, key):
				t.Errorf("%s.%s: key %q has no unit", typ.Name(), f.Name, key)
			case kind.Kind() == reflect.Int64 && key != "seed" && !strings.HasSuffix(key, "_bytes"):
				t.Errorf("%s.%s: key %q has no unit", typ.Name(), f.Name, key)
			}
			walk(f.Type)
		}
	}
	walk(reflect.TypeFor[record.Result]())
	walk(reflect.TypeFor[record.Bench]())
	if len(seen) < 12 {
		t.Errorf("only %d types were looked at", len(seen))
	}
}

// JSON has no NaN: a record that holds one must not be half written.
func TestNaNIsNotARecord(t *testing.T) {
	dir := t.TempDir()
	err := Write(dir, record.Result{Verdict: record.Pass, WallS: math.NaN()}, nil, nil)
	if err == nil || !strings.Contains(err.Error(), "result.json") {
		t.Errorf("error is %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "result.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a record was left: %v", err)
	}
}
