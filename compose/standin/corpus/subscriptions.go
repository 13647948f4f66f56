package corpus

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

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
