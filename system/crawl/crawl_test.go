package crawl

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"paperlab/system/paper"
	"paperlab/system/redistest"
	"paperlab/system/service"
	"paperlab/system/servicetest"
	"paperlab/system/stream"
)

func TestMain(m *testing.M) { redistest.Main(m) }

var begin = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)

// archive answers like arXiv: the newest version of each paper, by date.
type archive struct {
	*httptest.Server
	mu       sync.Mutex
	papers   []paper.Paper
	asked    []time.Time
	starts   []int
	misdo    func(w http.ResponseWriter) bool
	onAnswer func(request int)
}

func newArchive(t *testing.T) *archive {
	a := &archive{}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

// add puts a version into the archive; an earlier one of the paper disappears.
func (a *archive) add(id string, version int, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.addLocked(id, version, at)
}

func (a *archive) addLocked(id string, version int, at time.Time) {
	a.papers = slices.DeleteFunc(a.papers, func(p paper.Paper) bool { return p.ID == id })
	a.papers = append(a.papers, paper.Paper{ID: id, Version: version, Title: "T", Published: begin, Updated: at})
	slices.SortStableFunc(a.papers, func(p, q paper.Paper) int { return p.Updated.Compare(q.Updated) })
}

func (a *archive) fill(count int, at func(i int) time.Time) {
	for i := range count {
		a.add(fmt.Sprintf("2101.%05d", i), 1, at(i))
	}
}

var between = regexp.MustCompile(`lastUpdatedDate:\[(\d{12}) TO (\d{12})\]`)

func (a *archive) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	q := r.URL.Query()
	start, _ := strconv.Atoi(q.Get("start"))
	limit, _ := strconv.Atoi(q.Get("max_results"))
	a.asked, a.starts = append(a.asked, time.Now()), append(a.starts, start)
	if a.misdo != nil && a.misdo(w) {
		return
	}
	window := between.FindStringSubmatch(q.Get("search_query"))
	from, _ := time.Parse(minute, window[1])
	found := slices.DeleteFunc(slices.Clone(a.papers), func(p paper.Paper) bool { return p.Updated.Before(from) })
	page := found[min(start, len(found)):min(start+limit, len(found))]
	_, _ = fmt.Fprintf(w, "%s<opensearch:totalResults>%d</opensearch:totalResults>", head, len(found))
	for _, p := range page {
		_, _ = fmt.Fprintf(w, `<entry><id>http://arxiv.org/abs/%s</id><title>T</title><published>%s</published><updated>%s</updated></entry>`,
			p.VersionID(), p.Published.Format(time.RFC3339), p.Updated.Format(time.RFC3339))
	}
	_, _ = fmt.Fprint(w, "</feed>")
	if a.onAnswer != nil {
		a.onAnswer(len(a.asked))
	}
}

// times are when it was asked so far.
func (a *archive) times() []time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.asked)
}

func (a *archive) requests() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.asked)
}

// basket is a sink and a store of cursors; both can be away.
type basket struct {
	mu       sync.Mutex
	got      map[string]int
	order    []string
	away     error
	tries    int
	cursors  map[string]string
	noCursor error
}

func newBasket() *basket { return &basket{got: map[string]int{}, cursors: map[string]string{}} }

func (b *basket) sink(_ context.Context, papers []paper.Paper) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tries++
	if b.away != nil {
		return b.away
	}
	for _, p := range papers {
		if b.got[p.VersionID()]++; b.got[p.VersionID()] == 1 {
			b.order = append(b.order, p.VersionID())
		}
	}
	return nil
}

func (b *basket) Cursor(_ context.Context, name string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.cursors[name], nil
}

func (b *basket) SetCursor(_ context.Context, name, value string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.noCursor == nil {
		b.cursors[name] = value
	}
	return b.noCursor
}

func (b *basket) set(away error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away = away
}

// inOrder are the versions in the order in which they first came.
func (b *basket) inOrder() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.order)
}

// often tells how often a version came.
func (b *basket) often(version string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.got[version]
}

func (b *basket) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.got)
}

func (b *basket) attempts() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tries
}

