package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"paperlab/system/deliver"
	"paperlab/system/paper"
)

func TestWhatAnAnswerMeans(t *testing.T) {
	cases := []struct {
		status int
		want   string
	}{
		{200, told}, {201, told}, {202, told}, {204, told},
		{408, unavailable}, {429, unavailable}, {500, unavailable}, {502, unavailable}, {503, unavailable}, {0, unavailable},
		{410, rejected},
		{301, plain}, {302, plain}, {304, plain}, {307, plain},
		{400, plain}, {401, plain}, {404, plain}, {413, plain}, {422, plain},
	}
	for _, c := range cases {
		t.Run(fmt.Sprint(c.status), func(t *testing.T) {
			b, r := setUp(t, patience), newReceiver(t)
			r.answer(c.status, "Location", r.URL+"/elsewhere")
			n := notification(r.URL + "/hooks/u1")
			out, err := b.Handle(t.Context(), entry(t, n))
			if got := kind(err); got != c.want || out != nil {
				t.Errorf("got %s (%v), want %s; results %v", got, err, c.want, out)
			}
			if asked := r.asked(); len(asked) != 1 || asked[0] != n.ID {
				t.Errorf("keys of the requests: %q, want one with the notification's id", asked)
			}
			row, recorded := b.ledger.rows[n.ID]
			if recorded != (c.want == told) || (recorded && row != n) {
				t.Errorf("recorded %v: %+v", recorded, row)
			}
			if c.want == told {
				b.counted(t, "ok 1")
				return
			}
			b.counted(t, "error 1")
			if text := err.Error(); !strings.Contains(text, "u1") || !strings.Contains(text, n.ID) {
				t.Errorf("the error names neither subscriber nor notification: %v", err)
			}
		})
	}
}

func TestRequestIsWhatAReceiverCanRead(t *testing.T) {
	b, r := setUp(t, patience), newReceiver(t)
	n := notification(r.URL + "/hooks/u1")
	if _, err := b.Handle(t.Context(), entry(t, n)); err != nil {
		t.Fatal(err)
	}
	n.Webhook = ""
	if r.bodies[0] != n || r.heads[0].Get("Content-Type") != "application/json" {
		t.Errorf("posted %+v as %v", r.bodies[0], r.heads[0])
	}
}

func TestNobodyListensIsUnavailable(t *testing.T) {
	b, r := setUp(t, patience), newReceiver(t)
	r.Close()
	if _, err := b.Handle(t.Context(), entry(t, notification(r.URL))); kind(err) != unavailable {
		t.Errorf("got %s: %v", kind(err), err)
	}
}

func TestAnswerThatDoesNotComeInTimeIsUnavailable(t *testing.T) {
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer slow.Close()
	defer close(release)
	b := setUp(t, 30*time.Millisecond)
	_, err := b.Handle(t.Context(), entry(t, notification(slow.URL)))
	if kind(err) != unavailable || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %s: %v", kind(err), err)
	}
}

// The receiver has it and we do not know: it must be able to tell.
func TestLostAnswerIsTriedAgainUnderTheSameKey(t *testing.T) {
	b, r := setUp(t, patience), newReceiver(t)
	n := notification(r.URL)
	r.answer(0)
	if _, err := b.Handle(t.Context(), entry(t, n)); kind(err) != unavailable {
		t.Fatalf("got %s: %v", kind(err), err)
	}
	r.answer(503)
	if _, err := b.Handle(t.Context(), entry(t, n)); kind(err) != unavailable {
		t.Fatalf("got %s: %v", kind(err), err)
	}
	r.answer(200)
	if _, err := b.Handle(t.Context(), entry(t, n)); err != nil {
		t.Fatal(err)
	}
	keys := r.asked()
	if len(keys) < 3 {
		t.Errorf("%d requests, want 3 at least", len(keys))
	}
	for _, key := range keys {
		if key != n.ID {
			t.Errorf("keys %q, want %q each time", keys, n.ID)
		}
	}
	b.counted(t, "error 2", "ok 1")
}

func TestWhoHasBeenToldIsNotToldAgain(t *testing.T) {
	b, r := setUp(t, patience), newReceiver(t)
	n := notification(r.URL)
	for range 2 {
		if _, err := b.Handle(t.Context(), entry(t, n)); err != nil {
			t.Fatal(err)
		}
	}
	if asked := r.asked(); len(asked) != 1 {
		t.Errorf("told %d times", len(asked))
	}
	b.counted(t, "ok 1", "repeat 1")
}

