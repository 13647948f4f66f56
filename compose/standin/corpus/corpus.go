// Package corpus is what the arXiv stand-in serves: versions of papers in the
// order in which they appear, and the wishes of the people who are to be told
// of them.
//
// A corpus comes from one of two places:
//
//   - Builtin makes it from a seed. Equal seeds give equal corpora.
//   - Read reads the metadata of real papers, one JSON object a line.
//
// Either way Versions is sorted by Updated, a version never stands before an
// earlier version of the same paper, and every text is clean: white space
// folded, no control characters, valid UTF-8. So a text that went through
// Atom and back compares equal to the text here.
//
// Sized gives its papers another length. Subscriptions proposes people and wishes
// that fit the corpus: it counts how often words, categories and names occur in
// it and picks terms so that papers cause as many notifications as are wanted,
// and each person gets their share. It counts by itself; it does not use the
// service's matcher, which is what the lab puts to the test.
package corpus

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"paperlab/system/paper"
)

// Version is one version of one paper as arXiv knows it: the paper and the
// optional fields that only the query API's answer carries.
type Version struct {
	paper.Paper
	Comment    string
	JournalRef string
	DOI        string
}

// Corpus is a list of versions. It is not changed once it is made and may be
// read from any number of goroutines.
type Corpus struct {
	// Versions are sorted by Updated, then ID, then Version.
	Versions []Version
}

// Begin is the time of the first version: where a crawl has to start to see
// everything.
func (c *Corpus) Begin() time.Time { return c.Versions[0].Updated }

// fold makes a text clean: runs of white space and control characters become
// one blank, bytes that are not UTF-8 become U+FFFD, and so do the two code
// points that XML cannot carry.
func fold(text string) string {
	if clean(text) {
		return text
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r):
			return ' '
		case r == 0xFFFE || r == 0xFFFF:
			return utf8.RuneError
		default:
			return r
		}
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// clean tells that a text is folded already. It knows ASCII only; most texts are
// that, and clean.
func clean(text string) bool {
	odd := func(r rune) bool { return r < ' ' || r > '~' }
	return !strings.ContainsFunc(text, odd) && !strings.Contains(text, "  ") && strings.TrimSpace(text) == text
}

// Largest is the most versions that a corpus may have: enough for hours of
// load, and at some 2 KiB each within a laptop's memory.
const Largest = 200_000

func checkLimit(what string, n int) error {
	if n < 1 || n > Largest {
		return fmt.Errorf("corpus: %s is %d: want 1 to %d versions", what, n, Largest)
	}
	return nil
}
