package check

import (
	"cmp"
	"strconv"
	"strings"

	"paperlab/reports/history"
	"paperlab/system/paper"
)

// reading is the account of a history with what only checkers ask for.
type reading struct {
	*history.Account
	expecting map[string][]string // by version: the oracle's subscriptions
	wish      map[string]paper.Subscription
	toldOf    map[string]int // effects by version
}

func newReading(a *history.Account) *reading {
	r := &reading{Account: a, expecting: map[string][]string{}, wish: map[string]paper.Subscription{}, toldOf: map[string]int{}}
	for _, w := range a.Wishes {
		r.wish[w.ID] = w
	}
	for _, e := range a.Effects {
		r.toldOf[e.Version]++
	}
	o := newOracle(a.Wishes)
	for _, version := range a.Served {
		if p := a.Serving[version].Paper; p != nil {
			r.expecting[version] = o.expected(*p)
		}
	}
	return r
}

// missed counts the notifications that reached the sink though the lab's
// reader never saw them on their stream.
func (l *reading) missed() int {
	n := 0
	for told := range l.Told {
		if l.OnNotes[told] == nil {
			n++
		}
	}
	return n
}

func (l *reading) sinkGap(f *finding) {
	if len(l.Effects) == 0 {
		f.gap("the sink recorded nobody being told")
	}
}

// oracleGaps says why the oracle cannot be believed, if so.
func (l *reading) oracleGaps(f *finding) {
	if len(l.Served) == 0 {
		f.gap("arXiv's stand-in recorded nothing that it served")
	}
	if len(l.Wishes) == 0 {
		f.gap("no subscriptions were recorded, so nothing is known of who should be told")
	}
	bare := 0
	for _, s := range l.Serving {
		if s.Paper == nil {
			bare++
		}
	}
	if bare > 0 {
		f.gap("the contents of %s served were not recorded, so nothing is known of who should be told", count(bare, "version"))
	}
}

// count puts a number before a noun: "1 version", "2 versions".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// rank is a place in an order: of an entry its id, milliseconds and a sequence
// number; of a version where it came when arXiv served it.
type rank struct{ major, minor uint64 }

// parseEntry reads "1700000000000-3". Text order would put 10 before 9.
func parseEntry(id string) (rank, bool) {
	ms, seq, _ := strings.Cut(id, "-")
	m, wrong := strconv.ParseUint(ms, 10, 64)
	s, bad := strconv.ParseUint(seq, 10, 64)
	return rank{m, s}, wrong == nil && bad == nil
}

func (a rank) compare(b rank) int {
	return cmp.Or(cmp.Compare(a.major, b.major), cmp.Compare(a.minor, b.minor))
}
