package corpus

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"paperlab/system/paper"
)

// Demand says how many notifications a corpus is to cause, and how unevenly they
// fall on people.
type Demand struct {
	// People are 1 or more.
	People int
	// Hottest is the share of all notifications that the person with the most
	// gets: at least 1/People, below 1 unless there is one person only.
	Hottest float64
	// FanOut is notifications a version on average, above 0.
	FanOut float64
}

// Check says why nobody can have such a demand, whatever the corpus.
func (d Demand) Check() error {
	switch fair := 1 / float64(d.People); {
	case d.People < 1:
		return fmt.Errorf("there are %d people; it takes one at least", d.People)
	case !(d.FanOut > 0):
		return fmt.Errorf("a fan-out of %g is impossible; it is above 0", d.FanOut)
	case d.Hottest < fair-1e-9:
		return fmt.Errorf("the hottest of %d cannot get %.4g%% of all notifications: a fair share is %.4g%%, and the hottest gets that at least",
			d.People, 100*d.Hottest, 100*fair)
	case !(d.Hottest <= 1), d.Hottest == 1 && d.People > 1:
		return fmt.Errorf("the hottest of %d cannot get %.4g%% of all notifications: nothing is left for the others", d.People, 100*d.Hottest)
	}
	return nil
}

// shares are Zipf's, k to the power of -s, with the one exponent s that makes the
// first of them Hottest. So they depend on no seed, and sum up to 1.
func (d Demand) shares() []float64 {
	low, high := 0.0, 64.0
	for range 60 {
		if s := (low + high) / 2; zipfShares(d.People, s)[0] < d.Hottest {
			low = s
		} else {
			high = s
		}
	}
	return zipfShares(d.People, high)
}

func zipfShares(n int, s float64) []float64 {
	list, sum := make([]float64, n), 0.0
	for i := range list {
		list[i] = math.Pow(float64(i+1), -s)
		sum += list[i]
	}
	for i := range list {
		list[i] /= sum
	}
	return list
}

// How far the wishes may miss the demand, as a share of it.
const (
	hottestTolerance = 0.05
	fanOutTolerance  = 0.03
)

// Subscriptions proposes people and a few wishes of each, from the corpus and the
// random source alone: equal sources give equal answers. Their webhooks are left
// empty.
//
// How many notifications each person gets over the whole corpus follows from the
// demand and is the same for every source; who is the hottest, and for which
// words, pairs of words, categories, archives and names, is drawn. Nobody has the
// same wish twice; two people may. A few wishes match nothing.
//
// The error says that the corpus has too few versions or terms for the demand,
// and what it can give.
func (c *Corpus) Subscriptions(rng *rand.Rand, d Demand) ([]paper.Subscriber, []paper.Subscription, error) {
	if err := d.Check(); err != nil {
		return nil, nil, fmt.Errorf("corpus: %w", err)
	}
	people := make([]paper.Subscriber, d.People)
	for i := range people {
		people[i].ID = fmt.Sprintf("sub-%03d", i+1)
	}
	ch := chooser{rng: rng, terms: count(c)}
	total := d.FanOut * float64(len(c.Versions))
	ranked := rng.Perm(d.People)
	lists := make([][]paper.Subscription, d.People)
	// What one person's terms do not make up goes to the next, or too few would
	// be told in the end.
	owed, given, most := 0.0, 0, 0
	for rank, share := range d.shares() {
		owed += share * total
		list, got := ch.wishes(int(math.Round(owed)))
		owed -= float64(got)
		given, most = given+got, max(most, got)
		lists[ranked[rank]] = list
	}
	return people, numbered(people, lists), c.shortOf(d, given, most)
}

// numbered gives the wishes their owners and ids.
func numbered(people []paper.Subscriber, lists [][]paper.Subscription) (wishes []paper.Subscription) {
	for i, list := range lists {
		for _, w := range list {
			w.ID, w.Subscriber = fmt.Sprintf("wish-%04d", len(wishes)+1), people[i].ID
			wishes = append(wishes, w)
		}
	}
	return wishes
}

// shortOf is nil if what was given meets the demand.
func (c *Corpus) shortOf(d Demand, given, most int) error {
	fanOut, hottest := float64(given)/float64(len(c.Versions)), 0.0
	if given > 0 {
		hottest = float64(most) / float64(given)
	}
	if math.Abs(fanOut/d.FanOut-1) <= fanOutTolerance && math.Abs(hottest/d.Hottest-1) <= hottestTolerance {
		return nil
	}
	return fmt.Errorf("corpus: %d versions of papers cannot cause %.4g notifications each with %.4g%% of them for the hottest of %d people; the nearest are %.3g and %.3g%%: ask for less, or give more papers",
		len(c.Versions), d.FanOut, 100*d.Hottest, d.People, fanOut, 100*hottest)
}

