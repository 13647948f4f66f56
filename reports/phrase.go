package reports

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"paperlab/reports/chart"
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

// the writes "the invariant no-loss", "the invariants no-loss and key-order".
func the(word string, ids []string) string {
	return "the " + noun(len(ids), word, word+"s") + " " + list(ids)
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
