package crawl

import (
	"encoding/json"
	"fmt"
	"time"
)

// cursor is how far the harvest has come.
//
// Dates have the granularity of a minute at arXiv and a minute may hold more
// than a page, so the cursor is a minute and the number of its papers that are
// done. A number alone is not safe: a paper that gets a new version leaves its
// minute, and all behind it move up by one. So each request begins with the
// last paper that is done; if another one is in that place, the ground has
// moved, and the minute is asked for again from its beginning. Papers then come
// twice, which the stream knows how to handle.
type cursor struct {
	// Minute is UTC, without seconds.
	Minute time.Time `json:"minute"`
	// Done counts the papers of Minute that have been produced; 0 or more.
	Done int `json:"done"`
	// Last is the version id of the last of them, "" if Done is 0.
	Last string `json:"last,omitempty"`
}

func parseCursor(value string) (cursor, error) {
	var c cursor
	if err := json.Unmarshal([]byte(value), &c); err != nil {
		return cursor{}, fmt.Errorf("the stored cursor %q is not readable: %w", value, err)
	}
	if c.Minute.IsZero() || c.Done < 0 || (c.Done > 0) != (c.Last != "") {
		return cursor{}, fmt.Errorf("the stored cursor %q is not one: minute, and done with last, are expected", value)
	}
	return c, nil
}

func (c cursor) String() string {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // times, numbers and strings always marshal
	}
	return string(text)
}

// start is how many papers of the minute the next request skips: all but the
// last one that is done.
func (c cursor) start() int { return max(c.Done-1, 0) }

// fits tells whether the page begins where the cursor says it must.
func (c cursor) fits(page Page) bool {
	return c.Done == 0 || len(page.Papers) > 0 && page.Places[0] == 0 && page.Papers[0].VersionID() == c.Last
}

// after is the cursor once the page, which begins at c.start(), is produced.
func (c cursor) after(page Page) cursor {
	first := -c.start()
	for i, p := range page.Papers {
		if at := p.Updated.UTC().Truncate(time.Minute); at.After(c.Minute) {
			c.Minute, first = at, page.Places[i]
		}
		c.Done = page.Places[i] - first + 1
		c.Last = p.VersionID()
	}
	return c
}

// again is the cursor at the beginning of the same minute.
func (c cursor) again() cursor { return cursor{Minute: c.Minute} }
