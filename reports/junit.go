package reports

import (
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
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Time      string      `xml:"time,attr"`
	Timestamp string      `xml:"timestamp,attr"`
	Cases     []junitCase `xml:"testcase"`
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
// invariant, objective and receipt. The naive profile's are skipped: it is
// shown, never judged.
func junit(w io.Writer, r record.Result) error {
	all := junitSuites{Name: r.Scenario, Time: fmt.Sprintf("%.3f", r.WallS)}
	all.add(r, "verdict", r.WallS, []junitCase{verdictCase(r)})
	for _, run := range r.Runs {
		cases := runCases(r.Scenario, run)
		if run.Profile == naive {
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
		return fmt.Errorf("encode: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (all *junitSuites) add(r record.Result, name string, seconds float64, cases []junitCase) {
	s := junitSuite{
		Name: r.Scenario + "." + name, Tests: len(cases), Cases: cases,
		Time: fmt.Sprintf("%.3f", seconds), Timestamp: r.StartedAt.UTC().Format(time.RFC3339),
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

func verdictCase(r record.Result) junitCase {
	c := junitCase{Class: r.Scenario, Name: "verdict"}
	p := &junitProblem{Message: string(r.Verdict), Body: strings.Join(r.Reasons, "\n")}
	switch r.Verdict {
	case record.Pass:
	case record.Violation:
		c.Failure = p
	default:
		c.Error = p
	}
	return c
}

func runCases(scenario string, run record.Run) []junitCase {
	var cases []junitCase
	class := scenario + "." + run.Profile
	for _, i := range run.Invariants {
		c := junitCase{Class: class, Name: "invariant " + i.ID}
		p := &junitProblem{Message: string(i.Answer) + ": " + i.Detail, Body: strings.Join(i.Examples, "\n")}
		switch i.Answer {
		case record.Valid:
		case record.Invalid:
			c.Failure = p
		default:
			c.Error = p
		}
		cases = append(cases, c)
	}
	for _, o := range run.Objectives {
		c := junitCase{Class: class, Name: "objective " + o.ID}
		if !o.OK {
			c.Failure = &junitProblem{Message: fmt.Sprintf("bound %s, measured %s", o.Bound, objectiveValue(o))}
		}
		cases = append(cases, c)
	}
	for _, f := range run.Faults {
		c := junitCase{Class: class, Name: "receipt " + orElse(f.ID, f.Kind)}
		if !f.Receipt.Complete() || f.EffectAtS == nil {
			c.Error = &junitProblem{
				Message: "the evidence that this fault took effect is not complete",
				Body:    fmt.Sprintf("before: %s\nduring: %s\nafter: %s", f.Receipt.Before, f.Receipt.During, f.Receipt.After),
			}
		}
		cases = append(cases, c)
	}
	return cases
}

// skip turns a case into something to look at, whatever it found.
func (c *junitCase) skip() {
	c.Skipped = &junitProblem{Message: "shown, not judged"}
	for _, p := range []**junitProblem{&c.Failure, &c.Error} {
		if *p != nil {
			c.Skipped.Message += ": " + (*p).Message
			c.Skipped.Body = (*p).Body
			*p = nil
		}
	}
}
