package record

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Seeds are those of a set, in the order in which they are run, each once.
type Seeds []int64

// maxSeeds is how many seeds a set may have: at two minutes a run, two weeks.
const maxSeeds = 10_000

// seedsAllowed is said of whatever ParseSeeds refuses.
const seedsAllowed = `allowed are whole numbers from 0 up, ranges, and both with commas between, each seed once: "1..20", "1,5,7..9"`

// ParseSeeds reads "1..20" or "1,5,7..9", strictly: without blanks, ranges
// upwards, no seed twice, at most 10,000 of them. The error says what is wrong
// and what is allowed.
func ParseSeeds(text string) (Seeds, error) {
	var all Seeds
	seen := map[int64]bool{}
	for part := range strings.SplitSeq(text, ",") {
		from, to, err := parseRange(part)
		if err != nil {
			return nil, fmt.Errorf("seeds %q: %w; %s", text, err, seedsAllowed)
		}
		if n := min(uint64(to)-uint64(from), maxSeeds); len(all)+int(n) >= maxSeeds {
			return nil, fmt.Errorf("seeds %q: more than %d of them; run them as several sets", text, maxSeeds)
		}
		for seed := from; ; seed++ {
			if seen[seed] {
				return nil, fmt.Errorf("seeds %q: %d stands in it twice; %s", text, seed, seedsAllowed)
			}
			seen[seed] = true
			all = append(all, seed)
			if seed == to { // and not beyond: it may be the largest number there is
				break
			}
		}
	}
	return all, nil
}

func parseRange(part string) (from, to int64, err error) {
	first, last, ranged := strings.Cut(part, "..")
	if from, err = parseSeed(first); err != nil || !ranged {
		return from, from, err
	}
	if to, err = parseSeed(last); err == nil && to < from {
		err = fmt.Errorf("the range %q runs downwards", part)
	}
	return from, to, err
}

func parseSeed(word string) (seed int64, err error) {
	seed, err = strconv.ParseInt(word, 10, 64)
	switch {
	case word == "":
		err = errors.New("a seed is missing")
	case err != nil || strconv.FormatInt(seed, 10) != word || seed < 0:
		err = fmt.Errorf("%q is no seed", word)
	}
	return seed, err
}

// String writes the seeds in their order, as short as ParseSeeds reads them:
// 1..5,7.
func (s Seeds) String() string {
	var parts []string
	for len(s) > 0 {
		n := 1
		for n < len(s) && s[n] == s[n-1]+1 {
			n++
		}
		part := strconv.FormatInt(s[0], 10)
		switch n {
		case 1:
		case 2:
			part += "," + strconv.FormatInt(s[1], 10)
		default:
			part += ".." + strconv.FormatInt(s[n-1], 10)
		}
		parts, s = append(parts, part), s[n:]
	}
	return strings.Join(parts, ",")
}

// With are these seeds and those others that are not among them, in order of
// size.
func (s Seeds) With(others ...int64) Seeds {
	all := append(slices.Clone(s), others...)
	slices.Sort(all)
	return slices.Compact(all)
}
