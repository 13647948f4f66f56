package search

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"paperlab/compose/standin/corpus"
)

// longestQuery bounds a query, in bytes, so that none is expensive.
const longestQuery = 4096

// Query is a parsed search_query.
type Query struct {
	match func(*corpus.Version) bool
	// from and to are the half-open range of Updated, in Unix seconds, outside of
	// which nothing can match.
	from, to int64
}

// dusk is after all dates; 0 is before them.
const dusk = math.MaxInt64

func and(a, b *Query) *Query {
	from := max(a.from, b.from)
	return &Query{
		from: from, to: max(from, min(a.to, b.to)),
		match: func(v *corpus.Version) bool { return a.match(v) && b.match(v) },
	}
}

// or gives up what is known of dates: no crawler joins ranges.
func or(a, b *Query) *Query {
	return &Query{to: dusk, match: func(v *corpus.Version) bool { return a.match(v) || b.match(v) }}
}

// token is a bracket, a range of dates with its field, or a word.
var token = regexp.MustCompile(`^\s*([()]|\w+:\[[^\]]*\]|[^\s()]+)`)

// Parse reads a search_query. The empty query is nil: it finds nothing by
// itself. Errors name the character at which the query stops being understood.
func Parse(text string) (*Query, error) {
	if len(text) > longestQuery {
		return nil, fmt.Errorf("search_query has %d bytes: want %d at most", len(text), longestQuery)
	}
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	p := &parser{rest: text}
	q, err := p.either()
	if next := p.peek(); err == nil && next != "" {
		err = fmt.Errorf("unexpected %q", next)
	}
	if err != nil {
		return nil, fmt.Errorf("search_query, character %d: %w", len(text)-len(p.rest)+1, err)
	}
	return q, nil
}

type parser struct{ rest string }

func (p *parser) peek() string {
	if m := token.FindStringSubmatch(p.rest); m != nil {
		return m[1]
	}
	return ""
}

// take takes the token that peek saw.
func (p *parser) take() { p.rest = p.rest[len(token.FindString(p.rest)):] }

func (p *parser) either() (*Query, error) { return p.joined("OR", or, p.both) }
func (p *parser) both() (*Query, error)   { return p.joined("AND", and, p.one) }

func (p *parser) joined(word string, join func(a, b *Query) *Query, part func() (*Query, error)) (*Query, error) {
	q, err := part()
	for err == nil && p.peek() == word {
		p.take()
		var right *Query
		if right, err = part(); err == nil {
			q = join(q, right)
		}
	}
	return q, err
}

func (p *parser) one() (q *Query, err error) {
	next := p.peek()
	switch next {
	case "", ")", "AND", "OR":
		return nil, fmt.Errorf("a term is missing")
	case "(":
		p.take()
		if q, err = p.either(); err != nil {
			return nil, err
		}
		if p.peek() != ")" {
			return nil, fmt.Errorf("a closing bracket is missing")
		}
	default:
		if q, err = term(next); err != nil {
			return nil, err
		}
	}
	p.take()
	return q, nil
}

// category is the form of a category's name, with a star for all that begin so.
var category = regexp.MustCompile(`^[A-Za-z][A-Za-z.-]*\*?$`)

func term(text string) (*Query, error) {
	switch field, value, _ := strings.Cut(text, ":"); {
	case field == string(LastUpdated) || field == string(Submitted):
		return dates(Sorting(field), value)
	case field == "cat" && category.MatchString(value):
		name, open := strings.CutSuffix(value, "*")
		is := func(c string) bool {
			return strings.EqualFold(c, name) || open && len(c) > len(name) && strings.EqualFold(c[:len(name)], name)
		}
		return &Query{to: dusk, match: func(v *corpus.Version) bool { return slices.ContainsFunc(v.Categories, is) }}, nil
	default:
		return nil, fmt.Errorf("%q is not understood: want lastUpdatedDate:[...], submittedDate:[...] or a category such as cat:cs.DC or cat:cs.*", text)
	}
}

// dates reads [YYYYMMDDHHMM TO YYYYMMDDHHMM], the whole last minute included.
func dates(field Sorting, value string) (*Query, error) {
	const minute = "200601021504"
	parts := strings.Fields(strings.TrimSuffix(strings.TrimPrefix(value, "["), "]"))
	if len(parts) != 3 || parts[1] != "TO" || value[0] != '[' {
		return nil, fmt.Errorf("%s needs a range such as [202101010000 TO 202101012359]", field)
	}
	from, err := time.Parse(minute, parts[0])
	to, err2 := time.Parse(minute, parts[2])
	switch {
	case err != nil || err2 != nil:
		return nil, fmt.Errorf("%s is no range of minutes: want YYYYMMDDHHMM in UTC, such as 202101012359", value)
	case to.Before(from):
		return nil, fmt.Errorf("the range %s ends before it begins", value)
	}
	begin, end := from.Unix(), to.Add(time.Minute).Unix()
	within := func(at time.Time) bool { return begin <= at.Unix() && at.Unix() < end }
	if field == Submitted {
		return &Query{to: dusk, match: func(v *corpus.Version) bool { return within(v.Published) }}, nil
	}
	return &Query{from: begin, to: end, match: func(v *corpus.Version) bool { return within(v.Updated) }}, nil
}
