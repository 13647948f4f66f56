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
//	query    = both {"OR" both}
//	both     = one {"AND" one}
//	one      = "(" query ")" | date ":[" minute "TO" minute "]" | "cat:" category
//	date     = lastUpdatedDate | submittedDate
//	minute   = YYYYMMDDHHMM, in UTC
//	category = a whole one, in any letter case, or a beginning with a * at its end
//
// Both ends of a range are included, the whole last minute too. This is what a
// crawler asks, and a small part of arXiv's language: the rest is answered as
// arXiv answers a malformed query and never silently matched.
package search

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

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

// The orders. All that a query of this language finds is as relevant, and newer
// versions come first then.
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
	IDs        []string
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
	// places lead from a paper's id to that version, and from a version's id to
	// it.
	places map[string]int32
}

// New makes an index of which nothing is released yet.
func New(c *corpus.Corpus) *Index {
	return &Index{versions: c.Versions, places: map[string]int32{}}
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
		if old, ok := x.places[v.ID]; ok {
			i, _ := slices.BinarySearch(x.visible, old)
			x.visible = slices.Delete(x.visible, i, i+1)
		}
		x.visible = append(x.visible, place)
		x.places[v.ID], x.places[v.VersionID()] = place, place
		x.released++
	}
}

// Find answers the page of versions that was asked for and how many there are
// on all pages. The versions belong to the corpus and must not be changed.
func (x *Index) Find(r Request) (page []*corpus.Version, total int) {
	var found []int32
	for _, place := range x.candidates(r) {
		if r.Query == nil || r.Query.match(&x.versions[place]) {
			found = append(found, place)
		}
	}
	x.order(found, r)
	total = len(found)
	first := min(max(r.Start, 0), total)
	for _, place := range found[first:min(first+max(r.Max, 0), total)] {
		page = append(page, &x.versions[place])
	}
	return page, total
}

// candidates narrows the search down before anything is compared: to the ids,
// or to the range of dates that every hit must lie in. A crawler asks for the
// newest minute over and over; that must not cost a walk over all papers.
func (x *Index) candidates(r Request) (places []int32) {
	if len(r.IDs) == 0 && r.Query != nil {
		return x.visible[x.before(r.Query.from):x.before(r.Query.to)]
	}
	for _, id := range r.IDs {
		if place, ok := x.places[id]; ok && !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	return places
}

// before counts the visible versions that were updated before t, in Unix seconds.
func (x *Index) before(t int64) int {
	return sort.Search(len(x.visible), func(i int) bool { return x.versions[x.visible[i]].Updated.Unix() >= t })
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
	}
	byDate := r.Sort == LastUpdated || r.Sort == Submitted
	if byDate && r.Descending || !byDate && len(r.IDs) == 0 {
		slices.Reverse(places)
	}
}

// ParseIDs reads an id_list: identifiers with or without a version, separated
// by commas. The empty list has no ids. The error's text is arXiv's own.
func ParseIDs(list string) (ids []string, err error) {
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(list, ",") {
		id := strings.TrimSpace(part)
		name := id
		if i := strings.LastIndexByte(id, 'v'); i > 0 {
			if n, err := strconv.ParseUint(id[i+1:], 10, 16); err == nil && n > 0 {
				name = id[:i]
				id = fmt.Sprintf("%sv%d", name, n)
			}
		}
		if !corpus.Identifier.MatchString(name) {
			return nil, fmt.Errorf("incorrect id format for %s", strings.TrimSpace(part))
		}
		ids = append(ids, id)
	}
	return ids, nil
}
