package check

import (
	"slices"
	"testing"

	"paperlab/system/paper"
)

func TestOracle(t *testing.T) {
	p := paper.Paper{
		Title:      "Redis-Streams: the λογικός way (part 2)",
		Abstract:   "Queues at scale. We show Ünïcode, C++ and state-of-the-art results",
		Authors:    []string{"Leslie B. Lamport", "Ada Byron"},
		Categories: []string{"cs.DC", "hep-th", "math.AG"},
	}
	for _, c := range []struct {
		kind paper.Kind
		term string
		want bool
	}{
		{paper.Keyword, "redis", true},
		{paper.Keyword, "STREAMS", true},
		{paper.Keyword, "redis streams", true},
		{paper.Keyword, "redis, streams!", true},
		{paper.Keyword, "streams redis", false},
		{paper.Keyword, "stream", false},
		{paper.Keyword, "edis", false},
		{paper.Keyword, "redis the", false},
		{paper.Keyword, "2 queues", false}, // no run reaches from title into abstract
		{paper.Keyword, "2", true},
		{paper.Keyword, "ÜNÏCODE", true},
		{paper.Keyword, "ΛΟΓΙΚΌΣ", true}, // final sigma, and an iota that folds to a mark
		{paper.Keyword, "λογ", false},
		{paper.Keyword, "C++", true},
		{paper.Keyword, "state of the art", true},
		{paper.Keyword, "results", true},
		{paper.Keyword, "results and more", false},
		{paper.Keyword, "lamport", false},
		{paper.Keyword, "", false},
		{paper.Keyword, "++", false},
		{paper.Author, "lamport", true},
		{paper.Author, "leslie b lamport", true},
		{paper.Author, "leslie lamport", false},
		{paper.Author, "lamport ada", false},
		{paper.Author, "lam", false},
		{paper.Author, "redis", false},
		{paper.Category, "cs.DC", true},
		{paper.Category, "cs", true},
		{paper.Category, "math", true},
		{paper.Category, "hep-th", true},
		{paper.Category, "hep", false},
		{paper.Category, "cs.dc", false},
		{paper.Category, "CS", false},
		{paper.Category, "cs.D", false},
		{paper.Category, "cs.", false},
		{paper.Category, "", false},
		{"place", "cs", false},
	} {
		o := newOracle([]paper.Subscription{{ID: "s", Kind: c.kind, Term: c.term}})
		if got := len(o.expected(p)) == 1; got != c.want {
			t.Errorf("%s %q: matched is %v; want %v", c.kind, c.term, got, c.want)
		}
	}
}

func TestOracleKeepsTheOrderOfSubscriptions(t *testing.T) {
	o := newOracle([]paper.Subscription{
		{ID: "b", Kind: paper.Category, Term: "cs"},
		{ID: "x", Kind: paper.Category, Term: "math"},
		{ID: "a", Kind: paper.Keyword, Term: "time"},
	})
	got := o.expected(paper.Paper{Title: "Time", Categories: []string{"cs.DC"}})
	if !slices.Equal(got, []string{"b", "a"}) {
		t.Fatalf("got %v", got)
	}
}
