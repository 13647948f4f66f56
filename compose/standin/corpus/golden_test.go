package corpus

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
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
		{1, 1, "5598081516f24e6c", "9d7f8e740ab89534"},
		{1, 3000, "980aaf28201d5607", "c6eb5a4b5da1aa8e"},
		{7, 500, "177bba5549a2350e", "d1634cf51e51b26f"},
	} {
		made := builtin(t, c.seed, c.n)
		wantSum(t, fmt.Sprintf("corpus of seed %d", c.seed), made.Versions, c.corpus)
		wantSum(t, fmt.Sprintf("wishes of seed %d", c.seed), wishesOf(made, 40), c.wishes)
	}
}

func wishesOf(c *Corpus, people int) any {
	who, wishes := c.Subscriptions(rand.New(rand.NewPCG(9, 9)), people)
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
