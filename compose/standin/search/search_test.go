package search

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"paperlab/compose/standin/corpus"
	"paperlab/system/paper"
)

// small is a corpus of four versions, the third a revision of the first.
func small() *corpus.Corpus {
	at := func(s string) time.Time {
		t, err := time.Parse("2006-01-02 15:04:05", s)
		if err != nil {
			panic(err)
		}
		return t
	}
	make := func(id string, version int, title, abstract, updated string, categories ...string) corpus.Version {
		return corpus.Version{Paper: paper.Paper{ID: id, Version: version, Title: title, Abstract: abstract,
			Authors: []string{"Ada Lovelace", "R. del Maestro"}, Categories: categories,
			Published: at("2021-01-01 00:00:10"), Updated: at(updated)}}
	}
	return &corpus.Corpus{Versions: []corpus.Version{
		make("2101.00001", 1, "Dark matter in galaxies", "We study halos.", "2021-01-01 00:00:10", "astro-ph.GA"),
		make("2101.00002", 1, "Learning to rank", "Neural networks, learned.", "2021-01-01 00:01:00", "cs.LG", "cs.IR"),
		make("2101.00001", 2, "Dark matter in galaxies", "We study halos again.", "2021-01-01 00:01:59", "astro-ph.GA"),
		make("hep-th/9901001", 1, "On strings", "No dark sector; matter only.", "2021-01-01 00:02:00", "hep-th"),
	}}
}

func find(t *testing.T, x *Index, query string) string {
	t.Helper()
	q, err := Parse(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	page, total := x.Find(Request{Query: q, Sort: LastUpdated, Max: MaxSlice})
	if total != len(page) {
		t.Errorf("%s: total %d but %d on the only page", query, total, len(page))
	}
	var names []string
	for _, v := range page {
		names = append(names, v.VersionID())
	}
	return strings.Join(names, " ")
}

func TestFind(t *testing.T) {
	x := New(small())
	x.Release(99)
	for query, want := range map[string]string{
		"lastUpdatedDate:[202101010001 TO 202101010001]":                                                    "2101.00002v1 2101.00001v2",
		"lastUpdatedDate:[202101010002 TO 202101012359]":                                                    "hep-th/9901001v1",
		"lastUpdatedDate:[202101010000 TO 202101010000]":                                                    "", // v1 is hidden by v2
		"submittedDate:[202101010000 TO 202101010000] AND cat:cs.LG":                                        "2101.00002v1",
		"lastUpdatedDate:[202101010000 TO 202101012359] AND (cat:cs.*)":                                     "2101.00002v1",
		"lastUpdatedDate:[202101010000 TO 202101012359] AND (cat:cs.DC OR cat:cs.ir)":                       "2101.00002v1",
		"lastUpdatedDate:[202101010000 TO 202101010001] AND (cat:hep-th OR cat:astro-ph.*)":                 "2101.00001v2",
		"cat:hep-th OR cat:cs.LG AND cat:astro-ph.GA":                                                       "hep-th/9901001v1", // AND binds more tightly
		"(cat:hep-th OR cat:cs.LG) AND cat:cs.IR":                                                           "2101.00002v1",
		"( cat:hep-th  OR\tcat:cs.LG )":                                                                     "2101.00002v1 hep-th/9901001v1",
		"cat:astro-ph":                                                                                      "", // whole categories
		"lastUpdatedDate:[202101010000 TO 202101010000] AND lastUpdatedDate:[202101010002 TO 202101010003]": "",
		"lastUpdatedDate:[202101010001 TO 202101010001] OR lastUpdatedDate:[202101010002 TO 202101010003]":  "2101.00002v1 2101.00001v2 hep-th/9901001v1",
	} {
		if got := find(t, x, query); got != want {
			t.Errorf("%s: found %q, want %q", query, got, want)
		}
	}
}

func TestOnlyTheNewestReleasedVersionIsVisible(t *testing.T) {
	x := New(small())
	const everything = "lastUpdatedDate:[202101010000 TO 202101012359]"
	for _, want := range []string{
		"2101.00001v1",
		"2101.00001v1 2101.00002v1",
		"2101.00002v1 2101.00001v2",
		"2101.00002v1 2101.00001v2 hep-th/9901001v1",
		"2101.00002v1 2101.00001v2 hep-th/9901001v1",
	} {
		x.Release(1)
		if got := find(t, x, everything); got != want {
			t.Errorf("after %d releases %q is visible, want %q", x.Released(), got, want)
		}
	}
}

func TestFindByID(t *testing.T) {
	x := New(small())
	x.Release(3)
	for list, want := range map[string]string{
		"2101.00002,2101.00001":       "2101.00002v1 2101.00001v2",
		"2101.00001v1":                "2101.00001v1",
		"2101.00001v3":                "",
		"hep-th/9901001":              "", // not released yet
		"0000.0000":                   "",
		"2101.00002v1, 2101.00002":    "2101.00002v1",
		"2101.00002v01":               "2101.00002v1",
		"astro-ph/0601001,2101.00001": "2101.00001v2",
	} {
		ids, err := ParseIDs(list)
		if err != nil {
			t.Errorf("%s: %v", list, err)
		}
		page, _ := x.Find(Request{IDs: ids, Max: 10})
		var got []string
		for _, v := range page {
			got = append(got, v.VersionID())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: found %v, want %s", list, got, want)
		}
	}
	for _, bad := range []string{"abc", "1234.123", "2101.00001v", "2101.00001v0", "2101.00001,,", "../etc", "hep-th/99", "2101.00001v99999999"} {
		if _, err := ParseIDs(bad); err == nil || !strings.HasPrefix(err.Error(), "incorrect id format for ") {
			t.Errorf("%s: error %v, want a malformed id", bad, err)
		}
	}
}

func TestSortingAndPaging(t *testing.T) {
	x := New(small())
	x.Release(4)
	q, err := Parse("cat:astro-ph.* OR cat:cs.LG OR cat:hep-th")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		r     Request
		want  []string
		total int
	}{
		{Request{Sort: LastUpdated, Max: 2}, []string{"2101.00002v1", "2101.00001v2"}, 3},
		{Request{Sort: LastUpdated, Max: 2, Start: 2}, []string{"hep-th/9901001v1"}, 3},
		{Request{Sort: LastUpdated, Max: 2, Start: 9}, nil, 3},
		{Request{Sort: LastUpdated, Descending: true, Max: 1}, []string{"hep-th/9901001v1"}, 3},
		{Request{Sort: Submitted, Max: 9}, []string{"2101.00002v1", "2101.00001v2", "hep-th/9901001v1"}, 3},
		{Request{Sort: Relevance, Max: 9}, []string{"hep-th/9901001v1", "2101.00001v2", "2101.00002v1"}, 3},
		{Request{Max: 0}, nil, 3},
	} {
		c.r.Query = q
		page, total := x.Find(c.r)
		var got []string
		for _, v := range page {
			got = append(got, v.VersionID())
		}
		if !slices.Equal(got, c.want) || total != c.total {
			t.Errorf("%+v: %v of %d, want %v of %d", c.r, got, total, c.want, c.total)
		}
	}
}

