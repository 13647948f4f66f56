package scenarios

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
)

// ExitCode is the process exit status for bad input.
const ExitCode = 64

// Error says what is wrong with a scenario file and where.
type Error struct {
	// File is empty if there is none of that name.
	File string
	// Line and Column count from 1. Line 0 means the file as a whole.
	Line, Column int
	// Message says what is wrong, what is allowed and, where a name is nearly
	// right, what was probably meant.
	Message string
	// Excerpt is the line with a mark under the place; empty for Line 0.
	Excerpt string
}

// Error is FILE:LINE:COLUMN: MESSAGE, followed by the excerpt.
func (e *Error) Error() string {
	switch {
	case e.File == "":
		return e.Message
	case e.Line == 0:
		return fmt.Sprintf("%s: %s", e.File, e.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s\n%s", e.File, e.Line, e.Column, e.Message, e.Excerpt)
}

// ExitCode is that of bad input.
func (e *Error) ExitCode() int { return ExitCode }

// widest is how many characters of a line an excerpt shows.
const widest = 120

// excerpt shows a line with a mark under the column, and around a long line's
// column only as much as fits.
func excerpt(lines []string, line, column int) string {
	if line < 1 || line > len(lines) {
		return ""
	}
	text := []rune(strings.ReplaceAll(lines[line-1], "\t", " "))
	at := min(max(column-1, 0), len(text))
	from := max(min(at-widest/2, len(text)-widest), 0)
	text = text[from:min(from+widest, len(text))]
	number := fmt.Sprint(line)
	return fmt.Sprintf("  %s | %s\n  %s | %s^", number, string(text),
		strings.Repeat(" ", len(number)), strings.Repeat(" ", at-from))
}

// DidYouMean is "; did you mean NAME?" with the name that a mistyped word most
// probably means. It is empty if none is near: more than half of the word would
// have to change.
func DidYouMean(word string, names []string) string {
	best, distance := "", len([]rune(word))/2+1
	for _, name := range names {
		if d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(name)); d < distance {
			best, distance = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}

// unknown is the common part of all messages about names: what was meant, and
// what there is.
func unknown(what, word string, names []string) string {
	return fmt.Sprintf("there is no %s %q%s (allowed: %s)", what, word, DidYouMean(word, names), strings.Join(names, ", "))
}
