package standin

import (
	"crypto/sha1"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"paperlab/compose/standin/corpus"
)

// feed is one answer of the query API. Its form, down to the order of
// elements, is that of real answers of April 2026.
type feed struct {
	query      string // as it was asked
	idList     string
	start, max int
	total      int
	updated    time.Time
	entries    []*corpus.Version
}

// page writes the answer. It is written by hand, because a page of 2,000
// entries through encoding/xml costs ten times as much, and because
// encoding/xml cannot write the arxiv: prefix.
func (f *feed) page() []byte {
	b := &atomWriter{buf: make([]byte, 0, 1024+2600*len(f.entries))}
	b.raw(feedHead)
	params := "search_query=" + f.query + "&start=" + strconv.Itoa(f.start) + "&max_results=" + strconv.Itoa(f.max) + "&id_list=" + f.idList
	sum := sha1.Sum([]byte(params))
	b.element("  ", "id", "https://arxiv.org/api/"+base64.RawStdEncoding.EncodeToString(sum[:]))
	b.element("  ", "title", "arXiv Query: search_query="+f.query+"&id_list="+f.idList+"&start="+strconv.Itoa(f.start)+"&max_results="+strconv.Itoa(f.max))
	b.element("  ", "updated", f.updated.UTC().Format(time.RFC3339))
	b.raw(`  <link href="`)
	b.text("https://arxiv.org/api/query?" + params)
	b.raw("\" type=\"application/atom+xml\"/>\n")
	b.counts(f.max, f.total, f.start)
	for _, v := range f.entries {
		b.entry(v)
	}
	b.raw("</feed>\n")
	return b.buf
}

const feedHead = `<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">
`

// errorPage is the answer that goes with status 400.
func errorPage(message string, now time.Time) []byte {
	at := now.UTC().Format(time.RFC3339)
	link := "https://arxiv.org/api/errors#" + strings.ReplaceAll(message, " ", "_")
	b := &atomWriter{}
	b.raw(feedHead)
	b.element("  ", "id", "https://arxiv.org/")
	b.element("  ", "title", "arXiv Search Results")
	b.element("  ", "updated", at)
	b.counts(1, 1, 0)
	b.raw("  <entry>\n")
	b.element("    ", "id", link)
	b.element("    ", "title", "Error")
	b.element("    ", "updated", at)
	b.raw(`    <link href="`)
	b.text(link)
	b.raw("\" rel=\"alternate\" type=\"text/html\"/>\n")
	b.element("    ", "summary", message)
	b.raw("    <author>\n")
	b.element("      ", "name", "arXiv api core")
	b.raw("    </author>\n  </entry>\n</feed>\n")
	return b.buf
}

// atomWriter appends elements to a buffer.
type atomWriter struct{ buf []byte }

func (b *atomWriter) raw(s string) { b.buf = append(b.buf, s...) }

func (b *atomWriter) element(indent, name, text string) {
	b.raw(indent + "<" + name + ">")
	b.text(text)
	b.raw("</" + name + ">\n")
}

// text escapes what XML reserves, in attributes as well. Real answers leave
// quotes in text as they are; to a parser that is the same.
func (b *atomWriter) text(s string) {
	if !strings.ContainsAny(s, `&<>"`) && utf8.ValidString(s) && !strings.ContainsFunc(s, forbidden) {
		b.raw(s)
		return
	}
	for _, r := range s {
		switch {
		case r == '&':
			b.raw("&amp;")
		case r == '<':
			b.raw("&lt;")
		case r == '>':
			b.raw("&gt;")
		case r == '"':
			b.raw("&quot;")
		case forbidden(r):
			b.raw("\uFFFD")
		default:
			b.buf = utf8.AppendRune(b.buf, r)
		}
	}
}

// forbidden are the code points that XML 1.0 cannot carry.
func forbidden(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}

func (b *atomWriter) counts(perPage, total, start int) {
	b.element("  ", "opensearch:itemsPerPage", strconv.Itoa(perPage))
	b.element("  ", "opensearch:totalResults", strconv.Itoa(total))
	b.element("  ", "opensearch:startIndex", strconv.Itoa(start))
}

func (b *atomWriter) entry(v *corpus.Version) {
	id := v.VersionID()
	b.raw("  <entry>\n")
	b.element("    ", "id", "http://arxiv.org/abs/"+id)
	b.element("    ", "title", v.Title)
	b.element("    ", "updated", v.Updated.UTC().Format(time.RFC3339))
	b.raw(`    <link href="https://arxiv.org/abs/` + id + "\" rel=\"alternate\" type=\"text/html\"/>\n")
	b.raw(`    <link href="https://arxiv.org/pdf/` + id + "\" rel=\"related\" type=\"application/pdf\" title=\"pdf\"/>\n")
	b.element("    ", "summary", v.Abstract)
	for _, c := range v.Categories {
		b.raw(`    <category term="`)
		b.text(c)
		b.raw("\" scheme=\"http://arxiv.org/schemas/atom\"/>\n")
	}
	b.element("    ", "published", v.Published.UTC().Format(time.RFC3339))
	b.optional("arxiv:comment", v.Comment)
	b.raw(`    <arxiv:primary_category term="`)
	b.text(v.Categories[0])
	b.raw("\"/>\n")
	b.optional("arxiv:journal_ref", v.JournalRef)
	for _, a := range v.Authors {
		b.raw("    <author>\n")
		b.element("      ", "name", a)
		b.raw("    </author>\n")
	}
	if v.DOI != "" {
		b.element("    ", "arxiv:doi", v.DOI)
		b.raw(`    <link rel="related" href="https://doi.org/`)
		b.text(v.DOI)
		b.raw("\" title=\"doi\"/>\n")
	}
	b.raw("  </entry>\n")
}

func (b *atomWriter) optional(name, text string) {
	if text != "" {
		b.element("    ", name, text)
	}
}
