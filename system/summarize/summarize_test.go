package summarize_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"paperlab/system/llm"
	"paperlab/system/match"
	"paperlab/system/paper"
	"paperlab/system/store"
	"paperlab/system/stream"
	"paperlab/system/summarize"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type writer struct {
	calls int
	err   error
}

func (w *writer) Summarize(_ context.Context, p paper.Paper) (paper.Summary, error) {
	w.calls++
	return paper.Summary{PaperID: p.ID, Version: p.Version, Prompt: llm.Prompt, Text: fmt.Sprint("text ", w.calls)}, w.err
}

type shelf struct {
	sums         map[string]paper.Summary
	readE, saveE error
}

func (s *shelf) Summary(_ context.Context, id string, version int, prompt string) (paper.Summary, bool, error) {
	sum, found := s.sums[paper.VersionID(id, version)+prompt]
	return sum, found, s.readE
}

func (s *shelf) SaveSummary(_ context.Context, p paper.Paper, sum paper.Summary) error {
	if s.saveE == nil {
		s.sums[p.VersionID()+sum.Prompt] = sum
	}
	return s.saveE
}

type bench struct {
	*summarize.Summarizer
	shelf   *shelf
	writer  *writer
	waiting *summarize.Waiting
}

type wishes []store.Wish

func (w wishes) Wishes(context.Context) ([]store.Wish, error) { return w, nil }

func setUp(t *testing.T) bench {
	t.Helper()
	wish := func(id, subscriber, term string) store.Wish {
		return store.Wish{
			Subscription: paper.Subscription{ID: id, Subscriber: subscriber, Kind: paper.Category, Term: term},
			Webhook:      "http://127.0.0.1:1/" + subscriber,
		}
	}
	quiet := slog.New(slog.DiscardHandler)
	live := match.NewLive(wishes{wish("s1", "u1", "cs"), wish("s2", "u2", "math"), wish("s3", "u2", "cs.DC")}, 1<<40, quiet)
	if err := live.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(live.Stop)
	b := bench{shelf: &shelf{sums: map[string]paper.Summary{}}, writer: &writer{}, waiting: summarize.NewWaiting(prometheus.NewRegistry())}
	b.Summarizer = summarize.New(b.shelf, b.writer, live, b.waiting, quiet)
	return b
}

func entry(t *testing.T, v any) stream.Entry {
	t.Helper()
	payload, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return stream.Entry{ID: "1-1", Message: stream.Message{Payload: payload}}
}

var example = paper.Paper{ID: "2101.00001", Version: 3, Title: "T", Categories: []string{"cs.DC"}}

func TestOneNotificationForEachMatch(t *testing.T) {
	b := setUp(t)
	out, err := b.Handle(t.Context(), entry(t, example))
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != 2 {
		t.Fatalf("got %d notifications, want 2", len(out))
	}
	var n paper.Notification
	if err := json.Unmarshal(out[1].Payload, &n); err != nil {
		t.Fatal(err)
	}
	want := paper.Notification{
		ID: "2101.00001v3/s3", Subscriber: "u2", Subscription: "s3", Paper: "2101.00001", Version: 3, Title: "T",
		URL: "https://arxiv.org/abs/2101.00001v3", Summary: "text 1", Webhook: "http://127.0.0.1:1/u2",
	}
	if n != want || out[1].ID != want.ID || out[1].Key != "u2" || out[1].Stream != summarize.Notifications {
		t.Errorf("got %+v in %+v", n, out[1].Message)
	}
}

func TestStoredSummaryIsNotAskedForAgain(t *testing.T) {
	b := setUp(t)
	first, err := b.Handle(t.Context(), entry(t, example))
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.Handle(t.Context(), entry(t, example))
	if err != nil {
		t.Fatal(err)
	}
	if b.writer.calls != 1 {
		t.Errorf("the LLM was asked %d times", b.writer.calls)
	}
	if fmt.Sprint(first) != fmt.Sprint(second) {
		t.Errorf("the repetition has other results: %s and %s", first, second)
	}
}

// How the stream treats an error depends on how it is wrapped.
func TestErrorsAreOfTheRightKind(t *testing.T) {
	away := errors.New("away")
	cases := map[string]struct {
		prepare func(b bench)
		entry   any
		want    error
	}{
		"not an object":        {entry: "text", want: stream.Reject(away)},
		"no paper":             {entry: paper.Paper{Title: "no id"}, want: stream.Reject(away)},
		"no LLM":               {prepare: func(b bench) { b.writer.err = llm.ErrUnavailable }, entry: example, want: stream.Unavailable(away)},
		"no store for reading": {prepare: func(b bench) { b.shelf.readE = away }, entry: example, want: stream.Unavailable(away)},
		"no store for writing": {prepare: func(b bench) { b.shelf.saveE = away }, entry: example, want: stream.Unavailable(away)},
		"refused by the LLM":   {prepare: func(b bench) { b.writer.err = away }, entry: example, want: away},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			b := setUp(t)
			if c.prepare != nil {
				c.prepare(b)
			}
			out, err := b.Handle(t.Context(), entry(t, c.entry))
			if err == nil || out != nil {
				t.Fatalf("got %v, %v", out, err)
			}
			if got, want := fmt.Sprintf("%T", err), fmt.Sprintf("%T", c.want); got != want {
				t.Errorf("the error is a %s, want a %s", got, want)
			}
		})
	}
}

func TestWaitingCountsPapersNotAttempts(t *testing.T) {
	b := setUp(t)
	b.writer.err = llm.ErrUnavailable
	other := example
	other.ID = "2101.00002"
	for _, p := range []paper.Paper{example, example, other} {
		_, _ = b.Handle(t.Context(), entry(t, p))
	}
	if got := b.waiting.Count(); got != 2 {
		t.Errorf("%d papers wait, want 2", got)
	}
	b.writer.err = nil
	if _, err := b.Handle(t.Context(), entry(t, other)); err != nil {
		t.Fatal(err)
	}
	if got := b.waiting.Count(); got != 1 {
		t.Errorf("%d papers wait, want 1", got)
	}
}
