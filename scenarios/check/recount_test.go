package check

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"paperlab/reports/history"
	"paperlab/reports/record"
	"paperlab/system/paper"
)

// detected adds a fault and the alert for it, and says that the run is complete.
func detected(events []history.Event) []history.Event {
	end := 0.0
	if len(events) > 0 {
		end = events[len(events)-1].T
	}
	return append(slices.Clone(events),
		history.FaultInjected(history.FaultFacts{ID: "kill-1", Kind: "kill"}, "well").At(end, ""),
		history.FaultProven("kill-1", "dead", 0.25).At(end+0.5, ""),
		history.Alerted(history.AlertNews{Name: "ConsumerDown", State: history.Firing, At: end + 2}).At(end+2.5, ""),
		history.Began(history.PhaseDone).At(end+3, ""))
}

// spoilt takes events out, doubles some and lets neighbours change places.
func spoilt(events []history.Event, random *rand.Rand) []history.Event {
	var out []history.Event
	for i, e := range events {
		switch random.IntN(20) {
		case 0:
			continue
		case 1:
			out = append(out, e, e)
		case 2:
			if i > 0 && len(out) > 0 {
				last := out[len(out)-1]
				e.T, last.T = last.T, e.T
				out = append(out[:len(out)-1], e, last)
				continue
			}
			fallthrough
		default:
			out = append(out, e)
		}
	}
	return out
}

// odd has what only an oracle that reads Unicode as ours does gets right.
func odd() []history.Event {
	p := paper.Paper{ID: "x", Version: 1, Title: "Der Große STRASSE λόγος ΛΌΓΟΣ K2 ſonne", Authors: []string{"Ægir Ødegård-Þór"}, Categories: []string{"cs.DC", "hep-th"}}
	events := []history.Event{history.Served(&p, false)}
	for i, w := range []paper.Subscription{
		{Kind: paper.Keyword, Term: "grosse"}, {Kind: paper.Keyword, Term: "GROẞE"}, {Kind: paper.Keyword, Term: "ΛΌΓΟς"}, {Kind: paper.Keyword, Term: "k2"},
		{Kind: paper.Keyword, Term: "Sonne"}, {Kind: paper.Keyword, Term: "--"}, {Kind: paper.Author, Term: "ødegård ÞÓR"}, {Kind: paper.Category, Term: "cs"},
		{Kind: paper.Category, Term: "hep"}, {Kind: paper.Category, Term: ""}, {Kind: paper.Keyword, Term: "ſtrasse der"}, {Kind: "place", Term: "cs"},
	} {
		w.ID, w.Subscriber = fmt.Sprint("s", i), "u"
		events = append(events, history.Subscribed(w), history.Told(history.Webhook{Subscriber: "u", Notification: notification("xv1", w.ID, "u")}))
	}
	return events
}

// written makes a run's folder of histories, each as a profile of its own.
func written(t *testing.T, histories [][]history.Event) (dir string, events []history.Event) {
	t.Helper()
	dir = t.TempDir()
	r := record.Result{Schema: record.Schema, Verdict: record.Pass}
	for i, h := range histories {
		for j := range h {
			h[j].Profile = fmt.Sprint("h", i)
		}
		a := history.AccountOf(h)
		run := record.Run{Profile: fmt.Sprint("h", i), Counts: Judge(a, nil).Counts}
		if alert, after := a.DetectedBy(""); alert != nil {
			run.TimeToDetectS = &after
		}
		r.Runs, events = append(r.Runs, run), append(events, h...)
	}
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "result.json"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	writeHistory(t, dir, events)
	return dir, events
}

func writeHistory(t *testing.T, dir string, events []history.Event) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "history.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	w := history.NewWriter(f)
	for _, e := range events {
		if err := w.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// recounted is what the script says of a folder.
func recounted(t *testing.T, dir string) (text string, code int) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("not tested: there is no python3")
	}
	cmd := exec.Command(python, "../../reports/recount.py", dir)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// TestRecount: a script in another language counts what the checkers count, on
// every recorded history, legal or not, and on spoilt ones.
func TestRecount(t *testing.T) {
	t.Parallel()
	histories := [][]history.Event{detected(crowd(60, 5)), detected(odd())}
	for _, r := range loadAll(t) {
		histories = append(histories, detected(r.events))
		for seed := range uint64(5) {
			histories = append(histories, detected(spoilt(r.events, rand.New(rand.NewPCG(seed, 3)))))
		}
	}
	for seed := range uint64(20) {
		histories = append(histories, detected(spoilt(crowd(60, 5), rand.New(rand.NewPCG(seed, 4)))))
	}
	histories = append(histories, alarms()...)
	dir, _ := written(t, histories)
	text, code := recounted(t, dir)
	if code != 0 || !strings.HasSuffix(text, "the record says what the history says\n") || strings.Count(text, "agrees") != 14*len(histories) {
		var wrong []string
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "agrees") {
				wrong = append(wrong, line)
			}
		}
		t.Errorf("exit status %d of %d histories:\n%s", code, len(histories), strings.Join(wrong, ""))
	}
}

