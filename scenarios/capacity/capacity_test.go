package capacity

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	key = Key{Profile: "hardened", Program: "abc", Corpus: "builtin", Shape: Shape{Shards: 12, Summarizers: 2, HottestShare: 0.05, FanOut: 5}}
)

func figure() Figure { return Figure{Key: key, PapersPerS: 60, MeasuredAt: now, Speed: 100} }

// book is one that was written and read again.
func book(t *testing.T, figures ...Figure) *Book {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out", FileName)
	b, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range figures {
		if err := b.Keep(f); err != nil {
			t.Fatal(err)
		}
	}
	return again(t, b)
}

func again(t *testing.T, b *Book) *Book {
	t.Helper()
	b, err := Open(b.path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAFigureIsKept(t *testing.T) {
	f, why := book(t, figure()).Find(key, 100, now.Add(time.Hour))
	if why != "" || f != figure() {
		t.Errorf("found %+v, %q; want %+v", f, why, figure())
	}
}

func TestWhatAFigureDependsOn(t *testing.T) {
	for name, change := range map[string]func(*Key){
		"profile":     func(k *Key) { k.Profile = "naive" },
		"program":     func(k *Key) { k.Program = "abd" },
		"machine":     func(k *Key) { k.Host.CPUs = 64 },
		"corpus":      func(k *Key) { k.Corpus = "papers.jsonl" },
		"summarizers": func(k *Key) { k.Shape.Summarizers = 3 },
		"hottest":     func(k *Key) { k.Shape.HottestShare = 0.1 },
		"around":      func(k *Key) { k.Around = "a slower LLM" },
	} {
		other := key
		change(&other)
		if _, why := book(t, figure()).Find(other, 100, now); !strings.Contains(why, "never measured") {
			t.Errorf("another %s has the same figure: %q", name, why)
		}
	}
}

func TestAFigureThatMovedHoldsNoLonger(t *testing.T) {
	for name, c := range map[string]struct {
		speed float64
		later time.Duration
		want  string
	}{
		"a little slower": {81, 0, ""},
		"a little faster": {119, 0, ""},
		"slower":          {79, 0, "the machine is -21% as fast"},
		"faster":          {121, 0, "the machine is +21% as fast"},
		"six days":        {100, 6 * 24 * time.Hour, ""},
		"eight days":      {100, 8 * 24 * time.Hour, "not within the last 7 days"},
		"from the future": {100, -time.Hour, "not within the last 7 days"},
	} {
		_, why := book(t, figure()).Find(key, c.speed, now.Add(c.later))
		if (why == "") != (c.want == "") || !strings.Contains(why, c.want) {
			t.Errorf("%s: %q, want %q", name, why, c.want)
		}
	}
}

func TestADoubtedFigureIsMeasuredAgain(t *testing.T) {
	b := book(t, figure())
	if err := b.Doubt(key, "never steady"); err != nil {
		t.Fatal(err)
	}
	if _, why := again(t, b).Find(key, 100, now); why != "never steady" {
		t.Errorf("the reason is %q", why)
	}
	if err := b.Keep(figure()); err != nil {
		t.Fatal(err)
	}
	if f, why := again(t, b).Find(key, 100, now); why != "" || f.Doubt != "" {
		t.Errorf("after it was measured again: %+v, %q", f, why)
	}
	if n := len(again(t, b).figures); n != 1 {
		t.Errorf("%d figures of one key", n)
	}
	other := key
	other.Profile = "naive"
	if err := b.Doubt(other, "never steady"); err != nil {
		t.Error(err)
	}
}

// A file that cannot be used is named, and replaced by what is measured next.
func TestBrokenFiles(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "is broken",
		"{":                                 "is broken",
		"[1]":                               "is broken",
		`{"a":1}`:                           `has the schema ""`,
		`{"schema":"paperlab/capacity/v9"}`: "this program reads",
	} {
		path := filepath.Join(t.TempDir(), FileName)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := Open(path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v, want an error with %q and the path", text, err, want)
		}
		if _, why := b.Find(key, 100, now); why == "" {
			t.Errorf("%q has a figure", text)
		}
		if err := b.Keep(figure()); err != nil {
			t.Fatal(err)
		}
		if _, why := again(t, b).Find(key, 100, now); why != "" {
			t.Errorf("after %q: %s", text, why)
		}
	}
}

// A figure of nothing, or of a machine without speed, is none.
func TestFiguresOfNothing(t *testing.T) {
	nothing, still := figure(), figure()
	nothing.PapersPerS, still.Speed = 0, 0
	for _, f := range []Figure{nothing, still} {
		if _, why := book(t, f).Find(key, 100, now); why == "" {
			t.Errorf("%+v holds", f)
		}
	}
}

func TestOldFiguresAreForgotten(t *testing.T) {
	var all []Figure
	for i := range most + 5 {
		f := figure()
		f.Key.Shape.Shards = i
		all = append(all, f)
	}
	b := book(t, all...)
	if len(b.figures) != most || b.figures[most-1].Key.Shape.Shards != most+4 {
		t.Errorf("%d figures are kept, the last of %d shards", len(b.figures), b.figures[len(b.figures)-1].Key.Shape.Shards)
	}
}

// The yardstick gives about the same twice: on a machine that does other things,
// too, or every run would measure again. Ten attempts, because a test must not
// fail for what others do.
func TestSpeedIsTheSameTwice(t *testing.T) {
	first, err := Speed()
	if err != nil {
		t.Fatal(err)
	}
	var second float64
	for range 10 {
		if second, err = Speed(); err != nil {
			t.Fatal(err)
		}
		if change := second/first - 1; change > -speedTolerance && change < speedTolerance {
			return
		}
		first = max(first, second)
	}
	t.Errorf("the speed was %g, then %g", first, second)
}
