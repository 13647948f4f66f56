package set

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"paperlab/reports/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lab is a runner that runs nothing: it writes the record that a run would have
// left, and notes which seeds it was asked for.
type lab struct {
	t   *testing.T
	out string
	id  string
	// verdicts of seeds, where they are not pass; hook is called before a record is
	// written, and keeps it from being if it returns an error.
	verdicts map[int64]record.Verdict
	hook     func(seed int64) error
	ran      []int64
	said     []string
	clock    time.Time
}

func newLab(t *testing.T) *lab {
	return &lab{t: t, out: t.TempDir(), id: "abc", verdicts: map[int64]record.Verdict{}, clock: time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)}
}

func (l *lab) run(_ context.Context, seed int64) (record.Result, string, error) {
	l.ran = append(l.ran, seed)
	l.clock = l.clock.Add(time.Minute)
	r := record.Result{Schema: record.Schema, Scenario: "x", Set: l.id, Seed: seed, Verdict: record.Pass, StartedAt: l.clock, WallS: 60}
	if v, other := l.verdicts[seed]; other {
		r.Verdict, r.Reasons = v, []string{"for the test"}
	}
	folder := record.Folder(l.out, r.Scenario, r.StartedAt, seed)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		l.t.Fatal(err)
	}
	if l.hook != nil {
		if err := l.hook(seed); err != nil {
			return r, folder, err
		}
	}
	l.put(folder, r)
	return r, folder, record.MarkLatest(folder)
}

func (l *lab) put(folder string, r record.Result) {
	l.t.Helper()
	content, err := json.Marshal(r)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "result.json"), content, 0o644)
	}
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) options(seeds string) Options {
	l.t.Helper()
	s, err := record.ParseSeeds(seeds)
	if err != nil {
		l.t.Fatal(err)
	}
	return Options{
		Of: record.Set{ID: l.id, Scenario: "x", Profiles: []string{"hardened"}}, Seeds: s, Out: l.out, Run: l.run,
		Say: func(format string, args ...any) { l.said = append(l.said, fmt.Sprintf(format, args...)) },
	}
}

// set runs a set and checks which seeds were run, and that what is returned
// stands in its folder.
func (l *lab) set(o Options, want ...int64) record.Set {
	l.t.Helper()
	l.ran = nil
	s, folder, err := Run(l.t.Context(), o)
	if err != nil {
		l.t.Fatal(err)
	}
	l.check(s, folder, want...)
	return s
}

func (l *lab) check(s record.Set, folder string, want ...int64) {
	l.t.Helper()
	if !slices.Equal(l.ran, want) {
		l.t.Errorf("seeds %v were run, want %v", l.ran, want)
	}
	written, err := record.LoadSet(folder)
	if err != nil || written.Tally != s.Tally || written.All().String() != s.All().String() {
		l.t.Errorf("%v: written is %+v of %s, returned %+v of %s", err, written.Tally, written.All(), s.Tally, s.All())
	}
	for _, name := range []string{"report.html", "report.md", "../../index.html"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			l.t.Error(err)
		}
	}
}

func TestSet(t *testing.T) {
	l := newLab(t)
	l.verdicts[2] = record.Violation
	s := l.set(l.options("1..4"), 1, 2, 3, 4)
	if s.Verdict != record.Violation || s.Tally != (record.Tally{Pass: 3, Violation: 1}) || s.Seeds[1].Reasons[0] != "for the test" {
		t.Errorf("%s, %+v", s.Verdict, s)
	}
	said := strings.Join(l.said, "\n")
	for _, want := range []string{"4 of 4 seeds are still to be run", "seed 1, 1 of 4: 0 passed so far\n", "seed 2: violation: for the test", "seed 3, 3 of 4: 1 passed so far, 1 in violation, about 2 min left"} {
		if !strings.Contains(said, want) {
			t.Errorf("it was not said that %q:\n%s", want, said)
		}
	}
	if latest, err := os.Readlink(filepath.Join(l.out, "x", "latest")); err != nil || !strings.HasSuffix(latest, "-4") {
		t.Errorf("the latest is %s, %v: it must be the last run", latest, err)
	}
}

// A finished set runs nothing; seeds are added; fewer are not taken away.
func TestGrowing(t *testing.T) {
	l := newLab(t)
	l.set(l.options("1..3"), 1, 2, 3)
	if s := l.set(l.options("1..3")); s.Tally.Pass != 3 {
		t.Errorf("%+v", s.Tally)
	}
	l.set(l.options("1..5"), 4, 5)
	l.set(l.options("9,2,7"), 9, 7)
	if s := l.set(l.options("2")); s.All().String() != "1..5,7,9" {
		t.Errorf("the set has the seeds %s: what was run is left out", s.All())
	}
}

// What shows nothing is run again, what is inconclusive only if told so, and a
// violation never.
func TestWhatIsRunAgain(t *testing.T) {
	l := newLab(t)
	l.verdicts = map[int64]record.Verdict{2: record.Violation, 3: record.Inconclusive, 4: record.Infrastructure, 5: record.Aborted}
	l.set(l.options("1..5"), 1, 2, 3, 4, 5)
	l.verdicts = map[int64]record.Verdict{5: record.Infrastructure}
	s := l.set(l.options("1..5"), 4, 5)
	if s.Tally != (record.Tally{Pass: 2, Violation: 1, Inconclusive: 1, Infrastructure: 1}) {
		t.Errorf("%+v", s.Tally)
	}
	o := l.options("1..5")
	o.Again = true
	l.verdicts = nil
	s = l.set(o, 3, 5)
	if s.Tally != (record.Tally{Pass: 4, Violation: 1}) {
		t.Errorf("%+v", s.Tally)
	}
	var earlier []string
	for _, seed := range s.Seeds {
		for _, a := range seed.Earlier {
			earlier = append(earlier, fmt.Sprintf("%d %s", seed.Seed, a.Verdict))
		}
	}
	if want := []string{"3 inconclusive", "4 infrastructure", "5 aborted", "5 infrastructure"}; !slices.Equal(earlier, want) {
		t.Errorf("earlier runs are %q, want %q", earlier, want)
	}
}

