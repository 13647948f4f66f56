package search

import (
	"fmt"
	"strconv"
	"strings"

	"paperlab/compose/standin/corpus"
)

// ID names a paper, or, when Version is not 0, one version of it.
type ID struct {
	Paper   string
	Version int
}

// MalformedID is returned by ParseIDs for what is no identifier. Its text is
// the one of arXiv's own answer.
type MalformedID struct{ Text string }

func (e *MalformedID) Error() string { return "incorrect id format for " + e.Text }

// mostIDs bounds an id_list; a URL of usual length holds no more.
const mostIDs = 2000

// ParseIDs reads an id_list: identifiers with or without a version, separated
// by commas. The empty list has no ids.
func ParseIDs(list string) ([]ID, error) {
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	parts := strings.Split(list, ",")
	if len(parts) > mostIDs {
		return nil, fmt.Errorf("id_list names %d papers: want %d at most", len(parts), mostIDs)
	}
	ids := make([]ID, 0, len(parts))
	for _, part := range parts {
		part = strings.TrimSpace(part)
		id := ID{Paper: part}
		if i := strings.LastIndexByte(part, 'v'); i > 0 {
			if n, err := strconv.ParseUint(part[i+1:], 10, 16); err == nil && n > 0 {
				id = ID{Paper: part[:i], Version: int(n)}
			}
		}
		if !corpus.Identifier.MatchString(id.Paper) {
			return nil, &MalformedID{Text: part}
		}
		ids = append(ids, id)
	}
	return ids, nil
}