func TestStoreThatIsAwayIsUnavailable(t *testing.T) {
	away := errors.New("the database is away")
	t.Run("before", func(t *testing.T) {
		b, r := setUp(t, patience), newReceiver(t)
		b.ledger.readAway = away
		if _, err := b.Handle(t.Context(), entry(t, notification(r.URL))); kind(err) != unavailable {
			t.Errorf("got %s: %v", kind(err), err)
		}
		if asked := r.asked(); len(asked) != 0 {
			t.Errorf("told %d times without knowing whether that is the first time", len(asked))
		}
	})
	t.Run("after", func(t *testing.T) {
		b, r := setUp(t, patience), newReceiver(t)
		b.ledger.saveAway = away
		n := notification(r.URL)
		for range 2 {
			if _, err := b.Handle(t.Context(), entry(t, n)); kind(err) != unavailable {
				t.Errorf("got %s: %v", kind(err), err)
			}
		}
		if keys := r.asked(); !slices.Equal(keys, []string{n.ID, n.ID}) {
			t.Errorf("keys %q, want the same twice", keys)
		}
	})
}

// stopAfter cancels the caller's context between the answer and the row.
type stopAfter struct {
	deliver.Store
	stop context.CancelFunc
}

func (s *stopAfter) RecordDelivery(ctx context.Context, n paper.Notification, at time.Time) error {
	s.stop()
	return s.Store.RecordDelivery(ctx, n, at)
}

func TestAStopDoesNotForgetWhoHasBeenTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b, r := setUp(t, patience), newReceiver(t)
	stopping := &stopAfter{Store: b.ledger, stop: cancel}
	d := deliver.New(deliver.Config{Store: stopping, Timeout: patience, Metrics: deliver.NewMetrics(nil), Logger: slog.New(slog.DiscardHandler)})
	defer d.Close()
	n := notification(r.URL)
	if _, err := d.Handle(ctx, entry(t, n)); err != nil {
		t.Fatal(err)
	}
	if _, recorded := b.ledger.rows[n.ID]; !recorded {
		t.Error("the subscriber was told and nobody remembers")
	}
}

func TestRetryAfterPausesTheHostAndNoOther(t *testing.T) {
	b, limited, other := setUp(t, patience), newReceiver(t), newReceiver(t)
	limited.answer(429, "Retry-After", "3600")
	first := notification(limited.URL + "/hooks/u1")
	if _, err := b.Handle(t.Context(), entry(t, first)); kind(err) != unavailable {
		t.Fatalf("got %s: %v", kind(err), err)
	}
	limited.answer(200)
	second := notification(limited.URL + "/hooks/u2")
	second.ID = "2101.00001v2/s2"
	if _, err := b.Handle(t.Context(), entry(t, second)); kind(err) != unavailable || !strings.Contains(err.Error(), "left alone") {
		t.Errorf("got %s: %v", kind(err), err)
	}
	if asked := limited.asked(); len(asked) != 1 {
		t.Errorf("the host was asked %d times, want once", len(asked))
	}
	elsewhere := notification(other.URL)
	elsewhere.ID = "2101.00001v2/s3"
	if _, err := b.Handle(t.Context(), entry(t, elsewhere)); err != nil {
		t.Errorf("another host is paused too: %v", err)
	}
	// Nothing was attempted while the host was paused.
	b.counted(t, "error 1", "ok 1")
}

func TestAPauseEnds(t *testing.T) {
	for _, header := range [][]string{{"Retry-After", "0"}, {}, {"Retry-After", "soon"}} {
		b, r := setUp(t, patience), newReceiver(t)
		r.answer(429, header...)
		if _, err := b.Handle(t.Context(), entry(t, notification(r.URL))); kind(err) != unavailable {
			t.Fatalf("got %s: %v", kind(err), err)
		}
		r.answer(200)
		if _, err := b.Handle(t.Context(), entry(t, notification(r.URL))); err != nil {
			t.Errorf("after 429 with %v: %v", header, err)
		}
	}
}

func TestUnreadableEntryIsRejected(t *testing.T) {
	good := notification("http://127.0.0.1:1/hooks/u1")
	with := func(change func(*paper.Notification)) paper.Notification {
		n := good
		change(&n)
		return n
	}
	cases := map[string]any{
		"not an object":  "text",
		"no id":          with(func(n *paper.Notification) { n.ID = "" }),
		"no subscriber":  with(func(n *paper.Notification) { n.Subscriber = "" }),
		"no webhook":     with(func(n *paper.Notification) { n.Webhook = "" }),
		"no host":        with(func(n *paper.Notification) { n.Webhook = "http:///hooks" }),
		"another scheme": with(func(n *paper.Notification) { n.Webhook = "file://localhost/etc/passwd" }),
		"not a URL":      with(func(n *paper.Notification) { n.Webhook = "http://[::1" }),
	}
	for name, v := range cases {
		t.Run(name, func(t *testing.T) {
			b := setUp(t, patience)
			if _, err := b.Handle(t.Context(), entry(t, v)); kind(err) != rejected {
				t.Errorf("got %s: %v", kind(err), err)
			}
			b.counted(t)
		})
	}
}

func TestPostWithoutAKeySendsNone(t *testing.T) {
	r := newReceiver(t)
	client := r.Client()
	res, err := deliver.Post(t.Context(), client, notification(r.URL), "")
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("got %v, %v", res, err)
	}
	if _, has := r.heads[0]["Idempotency-Key"]; has {
		t.Errorf("headers %v", r.heads[0])
	}
}
