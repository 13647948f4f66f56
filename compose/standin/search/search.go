// Package search is the catalogue behind the arXiv stand-in: which versions of
// papers are out by now, and which of them a query finds. It has no clock, no
// goroutine and no network.
//
// # What is visible
//
// A corpus is a list of versions by date. Release brings out the next one. Of
// each paper only the newest released version can be found by a query, and its
// date is that version's own; this is how arXiv behaves, and why a crawler that
// pages through results while papers are revised can see the pages shift. A
// version that is named ("2101.00001v1") can still be had.
//
// # The query language
//
//	query  = query "OR" both | both
//	both   = both ("AND" | "ANDNOT") one | both one | one
//	one    = "(" query ")" | [field ":"] term | date ":" "[" minute "TO" minute "]"
//	field  = ti | abs | au | cat | co | jr | id | all     (all if absent)
//	date   = lastUpdatedDate | submittedDate
//	term   = word | "words in quotes"
//	minute = YYYYMMDDHHMM, in UTC
//
// Both ends of a range are included, the whole last minute too. A term is found
// where its words stand side by side, in any letter case. cat: compares whole
// categories and takes a * at the end. Two terms side by side must both be
// found: how arXiv reads that is not recorded, so a query should say AND or OR.
package search

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"paperlab/compose/standin/corpus"
)

// The largest slice of results in one answer, and the largest result that can
// be paged through: arXiv's own limits.
const (
	MaxSlice  = 2000
	MaxResult = 30_000
)

// Sorting names an order of results, in arXiv's words.
type Sorting string

// The orders. Relevance counts query terms found in the title and puts newer
// versions first among equals.
const (
	Relevance   Sorting = "relevance"
	LastUpdated Sorting = "lastUpdatedDate"
	Submitted   Sorting = "submittedDate"
)

// Request is one search.
type Request struct {
	// Query is nil when only IDs count.
	Query *Query
	// IDs restrict the search to these papers or versions, in this order
	// unless Sort is a date.
	IDs        []ID
	Sort       Sorting
	Descending bool
	// Start counts from 0; Max is at most MaxSlice.
	Start, Max int
}

// Index knows what is released. It must not be used from two goroutines at
// once.
type Index struct {
	versions []corpus.Version
	// released versions are versions[:released].
	released int
	// visible are the places of the newest released version of each paper,
	// ascending. Versions are sorted by date, so visible is as well.
	visible []int32
	// newest and exact lead from a paper id and a version id to a place.
	newest map[string]int32
	exact  map[string]int32
}

// New makes an index of which nothing is released yet.
func New(c *corpus.Corpus) *Index {
	return &Index{versions: c.Versions, newest: map[string]int32{}, exact: map[string]int32{}}
}

// Released is how many versions are out.
func (x *Index) Released() int { return x.released }

// Len is how many versions there are to release.
func (x *Index) Len() int { return len(x.versions) }

// Release brings out the next n versions, or as many as are left.
func (x *Index) Release(n int) {
	for range min(n, len(x.versions)-x.released) {
		place := int32(x.released)
		v := &x.versions[place]
		if old, ok := x.newest[v.ID]; ok {
			i, _ := slices.BinarySearch(x.visible, old)
			x.visible = slices.Delete(x.visible, i, i+1)
		}
		x.visible = append(x.visible, place)
		x.newest[v.ID], x.exact[v.VersionID()] = place, place
		x.released++
	}
}

// Find answers the page of versions that was asked for and how many there are
// on all pages. The versions belong to the corpus and must not be changed.
func (x *Index) Find(r Request) (page []*corpus.Version, total int) {
	places := x.matching(r)
	x.order(places, r)
	total = len(places)
	first := min(max(r.Start, 0), total)
	last := min(first+max(r.Max, 0), total)
	for _, place := range places[first:last] {
		page = append(page, &x.versions[place])
	}
	return page, total
}

func (x *Index) matching(r Request) []int32 {
	var found []int32
	for _, place := range x.candidates(r) {
		if r.Query == nil || r.Query.root.match(&x.versions[place]) {
			found = append(found, place)
		}
	}
	return found
}

// candidates narrows the search down before anything is compared: to the ids,
// or to the range of dates that every hit must lie in. A crawler asks for the
// newest minute over and over; that must not cost a walk over all papers.
func (x *Index) candidates(r Request) []int32 {
	switch {
	case len(r.IDs) > 0:
		var places []int32
		for _, id := range r.IDs {
			if place, ok := x.place(id); ok && !slices.Contains(places, place) {
				places = append(places, place)
			}
		}
		return places
	case r.Query == nil:
		return nil
	default:
		from, to := r.Query.root.window()
		return x.visible[x.before(from):x.before(to)]
	}
}

func (x *Index) place(id ID) (int32, bool) {
	if id.Version > 0 {
		place, ok := x.exact[fmt.Sprintf("%sv%d", id.Paper, id.Version)]
		return place, ok
	}
	place, ok := x.newest[id.Paper]
	return place, ok
}

// before counts the visible versions that were updated before t.
func (x *Index) before(t time.Time) int {
	i, _ := slices.BinarySearchFunc(x.visible, t, func(place int32, t time.Time) int {
		if x.versions[place].Updated.Before(t) {
			return -1
		}
		return 1
	})
	return i
}

// order sorts places, which are in order of date, or of the ids asked for.
func (x *Index) order(places []int32, r Request) {
	switch r.Sort {
	case LastUpdated:
		slices.Sort(places)
	case Submitted:
		slices.SortStableFunc(places, func(a, b int32) int {
			return x.versions[a].Published.Compare(x.versions[b].Published)
		})
	default:
		if len(r.IDs) == 0 {
			x.orderByRelevance(places, r.Query)
		}
		return
	}
	if r.Descending {
		slices.Reverse(places)
	}
}

func (x *Index) orderByRelevance(places []int32, q *Query) {
	slices.Reverse(places)
	if q == nil {
		return
	}
	scores := make(map[int32]int, len(places))
	for _, place := range places {
		title := pad(x.versions[place].Title)
		for _, words := range q.words {
			if strings.Contains(title, words) {
				scores[place]++
			}
		}
	}
	slices.SortStableFunc(places, func(a, b int32) int { return scores[b] - scores[a] })
}
