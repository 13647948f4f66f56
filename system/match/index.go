// Package match finds the subscriptions that a paper satisfies. What a
// subscription means is documented with paper.Kind.
//
// An Index answers for a fixed set of subscriptions. It files keywords and
// authors under their first word, so that a paper is compared with the few
// subscriptions that begin with one of its words and not with all of them, and
// categories under themselves. A Live keeps an Index current while people
// change their minds.
package match

import (
	"cmp"
	"slices"
	"strings"

	"paperlab/system/paper"
	"paperlab/system/store"
)

// Index is immutable and may be used from any goroutine.
type Index struct {
	// wishes are ordered by id.
	wishes            []store.Wish
	keywords, authors phrases
	// categories files a wish under its term, with or without a dot.
	categories map[string][]int
}

// phrases files runs of words under their first word.
type phrases map[string][]phrase

type phrase struct {
	rest []string
	wish int
}

func (p phrases) add(term string, wish int) {
	// A term without a word ("++") matches nothing: it is a run of no words,
	// and everybody would be told of everything.
	if run := words(term); len(run) > 0 {
		p[run[0]] = append(p[run[0]], phrase{rest: run[1:], wish: wish})
	}
}

// find calls hit for each wish whose phrase is in the text, possibly
// more than once.
func (p phrases) find(text string, hit func(wish int)) {
	if len(p) == 0 {
		return
	}
	run := words(text)
	for i, word := range run {
		for _, candidate := range p[word] {
			rest := run[i+1:]
			if len(candidate.rest) <= len(rest) && slices.Equal(candidate.rest, rest[:len(candidate.rest)]) {
				hit(candidate.wish)
			}
		}
	}
}

// NewIndex files what is wished for. One of an unknown kind matches nothing.
func NewIndex(wishes []store.Wish) *Index {
	ix := &Index{
		wishes: slices.SortedFunc(slices.Values(wishes), func(a, b store.Wish) int {
			return cmp.Compare(a.ID, b.ID)
		}),
		keywords:   phrases{},
		authors:    phrases{},
		categories: map[string][]int{},
	}
	for i, w := range ix.wishes {
		switch w.Kind {
		case paper.Keyword:
			ix.keywords.add(w.Term, i)
		case paper.Author:
			ix.authors.add(w.Term, i)
		case paper.Category:
			ix.categories[w.Term] = append(ix.categories[w.Term], i)
		}
	}
	return ix
}

// Match returns the wishes that the paper satisfies, each once, ordered by id.
func (ix *Index) Match(p paper.Paper) []store.Wish {
	var hits []int
	hit := func(wish int) { hits = append(hits, wish) }
	// Title and abstract apart: a run of words does not span the two.
	ix.keywords.find(p.Title, hit)
	ix.keywords.find(p.Abstract, hit)
	for _, name := range p.Authors {
		ix.authors.find(name, hit)
	}
	for _, category := range p.Categories {
		hits = append(hits, ix.categories[category]...)
		if archive, _, dotted := strings.Cut(category, "."); dotted {
			hits = append(hits, ix.categories[archive]...)
		}
	}
	slices.Sort(hits)
	hits = slices.Compact(hits)
	matched := make([]store.Wish, len(hits))
	for i, hit := range hits {
		matched[i] = ix.wishes[hit]
	}
	return matched
}

// Mismatch returns a wish that the paper does not satisfy, if there is one. It
// exists for the sabotage of telling a stranger.
func (ix *Index) Mismatch(p paper.Paper) (store.Wish, bool) {
	matched := ix.Match(p)
	for _, w := range ix.wishes {
		if !slices.Contains(matched, w) {
			return w, true
		}
	}
	return store.Wish{}, false
}
