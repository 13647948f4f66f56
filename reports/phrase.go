package reports

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"paperlab/reports/chart"
	"paperlab/reports/history"
)

// noun picks the form that goes with a count.
func noun(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// count writes a number with its noun: "1 paper", "1,800 papers", "no papers".
func count(n int, one, many string) string {
	if n == 0 {
		return "no " + many
	}
	return chart.Count(n) + " " + noun(n, one, many)
}

// was is count with the verb that goes with it.
func was(n int, one, many string) string { return count(n, one, many) + " " + noun(n, "was", "were") }

// times writes how often: "once", "twice", "12 times".
func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	default:
		return chart.Count(n) + " times"
	}
}

// allOf writes "its one invariant", "both invariants", "all 6 invariants".
func allOf(n int, word string) string {
	switch n {
	case 1:
		return "its one " + word
	case 2:
		return "both " + word + "s"
	default:
		return fmt.Sprintf("all %d %ss", n, word)
	}
}

// list joins with commas and a last "and".
func list(parts []string) string {
	switch n := len(parts); n {
	case 0:
		return ""
	case 1:
		return parts[0]
	case 2:
		return parts[0] + " and " + parts[1]
	default:
		return strings.Join(parts[:n-1], ", ") + ", and " + parts[n-1]
	}
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// uncapital turns "The backlog" into "backlog".
func uncapital(s string) string {
	return strings.TrimPrefix(s, "The ")
}

// oneLine folds white space and drops control characters, which have no place
// in prose and could end a line of a table.
func oneLine(s string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(clean), " ")
}

func unique(s []string) []string {
	out := slices.Clone(s)
	slices.Sort(out)
	return slices.Compact(out)
}

// shardsOf counts the distinct shards among takeovers.
func shardsOf(taken []history.Event) int {
	type shard struct {
		stream string
		n      int
	}
	seen := map[shard]bool{}
	for _, t := range taken {
		seen[shard{t.Stream, t.Shard}] = true
	}
	return len(seen)
}
