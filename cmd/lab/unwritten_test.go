package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"paperlab/reports/record"
)

// A run whose report could not be written is told of on the terminal all the
// same, and its exit status is not better than its verdict's.
func TestUnwrittenReportIsTold(t *testing.T) {
	full := errors.New("the disk is full")
	for verdict, code := range map[record.Verdict]int{record.Pass: 3, record.Violation: 1, record.Inconclusive: 2, record.Aborted: 3} {
		var stdout, stderr bytes.Buffer
		r := record.Result{Scenario: "consumer-crash", Verdict: verdict, Reasons: []string{"Objective lag_recovery is missed."}, Runs: []record.Run{{Profile: "hardened"}}}
		_, err := conclude(&stdout, r, "out", full)
		if got := fail(&stderr, err); got != code {
			t.Errorf("%s: exit status %d, want %d", verdict, got, code)
		}
		for _, want := range []string{"consumer-crash: " + string(verdict), "Objective lag_recovery is missed.", "time to detect"} {
			if !strings.Contains(stdout.String(), want) {
				t.Errorf("%s: the terminal does not say %q:\n%s", verdict, want, stdout.String())
			}
		}
		if strings.Contains(stdout.String(), "report:") || !strings.Contains(stderr.String(), "the disk is full") {
			t.Errorf("%s: stdout %q, stderr %q", verdict, stdout.String(), stderr.String())
		}
	}
}

// Without python3 there is no recount, and the error says what to do.
func TestRecountNeedsPython(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var stdout, stderr bytes.Buffer
	if code := fail(&stderr, recountCommand{Folder: "x"}.Run(t.Context(), &stdout)); code != 3 || !strings.Contains(stderr.String(), "install python3, or run reports/recount.py elsewhere") {
		t.Errorf("exit status %d: %s", code, stderr.String())
	}
}