const (
	// keywordShare and categoryShare of wishes are of these kinds, the others
	// are authors.
	keywordShare  = 0.50
	categoryShare = 0.28
	// silentShare of people have a wish that matches nothing beside the others.
	silentShare = 0.08
	// mostWishes bounds what one person asks for.
	mostWishes = 64
	// goodEnough is the share of a person's notifications that may be left to the
	// next.
	goodEnough = 0.01
)

var kinds = []paper.Kind{paper.Keyword, paper.Category, paper.Author}

func (ch chooser) drawKind() paper.Kind {
	switch p := ch.rng.Float64(); {
	case p < keywordShare:
		return paper.Keyword
	case p < keywordShare+categoryShare:
		return paper.Category
	default:
		return paper.Author
	}
}

// chooser finds terms that occur as often as is wanted.
type chooser struct {
	rng   *rand.Rand
	terms map[paper.Kind][]term // of each kind, the rare ones first
}

// wishes are one person's, that match target times together: one or two large
// ones as they are drawn, then what makes up the rest, as with coins. Got is how
// often they really match, never more than that.
func (ch chooser) wishes(target int) (list []paper.Subscription, got int) {
	taken := map[paper.Subscription]bool{}
	free := 1 + ch.rng.IntN(2) // wishes that are drawn freely
	for len(list) < mostWishes && float64(target-got) > goodEnough*float64(target) {
		left := target - got
		kind, low, high := ch.drawKind(), left-left/100, left
		if len(list) < free {
			// Names are rare: the commonest has to do.
			size := min(float64(left)*(0.4+0.5*ch.rng.Float64()), float64(ch.commonest(kind)))
			low, high = int(0.9*size), min(int(1.1*size)+1, left)
		}
		found, ok := ch.find(kind, low, high, taken)
		if !ok {
			break
		}
		list, got = append(list, found.wish), got+found.count
	}
	if len(list) == 0 || ch.rng.Float64() < silentShare {
		kind := ch.drawKind()
		list = append(list, paper.Subscription{Kind: kind, Term: ch.silent(kind)})
	}
	return list, got
}

func (ch chooser) commonest(kind paper.Kind) int {
	if terms := ch.terms[kind]; len(terms) > 0 {
		return terms[len(terms)-1].count
	}
	return 0
}

// found is a wish without an owner and how often it matches.
type found struct {
	wish  paper.Subscription
	count int
}

// find takes a term that occurs low to high times: of the kind, else of any;
// without one, the commonest that occurs less. It is taken then.
func (ch chooser) find(kind paper.Kind, low, high int, taken map[paper.Subscription]bool) (best found, ok bool) {
	others := slices.DeleteFunc(slices.Clone(kinds), func(k paper.Kind) bool { return k == kind })
	for _, k := range append([]paper.Kind{kind}, others...) {
		if best, ok = ch.within(k, low, high, taken); ok {
			taken[best.wish] = true
			return best, true
		}
	}
	for _, k := range kinds {
		if f, some := ch.below(k, low, taken); some && f.count > best.count {
			best, ok = f, true
		}
	}
	taken[best.wish] = ok
	return best, ok
}

// within draws among the terms of a kind that occur low to high times.
func (ch chooser) within(kind paper.Kind, low, high int, taken map[paper.Subscription]bool) (found, bool) {
	terms := ch.terms[kind]
	from, to := atLeast(terms, max(low, 1)), atLeast(terms, high+1)
	if from >= to {
		return found{}, false
	}
	first := ch.rng.IntN(to - from)
	for i := range min(to-from, mostWishes+1) {
		t := terms[from+(first+i)%(to-from)]
		if wish := (paper.Subscription{Kind: kind, Term: t.text}); !taken[wish] {
			return found{wish, t.count}, true
		}
	}
	return found{}, false
}

// below is the commonest term of a kind that occurs fewer than so many times.
func (ch chooser) below(kind paper.Kind, most int, taken map[paper.Subscription]bool) (found, bool) {
	terms := ch.terms[kind]
	for _, t := range slices.Backward(terms[:atLeast(terms, most)]) {
		if wish := (paper.Subscription{Kind: kind, Term: t.text}); !taken[wish] {
			return found{wish, t.count}, true
		}
	}
	return found{}, false
}

// atLeast is the index of the first term that occurs n times or more.
func atLeast(terms []term, n int) int {
	i, _ := slices.BinarySearchFunc(terms, n, func(t term, n int) int { return t.count - n })
	return i
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
