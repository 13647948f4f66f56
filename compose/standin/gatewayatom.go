package standin

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"paperlab/system/paper"
)

// atomPage is one answer of the real query API, as the witness reads it. The
// crawler has a reader of its own, which is under test and not used here.
type atomPage struct {
	// total counts what the query finds, start what lies before this page.
	total, start int
	entries      []atomPlace
}

// atomPlace is one entry and where it stands in the answer.
type atomPlace struct {
	// paper is nil if the entry names no version of a paper, or no date.
	paper *paper.Paper
	// begin and end are offsets in the answer, in bytes.
	begin, end int64
}

type atomEntry struct {
	ID        string   `xml:"http://www.w3.org/2005/Atom id"`
	Title     string   `xml:"http://www.w3.org/2005/Atom title"`
	Summary   string   `xml:"http://www.w3.org/2005/Atom summary"`
	Published string   `xml:"http://www.w3.org/2005/Atom published"`
	Updated   string   `xml:"http://www.w3.org/2005/Atom updated"`
	Authors   []string `xml:"http://www.w3.org/2005/Atom author>name"`
	Category  []struct {
		Term string `xml:"term,attr"`
	} `xml:"http://www.w3.org/2005/Atom category"`
	Primary struct {
		Term string `xml:"term,attr"`
	} `xml:"http://arxiv.org/schemas/atom primary_category"`
}

// The names of the feed's elements that count.
var (
	atomFeed  = xml.Name{Space: "http://www.w3.org/2005/Atom", Local: "feed"}
	atomItem  = xml.Name{Space: "http://www.w3.org/2005/Atom", Local: "entry"}
	atomTotal = xml.Name{Space: "http://a9.com/-/spec/opensearch/1.1/", Local: "totalResults"}
	atomStart = xml.Name{Space: "http://a9.com/-/spec/opensearch/1.1/", Local: "startIndex"}
)

// readAtom reads an answer. It goes through the feed element by element, because
// a struct alone would not tell where an entry begins.
func readAtom(body []byte) (page atomPage, err error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	page.total = -1
	for inside := false; ; {
		begin := d.InputOffset()
		token, err := d.Token()
		if err != nil {
			return page, fmt.Errorf("not an Atom feed: %w", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if !inside && e.Name != atomFeed {
				return page, fmt.Errorf("not an Atom feed but %s", e.Name.Local)
			}
			if !inside {
				inside = true
			} else if err := page.read(d, &e, begin); err != nil {
				return page, err
			}
		case xml.EndElement: // the feed's: those of its parts are read with them
			if page.total < 0 {
				return page, errors.New("an Atom feed without opensearch:totalResults")
			}
			return page, nil
		}
	}
}

// read reads one part of the feed, which begins at the offset.
func (p *atomPage) read(d *xml.Decoder, e *xml.StartElement, begin int64) error {
	switch e.Name {
	case atomTotal:
		return d.DecodeElement(&p.total, e)
	case atomStart:
		return d.DecodeElement(&p.start, e)
	case atomItem:
		var entry atomEntry
		if err := d.DecodeElement(&entry, e); err != nil {
			return err
		}
		p.entries = append(p.entries, atomPlace{entry.paper(), begin, d.InputOffset()})
		return nil
	default:
		return d.Skip()
	}
}

// end is the version id of the last entry, "" if there is none.
func (p atomPage) end() string {
	if len(p.entries) == 0 || p.entries[len(p.entries)-1].paper == nil {
		return ""
	}
	return p.entries[len(p.entries)-1].paper.VersionID()
}

// cut is the answer without the entries from place on; all else stays, also how
// many papers arXiv has in all.
func (p atomPage) cut(body []byte, place int) []byte {
	from, to := p.entries[place].begin, p.entries[len(p.entries)-1].end
	return append(bytes.Clone(body[:from]), body[to:]...)
}

// paper is the entry as a paper, with texts as package paper describes them, or
// nil if it names no version or no date.
func (e atomEntry) paper() *paper.Paper {
	// "http://arxiv.org/abs/2101.00001v1" or ".../abs/solv-int/9901001v2".
	_, name, _ := strings.Cut(strings.TrimSpace(e.ID), "/abs/")
	at := strings.LastIndexByte(name, 'v')
	if at < 1 {
		return nil
	}
	version, err := strconv.Atoi(name[at+1:])
	published, err1 := time.Parse(time.RFC3339, strings.TrimSpace(e.Published))
	updated, err2 := time.Parse(time.RFC3339, strings.TrimSpace(e.Updated))
	if errors.Join(err, err1, err2) != nil || version < 1 {
		return nil
	}
	p := &paper.Paper{
		ID: name[:at], Version: version, Title: oneLine(e.Title), Abstract: oneLine(e.Summary),
		Published: published.UTC(), Updated: updated.UTC(),
	}
	for _, a := range e.Authors {
		if a = oneLine(a); a != "" {
			p.Authors = append(p.Authors, a)
		}
	}
	if e.Primary.Term != "" {
		p.Categories = append(p.Categories, e.Primary.Term)
	}
	for _, c := range e.Category {
		if c.Term != "" && c.Term != e.Primary.Term {
			p.Categories = append(p.Categories, c.Term)
		}
	}
	return p
}

// oneLine folds white space, and nothing else: control characters stay, unlike
// in package corpus, because the service keeps them.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
