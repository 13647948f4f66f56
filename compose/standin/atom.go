package standin

import (
	"bytes"
	"crypto/sha1"
	_ "embed"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/template"
	"time"

	"paperlab/compose/standin/corpus"
	"paperlab/system/paper"
)

// feed is one answer of the query API. Its form, down to the order of elements,
// is that of real answers of April 2026: see atom.xml.tmpl. A page of 200
// entries takes under 10 ms.
type feed struct {
	Query             string // as it was asked
	IDList            string
	Start, Max, Total int
	Updated           time.Time
	Entries           []*corpus.Version
}

// Params is the question as arXiv repeats it.
func (f *feed) Params() string {
	return fmt.Sprintf("search_query=%s&start=%d&max_results=%d&id_list=%s", f.Query, f.Start, f.Max, f.IDList)
}

// Hash stands in the feed's id.
func (f *feed) Hash() string {
	sum := sha1.Sum([]byte(f.Params()))
	return base64.RawStdEncoding.EncodeToString(sum[:])
}

func (f *feed) page() []byte { return written("page", f) }

// errorPage is the answer that goes with status 400.
func errorPage(message string, now time.Time) []byte {
	return written("error", struct {
		feed
		Link, Message string
	}{
		feed{Updated: now, Max: 1, Total: 1},
		"https://arxiv.org/api/errors#" + strings.ReplaceAll(message, " ", "_"), message,
	})
}

// encoding/xml cannot write the arxiv: prefix, hence a template.
//
//go:embed atom.xml.tmpl
var atomText string

var atom = template.Must(template.New("").Funcs(template.FuncMap{
	"xml":  escapeXML,
	"date": func(at time.Time) string { return at.UTC().Format(time.RFC3339) },
}).Parse(atomText))

func written(name string, data any) []byte {
	var page bytes.Buffer
	if err := atom.ExecuteTemplate(&page, name, data); err != nil {
		panic(err) // every version has a category, and a buffer takes all
	}
	return page.Bytes()
}

// Real answers leave quotes in text as they are; to a parser that is the same.
var reserved = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// escapeXML escapes what XML reserves, in attributes as well, and marks what XML
// 1.0 cannot carry as unreadable.
func escapeXML(s string) string {
	return reserved.Replace(strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return '\uFFFD'
		}
		return r
	}, s))
}

// atomPage is one answer of the real query API, as the witness reads it. The
// crawler has a reader of its own, which is under test and not used here.
type atomPage struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	// Total counts what the query finds, Start what lies before this page.
	Total   *int        `xml:"http://a9.com/-/spec/opensearch/1.1/ totalResults"`
	Start   int         `xml:"http://a9.com/-/spec/opensearch/1.1/ startIndex"`
	Entries []atomPlace `xml:"http://www.w3.org/2005/Atom entry"`
}

// atomPlace is one entry and where it stands in the answer.
type atomPlace struct {
	// paper is nil if the entry names no version of a paper, or no date.
	paper *paper.Paper
	// inside and end are offsets in the answer, in bytes: behind the start tag
	// and behind the end tag.
	inside, end int64
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

// readAtom reads an answer.
func readAtom(body []byte) (page atomPage, err error) {
	if err := xml.Unmarshal(body, &page); err != nil {
		return page, fmt.Errorf("not an Atom feed: %w", err)
	}
	if page.Total == nil {
		return page, errors.New("an Atom feed without opensearch:totalResults")
	}
	return page, nil
}

// UnmarshalXML reads an entry.
func (p *atomPlace) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	p.inside = d.InputOffset()
	var entry atomEntry
	if err := d.DecodeElement(&entry, &start); err != nil {
		return err
	}
	p.paper, p.end = entry.paper(), d.InputOffset()
	return nil
}

// end is the version id of the last entry, "" if there is none.
func (p atomPage) end() string {
	if len(p.Entries) == 0 || p.Entries[len(p.Entries)-1].paper == nil {
		return ""
	}
	return p.Entries[len(p.Entries)-1].paper.VersionID()
}

// cut is the answer without the entries from place on; all else stays, also how
// many papers arXiv has in all.
func (p atomPage) cut(body []byte, place int) []byte {
	// The last < before the entry's content begins its start tag.
	from := bytes.LastIndexByte(body[:p.Entries[place].inside], '<')
	to := p.Entries[len(p.Entries)-1].end
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