func TestParseRefusesNonsense(t *testing.T) {
	for query, want := range map[string]string{
		"(cat:cs.DC OR cat:cs.DB":      "closing bracket",
		"cat:cs.DC)":                   `unexpected ")"`,
		"foo:bar":                      `"foo:bar" is not understood`,
		"AND cat:cs.DC":                "a term is missing",
		"cat:cs.DC OR":                 "a term is missing",
		"cat:cs.DC AND OR cat:cs.DB":   "a term is missing",
		"()":                           "a term is missing",
		"lastUpdatedDate:2021":         "needs a range",
		"lastUpdatedDate:":             "needs a range",
		"lastUpdatedDate":              "needs a range",
		"lastUpdatedDate:[2021 TO 22]": "YYYYMMDDHHMM",
		"lastUpdatedDate:[202101010000 TO 202099010000]": "YYYYMMDDHHMM",
		"lastUpdatedDate:[202101010001 TO 202101010000]": "ends before",
		"lastUpdatedDate:[202101010000]":                 "needs a range",
		"submittedDate:[202101010000 TO 202101010000":    "needs a range",
		"lastUpdatedDate:[]":                             "needs a range",
		"cat:*":                                          "not understood",
		"cat:":                                           "not understood",
		strings.Repeat("a", 5000):                        "4096",
		"\xff\xfe":                                       "not understood",
		"]":                                              "not understood",
		"' OR 1=1; DROP TABLE --'":                       "not understood",
		// What arXiv knows and no crawler asks is never silently matched.
		"testing":                      "character 1: \"testing\" is not understood",
		"all:galaxies":                 "not understood",
		`ti:"dark matter"`:             "not understood",
		"cat:cs.DC ANDNOT cat:cs.LG":   `character 10: unexpected "ANDNOT"`,
		"cat:cs.DC cat:cs.LG":          `unexpected "cat:cs.LG"`,
		`cat:"cs.DC"`:                  "not understood",
		"au:del_maestro AND cat:cs.lg": "not understood",
	} {
		if q, err := Parse(query); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, %v; want an error with %q", query, q, err, want)
		}
	}
	if q, err := Parse("  "); q != nil || err != nil {
		t.Errorf("the empty query: %v, %v; want nothing", q, err)
	}
}

// FuzzParse: whatever comes in, the parser neither panics nor hangs, and what
// it accepts means the same in brackets.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"lastUpdatedDate:[202101010000 TO 202101012359] AND (cat:cs.* OR cat:hep-th)", "cat:a OR cat:b AND cat:c",
		"testing", "((((", "cat:(", "cat:é", "AND", "\"\"", "cat:]", "a:b:c", "submittedDate:[", "OR(", strings.Repeat("(", 4000),
	} {
		f.Add(seed)
	}
	x := New(small())
	x.Release(4)
	f.Fuzz(func(t *testing.T, text string) {
		q, err := Parse(text)
		if err != nil || q == nil {
			return
		}
		again, err := Parse("(" + text + ")")
		if err != nil {
			if len(text)+2 > longestQuery {
				return
			}
			t.Fatalf("%q is refused in brackets: %v", text, err)
		}
		_, a := x.Find(Request{Query: q, Max: 9})
		_, b := x.Find(Request{Query: again, Max: 9})
		if a != b {
			t.Fatalf("%q finds %d, in brackets %d", text, a, b)
		}
	})
}

// BenchmarkNewestMinute is what a crawler does every few seconds: it must stay
// far below 5 ms with 10,000 papers out.
func BenchmarkNewestMinute(b *testing.B) {
	c, err := corpus.Builtin(1, 11_500)
	if err != nil {
		b.Fatal(err)
	}
	x := New(c)
	x.Release(len(c.Versions))
	last := c.Versions[len(c.Versions)-1].Updated.Format("200601021504")
	for b.Loop() {
		q, err := Parse(fmt.Sprintf("lastUpdatedDate:[%s TO 209901010000]", last))
		if err != nil {
			b.Fatal(err)
		}
		if _, total := x.Find(Request{Query: q, Sort: LastUpdated, Max: 100}); total == 0 {
			b.Fatal("nothing found")
		}
	}
}
