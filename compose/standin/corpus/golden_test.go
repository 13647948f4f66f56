package corpus

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"testing"
)

// TestEqualSeedsGiveTheCorpusOfOld: runs are compared with runs of older code,
// so a seed has to go on meaning the same papers and the same wishes. Whoever
// changes what the generator makes changes these sums, and says so.
func TestEqualSeedsGiveTheCorpusOfOld(t *testing.T) {
	for _, c := range []struct {
		seed   uint64
		n      int
		corpus string
		wishes string
	}{
		{1, 200, "9174ec661fc9effb", "fedc8a15968dfdb8"},
		{1, 3000, "980aaf28201d5607", "ed79b2507a820975"},
		{7, 500, "177bba5549a2350e", "97e7bde496bcf2e4"},
	} {
		made := builtin(t, c.seed, c.n)
		wantSum(t, fmt.Sprintf("corpus of seed %d", c.seed), made.Versions, c.corpus)
		wantSum(t, fmt.Sprintf("wishes of seed %d", c.seed), wishesOf(t, made, 40), c.wishes)
	}
}

func wishesOf(t *testing.T, c *Corpus, people int) any {
	t.Helper()
	who, wishes := subscriptions(t, c, 9, usual(people))
	return []any{who, wishes}
}

// wantSum compares the beginning of the checksum of what is written as JSON.
func wantSum(t *testing.T, what string, of any, want string) {
	t.Helper()
	text, err := json.Marshal(of)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(text))[:16]; got != want {
		t.Errorf("%s: checksum %s, want %s", what, got, want)
	}
}
