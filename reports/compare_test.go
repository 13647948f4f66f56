package reports

import (
	"maps"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"paperlab/reports/history"
	"paperlab/reports/record"
)

// three is the sample crash with all profiles, in an order in which they may have
// run.
func three() record.Result {
	r := crashResult(1)
	r.Runs = append(r.Runs, carefulCrash())
	return r
}

// first is the story's first paragraph.
func first(change func(*record.Result)) string {
	return firstOf(crashResult(1), change)
}

func firstOf(r record.Result, change func(*record.Result)) string {
	if change != nil {
		change(&r)
	}
	accounts := maps.Clone(crashAccounts())
	accounts[careful] = accounts[hardened]
	return story(r.InOrder(), accounts)[0]
}

const once = "Each ran once: that is one sample."

// Where a simpler service is better, the first paragraph says so, and where it is
// not, it says nothing. Runs[0] is the hardened one, Runs[1] the naive one.
func TestFirstParagraphSaysWhereASimplerServiceIsBetter(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(*record.Result)
		say, not []string
	}{
		"it costs less": {nil,
			[]string{"The hardened service kept all 6 invariants and met both objectives. The naive service was better here: it needed 21.4 Redis commands a message (hardened: 167); it left 612 bytes a message in Redis (hardened: 1,904 bytes). " + once},
			[]string{"latency", "backlog", "steady state", "saturation"}}, // 0.39 s against 0.42 s is no tenth, the rest is worse
		"it is better in nothing": {func(r *record.Result) { r.Runs[1].Price = r.Runs[0].Price },
			nil, []string{"naive", "better", "sample"}},
		"nothing was measured": {func(r *record.Result) { r.Runs[1].Price = record.Price{} },
			nil, []string{"naive", "better"}},
		"it answers sooner and carries more": {func(r *record.Result) {
			r.Runs[1].Price = r.Runs[0].Price
			r.Runs[1].Price.LatencyP95S = new(0.3)
			r.Runs[0].Price.SaturationPerS, r.Runs[1].Price.SaturationPerS = new(150.0), new(400.0)
		},
			[]string{"its p95 latency before the fault was 0.3 s (hardened: 0.42 s); it carried 400 papers a second at saturation (hardened: 150)."}, []string{"commands"}},
		"it is better in one thing": {func(r *record.Result) {
			r.Runs[1].Price = r.Runs[0].Price
			r.Runs[1].Price.LatencyP95S = new(0.3)
		},
			[]string{"The naive service was better here: its p95 latency before the fault was 0.3 s (hardened: 0.42 s). " + once}, []string{"commands"}},
		"the hardened one carries more": {func(r *record.Result) {
			r.Runs[0].Price.SaturationPerS, r.Runs[1].Price.SaturationPerS = new(400.0), new(150.0)
		},
			nil, []string{"saturation"}},
		"its backlog never left its bound, and it was back": {func(r *record.Result) {
			r.Runs[1].LagRecoveryS, r.Runs[1].TimeToRecoverS = new(0.0), new(5.0)
		},
			[]string{"its backlog never left its bound (hardened: 6.0 s); its steady state held again after 5.0 s (hardened: 9.3 s)."}, nil},
		"the hardened one did not come back": {func(r *record.Result) { r.Runs[0].LagRecoveryS = nil },
			[]string{"its backlog was back within its bound after 19.8 s (hardened: not in this run)"}, []string{"its steady state"}},
		"its times are not known": {func(r *record.Result) { r.Runs[1].LagRecoveryS, r.Runs[1].Steady = new(0.0), record.Steady{} },
			nil, []string{"backlog"}},
		"it lost less": {func(r *record.Result) {
			r.Verdict, r.Runs[0].Counts.Lost, r.Runs[0].Invariants[0].Answer = record.Violation, 9, record.Invalid
		},
			[]string{"broke the invariant no-loss", "messages lost: 7 (hardened: 9)"}, nil},
		"nobody looked what it lost": {func(r *record.Result) {
			r.Verdict, r.Runs[0].Counts.Lost, r.Runs[0].Invariants[0].Answer = record.Violation, 9, record.Invalid
			r.Runs[1].Counts.Lost, r.Runs[1].Invariants = 0, nil
		},
			nil, []string{"messages lost"}},
		"it kept everything too": {func(r *record.Result) {
			r.Runs[1].Invariants, r.Runs[1].Price = verdicts(), record.Price{}
		},
			[]string{"The naive service kept all 6 invariants too. " + once}, []string{"better"}},
		"it kept everything that was judged, which is less": {func(r *record.Result) {
			r.Runs[1].Invariants, r.Runs[1].Price = verdicts()[:3], record.Price{}
		},
			nil, []string{"naive"}},
		"no conclusion": {func(r *record.Result) { r.Verdict = record.Inconclusive },
			nil, []string{"better", "naive"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := first(c.change)
			for _, want := range c.say {
				if !strings.Contains(got, want) {
					t.Errorf("does not say %q:\n%s", want, got)
				}
			}
			for _, unwanted := range append(c.not, "cannot be told") {
				if strings.Contains(got, unwanted) {
					t.Errorf("says %q:\n%s", unwanted, got)
				}
			}
		})
	}
}

