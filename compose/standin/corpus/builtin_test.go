package corpus

import (
	"slices"
	"strings"
	"testing"
)

func builtin(t testing.TB, seed uint64, n int) *Corpus {
	t.Helper()
	c, err := Builtin(seed, n)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestBuiltinIsDeterministic(t *testing.T) {
	same := func(a, b Version) bool {
		return a.VersionID() == b.VersionID() && a.Title == b.Title && a.Abstract == b.Abstract &&
			slices.Equal(a.Authors, b.Authors) && slices.Equal(a.Categories, b.Categories) &&
			a.Updated.Equal(b.Updated) && a.Comment == b.Comment && a.DOI == b.DOI
	}
	a, b := builtin(t, 7, 500), builtin(t, 7, 800)
	for i := range a.Versions {
		if !same(a.Versions[i], b.Versions[i]) {
			t.Fatalf("version %d differs between two corpora of one seed", i)
		}
	}
	if other := builtin(t, 8, 500); other.Versions[0].Title == a.Versions[0].Title {
		t.Error("another seed gave the same first title")
	}
}

func TestBuiltinIsRealistic(t *testing.T) {
	c := builtin(t, 1, 5000)
	var title, abstract, authors, crossed int
	primaries := map[string]int{}
	for _, v := range c.Versions {
		title += len(v.Title)
		abstract += len(v.Abstract)
		authors += len(v.Authors)
		primaries[v.Categories[0]]++
		if len(v.Categories) > 1 {
			crossed++
		}
		if len(v.Categories) > 4 {
			t.Errorf("%s has %d categories, want 4 at most", v.VersionID(), len(v.Categories))
		}
	}
	n := len(c.Versions)
	between(t, "mean title length", float64(title)/float64(n), 55, 90)
	between(t, "mean abstract length", float64(abstract)/float64(n), 1000, 1500)
	between(t, "mean authors", float64(authors)/float64(n), 2.5, 6)
	between(t, "share with cross-lists", float64(crossed)/float64(n), 0.3, 0.6)
	between(t, "share of revised papers", share(papers(c)), 0.12, 0.18)
	between(t, "primary categories", float64(len(primaries)), 80, 160)
	between(t, "share of the commonest category", float64(primaries["cs.LG"])/float64(n), 0.05, 0.15)
	if got := c.Versions[0].ID; got != "2101.00001" {
		t.Errorf("first id is %s, want 2101.00001", got)
	}
}

// papers counts the different papers, and those of several versions.
func papers(c *Corpus) (all, revised int) {
	seen := map[string]int{}
	for _, v := range c.Versions {
		if seen[v.ID]++; seen[v.ID] == 2 {
			revised++
		}
	}
	return len(seen), revised
}

func share(all, part int) float64 { return float64(part) / float64(all) }

func TestBuiltinOrderAndRevisions(t *testing.T) {
	c := builtin(t, 3, 5000)
	checkOrder(t, c)
	first := map[string]int{}
	for i, v := range c.Versions {
		if i > 0 {
			between(t, "seconds between versions", v.Updated.Sub(c.Versions[i-1].Updated).Seconds(), 20, 90)
		}
		if v.Version == 1 {
			first[v.ID] = i
		} else if v.Version == 2 {
			between(t, "versions from 1 to 2", float64(i-first[v.ID]), 5, 220)
		}
		if v.Title != fold(v.Title) || v.Abstract != fold(v.Abstract) {
			t.Errorf("%s is not clean", v.VersionID())
		}
	}
}

// checkOrder fails unless dates never go back and versions of a paper ascend.
func checkOrder(t *testing.T, c *Corpus) {
	t.Helper()
	last := map[string]int{}
	for i, v := range c.Versions {
		if i > 0 && v.Updated.Before(c.Versions[i-1].Updated) {
			t.Fatalf("%s at %d is older than its predecessor", v.VersionID(), i)
		}
		if v.Version <= last[v.ID] {
			t.Fatalf("%s stands after version %d", v.VersionID(), last[v.ID])
		}
		last[v.ID] = v.Version
		if v.Published.After(v.Updated) {
			t.Fatalf("%s was updated before it was published", v.VersionID())
		}
	}
}

func TestBuiltinRefusesSizes(t *testing.T) {
	for _, n := range []int{-1, 0, Largest + 1} {
		if _, err := Builtin(1, n); err == nil || !strings.Contains(err.Error(), "want 1 to 200000") {
			t.Errorf("Builtin(1, %d): %v, want an error with the bounds", n, err)
		}
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"  a \n\t b ":     "a b",
		"bell\x07 rings":  "bell rings",
		"bad \xff byte":   "bad \uFFFD byte",
		"\uFFFE":          "\uFFFD",
		"":                "",
		" ":               "",
		"é\u00a0\u2009 ü": "é ü",
	} {
		if got := fold(in); got != want {
			t.Errorf("fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func between(t *testing.T, what string, got, low, high float64) {
	t.Helper()
	if got < low || got > high {
		t.Errorf("%s: %.3f, want %g to %g", what, got, low, high)
	}
}
