package stream

import (
	"strconv"

	"github.com/cespare/xxhash/v2"
)

// preferred says which member should own a shard: the one with the highest
// hash of member and shard (Thaler and Ravishankar, 1998). When a member comes
// or goes, only the shards that it gains or leaves change hands. It returns ""
// for no members; the order of members does not matter.
func preferred(shard string, members []string) string {
	var best string
	var top uint64
	for _, m := range members {
		h := xxhash.Sum64String(strconv.Itoa(len(m)) + m + shard)
		if best == "" || h > top || h == top && m < best {
			best, top = m, h
		}
	}
	return best
}
