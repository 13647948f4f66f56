package child_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"paperlab/system/child"
	"paperlab/system/servicetest"
)

// actAs makes the test binary a child instead of running tests.
const actAs = "PAPERLAB_TEST_ACT"

const greed = 200 << 20

func TestMain(m *testing.M) {
	say := func(word string) { fmt.Fprintln(os.Stderr, word) }
	switch os.Getenv(actAs) {
	case "":
		servicetest.Main(m)
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		say("ready")
		<-time.After(time.Minute)
	case "gentle":
		terminated := make(chan os.Signal, 1)
		signal.Notify(terminated, syscall.SIGTERM)
		say("ready")
		<-terminated
		say("bye")
	case "greedy":
		memory := make([]byte, greed)
		for i := 0; i < len(memory); i += 4096 {
			memory[i] = 1
		}
		say("ready")
		<-time.After(time.Minute)
	}
}

// act starts a child that is this test binary and waits until it is ready.
func act(t *testing.T, name string) (p *child.Process, log string) {
	t.Helper()
	log = filepath.Join(t.TempDir(), "log")
	p, err := child.Start(child.Command{Name: name, Path: os.Args[0], Env: []string{actAs + "=" + name}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() })
	says(t, log, "ready")
	return p, log
}

// says waits until the child has written a word to its log.
func says(t *testing.T, log, word string) {
	t.Helper()
	servicetest.Eventually(t, "the child says "+word, func() bool {
		text, _ := os.ReadFile(log)
		return strings.Contains(string(text), word+"\n")
	})
}

func TestStopLetsAProcessEndItself(t *testing.T) {
	p, log := act(t, "gentle")
	if ended := p.Ended(); ended != "" || p.Died() != nil {
		t.Errorf("while it runs it has ended with %q: %v", ended, p.Died())
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	says(t, log, "bye")
	if ended := p.Ended(); ended != "exit status 0" {
		t.Errorf("it ended with %q, want exit status 0", ended)
	}
}

func TestStopKillsWhatDoesNotListen(t *testing.T) {
	p, _ := act(t, "stubborn")
	soon, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := p.Stop(soon); err == nil || !strings.Contains(err.Error(), "was killed") {
		t.Errorf("Stop says %v, want that it was killed", err)
	}
	if ended := p.Ended(); ended != "signal: killed" {
		t.Errorf("it ended with %q, want signal: killed", ended)
	}
}

func TestPeakMemoryIsTheChilds(t *testing.T) {
	p, _ := act(t, "greedy")
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if peak := p.PeakMemory(); peak < greed || peak > 3*greed {
		t.Errorf("its peak is %d MB, want %d or a little more", peak>>20, greed>>20)
	}
}

// The error of a death quotes the last twelve lines of the log, and those that
// an earlier child of the log wrote are not lost.
func TestDiedQuotesTheLogsEnd(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, []byte(strings.Repeat("earlier words\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	begun, ended := false, make(chan struct{})
	p, err := child.Start(child.Command{
		Name: "talker", Path: "sh", Args: []string{"-c", "for i in $(seq 11); do echo line $i; done; exit 3"}, Log: log,
		Begin: func(cmd *exec.Cmd) (func(), error) { begun = true; return func() { close(ended) }, cmd.Start() },
	})
	if err != nil {
		t.Fatal(err)
	}
	<-ended
	servicetest.Eventually(t, "it has ended", func() bool { return p.Died() != nil })
	want := "talker ended with exit status 3; its last words were:\n  earlier words\n  line 1\n"
	if err := p.Died(); !begun || !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), "line 11") {
		t.Errorf("begun %v, died with %v; want %s…", begun, err, want)
	}
	if err := p.Kill(); err != nil {
		t.Errorf("kill what has ended: %v", err)
	}
}

func TestAStartThatFailsLeavesNothing(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	for _, c := range []child.Command{{Path: "/no/such/program", Log: log}, {Path: "sleep", Log: filepath.Join(log, "no", "folder")}} {
		if p, err := child.Start(c); err == nil {
			t.Errorf("%s started: %v", c.Path, p.Kill())
		}
	}
}
