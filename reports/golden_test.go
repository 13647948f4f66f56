package reports

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestGoldenMarkdown compares the whole report.md of the sample crash. Read the
// diff as its reader would.
func TestGoldenMarkdown(t *testing.T) {
	t.Parallel()
	checkGolden(t, "consumer-crash.txtar", written(t))
}

// checkGolden compares a folder's report.md with a golden.
func checkGolden(t *testing.T, name, dir string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	golden, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := []byte(read(t, dir, "report.md"))
	if len(golden.Comment) < 100 || len(golden.Files) != 1 || golden.Files[0].Name != "report.md" {
		t.Fatalf("%s must have a header in prose and report.md", path)
	}
	if bytes.Equal(got, golden.Files[0].Data) {
		return
	}
	if !*update {
		t.Fatalf("report.md is not as in %s; if it should be, rewrite it with -update and read the diff\n%s", path, firstDifference(got, golden.Files[0].Data))
	}
	golden.Files[0].Data = got
	if err := os.WriteFile(path, txtar.Format(golden), 0o644); err != nil {
		t.Fatal(err)
	}
}

func firstDifference(got, want []byte) string {
	g, w := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(g), len(w)) {
		if !bytes.Equal(g[i], w[i]) {
			return "got:  " + string(g[i]) + "\nwant: " + string(w[i])
		}
	}
	return "one is longer than the other"
}
