package reports

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"paperlab/reports/record"
)

// JUnit's words: a failure is a property that does not hold, an error is one
// that could not be judged, skipped is one that is shown and not judged.
type junitSuites struct {
	XMLName xml.Name `xml:"testsuites"`
	junitTotals
	Suites []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	junitTotals
	Timestamp string      `xml:"timestamp,attr"`
	Cases     []junitCase `xml:"testcase"`
}

type junitTotals struct {
	Name     string `xml:"name,attr"`
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Skipped  int    `xml:"skipped,attr"`
	Time     string `xml:"time,attr"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Failure *junitProblem `xml:"failure"`
	Error   *junitProblem `xml:"error"`
	Skipped *junitProblem `xml:"skipped"`
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Body    string `xml:",chardata"`
}

// junit writes one case for the verdict, and for each profile one for each
// invariant, objective, guard and receipt. Those of profiles that are shown and
// not judged are skipped.
func junit(w io.Writer, r record.Result) error {
	all := junitSuites{junitTotals: junitTotals{Name: r.Scenario, Time: fmt.Sprintf("%.3f", r.WallS)}}
	all.add(r, "verdict", r.WallS, []junitCase{judged(r.Scenario, "verdict", r.Verdict == record.Pass, r.Verdict == record.Violation,
		string(r.Verdict), strings.Join(r.Reasons, "\n"))})
	for _, run := range r.Runs {
		cases := runCases(r.Scenario, run)
		if !run.Judged() {
			for i := range cases {
				cases[i].skip()
			}
		}
		all.add(r, run.Profile, run.WallS, cases)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (all *junitSuites) add(r record.Result, name string, seconds float64, cases []junitCase) {
	s := junitSuite{
		junitTotals: junitTotals{Name: r.Scenario + "." + name, Tests: len(cases), Time: fmt.Sprintf("%.3f", seconds)},
		Timestamp:   r.StartedAt.UTC().Format(time.RFC3339), Cases: cases,
	}
	for _, c := range cases {
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	all.Tests += s.Tests
	all.Failures += s.Failures
	all.Errors += s.Errors
	all.Skipped += s.Skipped
	all.Suites = append(all.Suites, s)
}

func runCases(scenario string, run record.Run) []junitCase {
	var cases []junitCase
	class := scenario + "." + run.Profile
	for _, i := range run.Invariants {
		cases = append(cases, judged(class, "invariant "+i.ID, i.Answer == record.Valid, i.Answer == record.Invalid,
			string(i.Answer)+": "+i.Detail, strings.Join(i.Examples, "\n")))
	}
	for _, o := range run.Objectives {
		cases = append(cases, judged(class, "objective "+o.ID, o.OK, true,
			fmt.Sprintf("bound: %s, measured: %s", objectiveBound(o), objectiveValue(o)), ""))
	}
	for _, g := range run.Guards {
		cases = append(cases, judged(class, "guard "+g.ID, g.OK, false, g.Detail, ""))
	}
	for _, f := range run.Faults {
		cases = append(cases, judged(class, "receipt "+f.Name(), f.Receipt.Complete() && f.EffectAtS != nil, false,
			"the evidence that this fault took effect is not complete",
			fmt.Sprintf("before: %s\nduring: %s\nafter: %s", f.Receipt.Before, f.Receipt.During, f.Receipt.After)))
	}
	return cases
}

// judged is a case with its problem, if it does not hold: a failure if that was
// found, an error if nobody could say.
func judged(class, name string, holds, failed bool, message, body string) junitCase {
	c := junitCase{Class: class, Name: name}
	switch {
	case holds:
	case failed:
		c.Failure = &junitProblem{message, body}
	default:
		c.Error = &junitProblem{message, body}
	}
	return c
}

// skip turns a case into something to look at, whatever it found.
func (c *junitCase) skip() {
	c.Skipped = &junitProblem{Message: "shown, not judged"}
	if found := cmp.Or(c.Failure, c.Error); found != nil {
		c.Skipped.Message += ": " + found.Message
		c.Skipped.Body = found.Body
	}
	c.Failure, c.Error = nil, nil
}
