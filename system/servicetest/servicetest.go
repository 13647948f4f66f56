// Package servicetest is the kit of the tests that start something: a TestMain
// that finds goroutines left behind, waiting for a condition, and the one test
// that holds every service to its contract.
package servicetest

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// Main runs the tests, then the cleanups, fails if a goroutine was left behind,
// and exits.
func Main(m *testing.M, cleanups ...func()) {
	code := m.Run()
	for _, cleanup := range cleanups {
		cleanup()
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintf(os.Stderr, "goroutines left behind by the tests: %v\n", err)
			code = 1
		}
	}
	os.Exit(code)
}

// patience is generous: the machine may be busy, and a condition that holds
// costs no waiting.
const patience = 20 * time.Second

// Eventually waits until a condition holds, and ends the test if it does not
// within 20 s. The condition is asked once at least.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("not within %v: %s", patience, what)
		case <-tick.C:
		}
	}
}
