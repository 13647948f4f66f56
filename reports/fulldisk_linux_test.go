package reports

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"paperlab/reports/record"
)

// onFullDisk makes the test binary write a report onto a disk of 320 KiB.
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

// writeOnFullDisk leaves room for record and history, and for no picture more
// than a few: what is lost is what can be drawn again.
func writeOnFullDisk(t *testing.T, disk string) {
	r, events := crash(1)
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=320k"); err != nil {
		t.Fatalf("no tmpfs: %v", err)
	}
	dir := filepath.Join(disk, "crash", "run")
	err := Write(dir, r, events, []byte("[]"))
	if !errors.Is(err, ErrNotDrawn) || !strings.Contains(err.Error(), "the disk is full: free some space") || !strings.Contains(err.Error(), "make report RUN="+dir) {
		t.Fatalf("error is %v", err)
	}
	names := filesIn(t, dir)
	for _, name := range names {
		if strings.HasPrefix(filepath.Base(name), ".") || name == "report.html" {
			t.Errorf("%s was left behind", name)
		}
		if strings.HasSuffix(name, ".svg") {
			checkXML(t, name, read(t, dir, name))
		}
	}
	loaded, found, loadErr := Load(dir)
	if loadErr != nil || loaded.Verdict != r.Verdict || len(found[hardened]) != len(events[hardened]) || len(found[naive]) != len(events[naive]) {
		t.Errorf("the evidence does not come back: %v; whole files: %q", loadErr, names)
	}
	t.Logf("the disk was full: %v; whole files: %q", err, names)
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT, "size=16m"); err != nil {
		t.Fatal(err)
	}
	drawAfterwards(t, disk, dir)
}

// drawAfterwards: there is space again, the index knows the run, and its pages
// come from the evidence.
func drawAfterwards(t *testing.T, disk, dir string) {
	index := func() string {
		if err := Index(disk); err != nil {
			t.Fatal(err)
		}
		return read(t, disk, "index.html")
	}
	if page := index(); strings.Contains(page, "run/report.html") || !strings.Contains(page, "make report RUN="+dir) {
		t.Errorf("the index of a run without pages is\n%s", page)
	}
	if err := Redraw(dir); err != nil {
		t.Fatal(err)
	}
	if page := index(); !strings.Contains(page, "crash/run/report.html") || strings.Contains(page, "make report RUN=") {
		t.Errorf("the index of a run that was drawn again is\n%s", page)
	}
}

// A record that does not fit is no reason to keep quiet about the history, nor
// the other way round.
func TestEvidenceIsTriedFileByFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "history.jsonl.gz", "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	r, events := crash(1)
	err := Write(dir, r, events, nil)
	if err == nil || errors.Is(err, ErrNotDrawn) || !strings.Contains(err.Error(), "history.jsonl.gz") {
		t.Errorf("error is %v", err)
	}
	if _, err := record.LoadResult(dir); err != nil {
		t.Errorf("the record was not kept: %v", err)
	}
}
