package check

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"paperlab/reports/history"
	"paperlab/system/paper"
)

// note is the identity of a notification, the same in both profiles.
type note struct{ subscription, version string }

// place is where an entry stands.
type place struct {
	stream string
	shard  int
	entry  string
}

// effect is one time that somebody was told.
type effect struct {
	note
	subscriber string
	// order counts the run's effects; t is in seconds.
	order int
	t     float64
	// answered tells whether the service knows that it told.
	answered bool
}

// ledger is a history, sorted by what the checkers ask for.
type ledger struct {
	mixed bool

	wishes    []paper.Subscription
	wish      map[string]paper.Subscription
	served    []string // distinct versions, in the order of their first serving
	serving   map[string]serving
	expecting map[string][]string // by version: the oracle's subscriptions

	onPapers map[string][]place // by version
	onNotes  map[note][]place
	notes    []note // distinct, in the order in which the reader found them

	effects    []effect // in order
	told       map[note][]effect
	toldOf     map[string]int // effects by version
	repeats    int
	confirmed  map[note]bool // a repeat was answered 2xx
	summaries  map[string]bool
	deadReason map[string]string // by message id
	dead       int
	asked      int
	answers    map[string]int // LLM answers by version
}

// serving is the first time that a version was on a page.
type serving struct {
	rank int
	t    float64
	key  string
	// paper is nil when the witness left it out: then nothing is known of who
	// should be told.
	paper *paper.Paper
}

func newLedger(events []history.Event) *ledger {
	l := &ledger{
		wish: map[string]paper.Subscription{}, serving: map[string]serving{}, expecting: map[string][]string{},
		onPapers: map[string][]place{}, onNotes: map[note][]place{},
		told: map[note][]effect{}, toldOf: map[string]int{}, confirmed: map[note]bool{},
		summaries: map[string]bool{}, deadReason: map[string]string{}, answers: map[string]int{},
	}
	for _, e := range events {
		l.mixed = l.mixed || e.Profile != events[0].Profile
		l.add(e)
	}
	l.consultOracle()
	return l
}

func (l *ledger) add(e history.Event) {
	switch e.Op {
	case history.Subscribe:
		if e.Wish != nil {
			l.wishes = append(l.wishes, *e.Wish)
			l.wish[e.Wish.ID] = *e.Wish
		}
	case history.Serve:
		l.addServe(e)
	case history.Accept:
		l.addAccept(e)
	case history.Tell:
		l.addTell(e)
	case history.Ask:
		switch e.Type {
		case history.Invoke:
			l.asked++
		case history.OK:
			l.answers[e.Version]++
		}
	case history.Row:
		if e.Name == "summaries" {
			l.summaries[e.Message] = true
		}
	case history.DeadLetter:
		l.dead++
		l.deadReason[e.Message] = e.Reason
	}
}

func (l *ledger) addServe(e history.Event) {
	s, again := l.serving[e.Message]
	if !again {
		s = serving{rank: len(l.served), t: e.T, key: e.Key}
		l.served = append(l.served, e.Message)
	}
	if s.paper == nil {
		s.paper = e.Paper
	}
	l.serving[e.Message] = s
}

func (l *ledger) addAccept(e history.Event) {
	at := place{e.Stream, e.Shard, e.Entry}
	switch e.Stream {
	case "papers":
		l.onPapers[e.Message] = append(l.onPapers[e.Message], at)
	case "notifications":
		n := note{e.Subscription, e.Version}
		if l.onNotes[n] == nil {
			l.notes = append(l.notes, n)
		}
		l.onNotes[n] = append(l.onNotes[n], at)
	}
}

func (l *ledger) addTell(e history.Event) {
	taken := e.Status >= 200 && e.Status < 300
	switch e.Type {
	case history.OK:
	case history.Info:
		// Taken by definition; a witness may leave out the answer that was
		// never sent.
		taken = taken || e.Status == 0
	default:
		return
	}
	n := note{e.Subscription, e.Version}
	if e.Repeat {
		l.repeats++
		l.confirmed[n] = l.confirmed[n] || taken && e.Type == history.OK
		return
	}
	if !taken {
		return
	}
	told := effect{n, e.Subscriber, len(l.effects), e.T, e.Type == history.OK}
	l.effects = append(l.effects, told)
	l.told[n] = append(l.told[n], told)
	l.toldOf[n.version]++
}

func (l *ledger) consultOracle() {
	o := newOracle(l.wishes)
	for _, version := range l.served {
		if p := l.serving[version].paper; p != nil {
			l.expecting[version] = o.expected(*p)
		}
	}
}

// missed counts the notifications that reached the sink though the lab's
// reader never saw them on their stream.
func (l *ledger) missed() int {
	n := 0
	for told := range l.told {
		if l.onNotes[told] == nil {
			n++
		}
	}
	return n
}

// oracleGaps says why the oracle cannot be believed, if so.
func (l *ledger) oracleGaps(f *finding) {
	if len(l.served) == 0 {
		f.gap("arXiv's stand-in recorded nothing that it served")
	}
	if len(l.wishes) == 0 {
		f.gap("no subscriptions were recorded, so nothing is known of who should be told")
	}
	bare := 0
	for _, s := range l.serving {
		if s.paper == nil {
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

// describe names a notification for a reader.
func (n note) describe() string {
	return fmt.Sprintf("%s for subscription %s", n.version, n.subscription)
}

// entryID is a Redis entry id: milliseconds, then a sequence number.
type entryID struct{ ms, seq uint64 }

// parseEntry reads "1700000000000-3". Text order would put 10 before 9.
func parseEntry(id string) (entryID, bool) {
	ms, seq, ok := strings.Cut(id, "-")
	if !ok {
		return entryID{}, false
	}
	m, err := strconv.ParseUint(ms, 10, 64)
	if err != nil {
		return entryID{}, false
	}
	s, err := strconv.ParseUint(seq, 10, 64)
	return entryID{m, s}, err == nil
}

func (a entryID) compare(b entryID) int {
	return cmp.Or(cmp.Compare(a.ms, b.ms), cmp.Compare(a.seq, b.seq))
}
