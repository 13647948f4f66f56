package undo

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// actAsLab makes the test binary a lab that is killed in the middle: it opens
// a ledger, acts, prints a line, and waits to be killed.
const actAsLab = "PAPERLAB_TEST_LAB"

func TestMain(m *testing.M) {
	switch os.Getenv(actAsLab) {
	case "":
		goleak.VerifyTestMain(m)
	case "acts":
		labThatActs()
	case "starts":
		labThatHasNotWrittenThePid()
	}
}

func labThatActs() {
	ledger, err := Open("killed")
	must(err)
	folder, _, err := ledger.Folder("data/one")
	must(err)
	must(os.WriteFile(filepath.Join(folder, "file"), []byte("x"), 0o600))
	cmd := exec.Command("sleep", "600")
	_, err = ledger.Process("sleeper", cmd)
	must(err)
	answer(cmd.Process.Pid)
}

// labThatHasNotWrittenThePid stands between the intent and the pid.
func labThatHasNotWrittenThePid() {
	ledger, err := Open("killed")
	must(err)
	exe, err := exec.LookPath("sleep")
	must(err)
	_, err = ledger.add(processRecord(1, "sleeper", processData{Mark: "killed/1", Exe: exe}))
	must(err)
	cmd := exec.Command("sleep", "600")
	cmd.Env = append(os.Environ(), markVariable+"=killed/1")
	must(cmd.Start())
	answer(cmd.Process.Pid)
}

func answer(pid int) {
	must(json.NewEncoder(os.Stdout).Encode(pid))
	<-time.After(time.Minute) // killed long before
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// killedLab runs the test binary as a lab until it has acted, kills it with
// SIGKILL, and returns the pid of the process that it left behind.
func killedLab(t *testing.T, part string) (child int) {
	t.Helper()
	lab := exec.Command(os.Args[0])
	lab.Env = append(os.Environ(), actAsLab+"="+part)
	lab.Stderr = os.Stderr
	out, err := lab.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := lab.Start(); err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(out).Decode(&child); err != nil {
		t.Fatalf("the lab did not act: %v", err)
	}
	if stale, err := Stale(); err != nil || len(stale) != 0 {
		t.Errorf("while the lab lives: stale %v, %v; want none", stale, err)
	}
	if err := lab.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = lab.Wait()
	return child
}

// ownTemp gives the test a temp folder, and so a set of runs, of its own.
func ownTemp(t *testing.T) { t.Setenv("TMPDIR", t.TempDir()) }