// alarms are histories with an alert that is hard to judge: its condition held
// before the fault, was to be seen before it, or it arrived before the proof.
func alarms() (all [][]history.Event) {
	for _, a := range []struct{ at, pending, scraped, proven float64 }{
		{13, 9.9, 9.5, 11}, {13, 10, 9.5, 11}, {13, 10.1, 8.9, 11}, {13, 10.1, 9, 11}, {12, 10.1, 10, 13}, {10, 10, 10, 10},
	} {
		news := history.AlertNews{Name: "ConsumerDown", State: history.Firing, At: a.at, Pending: &a.pending, Scraped: &a.scraped}
		all = append(all, []history.Event{
			history.FaultInjected(history.FaultFacts{ID: "kill-1", Kind: "kill"}, "well").At(10, ""),
			history.Alerted(news).At(a.at, ""),
			history.FaultProven("kill-1", "dead", 0).At(a.proven, ""),
			history.Began(history.PhaseDone).At(20, ""),
		})
	}
	return all
}

// TestRecountOfAnotherRecord: a record and a history that do not tell of the same
// profiles agree in nothing.
func TestRecountOfAnotherRecord(t *testing.T) {
	t.Parallel()
	dir, events := written(t, [][]history.Event{detected(crowd(6, 2)), detected(crowd(6, 2))})
	writeHistory(t, dir, slices.DeleteFunc(slices.Clone(events), func(e history.Event) bool { return e.Profile == "h1" }))
	if text, code := recounted(t, dir); code != 1 || !strings.Contains(text, "DIFFERS  h1        only the record tells of it") {
		t.Errorf("exit status %d:\n%s", code, text)
	}
	writeHistory(t, dir, append(events, history.Drained(true).At(30, "h2")))
	if text, code := recounted(t, dir); code != 1 || !strings.Contains(text, "DIFFERS  h2        only the history tells of it") {
		t.Errorf("exit status %d:\n%s", code, text)
	}
	dir, _ = written(t, nil)
	writeHistory(t, dir, events)
	if text, code := recounted(t, dir); code != 2 || !strings.Contains(text, "the record tells of no run") {
		t.Errorf("exit status %d:\n%s", code, text)
	}
}

// TestRecountOfATamperedHistory: whatever is changed in the history alone, the
// script names the figure that does not agree any more.
func TestRecountOfATamperedHistory(t *testing.T) {
	t.Parallel()
	dir, events := written(t, [][]history.Event{detected(crowd(60, 5))})
	find := func(is func(history.Event) bool) int { return slices.IndexFunc(events, is) }
	tell := find(func(e history.Event) bool { return e.Op == history.Tell })
	other := tell + 1 + slices.IndexFunc(events[tell+1:], func(e history.Event) bool { return e.Op == history.Tell && e.Subscriber == events[tell].Subscriber })
	accept := find(func(e history.Event) bool { return e.Op == history.Accept && e.Stream == "papers" })
	alert := find(func(e history.Event) bool { return e.Op == history.Alert })
	without := func(at int) []history.Event { return slices.Delete(slices.Clone(events), at, at+1) }
	for figure, tampered := range map[string][]history.Event{
		"offered":              without(find(func(e history.Event) bool { return e.Op == history.Serve })),
		"acknowledged":         without(accept),
		"delivered":            without(tell),
		"lost":                 without(tell),
		"unexpected":           edit(events, tell, func(e *history.Event) { e.Subscriber = "u99" }),
		"duplicate_effects":    slices.Insert(slices.Clone(events), tell, events[tell]),
		"duplicate_deliveries": slices.Insert(slices.Clone(events), tell+1, edit(events, tell, func(e *history.Event) { e.Repeat = true })[tell]),
		"recovered": slices.Insert(edit(events, tell, func(e *history.Event) { e.Type = history.Info }), tell+1,
			edit(events, tell, func(e *history.Event) { e.Repeat = true })[tell]),
		"order_violations": edit(edit(events, tell, func(e *history.Event) {
			e.Message, e.Version, e.Subscription = events[other].Message, events[other].Version, events[other].Subscription
		}), other, func(e *history.Event) {
			e.Message, e.Version, e.Subscription = events[tell].Message, events[tell].Version, events[tell].Subscription
		}),
		"time_to_detect_s": without(alert),
	} {
		writeHistory(t, dir, tampered)
		if text, code := recounted(t, dir); code != 1 || !strings.Contains(text, "DIFFERS  h0        "+figure+" ") {
			t.Errorf("%s: exit status %d:\n%s", figure, code, text)
		}
	}
	for _, bad := range []string{filepath.Join(dir, "none"), t.TempDir()} {
		if text, code := recounted(t, bad); code != 2 || !strings.Contains(text, "recount: ") {
			t.Errorf("%s: exit status %d: %s", bad, code, text)
		}
	}
}
