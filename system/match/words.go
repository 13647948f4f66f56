package match

import (
	"strings"
	"unicode"
)

// words cuts text into runs of Unicode letters and digits, with letter case
// folded away. Anything else separates: "KV-store's" is kv, store, s.
func words(text string) []string {
	separates := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	found := strings.FieldsFunc(text, separates)
	for i, word := range found {
		// Not before they are cut: iota's least case is a mark, which separates.
		found[i] = strings.Map(fold, word)
	}
	return found
}

// fold maps all cases of a letter to one rune. ToLower would not: the three
// sigmas of Greek, or a Kelvin sign and a k, have different lower cases or none.
func fold(r rune) rune {
	if r < unicode.MaxASCII {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	// The least rune of an orbit with an ASCII letter is its upper case.
	if 'A' <= least && least <= 'Z' {
		least += 'a' - 'A'
	}
	return least
}
