package match_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"paperlab/system/match"
	"paperlab/system/paper"
	"paperlab/system/service"
	"paperlab/system/servicetest"
	"paperlab/system/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var example = paper.Paper{
	ID: "2101.00001", Version: 1,
	Title:      "Raft-like Consensus for Key/Value Stores",
	Abstract:   "We study leader election. Σίσυφος pushes 2PC uphill; the C++ code is small.",
	Authors:    []string{"Ada M. Lovelace", "Emmy Noether"},
	Categories: []string{"cs.DC", "hep-th"},
}

func indexOf(subscriptions ...paper.Subscription) *match.Index {
	wishes := make([]store.Wish, len(subscriptions))
	for i, s := range subscriptions {
		wishes[i].Subscription = s
	}
	return match.NewIndex(wishes)
}

func TestMatch(t *testing.T) {
	cases := []struct {
		kind paper.Kind
		term string
		want bool
	}{
		{paper.Keyword, "raft", true},
		{paper.Keyword, "RAFT LIKE", true},
		{paper.Keyword, "raft like consensus for key value stores", true},
		{paper.Keyword, "raf", false},
		{paper.Keyword, "like raft", false},
		{paper.Keyword, "consensus stores", false},
		{paper.Keyword, "stores we", false}, // the title's end and the abstract's beginning
		{paper.Keyword, "election", true},
		{paper.Keyword, "small", true},
		{paper.Keyword, "small and", false},
		{paper.Keyword, "2pc", true},
		{paper.Keyword, "pc", false},
		{paper.Keyword, "ΣΊΣΥΦΟΣ", true},
		{paper.Keyword, "lovelace", false},
		{paper.Keyword, "++", false},
		{paper.Keyword, "", false},
		{paper.Category, "cs.DC", true},
		{paper.Category, "cs.dc", false},
		{paper.Category, "cs", true},
		{paper.Category, "c", false},
		{paper.Category, "hep-th", true},
		{paper.Category, "hep", false},
		{paper.Category, "cs.D", false},
		{paper.Category, "", false},
		{paper.Author, "lovelace", true},
		{paper.Author, "ada m lovelace", true},
		{paper.Author, "ada lovelace", false},
		{paper.Author, "lovelace emmy", false}, // two authors
		{paper.Author, "noether", true},
		{paper.Author, "noethe", false},
		{paper.Kind("colour"), "raft", false},
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%s %q", c.kind, c.term), func(t *testing.T) {
			index := indexOf(paper.Subscription{ID: "s", Subscriber: "u", Kind: c.kind, Term: c.term})
			got := index.Match(example)
			if (len(got) == 1) != c.want {
				t.Fatalf("matched %v, want %v", got, c.want)
			}
			if _, stranger := index.Mismatch(example); stranger == c.want {
				t.Fatalf("mismatch %v, want %v", stranger, !c.want)
			}
		})
	}
}

func TestMatchIsOrderedAndWithoutRepeats(t *testing.T) {
	index := indexOf(
		paper.Subscription{ID: "c", Kind: paper.Category, Term: "cs"},
		paper.Subscription{ID: "a", Kind: paper.Keyword, Term: "a"},
		paper.Subscription{ID: "b", Kind: paper.Category, Term: "cs.AI"},
	)
	p := paper.Paper{Title: "a A a", Abstract: "a", Categories: []string{"cs.AI", "cs.DC"}}
	var ids []string
	for _, s := range index.Match(p) {
		ids = append(ids, s.ID)
	}
	if !slices.Equal(ids, []string{"a", "b", "c"}) {
		t.Fatalf("got %v", ids)
	}
}

// The index must say what reading every subscription would say.
func TestIndexAgreesWithPlainReading(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	text := func(n int) string {
		picked := make([]string, n)
		for i := range picked {
			picked[i] = string(rune('a' + random.IntN(6)))
		}
		return strings.Join(picked, " ")
	}
	for range 300 {
		p := paper.Paper{Title: text(random.IntN(6)), Abstract: text(random.IntN(12))}
		term := text(1 + random.IntN(3))
		in := func(s string) bool { return strings.Contains(" "+s+" ", " "+term+" ") }
		index := indexOf(paper.Subscription{ID: "s", Kind: paper.Keyword, Term: term})
		if got, want := len(index.Match(p)) == 1, in(p.Title) || in(p.Abstract); got != want {
			t.Fatalf("%q in %q / %q: got %v, want %v", term, p.Title, p.Abstract, got, want)
		}
	}
}

type source struct {
	mu     sync.Mutex
	wishes []store.Wish
	err    error
	reads  chan struct{}
}

func (s *source) Wishes(context.Context) ([]store.Wish, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.reads <- struct{}{}:
	default:
	}
	return s.wishes, s.err
}

func (s *source) set(wishes []store.Wish, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wishes, s.err = wishes, err
	select {
	case <-s.reads:
	default:
	}
}

func TestLiveFollowsTheStore(t *testing.T) {
	wish := func(id string) store.Wish {
		return store.Wish{Subscription: paper.Subscription{ID: id, Subscriber: "u", Kind: paper.Keyword, Term: "raft"}, Webhook: "http://" + id}
	}
	from := &source{wishes: []store.Wish{wish("a")}, reads: make(chan struct{}, 1)}
	live := match.NewLive(from, 5*time.Millisecond, slog.New(slog.DiscardHandler))
	if err := live.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer live.Stop()
	if got := live.Match(example); len(got) != 1 || got[0].Webhook != "http://a" {
		t.Fatalf("got %v", got)
	}

	from.set(nil, errors.New("away"))
	<-from.reads
	<-from.reads
	if got := live.Match(example); len(got) != 1 {
		t.Fatalf("a failed reading changed the index: %v", got)
	}

	from.set([]store.Wish{wish("a"), wish("b")}, nil)
	<-from.reads
	<-from.reads // the second reading begins when the first is in force
	if got := live.Match(example); len(got) != 2 {
		t.Fatalf("got %v, want the new subscription too", got)
	}
}

func TestLiveKeepsTheContract(t *testing.T) {
	servicetest.Lifecycle(t, func(*testing.T) (service.Service, func(*testing.T)) {
		from := &source{reads: make(chan struct{}, 1)}
		return match.NewLive(from, time.Millisecond, slog.New(slog.DiscardHandler)), func(t *testing.T) {
			from.set(nil, nil) // forgets what was read before
			servicetest.Eventually(t, "it is read again", func() bool { return len(from.reads) > 0 })
		}
	})
}

func TestLiveDoesNotStartWithoutSubscriptionsToRead(t *testing.T) {
	live := match.NewLive(&source{err: errors.New("away")}, time.Hour, slog.New(slog.DiscardHandler))
	if err := live.Start(t.Context()); err == nil {
		t.Fatal("it started")
	}
	live.Stop()
}

func BenchmarkMatch(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	word := func() string { return fmt.Sprintf("word%d", random.IntN(5000)) }
	subscriptions := make([]paper.Subscription, 10_000)
	for i := range subscriptions {
		subscriptions[i] = paper.Subscription{ID: fmt.Sprint(i), Kind: paper.Keyword, Term: word()}
		if i%3 == 0 {
			subscriptions[i].Term += " " + word()
		}
	}
	index := indexOf(subscriptions...)
	text := make([]string, 200)
	for i := range text {
		text[i] = word()
	}
	p := paper.Paper{Title: strings.Join(text[:10], " "), Abstract: strings.Join(text, " ")}
	for b.Loop() {
		index.Match(p)
	}
}
