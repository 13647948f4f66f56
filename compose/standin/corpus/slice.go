package corpus

import (
	"cmp"
	"slices"
	"strings"
)

// slice takes papers, with all their versions, in the order of their
// submission until there are limit versions. A window of versions by date was
// rejected: on real papers, whose second version comes three months later in
// the median, a window of 2,000 holds both versions of a fifth fewer papers,
// and second versions whose first one was never seen.
//
// Only the last paper taken may lose its later version to the limit.
func slice(papers []lineage, limit int) []Version {
	slices.SortFunc(papers, func(a, b lineage) int {
		return cmp.Or(a[0].Updated.Compare(b[0].Updated), strings.Compare(a[0].ID, b[0].ID))
	})
	var versions []Version
	for _, p := range papers {
		if limit > 0 && len(versions)+len(p) > limit {
			p = p[:limit-len(versions)]
		}
		versions = append(versions, p...)
		if len(versions) == limit {
			break
		}
	}
	return versions
}
