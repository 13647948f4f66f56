package reports

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"paperlab/reports/record"
)

// command is how to run the same again.
func command(r record.Result) string {
	parts := []string{"make", quote(cmp.Or(r.Target, "scenario")), "NAME=" + quote(cmp.Or(r.Source, r.Scenario)), fmt.Sprintf("SEED=%d", r.Seed)}
	if len(r.Runs) == 1 && r.Target == "" {
		parts = append(parts, "PROFILE="+quote(r.Runs[0].Profile))
	}
	if r.Corpus != "" && r.Corpus != "builtin" {
		parts = append(parts, "CORPUS="+quote(r.Corpus))
	}
	if r.Environment != "" && r.Environment != "process" {
		parts = append(parts, "ENVIRONMENT="+quote(r.Environment))
	}
	return strings.Join(parts, " ")
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9._/@:+-]+$`)

// quote makes a word safe to paste into a shell.
func quote(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(oneLine(s), "'", `'\''`) + "'"
}

// limits say what this run cannot tell.
func limits(r record.Result) []string {
	out := []string{"Each profile ran once: times are one sample, not a distribution. Run other seeds before relying on a time."}
	switch r.Environment {
	case "process":
		out = append(out, "All processes shared one machine and its loopback network: ratios between profiles hold elsewhere, absolute times do not.")
	case "containers":
		out = append(out, "All containers shared one machine: ratios between profiles hold elsewhere, absolute times do not.")
	}
	standins := "arXiv, the LLMs and the webhook sinks are stand-ins whose behaviour is a model of the real ones."
	switch r.Corpus {
	case "live":
		standins = "The LLMs and the webhook sinks are stand-ins whose behaviour is a model of the real ones. arXiv was the real one, so the same papers will not come again."
	case "builtin", "":
		standins += " The papers are generated."
	}
	out = append(out, standins,
		"Witnesses outside the processes under test saw what is judged here. What no witness can see, such as a write inside Redis that nobody read, is not judged.")
	if r.Code.Dirty {
		out = append(out, "The source had changes that were not committed: the commit alone does not reproduce this run.")
	}
	return out
}
