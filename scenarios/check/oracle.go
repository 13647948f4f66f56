package check

import (
	"slices"
	"strings"
	"unicode"

	"paperlab/system/paper"
)

// oracle answers who should be told of a paper, with the meaning that
// paper.Kind documents. It is meant to be obviously right: every subscription
// is held against every paper, word by word, without an index. It shares no
// code with system/match, so that the same mistake would have to be made twice.
type oracle struct{ wishes []wish }

// wish is a subscription whose term is ready to be compared.
type wish struct {
	paper.Subscription
	words []string
}

func newOracle(subscriptions []paper.Subscription) oracle {
	var o oracle
	for _, s := range subscriptions {
		o.wishes = append(o.wishes, wish{s, words(s.Term)})
	}
	return o
}

// expected lists the ids of the subscriptions that match, in the order in
// which they were made.
func (o oracle) expected(p paper.Paper) []string {
	texts := [][]string{words(p.Title), words(p.Abstract)}
	var names [][]string
	for _, author := range p.Authors {
		names = append(names, words(author))
	}
	var ids []string
	for _, w := range o.wishes {
		if w.matches(p, texts, names) {
			ids = append(ids, w.ID)
		}
	}
	return ids
}

// matches takes title and abstract, and the authors, as separate texts: no run
// of words reaches from one into the next.
func (w wish) matches(p paper.Paper, texts, names [][]string) bool {
	holds := func(text []string) bool { return containsRun(text, w.words) }
	switch w.Kind {
	case paper.Keyword:
		return slices.ContainsFunc(texts, holds)
	case paper.Author:
		return slices.ContainsFunc(names, holds)
	case paper.Category:
		return slices.ContainsFunc(p.Categories, func(category string) bool {
			archive, _, _ := strings.Cut(category, ".")
			return category == w.Term || archive == w.Term && w.Term != ""
		})
	default:
		return false
	}
}

// containsRun tells whether run stands somewhere in text, whole. A term without
// any word matches nothing.
func containsRun(text, run []string) bool {
	for len(run) > 0 && len(text) >= len(run) {
		if slices.Equal(text[:len(run)], run) {
			return true
		}
		text = text[1:]
	}
	return false
}

// words splits text into its runs of letters and digits, in a form that does
// not depend on letter case. It splits first: the one form of the Greek iota
// is a combining mark, which is no letter.
func words(text string) []string {
	found := strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	for i, word := range found {
		found[i] = strings.Map(caseless, word)
	}
	return found
}

// caseless gives all case forms of a letter one form: the smallest of
// Unicode's simple folding. Lower case alone would tell the two lower-case
// forms of sigma apart.
func caseless(r rune) rune {
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	return least
}
