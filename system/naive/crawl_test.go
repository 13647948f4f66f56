package naive

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"paperlab/system/crawl"
	"paperlab/system/paper"
	"paperlab/system/service"
	"paperlab/system/servicetest"
)

var dawn = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)

// archive answers as arXiv does: the newest version of each paper, by date; and
// it notes what it has served.
type archive struct {
	*httptest.Server
	mu     sync.Mutex
	papers []paper.Paper
	served map[string]bool
	asked  int
	// misdo answers in the archive's place if it returns true; before is called
	// with the number of the request.
	misdo  func(w http.ResponseWriter) bool
	before func(request int)
}

func newArchive(t *testing.T) *archive {
	a := &archive{served: map[string]bool{}}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

func (a *archive) add(id string, version int, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.addLocked(id, version, at)
}

func (a *archive) addLocked(id string, version int, at time.Time) {
	a.papers = slices.DeleteFunc(a.papers, func(p paper.Paper) bool { return p.ID == id })
	a.papers = append(a.papers, paper.Paper{ID: id, Version: version, Published: dawn, Updated: at})
	slices.SortStableFunc(a.papers, func(p, q paper.Paper) int { return p.Updated.Compare(q.Updated) })
}

var window = regexp.MustCompile(`lastUpdatedDate:\[(\d{12}) TO`)

func (a *archive) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	if a.before != nil {
		a.before(a.asked)
	}
	if a.misdo != nil && a.misdo(w) {
		return
	}
	q := r.URL.Query()
	start, _ := strconv.Atoi(q.Get("start"))
	limit, _ := strconv.Atoi(q.Get("max_results"))
	from, _ := time.Parse("200601021504", window.FindStringSubmatch(q.Get("search_query"))[1])
	found := slices.DeleteFunc(slices.Clone(a.papers), func(p paper.Paper) bool { return p.Updated.Before(from) })
	_, _ = fmt.Fprintf(w, `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"><opensearch:totalResults>%d</opensearch:totalResults>`, len(found))
	for _, p := range found[min(start, len(found)):min(start+limit, len(found))] {
		a.served[p.VersionID()] = true
		_, _ = fmt.Fprintf(w, `<entry><id>http://arxiv.org/abs/%s</id><title>T</title><published>%s</published><updated>%s</updated></entry>`,
			p.VersionID(), p.Published.Format(time.RFC3339), p.Updated.Format(time.RFC3339))
	}
	_, _ = fmt.Fprint(w, "</feed>")
}

func (a *archive) requests() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked
}

// offered are the versions that were served.
func (a *archive) offered() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.served)
}

// basket is a stream and a store of bookmarks; both can be away.
type basket struct {
	mu      sync.Mutex
	added   []string
	away    error
	tries   int
	mark    string
	noStore error
}

func (b *basket) add(_ context.Context, p paper.Paper) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tries++
	if b.away == nil {
		b.added = append(b.added, p.VersionID())
	}
	return b.away
}

func (b *basket) Cursor(context.Context, string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.mark, nil
}

func (b *basket) SetCursor(_ context.Context, _, value string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.noStore == nil {
		b.mark = value
	}
	return b.noStore
}

func (b *basket) set(away, noStore error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away, b.noStore = away, noStore
}

func (b *basket) list() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.added)
}

// repeats are the versions that were added more than once.
func (b *basket) repeats() (twice []string) {
	seen := map[string]bool{}
	for _, v := range b.list() {
		if seen[v] {
			twice = append(twice, v)
		}
		seen[v] = true
	}
	return twice
}