// Other code, or whatever else the ID stands for, makes a set of its own.
func TestOtherCode(t *testing.T) {
	l := newLab(t)
	l.set(l.options("1..2"), 1, 2)
	l.id = "def"
	if s := l.set(l.options("2..3"), 2, 3); s.All().String() != "2,3" {
		t.Errorf("the new set has the seeds %s", s.All())
	}
	l.id = "abc"
	l.set(l.options("1..2"))
}

// killed is what a kill of the lab is to the caller: nothing returns.
var errKilled = errors.New("killed")

// Killed in the middle of a run: its folder is there, without a record. A set
// that went on would have returned; what counts is what lies on disk.
func TestKilledInARun(t *testing.T) {
	l := newLab(t)
	l.hook = func(seed int64) error {
		if seed == 3 {
			return errKilled
		}
		return nil
	}
	l.ran = nil
	s, folder, err := Run(t.Context(), l.options("1..4"))
	if !errors.Is(err, errKilled) || !strings.Contains(err.Error(), "seed 3: killed") {
		t.Errorf("the error is %v", err)
	}
	l.check(s, folder, 1, 2, 3)
	if s.Verdict != record.Aborted || s.Tally != (record.Tally{Pass: 2, NotRun: 2}) {
		t.Errorf("%s, %+v", s.Verdict, s.Tally)
	}
	l.hook = nil
	if s := l.set(l.options("1..4"), 3, 4); s.Verdict != record.Pass || s.Seeds[2].Earlier != nil {
		t.Errorf("%s, %+v", s.Verdict, s.Seeds)
	}
}

// Killed between a run's record and the set's: the set's own file is behind, or
// torn, or gone, and no run is lost.
func TestKilledBetweenRecords(t *testing.T) {
	for name, spoil := range map[string]func(file string) error{
		"behind": func(file string) error {
			return os.WriteFile(file, []byte(`{"schema":"paperlab/set/v1","verdict":"pass"}`), 0o644)
		},
		"torn": func(file string) error { return os.WriteFile(file, []byte(`{"schema":`), 0o644) },
		"gone": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.set(l.options("1..3"), 1, 2, 3)
			if err := spoil(filepath.Join(record.SetFolder(l.out, "x", l.id), record.SetFile)); err != nil {
				t.Fatal(err)
			}
			if s := l.set(l.options("1..4"), 4); s.Tally.Pass != 4 {
				t.Errorf("%+v", s.Tally)
			}
		})
	}
}

// A record that is torn, foreign or of no set is no run of this one.
func TestForeignRecords(t *testing.T) {
	l := newLab(t)
	l.set(l.options("1..3"), 1, 2, 3)
	folders, err := filepath.Glob(filepath.Join(l.out, "x", "*-?"))
	if err != nil || len(folders) != 3 {
		t.Fatal(folders, err)
	}
	if err := os.WriteFile(filepath.Join(folders[0], "result.json"), []byte(`{"schema":"paperlab/res`), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := record.LoadResult(folders[1])
	if err != nil {
		t.Fatal(err)
	}
	r.Set = ""
	l.put(folders[1], r)
	if err := os.RemoveAll(folders[2]); err != nil {
		t.Fatal(err)
	}
	l.set(l.options("1..3"), 1, 2, 3)
}

// Ctrl-C: the run under way ends as aborted, nothing more is begun.
func TestStopped(t *testing.T) {
	l := newLab(t)
	ctx, stop := context.WithCancel(t.Context())
	l.verdicts[2] = record.Aborted
	l.hook = func(seed int64) error {
		if seed == 2 {
			stop()
		}
		return nil
	}
	s, folder, err := Run(ctx, l.options("1..4"))
	if err != nil {
		t.Fatal(err)
	}
	l.check(s, folder, 1, 2)
	if s.Verdict != record.Aborted || s.Tally != (record.Tally{Pass: 1, Aborted: 1, NotRun: 2}) {
		t.Errorf("%s, %+v", s.Verdict, s.Tally)
	}
	l.verdicts, l.hook = nil, nil
	if s := l.set(l.options("1..4"), 2, 3, 4); s.Verdict != record.Pass {
		t.Errorf("%s", s.Verdict)
	}
}

func TestLabThatFails(t *testing.T) {
	l := newLab(t)
	for _, seed := range []int64{1, 2, 4, 5, 6} {
		l.verdicts[seed] = record.Infrastructure
	}
	s, folder, err := Run(t.Context(), l.options("1..9"))
	if !errors.Is(err, ErrStopped) {
		t.Errorf("the error is %v", err)
	}
	l.check(s, folder, 1, 2, 3, 4, 5, 6)
	if s.Verdict != record.Infrastructure {
		t.Errorf("verdict %s", s.Verdict)
	}
}

// Where the first run is refused, as for bad input, nothing is left, and the error
// keeps its exit status.
func TestRefused(t *testing.T) {
	l := newLab(t)
	refused := errors.New("no such corpus")
	o := l.options("1..3")
	o.Run = func(context.Context, int64) (record.Result, string, error) { return record.Result{}, "", refused }
	_, folder, err := Run(t.Context(), o)
	if !errors.Is(err, refused) {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a report of nothing is there: %v", err)
	}
}
