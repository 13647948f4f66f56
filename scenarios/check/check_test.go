package check

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"go.uber.org/goleak"

	"paperlab/reports/history"
	"paperlab/reports/record"
	"paperlab/system/paper"
)

var update = flag.Bool("update", false, "rewrite the findings in testdata/*.txtar")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorded is one file of testdata: prose that ends in "anomaly: ID" or
// "anomaly: none", a history, and the findings that belong to it.
type recorded struct {
	name, anomaly, findings string
	events                  []history.Event
	archive                 *txtar.Archive
}

func load(t testing.TB, path string) recorded {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := recorded{name: strings.TrimSuffix(filepath.Base(path), ".txtar"), archive: archive}
	_, anomaly, found := strings.Cut(strings.TrimSpace(string(archive.Comment)), "\nanomaly: ")
	if !found || len(archive.Files) != 2 {
		t.Fatalf("%s: want prose that ends in \"anomaly: ID\", history.jsonl and findings.txt", path)
	}
	r.anomaly, r.findings = anomaly, string(archive.Files[1].Data)
	for e, err := range history.ReadLines(bytes.NewReader(archive.Files[0].Data)) {
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		r.events = append(r.events, e)
	}
	return r
}

func loadAll(t testing.TB) []recorded {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no histories in testdata: %v", err)
	}
	var all []recorded
	for _, path := range paths {
		all = append(all, load(t, path))
	}
	return all
}

func judged(events []history.Event, ids []string) Findings {
	return Judge(history.AccountOf(events), ids)
}

func render(f Findings) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%+v\n", f.Counts)
	for _, v := range f.Invariants {
		fmt.Fprintf(&b, "%s: %s: %s\n", v.ID, v.Answer, v.Detail)
		for _, e := range v.Examples {
			fmt.Fprintf(&b, "    %s\n", e)
		}
	}
	for _, a := range f.Anomalies {
		fmt.Fprintf(&b, "%s at %g s: %s\n", a.Invariant, a.AtS, a.When)
	}
	return b.String()
}

func with(f Findings, o record.Answer) []string {
	var ids []string
	for _, v := range f.Invariants {
		if v.Answer == o {
			ids = append(ids, v.ID)
		}
	}
	return ids
}

// TestRecordedHistories is the matrix: every illegal history turns exactly the
// invariant red that its header names, every legal one none.
func TestRecordedHistories(t *testing.T) {
	shown := map[string]bool{}
	for _, r := range loadAll(t) {
		t.Run(r.name, func(t *testing.T) {
			got := judged(r.events, nil)
			var want []string
			if r.anomaly != "none" {
				want = []string{r.anomaly}
				shown[r.anomaly] = true
			}
			if red := with(got, record.Invalid); !slices.Equal(red, want) {
				t.Errorf("invalid: %v; want %v\n%s", red, want, render(got))
			}
			if unknown := with(got, record.Unknown); strings.HasPrefix(r.name, "unknown-") != (len(unknown) > 0) {
				t.Errorf("unknown: %v", unknown)
			}
			if *update {
				r.archive.Files[1].Data = []byte(render(got))
				if err := os.WriteFile("testdata/"+r.name+".txtar", txtar.Format(r.archive), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if render(got) != r.findings {
				t.Errorf("findings are not those recorded; if they should be, rewrite them with -update\ngot:\n%swant:\n%s", render(got), r.findings)
			}
		})
	}
	for _, id := range IDs() {
		if !shown[id] {
			t.Errorf("no recorded history shows %s red", id)
		}
	}
}

// TestAWitnessAwayIsNeverValid takes one witness after the other out of a legal
// history.
func TestAWitnessAwayIsNeverValid(t *testing.T) {
	legal := load(t, "testdata/legal-plain.txtar").events
	for away, c := range map[string]struct {
		drop  func(history.Event) bool
		valid []string
	}{
		"arxiv":         {func(e history.Event) bool { return e.Op == history.Serve }, []string{"no-duplicate-effect", "produce-once"}},
		"subscriptions": {func(e history.Event) bool { return e.Op == history.Subscribe }, []string{"no-duplicate-effect", "key-order", "produce-once"}},
		"sink":          {func(e history.Event) bool { return e.Op == history.Tell }, []string{"produce-once"}},
		"store":         {func(e history.Event) bool { return e.Op == history.Row }, []string{"all-or-none", "no-unexpected-effect", "no-duplicate-effect", "key-order", "produce-once"}},
		"notifications": {func(e history.Event) bool { return e.Stream == "notifications" }, []string{"all-or-none", "no-unexpected-effect", "no-duplicate-effect"}},
		"papers":        {func(e history.Event) bool { return e.Stream == "papers" }, []string{"no-loss", "all-or-none", "no-unexpected-effect", "no-duplicate-effect", "key-order"}},
		"all":           {func(e history.Event) bool { return true }, nil},
	} {
		t.Run(away, func(t *testing.T) {
			got := judged(slices.DeleteFunc(slices.Clone(legal), c.drop), nil)
			if valid := with(got, record.Valid); !slices.Equal(valid, c.valid) {
				t.Errorf("valid: %v; want %v\n%s", valid, c.valid, render(got))
			}
			// An empty sink cannot be told from a service that lost everything:
			// that much is loss.
			if red := with(got, record.Invalid); len(red) > 0 && away != "sink" {
				t.Errorf("invalid: %v\n%s", red, render(got))
			}
		})
	}
}

func TestContentsNotRecordedIsUnknown(t *testing.T) {
	events := slices.Clone(load(t, "testdata/legal-plain.txtar").events)
	for i := range events {
		events[i].Paper = nil
	}
	got := judged(events, nil)
	if unknown := with(got, record.Unknown); !slices.Equal(unknown, []string{"no-loss", "all-or-none", "no-unexpected-effect"}) {
		t.Fatalf("unknown: %v\n%s", unknown, render(got))
	}
}

func TestCallersMistakesAreUnknown(t *testing.T) {
	legal := load(t, "testdata/legal-plain.txtar").events
	naive := load(t, "testdata/legal-naive.txtar").events
	if got := judged(slices.Concat(legal, naive), nil); len(with(got, record.Unknown)) != len(IDs()) {
		t.Errorf("two profiles in one:\n%s", render(got))
	}
	got := judged(legal, []string{"no-los"})
	if got.Invariants[0].Answer != record.Unknown || !strings.Contains(got.Invariants[0].Detail, "no-loss") {
		t.Errorf("a name that does not exist:\n%s", render(got))
	}
	if got := judged(legal, []string{"key-order", "no-loss"}); got.Invariants[0].ID != "key-order" || len(with(got, record.Valid)) != 2 {
		t.Errorf("asked for two:\n%s", render(got))
	}
}

func TestExamplesAreBoundedAndAllAreCounted(t *testing.T) {
	legal := load(t, "testdata/legal-plain.txtar").events
	events := slices.Clone(legal)
	for i := range 8 {
		n := paper.Notification{ID: fmt.Sprintf("9999.%05dv1/s1", i), Paper: fmt.Sprintf("9999.%05d", i), Version: 1, Subscription: "s1", Subscriber: "alice"}
		events = append(events, history.Told(history.Webhook{Subscriber: "alice", Notification: n}).At(10, "hardened"))
	}
	got := judged(events, []string{"no-unexpected-effect"})
	if n := len(got.Invariants[0].Examples); n != 5 || got.Counts.Unexpected != 8 {
		t.Fatalf("%d examples, %d counted; want 5 and 8", n, got.Counts.Unexpected)
	}
}
