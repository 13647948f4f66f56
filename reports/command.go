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
