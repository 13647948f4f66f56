package search

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of a query, so that no input can make the parser or a search
// expensive.
const (
	longestQuery = 4096 // bytes
	deepest      = 32   // brackets
	mostTerms    = 128
)

// Parse reads a search_query. The empty query is nil: it finds nothing by
// itself. Errors name the character at which the query stops making sense.
func Parse(text string) (*Query, error) {
	if len(text) > longestQuery {
		return nil, fmt.Errorf("search_query has %d bytes: want %d at most", len(text), longestQuery)
	}
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("search_query is not UTF-8")
	}
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	p := &parser{text: text}
	root, err := p.either(0)
	if err == nil {
		if p.blank(); p.at < len(text) {
			err = fmt.Errorf("unexpected %q", p.text[p.at:p.at+1])
		}
	}
	if err != nil {
		return nil, fmt.Errorf("search_query, character %d: %w", p.at+1, err)
	}
	return &Query{root: root, words: p.words}, nil
}

type parser struct {
	text  string
	at    int
	terms int
	words []string
}

func (p *parser) blank() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// operator takes the word if it comes next, as a word of its own.
func (p *parser) operator(word string) bool {
	p.blank()
	rest, ok := strings.CutPrefix(p.text[p.at:], word)
	if !ok || rest != "" && strings.IndexByte(" \t\r\n(", rest[0]) < 0 {
		return false
	}
	p.at += len(word)
	return true
}

func (p *parser) either(depth int) (node, error) {
	left, err := p.both(depth)
	for err == nil && p.operator("OR") {
		var right node
		if right, err = p.both(depth); err == nil {
			left = either{left, right}
		}
	}
	return left, err
}

func (p *parser) both(depth int) (node, error) {
	left, err := p.one(depth)
	for err == nil {
		var right node
		switch {
		case p.operator("ANDNOT"):
			if right, err = p.one(depth); err == nil {
				left = without{left, right}
			}
		case p.operator("AND") || p.more():
			if right, err = p.one(depth); err == nil {
				left = both{left, right}
			}
		default:
			return left, nil
		}
	}
	return left, err
}

// more tells whether another term follows without an operator.
func (p *parser) more() bool {
	p.blank()
	if p.at == len(p.text) || p.text[p.at] == ')' {
		return false
	}
	at := p.at
	defer func() { p.at = at }()
	return !p.operator("OR")
}

func (p *parser) one(depth int) (node, error) {
	p.blank()
	if p.at == len(p.text) {
		return nil, fmt.Errorf("a term is missing")
	}
	if p.terms++; p.terms > mostTerms {
		return nil, fmt.Errorf("more than %d terms", mostTerms)
	}
	if p.text[p.at] == '(' {
		return p.bracketed(depth)
	}
	for _, word := range []string{"ANDNOT", "AND", "OR"} {
		if p.operator(word) {
			return nil, fmt.Errorf("%s stands where a term should", word)
		}
	}
	return p.field()
}

func (p *parser) bracketed(depth int) (node, error) {
	if depth == deepest {
		return nil, fmt.Errorf("more than %d brackets inside each other", deepest)
	}
	p.at++
	inner, err := p.either(depth + 1)
	if err != nil {
		return nil, err
	}
	if p.blank(); p.at == len(p.text) || p.text[p.at] != ')' {
		return nil, fmt.Errorf("a closing bracket is missing")
	}
	p.at++
	return inner, nil
}

// field reads [field:]term.
func (p *parser) field() (node, error) {
	name := "all"
	if i := strings.IndexAny(p.text[p.at:], ": \t\r\n()[]\""); i > 0 && p.text[p.at+i] == ':' {
		name = p.text[p.at : p.at+i]
		if name == string(LastUpdated) || name == string(Submitted) {
			p.at += i + 1
			return p.dates(name)
		}
		if !slices.Contains(textFields, name) {
			return nil, fmt.Errorf("unknown field %q: want lastUpdatedDate, submittedDate or one of %s", name, strings.Join(textFields, ", "))
		}
		p.at += i + 1
	}
	text, err := p.term()
	if err != nil {
		return nil, err
	}
	n, err := newTerm(name, text)
	if w, ok := n.(words); ok {
		p.words = append(p.words, w.padded)
	}
	return n, err
}

// term reads a word or a text in quotes.
func (p *parser) term() (string, error) {
	rest := p.text[p.at:]
	if strings.HasPrefix(rest, `"`) {
		end := strings.IndexByte(rest[1:], '"')
		if end < 0 {
			return "", fmt.Errorf("a closing quote is missing")
		}
		p.at += end + 2
		return strings.TrimSpace(rest[1 : 1+end]), nil
	}
	end := strings.IndexAny(rest, " \t\r\n()[]\"")
	if end < 0 {
		end = len(rest)
	}
	if end == 0 {
		return "", fmt.Errorf("a term is missing")
	}
	p.at += end
	return rest[:end], nil
}

// dates reads [YYYYMMDDHHMM TO YYYYMMDDHHMM].
func (p *parser) dates(field string) (node, error) {
	rest := p.text[p.at:]
	end := strings.IndexByte(rest, ']')
	if !strings.HasPrefix(rest, "[") || end < 0 {
		return nil, fmt.Errorf("%s needs a range such as [202101010000 TO 202101012359]", field)
	}
	parts := strings.Fields(rest[1:end])
	if len(parts) != 3 || parts[1] != "TO" {
		return nil, fmt.Errorf("the range %s is not of the form [202101010000 TO 202101012359]", rest[:end+1])
	}
	from, err := parseMinute(parts[0])
	if err != nil {
		return nil, err
	}
	to, err := parseMinute(parts[2])
	if err != nil {
		return nil, err
	}
	if to.Before(from) {
		return nil, fmt.Errorf("the range %s ends before it begins", rest[:end+1])
	}
	p.at += end + 1
	return dates{field: field, from: from, to: to.Add(time.Minute), text: rest[:end+1]}, nil
}

func parseMinute(text string) (time.Time, error) {
	t, err := time.Parse("200601021504", text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no minute: want YYYYMMDDHHMM in UTC, such as 202101012359", text)
	}
	return t, nil
}
