package process

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"paperlab/compose/undo"
	"paperlab/system/child"
	"paperlab/system/cluster"
)

// actAs makes the test binary a lab instead of running tests.
const actAs = "PAPERLAB_TEST_ACT"

func TestMain(m *testing.M) {
	switch act := os.Getenv(actAs); act {
	case "":
		goleak.VerifyTestMain(m)
	case "lab with a process", "lab starting a cluster", "lab with a cluster":
		actAsLab(act)
	}
}

// actAsLab prints the pids of its children, as far as they go, and waits to be
// killed.
func actAsLab(act string) {
	ledger, err := undo.Open("killed")
	must(err)
	switch act {
	case "lab with a process":
		p, err := start(ledger, "", child.Command{Name: "child", Path: "sleep", Args: []string{"600"}})
		must(err)
		tell(p.Pid())
	case "lab starting a cluster":
		// The third port is asked for when the first node is being started.
		asked := 0
		_, err := StartCluster(context.Background(), ledger, ClusterConfig{port: func(host string) (int, error) {
			if asked++; asked == 3 {
				tell(0)
			}
			return cluster.FreePort(host)
		}})
		must(err)
	case "lab with a cluster":
		c, err := StartCluster(context.Background(), ledger, ClusterConfig{})
		must(err)
		tell(c.Process("redis-1").Pid())
	}
	<-time.After(time.Minute)
}

func tell(pid int) { must(json.NewEncoder(os.Stdout).Encode(pid)) }

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// openLedger gives the test a temp folder and a run of its own, and fails it
// if the run leaves anything.
func openLedger(t *testing.T) *undo.Ledger {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	l, err := undo.Open("run")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if left := runsIn(t, l.Root()); len(left) != 0 {
			t.Errorf("processes left: %v", left)
		}
	})
	return l
}

// runsIn lists the processes that work in a folder.
func runsIn(t *testing.T, root string) (pids []string) {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Skip("needs /proc to look for processes")
	}
	for _, e := range entries {
		cwd, err := os.Readlink("/proc/" + e.Name() + "/cwd")
		if err == nil && strings.HasPrefix(cwd, root) {
			pids = append(pids, e.Name())
		}
	}
	return pids
}

// killLab runs the test binary as a lab, kills it with SIGKILL when it has told
// a pid, and returns the pid.
func killLab(t *testing.T, what string) (pid int) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	lab := exec.Command(os.Args[0])
	lab.Env = append(os.Environ(), actAs+"="+what)
	lab.Stderr = os.Stderr
	out, err := lab.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := lab.Start(); err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(out).Decode(&pid); err != nil {
		t.Fatalf("the lab did not tell a pid: %v", err)
	}
	if err := lab.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = lab.Wait()
	return pid
}
