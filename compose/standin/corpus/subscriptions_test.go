package corpus

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"paperlab/system/paper"
)

// usual is a demand that every corpus here can meet.
func usual(people int) Demand {
	return Demand{People: people, Hottest: max(0.05, 1.5/float64(people)), FanOut: 5}
}

// subscriptions is what nothing is wrong with.
func subscriptions(t testing.TB, c *Corpus, seed uint64, d Demand) ([]paper.Subscriber, []paper.Subscription) {
	t.Helper()
	people, wishes, err := c.Subscriptions(rand.New(rand.NewPCG(seed, 2)), d)
	if err != nil {
		t.Fatalf("seed %d, %+v: %v", seed, d, err)
	}
	return people, wishes
}

// TestEverySeedMeetsTheDemand: what is asked for is what comes, on corpora of
// all sizes, from the generator and of real papers. It takes about 10 s.
func TestEverySeedMeetsTheDemand(t *testing.T) {
	for seed := range uint64(50) {
		d := []Demand{usual(12), usual(40), usual(300), {40, 0.20, 5}, {40, 0.05, 12}, {40, 0.025, 1}}[seed%6]
		for _, n := range []int{200, 800} {
			checkMatches(t, textsOf(builtin(t, seed+1, n)), seed+1, d)
		}
	}
	for seed := range uint64(4) {
		checkMatches(t, textsOf(builtin(t, seed+1, 2700)), seed+1, usual(40))
	}
}

func TestEverySeedMeetsTheDemandOnRealPapers(t *testing.T) {
	if _, err := os.Stat(realPapers); err != nil {
		t.Skipf("no real papers here: %v", err)
	}
	for n, seeds := range map[int]uint64{200: 50, 900: 50, 2700: 5} {
		c, err := readFirst(realPapers, n)
		if err != nil {
			t.Fatal(err)
		}
		texts := textsOf(c)
		for seed := range seeds {
			checkMatches(t, texts, seed+1, []Demand{usual(40), usual(12), {40, 0.10, 3}}[seed%3])
		}
	}
}

// checkMatches counts matches by the words of paper.Kind's comments, with code
// of its own, and fails when they are off.
func checkMatches(t *testing.T, c texts, seed uint64, d Demand) {
	t.Helper()
	_, wishes := subscriptions(t, c.Corpus, seed, d)
	kinds, seen := map[paper.Kind]int{}, map[string]bool{}
	terms := make([]string, len(wishes))
	for k, w := range wishes {
		terms[k] = pad(w.Term)
		kinds[w.Kind]++
		key := w.Subscriber + "|" + string(w.Kind) + "|" + w.Term
		if w.Term == "" || seen[key] || seen[w.ID] {
			t.Errorf("wish %+v is empty or there twice", w)
		}
		seen[key], seen[w.ID] = true, true
	}
	all, most := 0, 0
	for _, n := range told(c, wishes, terms) {
		all, most = all+n, max(most, n)
	}
	fanOut, hottest := float64(all)/float64(len(c.Versions)), float64(most)/float64(all)
	what := fmt.Sprintf("seed %d, %d versions, %+v: ", seed, len(c.Versions), d)
	between(t, what+"fan-out", fanOut/d.FanOut, 0.96, 1.04)
	between(t, what+"share of the hottest", hottest/d.Hottest, 0.94, 1.06)
	between(t, what+"wishes per person", float64(len(wishes))/float64(d.People), 1, 8)
	if len(kinds) != 3 {
		t.Errorf("%skinds are %v, want all three", what, kinds)
	}
}

// told counts the notifications of each person.
func told(c texts, wishes []paper.Subscription, terms []string) map[string]int {
	per := map[string]int{}
	for k, w := range wishes {
		for _, text := range c.padded {
			if matches(text, w, terms[k]) {
				per[w.Subscriber]++
			}
		}
	}
	return per
}