func newCrawlerOf(t *testing.T, a *archive, b *basket, pageSize int) *Crawler {
	t.Helper()
	arxiv, err := crawl.NewArXiv(a.URL, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewCrawler(CrawlConfig{
		ArXiv: arxiv, Add: b.add, Cursors: b, Interval: time.Millisecond, PageSize: pageSize, From: dawn, Metrics: crawl.NewMetrics(nil), Logger: quiet,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return c
}

func harvest(t *testing.T, a *archive, b *basket, pageSize int) *Crawler {
	t.Helper()
	c := newCrawlerOf(t, a, b, pageSize)
	if err := c.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	return c
}

// settled waits until so many versions were added and the archive was asked a
// few times more: what comes twice comes then.
func settled(t *testing.T, a *archive, b *basket, count int) {
	t.Helper()
	servicetest.Eventually(t, fmt.Sprint(count, " versions"), func() bool { return len(b.list()) >= count })
	before := a.requests()
	servicetest.Eventually(t, "more questions", func() bool { return a.requests() > before+5 })
	if n := len(b.list()); n != count || len(b.repeats()) > 0 {
		t.Errorf("%d versions were added, want %d; twice: %v", n, count, b.repeats())
	}
}

func TestEachVersionIsAddedOnceInOrder(t *testing.T) {
	spreads := map[string]func(i int) time.Time{
		"a few to a minute":        func(i int) time.Time { return dawn.Add(time.Duration(i) * 13 * time.Second) },
		"all in one second":        func(int) time.Time { return dawn },
		"more than a page to each": func(i int) time.Time { return dawn.Add(time.Duration(i/40) * time.Minute) },
	}
	for name, at := range spreads {
		for _, pageSize := range []int{1, 7, 100} {
			t.Run(fmt.Sprintf("%s by %d", name, pageSize), func(t *testing.T) {
				a, b := newArchive(t), &basket{}
				for i := range 95 {
					a.add(fmt.Sprintf("2101.%05d", i), 1, at(i))
				}
				harvest(t, a, b, pageSize)
				settled(t, a, b, 95)
				if order := b.list(); !slices.IsSorted(order) {
					t.Errorf("not in order: %v", order)
				}
			})
		}
	}
}

// While pages are asked for, papers leave their places for new versions and new
// papers come: what was served is added, once, and nothing hides behind a place
// that has moved. In the middle the crawler is stopped and started again.
func TestPapersThatAreSupersededMeanwhileHideNoOther(t *testing.T) {
	a, b := newArchive(t), &basket{}
	const papers, revisions = 200, 40
	for i := range papers {
		a.add(fmt.Sprintf("2101.%05d", i), 1, dawn.Add(time.Duration(i)*17*time.Second))
	}
	a.before = func(request int) {
		if request <= revisions {
			at := dawn.Add(time.Hour + time.Duration(request)*9*time.Second)
			// One that was served already, one that was not.
			a.addLocked(fmt.Sprintf("2101.%05d", request), 2, at)
			a.addLocked(fmt.Sprintf("2101.%05d", papers-request), 2, at)
		}
	}
	first := harvest(t, a, b, 10)
	servicetest.Eventually(t, "half of it", func() bool { return len(b.list()) >= papers/2 })
	first.Stop()
	harvest(t, a, b, 10)
	servicetest.Eventually(t, "all revisions are added", func() bool {
		return slices.Contains(b.list(), fmt.Sprintf("2101.%05dv2", papers-revisions)) && slices.Contains(b.list(), "2101.00040v2")
	})
	settled(t, a, b, a.offered())
}

func TestNewPapersOfTheSameMinuteAreSeen(t *testing.T) {
	a, b := newArchive(t), &basket{}
	harvest(t, a, b, 10)
	for i := range 3 {
		a.add(fmt.Sprintf("2101.%05d", i), 1, dawn.Add(time.Duration(i)*time.Second))
		settled(t, a, b, i+1)
	}
	a.add("2101.00000", 2, dawn.Add(time.Hour))
	settled(t, a, b, 4)
}

// Takes about a second: the wait after an error.
func TestAPaperThatCannotBeAddedIsTriedAgainAndNoOtherAskedFor(t *testing.T) {
	a, b := newArchive(t), &basket{}
	for i := range 20 {
		a.add(fmt.Sprintf("2101.%05d", i), 1, dawn.Add(time.Duration(i)*time.Second))
	}
	b.set(errors.New("no route to Redis"), nil)
	harvest(t, a, b, 10)
	servicetest.Eventually(t, "two attempts", func() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.tries >= 2 })
	if n := a.requests(); n != 1 {
		t.Errorf("arXiv was asked %d times though nothing could be added", n)
	}
	b.set(nil, nil)
	settled(t, a, b, 20)
}

// The weakness, on purpose: what was added and not written down is added again.
func TestACrashBeforeTheBookmarkAddsThePageAgain(t *testing.T) {
	a, b := newArchive(t), &basket{noStore: errors.New("killed")}
	for i := range 5 {
		a.add(fmt.Sprintf("2101.%05d", i), 1, dawn.Add(time.Duration(i)*time.Second))
	}
	first := harvest(t, a, b, 10)
	settled(t, a, b, 5)
	first.Stop()
	b.set(nil, nil)
	harvest(t, a, b, 10)
	servicetest.Eventually(t, "the page again", func() bool { return len(b.repeats()) == 5 })
}

// Takes about two seconds: what arXiv asks for, and the wait after an error.
func TestArxivIsGivenTime(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter){
		"429, come back in a second": func(w http.ResponseWriter) { w.Header().Set("Retry-After", "1"); w.WriteHeader(429) },
		"a web page":                 func(w http.ResponseWriter) { _, _ = fmt.Fprint(w, "<html>") },
	} {
		a, b := newArchive(t), &basket{}
		a.add("2101.00001", 1, dawn)
		var first, second time.Time
		a.misdo = func(w http.ResponseWriter) bool {
			if a.asked > 1 {
				second = time.Now()
				a.misdo = nil
				return false
			}
			first = time.Now()
			answer(w)
			return true
		}
		harvest(t, a, b, 10)
		settled(t, a, b, 1)
		if wait := second.Sub(first); wait < 900*time.Millisecond {
			t.Errorf("%s: asked again after %s", name, wait)
		}
	}
}

func TestAnUnreadableBookmarkIsNotIgnored(t *testing.T) {
	for _, value := range []string{"202101010000", `{"since":"0001-01-01T00:00:00Z"}`} {
		b := &basket{mark: value}
		if err := newCrawlerOf(t, newArchive(t), b, 10).Start(t.Context()); err == nil || !strings.Contains(err.Error(), "bookmark") {
			t.Errorf("%s: got %v", value, err)
		}
	}
}

func TestCrawlerKeepsTheContract(t *testing.T) {
	a := newArchive(t)
	servicetest.Lifecycle(t, func(t *testing.T) (service.Service, func(*testing.T)) {
		return newCrawlerOf(t, a, &basket{}, 10), func(t *testing.T) {
			before := a.requests()
			servicetest.Eventually(t, "arXiv is asked again", func() bool { return a.requests() > before })
		}
	})
}
