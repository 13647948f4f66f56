package corpus

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const line = `{"id": %q, "versions": %d, "submitted": "Mon, 2 Apr 2007 19:18:42 GMT", "updated": "Tue, 24 Jul 2007 20:10:27 GMT", "title": "A  title", "authors": "A. One and B. Two", "categories": ["hep-ph"], "comments": "37 pages"}`

func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func readFirst(path string, limit int) (*Corpus, error) {
	p, err := Read(path)
	if err != nil {
		return nil, err
	}
	return p.First(limit)
}

func TestFileMakesFirstAndLastVersion(t *testing.T) {
	text := fmt.Sprintf(line, "0704.0001", 3) + "\n\n" + strings.Replace(fmt.Sprintf(line, "hep-th/9901001", 1), "Tue, 24 Jul", "Tue, 03 Apr", 1) + "\n"
	for name, content := range map[string][]byte{
		"p.jsonl": []byte(text), "p.jsonl.gz": zipped(t, text), "zipped-in-disguise.jsonl": zipped(t, text),
	} {
		c, err := readFirst(write(t, name, content), Largest)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, v := range c.Versions {
			got = append(got, v.VersionID()+v.Updated.Format("@2006-01-02"))
		}
		want := []string{"0704.0001v1@2007-04-02", "hep-th/9901001v1@2007-04-02", "0704.0001v3@2007-07-24"}
		if !slices.Equal(got, want) {
			t.Errorf("%s: versions %v, want %v", name, got, want)
		}
		if v := c.Versions[2]; v.Title != "A title" || v.Comment != "37 pages" || !v.Published.Before(v.Updated) {
			t.Errorf("%s: last version is %+v", name, v)
		}
	}
}

func TestFileRefusesWhatItIsNot(t *testing.T) {
	good := fmt.Sprintf(line, "0704.0001", 1)
	alter := func(old, new string) []byte {
		return []byte(good + "\n" + strings.Replace(strings.Replace(good, "0704.0001", "0704.0002", 1), old, new, 1))
	}
	for _, c := range []struct {
		about, name string
		content     []byte
		want        string
	}{
		{"not gzip", "a.jsonl.gz", []byte(good), "named .gz but does not begin"},
		{"empty", "a.jsonl", nil, "holds no papers"},
		{"empty gzip", "a.jsonl.gz", zipped(t, "\n"), "holds no papers"},
		{"cut off", "a.jsonl.gz", zipped(t, good)[:120], "cut off"},
		{"bad gzip header", "a.gz", []byte{0x1f, 0x8b, 0xff, 0, 0, 0, 0, 0, 0, 0}, "gzip header"},
		{"no JSON", "a.jsonl", []byte("\n" + good + "\nhello\n"), "line 3: not a paper"},
		{"wrong type", "a.jsonl", alter(`"versions": 1`, `"versions": "1"`), "line 2: not a paper"},
		{"bad id", "a.jsonl", alter("0704.0002", "seven"), `line 2: id is "seven": want`},
		{"no version", "a.jsonl", alter(`"versions": 1`, `"versions": 0`), "line 2: versions is 0: want 1 to 1000"},
		{"bad date", "a.jsonl", alter("Mon, 2 Apr 2007 19:18:42 GMT", "2007-04-02"), `line 2: submitted is "2007-04-02"`},
		{"back in time", "a.jsonl", alter("Jul 2007", "Jul 2006"), "line 2: updated is"},
		{"no title", "a.jsonl", alter("A  title", " "), "line 2: title is empty"},
		{"no authors", "a.jsonl", alter("A. One and B. Two", "(nobody)"), "line 2: authors is"},
		{"no category", "a.jsonl", alter(`["hep-ph"]`, `[]`), "line 2: categories is empty"},
		{"twice", "a.jsonl", []byte(good + "\n" + good), "line 2: paper 0704.0001 stands on line 1 already"},
		{"gigantic line", "a.jsonl", []byte(good + "\n" + strings.Repeat("x", longestLine+1)), "line 2: longer than"},
		{"gigantic line in little gzip", "a.jsonl.gz", bytes.Repeat(zipped(t, strings.Repeat(" ", longestLine)), 40), "line 1: longer than"},
		{"another kind of file", "a.jsonl", []byte("\x7fELF\x02\x01"), "line 1: not a paper"},
	} {
		_, err := readFirst(write(t, c.name, c.content), Largest)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.about, err, c.want)
		}
	}
	if _, err := readFirst("/does/not/exist.jsonl", Largest); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file gave %v", err)
	}
	papers, err := Read(write(t, "a.jsonl", []byte(good)))
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int{-1, 0, Largest + 1} {
		if _, err := papers.First(limit); err == nil {
			t.Errorf("a limit of %d was taken", limit)
		}
	}
}

