package standin

import (
	"bytes"
	"crypto/sha1"
	_ "embed"
	"encoding/base64"
	"fmt"
	"strings"
	"text/template"
	"time"

	"paperlab/compose/standin/corpus"
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
