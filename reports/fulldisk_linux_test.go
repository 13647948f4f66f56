package reports

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// onFullDisk makes the test binary write a report onto a disk of 160 KiB.
const onFullDisk = "PAPERLAB_TEST_FULL_DISK"

// TestFullDisk needs Linux with mount namespaces for this user, and says so
// where there are none: a tmpfs of its own is the only disk that a test may
// fill.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv(onFullDisk); dir != "" {
		writeOnFullDisk(t, dir)
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
	child.Env = append(os.Environ(), onFullDisk+"="+t.TempDir())
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	out, err := child.CombinedOutput()
	switch {
	case err == nil && strings.Contains(string(out), "the disk was full"):
	case strings.Contains(string(out), "no tmpfs"), err != nil && child.Process == nil:
		t.Skipf("not tested: no mount namespace here: %v\n%s", err, out)
	default:
		t.Fatalf("%v\n%s", err, out)
	}
}

func writeOnFullDisk(t *testing.T, dir string) {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=160k"); err != nil {
		t.Fatalf("no tmpfs: %v", err)
	}
	r, events := crash(1)
	err := Write(filepath.Join(dir, "run"), r, events, nil)
	if err == nil || !strings.Contains(err.Error(), "the disk is full: free some space, or write the report elsewhere") {
		t.Fatalf("error is %v", err)
	}
	names := filesIn(t, dir)
	if len(names) == 0 {
		t.Error("the disk was full before anything was written")
	}
	for _, name := range names {
		if strings.HasPrefix(filepath.Base(name), ".") || strings.HasSuffix(name, "result.json") {
			t.Errorf("%s was left behind", name)
		}
		if strings.HasSuffix(name, ".svg") {
			checkXML(t, name, read(t, dir, name))
		}
	}
	t.Logf("the disk was full: %v; whole files: %q", err, names)
}
