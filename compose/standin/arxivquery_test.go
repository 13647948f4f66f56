package standin

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"paperlab/compose/standin/corpus"
	"paperlab/system/paper"
)

func TestArxivRefusesBadRequests(t *testing.T) {
	a, _ := newArxiv(t, ArxivConfig{Recorder: recorder(), Corpus: builtin(t, 3)})
	for raw, want := range map[string]string{
		"start=abc":                    "start must be an integer",
		"start=1.5":                    "start must be an integer",
		"start=-1":                     "start must be non-negative",
		"start=-99999999999":           "start must be non-negative",
		"max_results=ten":              "max_results must be an integer",
		"max_results=-1":               "max_results must be non-negative",
		"max_results=30001":            "max_results must be 30000 at most",
		"max_results=99999999999":      "max_results must be 30000 at most",
		"start=29000&max_results=1001": "start + max_results must be 30000 at most",
		"sortBy=date":                  "sortBy must be in: relevance, lastUpdatedDate, submittedDate",
		"sortOrder=up":                 "sortOrder must be in: ascending, descending",
		"id_list=abc":                  "incorrect id format for abc",
		"search_query=" + url.QueryEscape("(cat:cs.DC"): "search_query, character 11",
		"search_query=testing":                          "search_query, character 1",
		"search_query=%ZZ":                              "malformed query string",
	} {
		got := request(t.Context(), http.MethodGet, a.QueryURL()+"?"+raw, "")
		got.want(t, http.StatusBadRequest, "<title>Error</title>", "<summary>"+want,
			"https://arxiv.org/api/errors#"+strings.ReplaceAll(want, " ", "_"))
		if kind := got.header.Get("Content-Type"); kind != "application/atom+xml; charset=utf-8" {
			t.Errorf("%s: content type %s", raw, kind)
		}
	}
	if n := a.Served(); n != 0 {
		t.Errorf("%d served", n)
	}
	for _, raw := range []string{"", "start=0&max_results=0&search_query=cat:cs.DC", "start=28000&max_results=2000&search_query=cat:cs.DC"} {
		request(t.Context(), http.MethodGet, a.QueryURL()+"?"+raw, "").want(t, http.StatusOK, "<opensearch:totalResults>0<")
	}
	request(t.Context(), http.MethodPost, a.QueryURL(), "").want(t, http.StatusMethodNotAllowed)
}

// realAnswers is a folder of arXiv's own answers with their requests beside
// them. It is not part of the repository.
const realAnswers = "../../../shared/data/arxiv/atom"

// TestArxivAnswersAsArxivDoes writes each real answer again, from nothing but
// what it says of its papers, and compares element by element.
func TestArxivAnswersAsArxivDoes(t *testing.T) {
	index, err := os.ReadFile(filepath.Join(realAnswers, "index.json"))
	if err != nil {
		t.Skipf("arXiv's real answers are not beside this repository, so nothing is compared with them: %v", err)
	}
	var requests []struct {
		File, URL string
		Status    int
	}
	if err := json.Unmarshal(index, &requests); err != nil {
		t.Fatal(err)
	}
	for _, r := range requests {
		t.Run(r.File, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(realAnswers, r.File))
			if err != nil {
				t.Fatal(err)
			}
			want, got := elements(t, string(text)), elements(t, again(t, string(text), r.URL, r.Status))
			for i := range min(len(want), len(got)) {
				if want[i] != got[i] {
					t.Fatalf("element %d is %s\nwant %s", i, got[i], want[i])
				}
			}
			if len(want) != len(got) {
				t.Errorf("%d elements, want %d", len(got), len(want))
			}
		})
	}
}

