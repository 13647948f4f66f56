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
)

// Index is immutable and may be used from any goroutine.
type Index struct {
	subscriptions []paper.Subscription
	keywords      phrases
	authors       phrases
	// categories files a subscription under its term, with or without a dot.
	categories map[string][]int
}

// phrases files runs of words under their first word.
type phrases map[string][]phrase

type phrase struct {
	rest         []string
	subscription int
}

func (p phrases) add(term string, subscription int) {
	// A term without a word ("++") matches nothing: it is a run of no words,
	// and everybody would be told of everything.
	if run := words(term); len(run) > 0 {
		p[run[0]] = append(p[run[0]], phrase{rest: run[1:], subscription: subscription})
	}
}

// find calls hit for each subscription whose phrase is in the text, possibly
// more than once.
func (p phrases) find(text string, hit func(subscription int)) {
	if len(p) == 0 {
		return
	}
	run := words(text)
	for i, word := range run {
		for _, candidate := range p[word] {
			rest := run[i+1:]
			if len(candidate.rest) <= len(rest) && slices.Equal(candidate.rest, rest[:len(candidate.rest)]) {
				hit(candidate.subscription)
			}
		}
	}
}

// NewIndex files the subscriptions. One of an unknown kind matches nothing.
func NewIndex(subscriptions []paper.Subscription) *Index {
	ix := &Index{
		subscriptions: slices.SortedFunc(slices.Values(subscriptions), func(a, b paper.Subscription) int {
			return cmp.Compare(a.ID, b.ID)
		}),
		keywords:   phrases{},
		authors:    phrases{},
		categories: map[string][]int{},
	}
	for i, s := range ix.subscriptions {
		switch s.Kind {
		case paper.Keyword:
			ix.keywords.add(s.Term, i)
		case paper.Author:
			ix.authors.add(s.Term, i)
		case paper.Category:
			ix.categories[s.Term] = append(ix.categories[s.Term], i)
		}
	}
	return ix
}

// Match returns the subscriptions that the paper satisfies, each once, ordered
// by id.
func (ix *Index) Match(p paper.Paper) []paper.Subscription {
	var hits []int
	hit := func(subscription int) { hits = append(hits, subscription) }
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
	matched := make([]paper.Subscription, len(hits))
	for i, subscription := range hits {
		matched[i] = ix.subscriptions[subscription]
	}
	return matched
}

// Mismatch returns a subscription that the paper does not satisfy, if there is
// one. It exists for the sabotage of telling a stranger.
func (ix *Index) Mismatch(p paper.Paper) (paper.Subscription, bool) {
	matched := map[string]bool{}
	for _, s := range ix.Match(p) {
		matched[s.ID] = true
	}
	for _, s := range ix.subscriptions {
		if !matched[s.ID] {
			return s, true
		}
	}
	return paper.Subscription{}, false
}
