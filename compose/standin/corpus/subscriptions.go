package corpus

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"

	"paperlab/system/paper"
)

// matchesPerPaper is how many subscriptions a paper should match on average;
// the result lies between 3 and 8 wherever so many subscriptions exist.
const matchesPerPaper = 5.0

// The mix of kinds and of wishes that match nothing.
const (
	keywordShare  = 0.50
	categoryShare = 0.28
	silentShare   = 0.04
)

// Subscriptions proposes n people and one to three wishes of each, from the
// corpus and the random source alone: equal sources give equal answers. Their
// webhooks are left empty.
//
// Terms are words, pairs of words, categories, archives and names that occur
// in the corpus, chosen by how often they occur, so that a paper matches about
// five wishes on average. Some wishes match half of all papers, many match
// few, a handful match none. Nobody has the same wish twice; two people may.
func (c *Corpus) Subscriptions(rng *rand.Rand, n int) ([]paper.Subscriber, []paper.Subscription) {
	people := make([]paper.Subscriber, n)
	var wishes []paper.Subscription
	for i := range people {
		people[i].ID = fmt.Sprintf("sub-%03d", i+1)
		for range 1 + rng.IntN(3) {
			wishes = append(wishes, paper.Subscription{
				ID:         fmt.Sprintf("wish-%04d", len(wishes)+1),
				Subscriber: people[i].ID,
				Kind:       drawKind(rng),
			})
		}
	}
	chooser{rng: rng, terms: count(c)}.choose(wishes)
	return people, wishes
}

func drawKind(rng *rand.Rand) paper.Kind {
	switch p := rng.Float64(); {
	case p < keywordShare:
		return paper.Keyword
	case p < keywordShare+categoryShare:
		return paper.Category
	default:
		return paper.Author
	}
}

// chooser gives each wish a term.
type chooser struct {
	rng   *rand.Rand
	terms map[paper.Kind][]term
}

// choose draws how popular each wish should be, scales that to the wanted
// matches per paper, and takes terms that occur about as often. Names are
// chosen first, because even the commonest is rare: what they fall short of,
// the others make up for.
func (ch chooser) choose(wishes []paper.Subscription) {
	weights := make([]float64, len(wishes))
	for i := range weights {
		weights[i] = math.Exp(1.1 * ch.rng.NormFloat64())
		if ch.rng.Float64() < silentShare {
			weights[i] = 0
		}
	}
	taken := make(map[paper.Subscription]bool, len(wishes))
	left := matchesPerPaper
	for _, kind := range []paper.Kind{paper.Author, paper.Category, paper.Keyword} {
		for _, i := range ofKind(wishes, kind, weights) {
			want := left * weights[i] / remaining(wishes, weights)
			left -= ch.assign(&wishes[i], want, taken)
		}
	}
}

// ofKind lists the wishes of a kind, the popular ones first: a term that turns
// out rarer than wanted is then made up for.
func ofKind(wishes []paper.Subscription, kind paper.Kind, weights []float64) []int {
	var found []int
	for i, wish := range wishes {
		if wish.Kind == kind {
			found = append(found, i)
		}
	}
	slices.SortStableFunc(found, func(a, b int) int { return cmp.Compare(weights[b], weights[a]) })
	return found
}

// remaining is the weight of the wishes without a term.
func remaining(wishes []paper.Subscription, weights []float64) float64 {
	sum := 0.0
	for i := range wishes {
		if wishes[i].Term == "" {
			sum += weights[i]
		}
	}
	return max(sum, math.SmallestNonzeroFloat64)
}

// assign gives the wish a term that occurs in about a share `want` of the
// papers and returns the share that it really occurs in.
func (ch chooser) assign(wish *paper.Subscription, want float64, taken map[paper.Subscription]bool) float64 {
	key := paper.Subscription{Subscriber: wish.Subscriber, Kind: wish.Kind}
	var near []term
	if want > 0 {
		near = ch.nearest(wish.Kind, min(want, 0.6))
	}
	for _, t := range near {
		key.Term = t.text
		if !taken[key] {
			taken[key] = true
			wish.Term = t.text
			return t.share
		}
	}
	wish.Term = ch.silent(wish.Kind)
	return 0
}

// nearest are the dozen terms whose share is closest to the wanted one, the
// first of them drawn at random among those that are as good.
func (ch chooser) nearest(kind paper.Kind, want float64) []term {
	terms := ch.terms[kind] // sorted by share
	at, _ := slices.BinarySearchFunc(terms, want, func(t term, share float64) int { return cmp.Compare(t.share, share) })
	const around = 6
	near := slices.Clone(terms[max(0, min(at-around, len(terms)-1)):min(len(terms), at+around)])
	ch.rng.Shuffle(len(near), func(i, j int) { near[i], near[j] = near[j], near[i] })
	slices.SortStableFunc(near, func(a, b term) int {
		return int(math.Abs(math.Log(a.share/want))*4) - int(math.Abs(math.Log(b.share/want))*4)
	})
	return near
}

// silent is a term that no paper has.
func (ch chooser) silent(kind paper.Kind) string {
	switch kind {
	case paper.Category:
		return fmt.Sprintf("x-lab.%c%c", 'A'+ch.rng.IntN(26), 'A'+ch.rng.IntN(26))
	case paper.Author:
		return fmt.Sprintf("Nemo Nobodysson %d", ch.rng.IntN(1000))
	default:
		return fmt.Sprintf("unobtainium %d", ch.rng.IntN(1000))
	}
}

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