// again is the stand-in's own page of a real one's papers.
func again(t *testing.T, text, from string, status int) string {
	t.Helper()
	var real realPage
	if err := xml.Unmarshal([]byte(text), &real); err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(from)
	if err != nil {
		t.Fatal(err)
	}
	asked := address.Query()
	query := asked.Get("search_query")
	if query == "testing" {
		// arXiv looks for a word in all fields. The stand-in does not, and has
		// only the form of such an answer to show.
		query = "all:testing"
		asked.Del("search_query")
	}
	f, _, err := parseRequest(asked.Encode())
	if status != http.StatusOK {
		if err == nil {
			t.Fatalf("%s: no error, arXiv answered %d", from, status)
		}
		return string(errorPage(err.Error(), real.Updated))
	}
	if err != nil {
		t.Fatal(err)
	}
	f.Query, f.Total, f.Updated = query, real.Total, real.Updated
	for _, e := range real.Entry {
		f.Entries = append(f.Entries, e.version(t))
	}
	return string(f.page())
}

type realPage struct {
	Updated time.Time   `xml:"updated"`
	Total   int         `xml:"totalResults"`
	Entry   []realEntry `xml:"entry"`
}

type realEntry struct {
	ID        string    `xml:"id"`
	Title     string    `xml:"title"`
	Updated   time.Time `xml:"updated"`
	Summary   string    `xml:"summary"`
	Published time.Time `xml:"published"`
	Comment   string    `xml:"comment"`
	Journal   string    `xml:"journal_ref"`
	DOI       string    `xml:"doi"`
	Authors   []string  `xml:"author>name"`
	Category  []struct {
		Term string `xml:"term,attr"`
	} `xml:"category"`
}

func (e realEntry) version(t *testing.T) *corpus.Version {
	t.Helper()
	id, number, ok := strings.Cut(strings.TrimPrefix(e.ID, "http://arxiv.org/abs/"), "v")
	version, err := strconv.Atoi(number)
	if !ok || err != nil {
		t.Fatalf("id %s", e.ID)
	}
	v := &corpus.Version{Comment: e.Comment, JournalRef: e.Journal, DOI: e.DOI, Paper: paper.Paper{
		ID: id, Version: version, Title: e.Title, Abstract: e.Summary, Authors: e.Authors,
		Published: e.Published, Updated: e.Updated,
	}}
	for _, c := range e.Category {
		v.Categories = append(v.Categories, c.Term)
	}
	return v
}

// elements are the starts of elements, with their attributes sorted, and their
// text. Left out is what the stand-in does not claim to know: affiliations, the
// hash in the feed's id, and the order of categories, of which the primary one
// comes first here.
func elements(t *testing.T, text string) (out []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	var path []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			path = append(path, e.Name.Local)
			var attributes []string
			for _, a := range e.Attr {
				attributes = append(attributes, a.Name.Local+"="+a.Value)
			}
			slices.Sort(attributes)
			if e.Name.Local != "affiliation" {
				out = append(out, strings.Join(path, "/")+" "+e.Name.Space+" "+strings.Join(attributes, " "))
			}
		case xml.CharData:
			where := strings.Join(path, "/")
			if s := strings.TrimSpace(string(e)); s != "" && where != "feed/id" && !strings.HasSuffix(where, "affiliation") {
				out = append(out, where+": "+s)
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		}
	}
}

// TestAtomEscapes: what XML reserves or cannot carry comes back as it was, or
// as the mark of what is unreadable.
func TestAtomEscapes(t *testing.T) {
	v := builtin(t, 1).Versions[0]
	v.Title, v.Abstract = `a < b & "c" > d`, "tab\tend\x01 \uFFFE"
	v.DOI, v.Comment, v.JournalRef = "10.1/<&\">", "<script>", "J. & Sons"
	f := &feed{Query: `ti:"a&b"`, Entries: []*corpus.Version{&v}}
	var p realPage
	if err := xml.Unmarshal(f.page(), &p); err != nil {
		t.Fatal(err)
	}
	e := p.Entry[0]
	if e.Title != v.Title || e.Summary != "tab\tend\uFFFD \uFFFD" || e.DOI != v.DOI || e.Comment != v.Comment || e.Journal != v.JournalRef {
		t.Errorf("entry %+v", e)
	}
}
