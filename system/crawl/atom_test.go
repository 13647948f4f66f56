package crawl

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// realAnswers is a folder of arXiv's own answers with their requests beside
// them. It is not part of the repository.
const realAnswers = "../../../shared/data/arxiv/atom"

func TestRealAnswersParse(t *testing.T) {
	index, err := os.ReadFile(filepath.Join(realAnswers, "index.json"))
	if err != nil {
		t.Skipf("arXiv's real answers are not beside this repository, so they are not tried: %v", err)
	}
	var requests []struct {
		File   string
		Status int
	}
	if err := json.Unmarshal(index, &requests); err != nil {
		t.Fatal(err)
	}
	for _, r := range requests {
		t.Run(r.File, func(t *testing.T) {
			file, err := os.Open(filepath.Join(realAnswers, r.File))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = file.Close() }()
			page, err := parse(file, longestBody)
			if r.Status != 200 {
				if err == nil || !strings.Contains(err.Error(), "incorrect id format") {
					t.Fatalf("got %v, want arXiv's own complaint", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			checkReal(t, r.File, page)
		})
	}
}

func checkReal(t *testing.T, file string, page Page) {
	if len(page.Skipped) > 0 {
		t.Errorf("entries were skipped: %v", page.Skipped)
	}
	// Ids that do not exist give an empty feed.
	unknown := file == "id_0000.0000_s0_m100.xml" || file == "id_0808.05394_s0_m100.xml"
	if (page.Total == 0) != unknown || (len(page.Papers) == 0) != unknown {
		t.Fatalf("total %d and %d papers", page.Total, len(page.Papers))
	}
	for _, p := range page.Papers {
		if p.ID == "" || p.Version < 1 || p.Title == "" || len(p.Authors) == 0 || len(p.Categories) == 0 ||
			p.Published.IsZero() || p.Updated.Before(p.Published) {
			t.Errorf("half a paper: %+v", p)
		}
		if strings.Contains(p.Title+p.Abstract, "\n") {
			t.Errorf("%s has line breaks in its text", p.VersionID())
		}
	}
}

const head = `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom">`

func TestParseRefuses(t *testing.T) {
	cases := map[string]string{
		"nothing":           ``,
		"a web page":        `<html><body>busy</body></html>`,
		"a cut feed":        head + `<opensearch:totalResults>1</opensearch:totalResults><entry><id>x`,
		"a feed of another": `<feed xmlns="http://www.w3.org/2005/Atom"><title>news</title></feed>`,
		"an error entry": head + `<opensearch:totalResults>1</opensearch:totalResults>
			<entry><id>https://arxiv.org/api/errors#x</id><summary>start must be an integer</summary></entry></feed>`,
	}
	for name, body := range cases {
		if page, err := parse(strings.NewReader(body), longestBody); err == nil {
			t.Errorf("%s was read as %+v", name, page)
		}
	}
}

func TestBrokenEntryIsSkippedAndItsPlaceKept(t *testing.T) {
	one := func(id, updated string) string {
		return `<entry><id>` + id + `</id><title>A
			title</title><published>2021-01-01T00:00:00Z</published><updated>` + updated + `</updated>
			<category term="math.AG"/><category term="hep-th"/><arxiv:primary_category term="hep-th"/></entry>`
	}
	page, err := parse(strings.NewReader(head+`<opensearch:totalResults>4</opensearch:totalResults>`+
		one("http://arxiv.org/abs/hep-th/9901001v2", "2021-01-02T00:00:00Z")+
		one("http://arxiv.org/abs/2101.00001", "2021-01-02T00:00:00Z")+
		one("http://arxiv.org/abs/2101.00002v1", "yesterday")+
		one("http://arxiv.org/abs/2101.00003v12", "2021-01-02T00:00:00+01:00")+`</feed>`), longestBody)
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Skipped) != 2 || len(page.Papers) != 2 || page.Places[1] != 3 {
		t.Fatalf("got %+v", page)
	}
	old := page.Papers[0]
	if old.ID != "hep-th/9901001" || old.Version != 2 || old.Title != "A title" || old.Categories[0] != "hep-th" || len(old.Categories) != 2 {
		t.Errorf("got %+v", old)
	}
	if last := page.Papers[1]; last.Version != 12 || last.Updated.Location().String() != "UTC" || last.Updated.Hour() != 23 {
		t.Errorf("got %+v", last)
	}
}

// endless never ends its first element.
type endless struct{ begun bool }

func (e *endless) Read(p []byte) (int, error) {
	if !e.begun {
		e.begun = true
		return copy(p, head+"<title>"), nil
	}
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestBodyIsBounded(t *testing.T) {
	if _, err := parse(&endless{}, 1<<20); err == nil || !strings.Contains(err.Error(), "longer than 1048576 bytes") {
		t.Fatalf("got %v", err)
	}
}
