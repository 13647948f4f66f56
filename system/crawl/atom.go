package crawl

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"paperlab/system/paper"
)

// longestBody is several times what arXiv's largest page (2,000 papers) needs.
const longestBody = 32 << 20

// Page is one answer of the query API.
type Page struct {
	// Total counts all papers that the query matches, Start those before this
	// page.
	Total, Start int
	// Papers are in the order of the answer, and Places their places in it,
	// from 0: an entry that was skipped has a place too.
	Papers []paper.Paper
	Places []int
	// Skipped are the errors of entries that could not be read. One broken
	// record must not stop the harvest of all others.
	Skipped []error
}

// The feed as arXiv writes it: http://info.arxiv.org/help/api/user-manual.html
type feed struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	Total   *int     `xml:"http://a9.com/-/spec/opensearch/1.1/ totalResults"`
	Start   int      `xml:"http://a9.com/-/spec/opensearch/1.1/ startIndex"`
	Entries []entry  `xml:"http://www.w3.org/2005/Atom entry"`
}

type entry struct {
	ID         string   `xml:"http://www.w3.org/2005/Atom id"`
	Title      string   `xml:"http://www.w3.org/2005/Atom title"`
	Summary    string   `xml:"http://www.w3.org/2005/Atom summary"`
	Published  string   `xml:"http://www.w3.org/2005/Atom published"`
	Updated    string   `xml:"http://www.w3.org/2005/Atom updated"`
	Authors    []string `xml:"http://www.w3.org/2005/Atom author>name"`
	Categories []struct {
		Term string `xml:"term,attr"`
	} `xml:"http://www.w3.org/2005/Atom category"`
	Primary struct {
		Term string `xml:"term,attr"`
	} `xml:"http://arxiv.org/schemas/atom primary_category"`
}

// parse reads a feed of at most limit bytes. An error entry, which is how arXiv says that it did not
// understand the question, is an error.
func parse(body io.Reader, limit int64) (Page, error) {
	limited := &io.LimitedReader{R: body, N: limit + 1}
	var f feed
	err := xml.NewDecoder(limited).Decode(&f)
	switch {
	case limited.N == 0:
		return Page{}, fmt.Errorf("the answer is longer than %d bytes: ask for smaller pages", limit)
	case err != nil:
		return Page{}, fmt.Errorf("the answer is not an Atom feed: %w", err)
	case f.Total == nil:
		return Page{}, errors.New("the answer is an Atom feed without opensearch:totalResults: is this arXiv's query API?")
	}
	page := Page{Total: *f.Total, Start: f.Start}
	for place, e := range f.Entries {
		if strings.Contains(e.ID, "/api/errors") {
			return Page{}, fmt.Errorf("arXiv refuses the query: %s", fold(e.Summary))
		}
		p, err := e.paper()
		if err != nil {
			page.Skipped = append(page.Skipped, err)
			continue
		}
		page.Papers = append(page.Papers, p)
		page.Places = append(page.Places, place)
	}
	return page, nil
}

// An id is "http://arxiv.org/abs/2101.00001v1" or ".../abs/hep-th/9901001v2".
var identifier = regexp.MustCompile(`/abs/([A-Za-z0-9.\-]+(?:/[0-9]+)?)v([0-9]{1,4})$`)

func (e entry) paper() (paper.Paper, error) {
	id := identifier.FindStringSubmatch(strings.TrimSpace(e.ID))
	if id == nil {
		return paper.Paper{}, fmt.Errorf("entry id %q names no version of a paper", e.ID)
	}
	version, err := strconv.Atoi(id[2])
	if err != nil || version < 1 {
		return paper.Paper{}, fmt.Errorf("entry id %q has version %q, want 1 or more", e.ID, id[2])
	}
	published, err1 := time.Parse(time.RFC3339, strings.TrimSpace(e.Published))
	updated, err2 := time.Parse(time.RFC3339, strings.TrimSpace(e.Updated))
	if err := errors.Join(err1, err2); err != nil {
		return paper.Paper{}, fmt.Errorf("entry %s: published and updated: %w", e.ID, err)
	}
	p := paper.Paper{
		ID: id[1], Version: version,
		Title: fold(e.Title), Abstract: fold(e.Summary),
		Published: published.UTC(), Updated: updated.UTC(),
	}
	for _, a := range e.Authors {
		if name := fold(a); name != "" {
			p.Authors = append(p.Authors, name)
		}
	}
	p.Categories = e.categories()
	return p, nil
}

// categories puts the primary one first, which arXiv does not promise.
func (e entry) categories() []string {
	var terms []string
	if e.Primary.Term != "" {
		terms = append(terms, e.Primary.Term)
	}
	for _, c := range e.Categories {
		if c.Term != "" && c.Term != e.Primary.Term {
			terms = append(terms, c.Term)
		}
	}
	return terms
}

// fold makes every run of white space one blank: arXiv breaks lines in titles.
func fold(text string) string { return strings.Join(strings.Fields(text), " ") }
