package search

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"paperlab/compose/standin/corpus"
)

// Query is a parsed search_query.
type Query struct {
	root node
	// words are the padded terms that look at text; relevance counts them.
	words []string
}

// String is the query in full: every term with its field, as arXiv writes it
// into the title of its answer.
func (q *Query) String() string { return q.root.String() }

// node is a part of a query.
type node interface {
	match(v *corpus.Version) bool
	// window is the half-open range of Updated outside of which nothing can
	// match.
	window() (from, to time.Time)
	String() string
}

// The window of a node that says nothing about dates.
var (
	dawn = time.Time{}
	dusk = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
)

type both struct{ left, right node }

func (n both) match(v *corpus.Version) bool { return n.left.match(v) && n.right.match(v) }
func (n both) String() string               { return group(n.left) + " AND " + group(n.right) }
func (n both) window() (time.Time, time.Time) {
	from, to := n.left.window()
	from2, to2 := n.right.window()
	if from2.After(from) {
		from = from2
	}
	if to2.Before(to) {
		to = to2
	}
	if to.Before(from) {
		to = from
	}
	return from, to
}

type without struct{ left, right node }

func (n without) match(v *corpus.Version) bool   { return n.left.match(v) && !n.right.match(v) }
func (n without) String() string                 { return group(n.left) + " ANDNOT " + group(n.right) }
func (n without) window() (time.Time, time.Time) { return n.left.window() }

type either struct{ left, right node }

func (n either) match(v *corpus.Version) bool { return n.left.match(v) || n.right.match(v) }
func (n either) String() string               { return group(n.left) + " OR " + group(n.right) }
func (n either) window() (time.Time, time.Time) {
	from, to := n.left.window()
	from2, to2 := n.right.window()
	if from2.Before(from) {
		from = from2
	}
	if to2.After(to) {
		to = to2
	}
	return from, to
}

// group writes a part in brackets unless it is a single term.
func group(n node) string {
	switch n.(type) {
	case both, either, without:
		return "(" + n.String() + ")"
	}
	return n.String()
}

// dates is a range, to excluded; text keeps how it was written.
type dates struct {
	field    string
	from, to time.Time
	text     string
}

func (n dates) String() string { return n.field + ":" + n.text }

func (n dates) match(v *corpus.Version) bool {
	t := v.Updated
	if n.field == string(Submitted) {
		t = v.Published
	}
	return !t.Before(n.from) && t.Before(n.to)
}

func (n dates) window() (time.Time, time.Time) {
	if n.field == string(Submitted) {
		return dawn, dusk
	}
	return n.from, n.to
}

// category compares whole names; open means that the name ended in a star.
type category struct {
	name string
	open bool
}

func (n category) window() (time.Time, time.Time) { return dawn, dusk }
func (n category) String() string {
	if n.open {
		return "cat:" + written(n.name+"*")
	}
	return "cat:" + written(n.name)
}

func (n category) match(v *corpus.Version) bool {
	return slices.ContainsFunc(v.Categories, func(c string) bool {
		return strings.EqualFold(c, n.name) ||
			n.open && len(c) >= len(n.name) && strings.EqualFold(c[:len(n.name)], n.name)
	})
}

// words is a run of words in a field of text; padded is the run in lower case
// with one blank on either side of each word.
type words struct{ field, text, padded string }

func (n words) window() (time.Time, time.Time) { return dawn, dusk }
func (n words) String() string                 { return n.field + ":" + written(n.text) }

func (n words) match(v *corpus.Version) bool {
	in := func(text string) bool { return strings.Contains(pad(text), n.padded) }
	switch n.field {
	case "ti":
		return in(v.Title)
	case "abs":
		return in(v.Abstract)
	case "au":
		return slices.ContainsFunc(v.Authors, in)
	case "co":
		return in(v.Comment)
	case "jr":
		return in(v.JournalRef)
	case "id":
		return in(v.ID)
	default:
		return in(v.Title) || in(v.Abstract) || slices.ContainsFunc(v.Authors, in) ||
			slices.ContainsFunc(v.Categories, in) || in(v.Comment) || in(v.JournalRef)
	}
}

// pad writes a text as its words in lower case, with a blank before, between
// and after them, so that a run of whole words is a substring.
func pad(text string) string {
	var b strings.Builder
	b.Grow(len(text) + 2)
	b.WriteByte(' ')
	gap := true
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
			gap = false
		} else if !gap {
			b.WriteByte(' ')
			gap = true
		}
	}
	if !gap {
		b.WriteByte(' ')
	}
	return b.String()
}

// written puts quotes around a term unless it is a plain word.
func written(text string) string {
	plain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_./*", r)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !plain(r) }) {
		return `"` + text + `"`
	}
	return text
}

var textFields = []string{"ti", "abs", "au", "cat", "co", "jr", "id", "all"}

func newTerm(field, text string) (node, error) {
	text = strings.Join(strings.Fields(text), " ")
	if field == "cat" {
		name, open := strings.CutSuffix(text, "*")
		if name == "" {
			return nil, fmt.Errorf("cat: names no category: want one such as cat:cs.DC or cat:cs.*")
		}
		return category{name: name, open: open}, nil
	}
	padded := pad(text)
	if padded == " " {
		return nil, fmt.Errorf("%q holds no word to search for", text)
	}
	return words{field: field, text: text, padded: padded}, nil
}
