package corpus

import (
	"os"
	"strings"
	"testing"
)

func TestSizedPapersAreAsLongAsWanted(t *testing.T) {
	c := builtin(t, 1, 300)
	for _, want := range []int{1000, 2000, 20_000} {
		for i, v := range c.Sized(want).Versions {
			authors := strings.Join(v.Authors, `","`)
			if got := Size(&v.Paper); (got < want-40 || got > want) && len(authors) < want/2 {
				t.Errorf("%s has %d bytes, want %d", v.VersionID(), got, want)
			}
			if was := c.Versions[i]; v.Title != was.Title || v.Abstract != fold(v.Abstract) ||
				!strings.HasPrefix(v.Abstract, was.Abstract) && !strings.HasPrefix(was.Abstract, v.Abstract) {
				t.Errorf("%s: %q became %q", v.VersionID(), was.Abstract, v.Abstract)
			}
		}
	}
	if got := Size(&c.Sized(SmallestSize).Versions[0].Paper); got > 1000 {
		t.Errorf("a paper of the smallest size has %d bytes", got)
	}
}

// What fills a paper up is nobody's subject: the same terms occur as often.
func TestFillingWordsAreNoTerms(t *testing.T) {
	c := builtin(t, 1, 200)
	before, after := count(c), count(c.Sized(6000))
	for kind, terms := range before {
		if len(after[kind]) != len(terms) {
			t.Errorf("%d terms of kind %s became %d", len(terms), kind, len(after[kind]))
		}
		for i := range min(len(terms), len(after[kind])) {
			if terms[i] != after[kind][i] {
				t.Fatalf("%+v became %+v", terms[i], after[kind][i])
			}
		}
	}
}

func TestRealPapersCanBeSized(t *testing.T) {
	if _, err := os.Stat(realPapers); err != nil {
		t.Skipf("no real papers here: %v", err)
	}
	c, err := readFirst(realPapers, 900)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, v := range c.Sized(2000).Versions {
		sum += Size(&v.Paper)
	}
	between(t, "mean size", float64(sum)/float64(len(c.Versions)), 1950, 2050)
	checkMatches(t, textsOf(c.Sized(2000)), 3, usual(40))
}
