package corpus

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"paperlab/system/paper"
)

// sampleSize bounds how many versions are counted; they are taken evenly from
// the whole corpus.
const sampleSize = 3000

// term is something that can be subscribed to and the share of versions that
// have it.
type term struct {
	text  string
	share float64
}

// count finds the terms of each kind in a sample and sorts them by share, then
// text. Very common words and words seen once are left out.
func count(c *Corpus) map[paper.Kind][]term {
	step := max(1, len(c.Versions)/sampleSize)
	keywords, categories, names := map[string]int{}, map[string]int{}, map[string]int{}
	n := 0
	for i := 0; i < len(c.Versions); i += step {
		v := &c.Versions[i]
		n++
		tally(keywords, phrases(v.Title), phrases(v.Abstract))
		tally(categories, v.Categories, archives(v.Categories))
		tally(names, lastNames(v.Authors), v.Authors)
	}
	return map[paper.Kind][]term{
		paper.Keyword:  sorted(keywords, n, 2, 0.5),
		paper.Category: sorted(categories, n, 1, 0.7),
		paper.Author:   sorted(names, n, 1, 0.7),
	}
}

// tally counts each string once for this version, however often it occurs.
func tally(counts map[string]int, lists ...[]string) {
	all := slices.Concat(lists...)
	slices.Sort(all)
	for _, s := range slices.Compact(all) {
		counts[s]++
	}
}

func sorted(counts map[string]int, of, least int, most float64) []term {
	var terms []term
	for text, n := range counts {
		if share := float64(n) / float64(of); n >= least && share <= most {
			terms = append(terms, term{text, share})
		}
	}
	slices.SortFunc(terms, func(a, b term) int {
		return cmp.Or(cmp.Compare(a.share, b.share), strings.Compare(a.text, b.text))
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
