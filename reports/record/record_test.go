package record

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestExitCodes(t *testing.T) {
	for v, want := range map[Verdict]int{Pass: 0, Violation: 1, Inconclusive: 2, Infrastructure: 3, Aborted: 130, "": 3, "other": 3} {
		if got := v.ExitCode(); got != want {
			t.Errorf("%q ends with %d, want %d", v, got, want)
		}
	}
}

// Worst wins in this order: violation, inconclusive, infrastructure, aborted,
// pass.
func TestWorst(t *testing.T) {
	order := []Verdict{Violation, Inconclusive, Infrastructure, Aborted, Pass}
	for i, want := range order {
		backwards := slices.Clone(order[i:])
		slices.Reverse(backwards)
		if got := Worst(backwards); got != want {
			t.Errorf("worst of %v is %s, want %s", backwards, got, want)
		}
	}
	if got := Worst(nil); got != Pass {
		t.Errorf("worst of none is %s", got)
	}
}

func TestLoadResultRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		content, want string
	}{
		"not JSON":        {"hello", "invalid character"},
		"another schema":  {`{"schema":"paperlab/result/v1","verdict":"pass"}`, `its schema is "paperlab/result/v1", this program reads "paperlab/result/v2"`},
		"no schema":       {`{"verdict":"pass"}`, `its schema is ""`},
		"a benchmark":     {`{"schema":"paperlab/bench/v1"}`, "use the version of lab that wrote it"},
		"unknown verdict": {`{"schema":"paperlab/result/v2","verdict":"fine"}`, `the verdict "fine" does not exist`},
		"no verdict":      {`{"schema":"paperlab/result/v2"}`, `the verdict "" does not exist`},
		"wrong type":      {`{"schema":"paperlab/result/v2","verdict":"pass","seed":"x"}`, "seed"},
		"oversize":        {`{"schema":"paperlab/result/v2","verdict":"pass"}` + strings.Repeat(" ", maxRecord), "not a regular file of at most 268435456 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "result.json")
			if err := os.WriteFile(path, []byte(c.content), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := LoadResult(path)
			if !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error is %v; want ErrForeign for %s with %q", err, path, c.want)
			}
		})
	}
	_, err := LoadResult(t.TempDir())
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "leaves result.json") {
		t.Errorf("an empty folder gives %v", err)
	}
}

func TestUnknownFieldsAreIgnored(t *testing.T) {
	path := filepath.Join(t.TempDir(), "result.json")
	if err := os.WriteFile(path, []byte(`{"schema":"paperlab/result/v2","verdict":"aborted","later":{"more":1}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if r, err := LoadResult(path); err != nil || r.Verdict != Aborted {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestLoadBenchRefuses(t *testing.T) {
	for content, want := range map[string]string{
		`{"schema":"paperlab/result/v2","verdict":"pass"}`: `its schema is "paperlab/result/v2", this program reads "paperlab/bench/v1"`,
		`{`: "unexpected end",
		`{"schema":"paperlab/bench/v1","cases":[{"params":{"shards":"x"},"metrics":{"m":{"value":"fast"}}}]}`: "value",
		strings.Repeat(" ", maxRecord+1): "not a regular file",
	} {
		path := filepath.Join(t.TempDir(), "result.json")
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadBench(path); !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v; want ErrForeign with %q", err, want)
		}
	}
	if _, err := LoadBench(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
}

func TestLabelOfAFault(t *testing.T) {
	for want, f := range map[string]Fault{
		"kill summarize-1":              {ID: "kill-1", Kind: "kill", Processes: []string{"summarize-1"}},
		"llm errors":                    {ID: "llm-2", Kind: "llm", Mode: "errors"},
		"partition redis-one deliver-2": {ID: "partition-1", Kind: "partition", Mode: "redis-one", Processes: []string{"deliver-2"}},
		"llm-2":                         {ID: "llm-2"},
		"kill summarize-1,2,10":         {ID: "kill-1", Kind: "kill", Processes: []string{"summarize-1", "summarize-2", "summarize-10"}},
	} {
		if got := f.Label(); got != want {
			t.Errorf("label %q, want %q", got, want)
		}
	}
}
