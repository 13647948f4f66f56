package reports

import (
	"bytes"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paperlab/reports/record"
)

func parseJUnit(t *testing.T, r record.Result) junitSuites {
	t.Helper()
	var doc bytes.Buffer
	if err := junit(&doc, r); err != nil {
		t.Fatal(err)
	}
	var suites junitSuites
	if err := xml.Unmarshal(doc.Bytes(), &suites); err != nil {
		t.Fatalf("%v in\n%s", err, doc.String())
	}
	return suites
}

// The sample: 1 verdict; hardened has 6 invariants, 2 objectives, 1 guard and 1
// receipt, naive 3 invariants and 1 receipt.
func TestJUnitCounts(t *testing.T) {
	for name, c := range map[string]struct {
		change                           func(*record.Result)
		tests, failures, errors, skipped int
	}{
		"pass": {func(*record.Result) {}, 15, 0, 0, 4},
		"violation": {func(r *record.Result) {
			r.Verdict = record.Violation
			r.Runs[0].Invariants[0].Answer = record.Invalid
			r.Runs[0].Objectives[0].OK = false
		}, 15, 3, 0, 4},
		"inconclusive": {func(r *record.Result) {
			r.Verdict = record.Inconclusive
			r.Runs[0].Invariants[0].Answer = record.Unknown
			r.Runs[0].Faults[0].Receipt.After = ""
		}, 15, 0, 3, 4},
		"effect not proven": {func(r *record.Result) { r.Runs[0].Faults[0].EffectAtS = nil }, 15, 0, 1, 4},
		"a guard fails":     {func(r *record.Result) { r.Runs[0].Guards[0].OK = false }, 15, 0, 1, 4},
		"infrastructure":    {func(r *record.Result) { r.Verdict, r.Runs = record.Infrastructure, nil }, 1, 0, 1, 0},
		"aborted":           {func(r *record.Result) { r.Verdict, r.Runs = record.Aborted, r.Runs[:1] }, 11, 0, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := crashResult(1)
			c.change(&r)
			got := parseJUnit(t, r)
			if got.Tests != c.tests || got.Failures != c.failures || got.Errors != c.errors || got.Skipped != c.skipped {
				t.Errorf("tests %d, failures %d, errors %d, skipped %d; want %d, %d, %d, %d",
					got.Tests, got.Failures, got.Errors, got.Skipped, c.tests, c.failures, c.errors, c.skipped)
			}
			checkSums(t, got)
		})
	}
}

// checkSums counts the cases anew.
func checkSums(t *testing.T, all junitSuites) {
	t.Helper()
	var total junitSuite
	for _, s := range all.Suites {
		var own junitSuite
		for _, c := range s.Cases {
			own.Tests++
			for problem, n := range map[*junitProblem]*int{c.Failure: &own.Failures, c.Error: &own.Errors, c.Skipped: &own.Skipped} {
				if problem != nil {
					*n++
				}
			}
		}
		if s.Tests != own.Tests || s.Failures != own.Failures || s.Errors != own.Errors || s.Skipped != own.Skipped {
			t.Errorf("suite %s says %d, %d, %d, %d; its cases say %+v", s.Name, s.Tests, s.Failures, s.Errors, s.Skipped, own)
		}
		total.Tests += own.Tests
		total.Failures += own.Failures
		total.Errors += own.Errors
		total.Skipped += own.Skipped
	}
	if all.Tests != total.Tests || all.Failures != total.Failures || all.Errors != total.Errors || all.Skipped != total.Skipped {
		t.Errorf("the sums do not add up: %+v and %+v", all, total)
	}
}

func TestJUnitShowsTheNaiveRunWithoutJudgingIt(t *testing.T) {
	suites := parseJUnit(t, crashResult(1))
	last := suites.Suites[len(suites.Suites)-1]
	if last.Name != "consumer-crash.naive" || last.Skipped != last.Tests {
		t.Fatalf("the last suite is %+v, want the naive one with all cases skipped", last)
	}
	first := last.Cases[0]
	if first.Name != "invariant no-loss" || first.Skipped.Message != "shown, not judged: invalid: 7 messages were lost" || !strings.Contains(first.Skipped.Body, "2101.00312v1") {
		t.Errorf("case is %+v, skipped %+v", first, first.Skipped)
	}
}

// The file of the sample holds a <script> and what JUnit's readers need.
func TestJUnitFile(t *testing.T) {
	dir := written(t)
	content, err := os.ReadFile(filepath.Join(dir, "junit.xml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<?xml version="1.0" encoding="UTF-8"?>`,
		`<testsuites name="consumer-crash" tests="15" failures="0" errors="0" skipped="4" time="131.400">`,
		`<testsuite name="consumer-crash.hardened" tests="10" failures="0" errors="0" skipped="0" time="64.200" timestamp="2026-03-14T09:26:53Z">`,
		`<testcase classname="consumer-crash.hardened" name="invariant no-loss">`,
		`<testcase classname="consumer-crash.hardened" name="objective time_to_detect:ConsumerDown">`,
		`<testcase classname="consumer-crash.hardened" name="receipt kill-1">`,
		`&lt;script&gt;`,
	} {
		if !bytes.Contains(content, []byte(want)) {
			t.Errorf("lacks %s", want)
		}
	}
	if bytes.Contains(content, []byte("<script")) {
		t.Error("a <script> got through")
	}
}