// realPapers are the 14,246 real papers that lie beside the repository.
const realPapers = "../../../../shared/data/arxiv/papers.jsonl.gz"

func TestRealPapers(t *testing.T) {
	if _, err := os.Stat(realPapers); err != nil {
		t.Skipf("no real papers here: %v", err)
	}
	c, err := readFirst(realPapers, 2000)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Versions) != 2000 {
		t.Errorf("%d versions, want 2000", len(c.Versions))
	}
	if _, revised := papers(c); revised < 400 {
		t.Errorf("%d papers have two versions, want 400 at least", revised)
	}
	checkOrder(t, c)
	all, err := readFirst(realPapers, Largest)
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := papers(all); n != 14246 {
		t.Errorf("%d papers, want 14246", n)
	}
	for _, v := range all.Versions {
		for _, a := range v.Authors {
			if strings.ContainsAny(a, `\{}()`) || a != fold(a) || len(a) > 300 {
				t.Errorf("%s has the author %q", v.VersionID(), a)
			}
		}
	}
	checkMatches(t, textsOf(all), 9, usual(40))
	wantSum(t, "corpus", c.Versions, "6ebf93ee870a80ec")
	wantSum(t, "wishes", wishesOf(t, c, 40), "129bcd5c28a9a51e")
}

func TestSplitAuthors(t *testing.T) {
	for in, want := range map[string][]string{
		`C. Bal\'azs, E. L. Berger, P. M. Nadolsky, C.-P. Yuan`:          {"C. Balázs", "E. L. Berger", "P. M. Nadolsky", "C.-P. Yuan"},
		`Ileana Streinu and Louis Theran`:                                {"Ileana Streinu", "Louis Theran"},
		`Zolt\'an Haiman (Columbia University)`:                          {"Zoltán Haiman"},
		`Liang Cao, Youjun Lu and Yuetong Zhao (NAOC, UCAS)`:             {"Liang Cao", "Youjun Lu", "Yuetong Zhao"},
		`Jorge F. Silva, and Marcos E. Orchard`:                          {"Jorge F. Silva", "Marcos E. Orchard"},
		`A. B (1), C. D (1,2) ((1) Here, (2) There (far))`:               {"A. B", "C. D"},
		`Luka \v{C}. Popovi\'c, G. Tautvai\v{s}ien\.e`:                   {"Luka Č. Popović", "G. Tautvaišienė"},
		`Julian B. Mu\~noz, Mar{\'\i}a Garc\'{\i}a`:                      {"Julian B. Muñoz", "María García"},
		`{\L}ukasz W, S{\o}ren K, A. \O stergaard, J. Strau\ss`:          {"Łukasz W", "Søren K", "A. Østergaard", "J. Strauß"},
		`The CMS and LHCb Collaborations: V. Khachatryan, A.M. Sirunyan`: {"The CMS and LHCb Collaborations", "V. Khachatryan", "A.M. Sirunyan"},
		`Sammy Davis, Jr., A. Two`:                                       {"Sammy Davis Jr.", "A. Two"},
		`Andy Sandoval and Brandon Band`:                                 {"Andy Sandoval", "Brandon Band"},
		`M. \c{S}ahin, P. Erd\H{o}s, A. Rand\'{e}`:                       {"M. Şahin", "P. Erdős", "A. Randé"},
		``: nil,
	} {
		if got := SplitAuthors(in); !slices.Equal(got, want) {
			t.Errorf("SplitAuthors(%q)\n got %q\nwant %q", in, got, want)
		}
	}
}