// texts are a corpus whose papers are padded once, for all seeds.
type texts struct {
	*Corpus
	padded []paddedPaper
}

func textsOf(c *Corpus) texts {
	found := texts{Corpus: c}
	for i := range c.Versions {
		found.padded = append(found.padded, padded(&c.Versions[i].Paper))
	}
	return found
}

// pad writes a text as its words, with a blank on either side of each, so that
// a run of whole words is a substring.
func pad(s string) string { return " " + strings.Join(split(s), " ") + " " }

// paddedPaper is a paper whose texts are padded once, for all wishes.
type paddedPaper struct {
	texts, authors, categories []string
}

func padded(p *paper.Paper) paddedPaper {
	got := paddedPaper{texts: []string{pad(p.Title), pad(p.Abstract)}, categories: p.Categories}
	for _, a := range p.Authors {
		got.authors = append(got.authors, pad(a))
	}
	return got
}

// matches takes the wish's term padded, too.
func matches(p paddedPaper, w paper.Subscription, term string) bool {
	run := func(text string) bool { return strings.Contains(text, term) }
	switch w.Kind {
	case paper.Keyword:
		return slices.ContainsFunc(p.texts, run)
	case paper.Category:
		return slices.ContainsFunc(p.categories, func(c string) bool {
			return c == w.Term || (!strings.Contains(w.Term, ".") && strings.HasPrefix(c, w.Term+"."))
		})
	default:
		return slices.ContainsFunc(p.authors, run)
	}
}

func TestSubscriptionsAreDeterministic(t *testing.T) {
	c := builtin(t, 5, 600)
	a, wa := subscriptions(t, c, 1, usual(30))
	b, wb := subscriptions(t, c, 1, usual(30))
	if !reflect.DeepEqual(a, b) || !reflect.DeepEqual(wa, wb) {
		t.Error("equal sources gave different subscriptions")
	}
	_, wc := subscriptions(t, c, 3, usual(30))
	if reflect.DeepEqual(wa, wc) {
		t.Error("another source gave the same subscriptions")
	}
}

func TestSharesAreThoseOfTheDemand(t *testing.T) {
	for _, d := range []Demand{{1, 1, 5}, {2, 0.5, 5}, {2, 0.99, 5}, {40, 0.025, 5}, {40, 0.05, 5}, {40, 0.9, 5}, {100_000, 0.05, 5}} {
		shares, sum := d.shares(), 0.0
		for _, s := range shares {
			sum += s
		}
		if math.Abs(shares[0]/d.Hottest-1) > 1e-6 || math.Abs(sum-1) > 1e-6 || slices.Max(shares) != shares[0] {
			t.Errorf("%+v: the first is %g, the sum %g", d, shares[0], sum)
		}
	}
}

// What cannot be had is refused with what can.
func TestDemandsThatCannotBeMet(t *testing.T) {
	c := builtin(t, 1, 400)
	for _, bad := range []struct {
		c    *Corpus
		d    Demand
		want string
	}{
		{c, Demand{40, 0.02, 5}, "a fair share is 2.5%"},
		{c, Demand{40, 1, 5}, "nothing is left for the others"},
		{c, Demand{40, 1.5, 5}, "cannot get 150%"},
		{c, Demand{0, 1, 5}, "0 people"},
		{c, Demand{40, 0.05, 0}, "fan-out of 0 is impossible"},
		{c, Demand{40, math.NaN(), 5}, "cannot"},
		{c, Demand{4, 0.9, 60}, "400 versions of papers cannot cause 60 notifications each with 90% of them for the hottest of 4 people; the nearest are"},
		{builtin(t, 1, 1), usual(40), "1 versions of papers cannot cause 5"},
	} {
		_, _, err := bad.c.Subscriptions(rand.New(rand.NewPCG(1, 2)), bad.d)
		if err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%+v on %d versions: %v, want an error with %q", bad.d, len(bad.c.Versions), err, bad.want)
		}
	}
}
