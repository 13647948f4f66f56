package scenarios

import (
	"strings"
	"testing"
)

// An excerpt has the line's number before it and a mark under the column; of a
// long line it shows as much as fits, with the column in the middle where that
// can be.
func TestExcerpt(t *testing.T) {
	digits := strings.Repeat("0123456789", 30)
	for name, c := range map[string]struct {
		text         string
		line, column int
		want         string
	}{
		"first column":       {"name: x", 1, 1, "  1 | name: x\n    | ^"},
		"further on":         {"name: x", 1, 7, "  1 | name: x\n    |       ^"},
		"no column":          {"name: x", 1, 0, "  1 | name: x\n    | ^"},
		"past the end":       {"name: x", 1, 99, "  1 | name: x\n    |        ^"},
		"a later line":       {strings.Repeat("\n", 11) + "a: b", 12, 4, "  12 | a: b\n     |    ^"},
		"a tab":              {"\tü: x", 1, 3, "  1 |  ü: x\n    |   ^"},
		"a long line":        {digits, 1, 1, "  1 | " + digits[:120] + "\n    | ^"},
		"far in a long line": {digits, 1, 154, "  1 | " + digits[93:213] + "\n    | " + strings.Repeat(" ", 60) + "^"},
		"at its end":         {digits, 1, 300, "  1 | " + digits[180:] + "\n    | " + strings.Repeat(" ", 119) + "^"},
		"no line":            {"name: x", 0, 1, ""},
		"past the last":      {"name: x", 2, 1, ""},
	} {
		if got := excerpt(strings.Split(c.text, "\n"), c.line, c.column); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

// A word that is meant differs in at most half of its letters.
func TestDidYouMeanHalfOfIt(t *testing.T) {
	for word, want := range map[string]string{"abxy": "; did you mean abcd?", "abx": "", "axyz": "", "abcde": "; did you mean abcd?", "abxyz": ""} {
		if got := DidYouMean(word, []string{"abcd"}); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
