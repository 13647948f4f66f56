package corpus

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"paperlab/system/paper"
)

// term is something that can be subscribed to, and how many versions have it.
type term struct {
	text  string
	count int
}

// The shares of versions above which a term is left out: nobody subscribes to
// nearly everything.
const (
	commonestWord = 0.5
	commonestRest = 0.7
)

// count finds the terms of each kind and sorts them by how often they occur, then
// by text. Words seen once are left out.
//
// All versions are counted, and by what paper.Kind says a match is: the demand
// is met on the corpus that the run uses, not on a sample.
func count(c *Corpus) map[paper.Kind][]term {
	keywords, categories, names, surnames := tally{}, tally{}, tally{}, tally{}
	for i := range c.Versions {
		v := &c.Versions[i]
		keywords.add(phrases(v.Title), phrases(v.Abstract))
		categories.add(v.Categories, archives(v.Categories))
		names.add(nameWords(v.Authors))
		surnames.add(lastNames(v.Authors))
	}
	// People ask for last names. Somebody's last name is another one's first,
	// and matches there too.
	for name := range surnames {
		surnames[name] = names[strings.ToLower(name)]
	}
	n := len(c.Versions)
	return map[paper.Kind][]term{
		paper.Keyword:  keywords.sorted(2, int(commonestWord*float64(n))),
		paper.Category: categories.sorted(1, int(commonestRest*float64(n))),
		paper.Author:   surnames.sorted(1, int(commonestRest*float64(n))),
	}
}

// tally counts versions by what they have.
type tally map[string]int

// add counts each string once for a version, however often it occurs.
func (t tally) add(lists ...[]string) {
	all := slices.Concat(lists...)
	slices.Sort(all)
	for _, s := range slices.Compact(all) {
		t[s]++
	}
}

// sorted are those that were counted from least to most times.
func (t tally) sorted(least, most int) []term {
	var terms []term
	for text, n := range t {
		if n >= least && n <= most {
			terms = append(terms, term{text, n})
		}
	}
	slices.SortFunc(terms, func(a, b term) int {
		return cmp.Or(cmp.Compare(a.count, b.count), strings.Compare(a.text, b.text))
	})
	return terms
}

// split cuts a text into words: runs of letters and digits, in lower case.
func split(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// phrases are the words worth a subscription and the pairs of neighbouring
// ones ("dark matter").
func phrases(text string) []string {
	var found []string
	before := ""
	for _, w := range split(text) {
		if _, dull := slices.BinarySearch(words.Dull, w); dull || len(w) < 4 {
			before = ""
			continue
		}
		// "dark matter": a short word may begin a pair, not stand alone.
		if len(w) == 4 {
			before = w
			continue
		}
		found = append(found, w)
		if before != "" {
			found = append(found, before+" "+w)
		}
		before = w
	}
	return found
}

// archives are the parts before the dot: "cs" of "cs.DC".
func archives(categories []string) []string {
	var found []string
	for _, c := range categories {
		if archive, _, ok := strings.Cut(c, "."); ok {
			found = append(found, archive)
		}
	}
	return found
}

// lastNames are the last words of the names, where they are words of their own.
func lastNames(authors []string) []string {
	var found []string
	for _, a := range authors {
		parts := strings.Fields(a)
		if last := parts[len(parts)-1]; len(last) > 1 && !strings.ContainsAny(last, ".'-") {
			found = append(found, last)
		}
	}
	return found
}

// nameWords are all words of the names.
func nameWords(authors []string) []string {
	var found []string
	for _, a := range authors {
		found = append(found, split(a)...)
	}
	return found
}
