package reports

import (
	"flag"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// The tests of this package need nothing but a folder. They take about 2 s, and
// 20 s of processor time with -race: figures are drawn for real.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if crashDir != "" {
			_ = os.RemoveAll(crashDir)
		}
		os.Exit(code)
	}))
}

// update rewrites the goldens below their headers: go test ./reports -update
var update = flag.Bool("update", false, "rewrite the goldens in testdata")

// keep is a folder for reports to be looked at.
var keep = flag.String("keep", "", "leave the reports of several profiles in this folder")

var crashDir string

// crashReport makes the report of the sample crash, once for all tests, which
// leave it as it is.
var crashReport = sync.OnceValue(func() (err error) {
	if crashDir, err = os.MkdirTemp("", "paperlab-reports-"); err != nil {
		return err
	}
	r, events := crash(1)
	return Write(crashDir, r, events, []byte("[]"))
})

func written(t *testing.T) (dir string) {
	t.Helper()
	if err := crashReport(); err != nil {
		t.Fatal(err)
	}
	return crashDir
}
