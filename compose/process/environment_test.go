package process

import (
	"os/exec"
	"path/filepath"
	"testing"

	"paperlab/compose/conformance"
)

func TestEnvironment(t *testing.T) {
	papers := filepath.Join(t.TempDir(), "papers")
	if out, err := exec.Command("go", "build", "-o", papers, "paperlab/cmd/papers").CombinedOutput(); err != nil {
		t.Fatalf("build the service: %v: %s", err, out)
	}
	t.Setenv("TMPDIR", t.TempDir())
	conformance.Test(t, New(Config{Papers: papers}))
}
