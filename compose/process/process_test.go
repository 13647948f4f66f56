package process

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"paperlab/system/servicetest"
)

// says waits until the child has written a word to its log.
func says(t *testing.T, p *Process, word string) {
	t.Helper()
	servicetest.Eventually(t, p.Name()+" says "+word, func() bool {
		text, _ := os.ReadFile(p.LogPath())
		return strings.Contains(string(text), word+"\n")
	})
}

func TestStopLetsAProcessEndItself(t *testing.T) {
	p := start(t, openLedger(t), act("gentle"))
	says(t, p, "ready")
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	says(t, p, "bye")
	if state, ended := p.ExitState(); !ended || state.Code != 0 || state.Signal != 0 {
		t.Errorf("it ended %v with %v, want exit status 0", ended, state)
	}
}

func TestStopKillsWhatDoesNotListen(t *testing.T) {
	p := start(t, openLedger(t), act("stubborn"))
	says(t, p, "ready")
	soon, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := p.Stop(soon); err == nil || !strings.Contains(err.Error(), "was killed") {
		t.Errorf("Stop says %v, want that it was killed", err)
	}
	if state, ended := p.ExitState(); !ended || state.Signal != syscall.SIGKILL {
		t.Errorf("it ended %v with %v, want SIGKILL", ended, state)
	}
}

func TestPeakMemoryIsTheChilds(t *testing.T) {
	p := start(t, openLedger(t), act("greedy"))
	says(t, p, "ready")
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if peak := p.PeakMemory(); peak < greed || peak > 3*greed {
		t.Errorf("its peak is %d MB, want %d or a little more", peak>>20, greed>>20)
	}
}