func crawler(t *testing.T, a *archive, b *basket, pageSize int) *Crawler {
	t.Helper()
	arxiv, err := NewArXiv(a.URL+"/api/query", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Config{
		ArXiv: arxiv, Sink: b.sink, Cursors: b, Interval: 2 * time.Millisecond, PageSize: pageSize,
		From: begin, Metrics: NewMetrics(nil), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return c
}

func run(t *testing.T, a *archive, b *basket, pageSize int) *Crawler {
	t.Helper()
	c := crawler(t, a, b, pageSize)
	if err := c.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryPaperIsHarvestedInOrder(t *testing.T) {
	spreads := map[string]func(i int) time.Time{
		"a few to a minute":        func(i int) time.Time { return begin.Add(time.Duration(i) * 13 * time.Second) },
		"all in one minute":        func(i int) time.Time { return begin.Add(time.Duration(i/4) * time.Second) },
		"all in one second":        func(int) time.Time { return begin },
		"more than a page to each": func(i int) time.Time { return begin.Add(time.Duration(i/40) * time.Minute) },
	}
	for name, at := range spreads {
		for _, pageSize := range []int{1, 7, 100} {
			t.Run(fmt.Sprintf("%s by %d", name, pageSize), func(t *testing.T) {
				a, b := newArchive(t), newBasket()
				a.fill(95, at)
				run(t, a, b, pageSize)
				servicetest.Eventually(t, "95 papers", func() bool { return b.count() == 95 })
				if order := b.inOrder(); !slices.IsSorted(order) {
					t.Errorf("not in order: %v", order)
				}
			})
		}
	}
}

func TestNewPapersAreSeenByPolling(t *testing.T) {
	a, b := newArchive(t), newBasket()
	run(t, a, b, 10)
	servicetest.Eventually(t, "a few questions to an empty archive", func() bool { return a.requests() > 3 })
	a.add("2101.00001", 1, begin.Add(time.Second))
	servicetest.Eventually(t, "the first paper", func() bool { return b.count() == 1 })
	a.add("2101.00002", 1, begin.Add(2*time.Second))
	servicetest.Eventually(t, "another of the same minute", func() bool { return b.count() == 2 })
	a.add("2101.00001", 2, begin.Add(time.Hour))
	servicetest.Eventually(t, "its second version", func() bool { return b.count() == 3 })
}

// While a long minute is being paged through, one of its early papers gets a
// new version and leaves it: all later ones move up by one place.
func TestPaperThatLeavesItsMinuteHidesNoOther(t *testing.T) {
	a, b := newArchive(t), newBasket()
	a.fill(60, func(i int) time.Time { return begin.Add(time.Duration(i) * time.Second) })
	a.onAnswer = func(request int) {
		if request%2 == 0 && request <= 8 {
			a.addLocked(fmt.Sprintf("2101.%05d", request), 2, begin.Add(time.Hour+time.Duration(request)*time.Second))
		}
	}
	run(t, a, b, 10)
	servicetest.Eventually(t, "60 papers and 4 new versions", func() bool { return b.count() == 64 })
}

// What was on a page is produced although the ground has moved: by the next
// request, arXiv shows a newer version in its place.
func TestSupersededVersionOfADiscardedPageIsProduced(t *testing.T) {
	a, b := newArchive(t), newBasket()
	a.fill(14, func(i int) time.Time { return begin.Add(time.Duration(i) * time.Second) })
	a.onAnswer = func(request int) {
		switch request {
		case 1: // moves the ground
			a.addLocked("2101.00001", 2, begin.Add(time.Hour))
		case 2: // takes what only the second page showed
			a.addLocked("2101.00013", 2, begin.Add(2*time.Hour))
		}
	}
	run(t, a, b, 10)
	servicetest.Eventually(t, "14 papers and 2 new versions", func() bool { return b.count() == 16 })
}

// arXiv is not always consistent: the total shrinks to nothing for a while.
func TestTotalThatShrinksLosesNothing(t *testing.T) {
	a, b := newArchive(t), newBasket()
	a.fill(50, func(i int) time.Time { return begin.Add(time.Duration(i) * time.Second) })
	var hidden []paper.Paper
	a.onAnswer = func(request int) {
		switch request {
		case 2:
			hidden, a.papers = a.papers, a.papers[:5]
		case 6:
			a.papers = hidden
		}
	}
	run(t, a, b, 10)
	servicetest.Eventually(t, "50 papers", func() bool { return b.count() == 50 })
}

func TestRestartGoesOnWhereItWas(t *testing.T) {
	a, b := newArchive(t), newBasket()
	a.fill(30, func(i int) time.Time { return begin.Add(time.Duration(i) * time.Minute) })
	first := run(t, a, b, 10)
	servicetest.Eventually(t, "30 papers", func() bool { return b.count() == 30 })
	first.Stop()

	// Killed between produce and cursor: the same page comes again.
	for name := range b.cursors {
		b.cursors[name] = cursor{Minute: begin.Add(20 * time.Minute)}.String()
	}
	before := b.often("2101.00005v1")
	a.add("2101.00030", 1, begin.Add(30*time.Minute))
	run(t, a, b, 10)
	servicetest.Eventually(t, "31 papers", func() bool { return b.count() == 31 })
	if b.often("2101.00025v1") < 2 || b.often("2101.00005v1") != before {
		t.Error("the second harvest did not begin at the stored cursor")
	}
}

func TestRedisAwayHoldsThePageAndAsksForNoMore(t *testing.T) {
	a, b := newArchive(t), newBasket()
	a.fill(30, func(i int) time.Time { return begin.Add(time.Duration(i) * time.Second) })
	b.set(errors.New("no route to Redis"))
	run(t, a, b, 10)
	servicetest.Eventually(t, "three attempts", func() bool { return b.attempts() >= 3 })
	if asked := a.requests(); asked != 1 {
		t.Errorf("arXiv was asked %d times though nothing could be produced", asked)
	}
	if value, _ := b.Cursor(t.Context(), "arxiv"); value != "" {
		t.Errorf("the cursor moved to %s", value)
	}
	b.set(nil)
	servicetest.Eventually(t, "30 papers", func() bool { return b.count() == 30 })
}

func TestStopWhileRedisIsAwayLeavesTheCursor(t *testing.T) {
	a, b := newArchive(t), newBasket()
	a.fill(3, func(int) time.Time { return begin })
	b.set(errors.New("no route to Redis"))
	c := run(t, a, b, 10)
	servicetest.Eventually(t, "an attempt", func() bool { return b.attempts() > 0 })
	c.Stop()
	if value, _ := b.Cursor(t.Context(), "arxiv"); value != "" {
		t.Errorf("the cursor moved to %s", value)
	}
}

func TestPatienceIsObeyed(t *testing.T) {
	for _, asked := range []string{"1", "date"} {
		t.Run(asked, func(t *testing.T) {
			a, b := newArchive(t), newBasket()
			a.fill(1, func(int) time.Time { return begin })
			a.misdo = func(w http.ResponseWriter) bool {
				if len(a.asked) > 1 {
					return false
				}
				value := asked
				if asked == "date" {
					value = time.Now().Add(2 * time.Second).UTC().Format(http.TimeFormat)
				}
				w.Header().Set("Retry-After", value)
				w.WriteHeader(http.StatusServiceUnavailable)
				return true
			}
			run(t, a, b, 10)
			servicetest.Eventually(t, "the paper", func() bool { return b.count() == 1 })
			// A date has no fractions of a second.
			at := a.times()
			if wait := at[1].Sub(at[0]); wait < 900*time.Millisecond || wait > 5*time.Second {
				t.Errorf("asked again after %s", wait)
			}
		})
	}
}

func TestNonsenseIsAskedAgainLaterAndLater(t *testing.T) {
	nonsense := map[string]func(w http.ResponseWriter){
		"an error page":       func(w http.ResponseWriter) { w.WriteHeader(500) },
		"429 without a time":  func(w http.ResponseWriter) { w.WriteHeader(429) },
		"a web page":          func(w http.ResponseWriter) { _, _ = fmt.Fprint(w, "<html>") },
		"an error entry":      func(w http.ResponseWriter) { _, _ = fmt.Fprint(w, errorFeed) },
		"400, an error entry": func(w http.ResponseWriter) { w.WriteHeader(400); _, _ = fmt.Fprint(w, errorFeed) },
	}
	for name, answer := range nonsense {
		t.Run(name, func(t *testing.T) {
			a, b := newArchive(t), newBasket()
			a.fill(1, func(int) time.Time { return begin })
			a.misdo = func(w http.ResponseWriter) bool {
				if len(a.asked) > 4 {
					return false
				}
				answer(w)
				return true
			}
			run(t, a, b, 10)
			servicetest.Eventually(t, "the paper", func() bool { return b.count() == 1 })
			// 2 ms doubled four times is 32 ms, less a quarter at most.
			at := a.times()
			if wait := at[4].Sub(at[3]); wait < 20*time.Millisecond {
				t.Errorf("after four failures it was asked again after %s", wait)
			}
		})
	}
}

const errorFeed = head + `<opensearch:totalResults>1</opensearch:totalResults><entry><id>https://arxiv.org/api/errors#x</id><summary>bad</summary></entry></feed>`

func TestRequestsKeepTheirDistance(t *testing.T) {
	a, b := newArchive(t), newBasket()
	a.fill(40, func(i int) time.Time { return begin.Add(time.Duration(i) * time.Second) })
	c := crawler(t, a, b, 10)
	c.cfg.Interval = 40 * time.Millisecond
	started := time.Now()
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	servicetest.Eventually(t, "40 papers", func() bool { return b.count() == 40 })
	c.Stop()
	last := started
	for i, at := range a.asked {
		if gap := at.Sub(last); gap < 40*time.Millisecond {
			t.Errorf("request %d came %s after the one before", i, gap)
		}
		last = at
	}
}

func TestCrawlerKeepsTheContract(t *testing.T) {
	a := newArchive(t)
	servicetest.Lifecycle(t, func(t *testing.T) (service.Service, func(*testing.T)) {
		return crawler(t, a, newBasket(), 10), func(t *testing.T) {
			before := a.requests()
			servicetest.Eventually(t, "arXiv is asked again", func() bool { return a.requests() > before })
		}
	})
}

func TestUnreadableCursorIsNotIgnored(t *testing.T) {
	for _, value := range []string{"202101010000", `{"minute":"2021-01-01T00:00:00Z","done":3}`, `{}`} {
		a, b := newArchive(t), newBasket()
		b.cursors["arxiv"] = value
		if err := crawler(t, a, b, 10).Start(t.Context()); err == nil || !strings.Contains(err.Error(), "cursor") {
			t.Errorf("%s was accepted: %v", value, err)
		}
	}
}

func TestImpossibleSettingsAreRefused(t *testing.T) {
	for _, cfg := range []Config{{Interval: 0, PageSize: 1}, {Interval: 1, PageSize: 0}, {Interval: 1, PageSize: 2001}} {
		if _, err := New(cfg); err == nil {
			t.Errorf("interval %s and page size %d were accepted", cfg.Interval, cfg.PageSize)
		}
	}
	for _, endpoint := range []string{"", "arxiv.org", "ftp://arxiv.org", "http://"} {
		if _, err := NewArXiv(endpoint, "", nil); err == nil {
			t.Errorf("address %q was accepted", endpoint)
		}
	}
}

func TestIntoAddsEachVersionOnce(t *testing.T) {
	rdb := redistest.Client(t)
	s, err := stream.Open(t.Context(), rdb, stream.Spec{Name: "papers", Shards: 3})
	if err != nil {
		t.Fatal(err)
	}
	papers := []paper.Paper{{ID: "2101.00001", Version: 1}, {ID: "2101.00001", Version: 2}, {ID: "2101.00002", Version: 1}}
	for range 2 {
		if err := Into(s, NewMetrics(nil))(t.Context(), papers); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.EnsureGroup(t.Context(), "summarize"); err != nil {
		t.Fatal(err)
	}
	infos, err := s.Inspect(t.Context(), "summarize")
	if err != nil {
		t.Fatal(err)
	}
	var total int64
	for _, info := range infos {
		total += info.Length
	}
	if total != 3 {
		t.Errorf("%d entries, want 3", total)
	}
}