// Each simpler service is held against the hardened one; where that did not run,
// against the most careful one that did.
func TestFirstParagraphOfThree(t *testing.T) {
	got := firstOf(three(), nil)
	for _, want := range []string{
		"The naive service was better here: it needed 21.4 Redis commands a message (hardened: 167);",
		"The careful service kept all 6 invariants too, and was better here: its p95 latency before the fault was 0.31 s (hardened: 0.42 s); it needed 44 Redis commands a message (hardened: 167);",
		"its backlog never left its bound (hardened: 6.0 s). " + once,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("does not say %q:\n%s", want, got)
		}
	}
	got = firstOf(three(), func(r *record.Result) { r.Runs = r.Runs[1:] })
	for _, want := range []string{
		"Only the naive and the careful services were run. What they do wrong is shown, not judged.",
		"The naive service was better here: it needed 21.4 Redis commands a message (careful: 44);",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("without the hardened one, does not say %q:\n%s", want, got)
		}
	}
}

func TestBetter(t *testing.T) {
	less, more := measure{grain: 0.5}, measure{grain: 0.5, more: true}
	for _, c := range []struct {
		one, other float64
		less, more bool
	}{
		{1, 2, true, false}, {2, 1, false, true}, {1, 1, false, false},
		{10, 11, false, false}, {10, 11.2, true, false}, // a tenth of the larger
		{1, 1.4, false, false}, {1.4, 1, false, false}, // a reading cannot show it
		{0, 0.6, true, false},
		{3, math.Inf(1), true, false}, {math.Inf(1), 3, false, true}, {math.Inf(1), math.Inf(1), false, false},
		{math.NaN(), 3, false, false}, {3, math.NaN(), false, false},
	} {
		if got := less.better(c.one, c.other); got != c.less {
			t.Errorf("less is better: %g against %g is %v", c.one, c.other, got)
		}
		if got := more.better(c.one, c.other); got != c.more && !math.IsInf(c.one, 0) {
			t.Errorf("more is better: %g against %g is %v", c.one, c.other, got)
		}
	}
}

func TestCostsAreSetBesideGains(t *testing.T) {
	table := costsTable(three().InOrder())
	if want := []string{"gain, then price", naive, careful, hardened}; !slices.Equal(table.Head, want) {
		t.Fatalf("columns %q, want %q", table.Head, want)
	}
	got := map[string][]string{}
	for _, line := range table.Rows {
		for _, c := range line.Cells {
			got[line.Label] = append(got[line.Label], c.Text)
		}
	}
	for label, want := range map[string][]string{
		"messages lost":                 {"7", "0", "0"},
		"latency before the fault, p95": {"0.39 s", "0.31 s (0.79×)", "0.42 s (1.08×)"},
		"papers a second at saturation": {notMeasured, "240", notMeasured},
		"Redis commands a message":      {"21.4", "44 (2.06×)", "167 (7.81×)"},
		"Redis memory a message":        {"612 bytes", "930 bytes (1.52×)", "1,904 bytes (3.11×)"},
	} {
		if !slices.Equal(got[label], want) {
			t.Errorf("%s: %q, want %q", label, got[label], want)
		}
	}
}

var heading = regexp.MustCompile(`(?m)^## (naive|careful|hardened).*$`)

// TestReportsOfAnyProfiles: whichever ran, and in whatever order, all have their
// part, the simplest first, and only the hardened one is judged. They can be
// looked at: go test ./reports -run AnyProfiles -keep FOLDER
func TestReportsOfAnyProfiles(t *testing.T) {
	_, events := crash(1)
	for _, e := range events[hardened] {
		events[careful] = append(events[careful], e.At(e.T, careful))
	}
	for name, c := range map[string]struct {
		runs []int // of three: hardened, naive, careful
		want []string
	}{
		"careful alone": {[]int{2}, []string{"## careful (shown, not judged)"}},
		"two":           {[]int{0, 2}, []string{"## careful (shown, not judged)", "## hardened"}},
		"three":         {[]int{0, 1, 2}, []string{"## naive (shown, not judged)", "## careful (shown, not judged)", "## hardened"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := three()
			all := r.Runs
			r.Runs = nil
			for _, i := range c.runs {
				r.Runs = append(r.Runs, all[i])
			}
			dir := t.TempDir()
			if *keep != "" {
				dir = filepath.Join(*keep, name)
			}
			if err := Write(dir, r, events, nil); err != nil {
				t.Fatal(err)
			}
			if got := heading.FindAllString(read(t, dir, "report.md"), -1); !slices.Equal(got, c.want) {
				t.Errorf("parts %q, want %q", got, c.want)
			}
			svg := read(t, dir, "charts/backlog.svg")
			last := 0
			for _, profile := range record.Profiles() {
				at := strings.Index(svg, ">"+profile+"<")
				if slices.ContainsFunc(r.Runs, func(run record.Run) bool { return run.Profile == profile }) != (at >= 0) || at >= 0 && at < last {
					t.Errorf("the backlog's panel of %s stands at %d, the one before at %d", profile, at, last)
				}
				last = max(last, at)
			}
			back, err := record.LoadResult(dir)
			if err != nil || back.Runs[0].Profile != r.Runs[0].Profile {
				t.Errorf("the record does not keep the order in which they ran: %v, %v", back.Runs[0].Profile, err)
			}
			kept, err := history.ReadFile(filepath.Join(dir, historyFile))
			if err != nil || kept[0].Profile != r.Runs[0].Profile {
				t.Errorf("nor does the history: %v", err)
			}
		})
	}
}
