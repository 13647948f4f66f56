package corpus

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"paperlab/system/paper"
)

func TestSubscriptionsFitTheCorpus(t *testing.T) {
	for seed := range uint64(4) {
		c := builtin(t, seed+1, 1600)
		for _, people := range []int{12, 40, 300} {
			checkMatches(t, c, people)
		}
	}
}

// checkMatches counts matches by the words of paper.Kind's comments, with code
// of its own, and fails when they are off.
func checkMatches(t *testing.T, c *Corpus, people int) {
	t.Helper()
	_, wishes := c.Subscriptions(rand.New(rand.NewPCG(9, 9)), people)
	kinds := map[paper.Kind]int{}
	per, terms := make([]int, len(wishes)), make([]string, len(wishes))
	for k, w := range wishes {
		terms[k] = pad(w.Term)
	}
	n := 0
	for i := 0; i < len(c.Versions); i += 7 {
		n++
		text := padded(&c.Versions[i].Paper)
		for k, w := range wishes {
			if matches(text, w, terms[k]) {
				per[k]++
			}
		}
	}
	sum, none := 0, 0
	for k, hits := range per {
		kinds[wishes[k].Kind]++
		if sum += hits; hits == 0 {
			none++
		}
	}
	between(t, "matches per paper", float64(sum)/float64(n), 3, 8)
	between(t, "wishes per person", float64(len(wishes))/float64(people), 1, 3)
	t.Logf("%d people, %d wishes, %.2f matches per paper, most %d of %d, %d without any; kinds %v",
		people, len(wishes), float64(sum)/float64(n), slices.Max(per), n, none, kinds)
	if len(kinds) != 3 {
		t.Errorf("kinds are %v, want all three", kinds)
	}
	seen := map[string]bool{}
	for _, w := range wishes {
		key := w.Subscriber + "|" + string(w.Kind) + "|" + w.Term
		if w.Term == "" || seen[key] || seen[w.ID] {
			t.Errorf("wish %+v is empty or there twice", w)
		}
		seen[key], seen[w.ID] = true, true
	}
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
	a, wa := c.Subscriptions(rand.New(rand.NewPCG(1, 2)), 30)
	b, wb := c.Subscriptions(rand.New(rand.NewPCG(1, 2)), 30)
	if !reflect.DeepEqual(a, b) || !reflect.DeepEqual(wa, wb) {
		t.Error("equal sources gave different subscriptions")
	}
	_, wc := c.Subscriptions(rand.New(rand.NewPCG(3, 2)), 30)
	if reflect.DeepEqual(wa, wc) {
		t.Error("another source gave the same subscriptions")
	}
}

// A corpus of one paper still has people.
func TestSubscriptionsOfATinyCorpus(t *testing.T) {
	for _, n := range []int{0, 1, 5} {
		who, wishes := builtin(t, 1, 1).Subscriptions(rand.New(rand.NewPCG(1, 2)), n)
		if len(who) != n || len(wishes) < n {
			t.Errorf("%d people wanted, got %d with %d wishes", n, len(who), len(wishes))
		}
		for _, w := range wishes {
			if w.Term == "" {
				t.Errorf("wish %s has no term", w.ID)
			}
		}
	}
}
