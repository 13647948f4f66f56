package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"paperlab/compose/turn"
	"paperlab/system/servicetest"
)

// lab is another process of the lab, with the same queue. There is no
// redis-server for it, so that a benchmark that has its turn fails at once.
type lab struct {
	*exec.Cmd
	mu   sync.Mutex
	said bytes.Buffer
	read sync.WaitGroup
}

func startLab(t *testing.T, args ...string) *lab {
	t.Helper()
	l := &lab{Cmd: exec.Command(os.Args[0], args...)}
	l.Args[0] = "lab" // see TestMain
	l.Dir = t.TempDir()
	l.Env = append(os.Environ(), "PATH=", "HOME="+l.Dir, "TMPDIR="+l.Dir)
	out, err := l.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Start(); err != nil {
		t.Fatal(err)
	}
	l.read.Go(func() {
		for lines := bufio.NewReader(out); ; {
			line, err := lines.ReadString('\n')
			l.mu.Lock()
			l.said.WriteString(line)
			l.mu.Unlock()
			if err != nil {
				return
			}
		}
	})
	t.Cleanup(func() { _ = l.Process.Kill(); l.end() })
	return l
}

func (l *lab) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.said.String()
}

func (l *lab) says(t *testing.T, what string) {
	t.Helper()
	servicetest.Eventually(t, "lab says "+what, func() bool { return strings.Contains(l.text(), what) })
}

// end waits for the process and gives its exit status.
func (l *lab) end() int {
	l.read.Wait()
	_ = l.Wait()
	return l.ProcessState.ExitCode()
}

// holding takes the turn of this machine's runs, in a queue of the test's own.
func holding(t *testing.T) *turn.Turn {
	t.Helper()
	t.Setenv(turn.FolderVariable, filepath.Join(t.TempDir(), "turns"))
	held, err := turn.Take(t.Context(), "scenario held", false, func([]turn.Run) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(held.Leave)
	return held
}

const taken = "this machine is taken by scenario held (pid "

// TestASecondRunWaits: it says for whom, and goes on when that one has ended.
func TestASecondRunWaits(t *testing.T) {
	first := holding(t)
	for _, args := range [][]string{{"bench", "sharding"}, {"sabotage", "none"}, {"nightly"}} {
		second := startLab(t, args...)
		second.says(t, taken)
		if strings.Contains(second.text(), "redis-server") {
			t.Errorf("%v began: %s", args, second.text())
		}
		if second.Process.Signal(syscall.Signal(0)) != nil {
			t.Errorf("%v does not wait: %s", args, second.text())
		}
		_ = second.Process.Signal(syscall.SIGINT)
		if code := second.end(); code != exitAborted {
			t.Errorf("%v, stopped while it waited, ends with %d: %s", args, code, second.text())
		}
	}
	second := startLab(t, "bench", "sharding")
	second.says(t, taken)
	first.Leave()
	if code := second.end(); code != 3 || !strings.Contains(second.text(), "redis-server") {
		t.Errorf("it does not go on: status %d: %s", code, second.text())
	}
}

// TestBesideAnother: a run that does not wait says beside whom it runs, and so
// does the other.
func TestBesideAnother(t *testing.T) {
	first := holding(t)
	second := startLab(t, "bench", "sharding", "--beside")
	if code := second.end(); code != 3 || !strings.Contains(second.text(), "running beside scenario held (pid ") {
		t.Errorf("status %d: %s", code, second.text())
	}
	first.Leave()
	held := holding(t)
	if others := held.Beside(); others != nil {
		t.Errorf("the benchmark has ended, and beside this run is %q", others)
	}
}

// TestAQueueThatCannotBeUsed is no reason not to run.
func TestAQueueThatCannotBeUsed(t *testing.T) {
	t.Setenv(turn.FolderVariable, filepath.Join(os.DevNull, "turns"))
	alone := startLab(t, "bench", "sharding")
	if code := alone.end(); code != 3 || !strings.Contains(alone.text(), "does not wait for them: make /dev/null/turns") || !strings.Contains(alone.text(), "redis-server") {
		t.Errorf("status %d: %s", code, alone.text())
	}
}
