package standin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"paperlab/reports/history"
	"paperlab/system/paper"
	"paperlab/system/servicetest"
)

func notification(id, subscriber string) string {
	body, err := json.Marshal(paper.Notification{
		ID: id, Subscriber: subscriber, Subscription: "s1", Paper: "2101.00001", Version: 2,
		Title: "On shards", URL: "https://arxiv.org/abs/2101.00001v2", Summary: "They are many.",
	})
	if err != nil {
		panic(err)
	}
	return string(body)
}

func newSink(t *testing.T, cfg SinkConfig) (*Sink, *history.Recorder) {
	t.Helper()
	cfg.Recorder = recorder()
	s, err := NewSink(cfg)
	return start(t, s, err), cfg.Recorder
}

// tell posts a notification to ada, with an Idempotency-Key unless it is empty.
func tell(t *testing.T, s *Sink, id, key string) answer {
	if key == "" {
		return request(t.Context(), http.MethodPost, s.Webhook("ada"), notification(id, "ada"))
	}
	return request(t.Context(), http.MethodPost, s.Webhook("ada"), notification(id, "ada"), "Idempotency-Key", key)
}

// told are the Tell events in brief.
func told(rec *history.Recorder) (all []string) {
	for _, e := range events(rec, history.Tell) {
		brief := fmt.Sprintf("%s %s %d", e.Message, e.Type, e.Status)
		if e.Repeat {
			brief += " repeat"
		}
		all = append(all, brief)
	}
	return all
}

func wantTold(t *testing.T, rec *history.Recorder, want ...string) {
	t.Helper()
	if got := told(rec); strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("told %q, want %q", got, want)
	}
}

func TestSinkTells(t *testing.T) {
	s, rec := newSink(t, SinkConfig{})
	tell(t, s, "n1", "k1").want(t, 200)
	got := events(rec, history.Tell)
	if len(got) != 1 {
		t.Fatalf("%d events", len(got))
	}
	want := history.Told(history.Webhook{Subscriber: "ada", IdempotencyKey: "k1",
		Notification: paper.Notification{ID: "n1", Subscriber: "ada", Subscription: "s1", Paper: "2101.00001", Version: 2}}).At(got[0].T, "hardened")
	if got[0] != want {
		t.Errorf("event %+v\nwant %+v", got[0], want)
	}
	if s.Answered() != 1 || s.Struck() != 0 {
		t.Errorf("%d answered, %d struck", s.Answered(), s.Struck())
	}
}

func TestSinkIdempotencyKey(t *testing.T) {
	s, rec := newSink(t, SinkConfig{})
	tell(t, s, "n1", "k1").want(t, 200)
	tell(t, s, "n1", "k1").want(t, 200) // the first one's outcome
	tell(t, s, "n2", "k1").want(t, 422)
	tell(t, s, "n2", "k2").want(t, 200)
	tell(t, s, "n1", "k1").want(t, 200) // the refused one did not take the key
	tell(t, s, "n1", "").want(t, 200)   // without a key each one tells
	tell(t, s, "n1", "").want(t, 200)
	wantTold(t, rec, "n1 ok 200", "n1 ok 200 repeat", "n2 fail 422", "n2 ok 200", "n1 ok 200 repeat", "n1 ok 200", "n1 ok 200")
}

// TestSinkKeysBelongToTheirReceiver: what one was told another was not, under
// whatever key.
func TestSinkKeysBelongToTheirReceiver(t *testing.T) {
	s, rec := newSink(t, SinkConfig{})
	tell(t, s, "n1", "k1").want(t, 200)
	request(t.Context(), http.MethodPost, s.Webhook("bob"), notification("n1", "ada"), "Idempotency-Key", "k1").want(t, 200)
	wantTold(t, rec, "n1 ok 200", "n1 ok 200")
}

// TestSinkTellsOnceHoweverManyTry: of many at once with one key, the first in
// the history told and all others repeat.
func TestSinkTellsOnceHoweverManyTry(t *testing.T) {
	s, rec := newSink(t, SinkConfig{Latency: Latency{Median: time.Millisecond, Sigma: 1}})
	for _, a := range background(t, 30, func(int) answer { return tell(t, s, "n1", "k1") })() {
		a.want(t, 200)
	}
	got := events(rec, history.Tell)
	for i, e := range got {
		if e.Repeat != (i > 0) {
			t.Errorf("event %d: repeat %v", i, e.Repeat)
		}
	}
	if len(got) != 30 || s.Answered() != 30 {
		t.Errorf("%d events, %d answered: want 30", len(got), s.Answered())
	}
}

// TestSinkOrderIsThatOfAcceptance: an answer's latency does not put a Tell
// behind one that was accepted later.
func TestSinkOrderIsThatOfAcceptance(t *testing.T) {
	s, rec := newSink(t, SinkConfig{})
	setManner(t, s, slow)
	var waits []func() []answer
	var want []string
	for i := range 5 {
		id := fmt.Sprintf("n%d", i)
		want = append(want, id+" ok 200")
		waits = append(waits, background(t, 1, func(int) answer { return tell(t, s, id, id) }))
		servicetest.Eventually(t, "the webhook is accepted, though not answered", func() bool { return len(told(rec)) == i+1 })
	}
	if s.Answered() != 0 {
		t.Errorf("%d answered under a slow manner", s.Answered())
	}
	setManner(t, s, ordinary)
	for _, wait := range waits {
		wait()[0].want(t, 200)
	}
	wantTold(t, rec, want...)
}

func TestSinkLosesAnswers(t *testing.T) {
	s, rec := newSink(t, SinkConfig{})
	setManner(t, s, lost)
	tell(t, s, "n1", "k1").wantReset(t)
	tell(t, s, "n1", "k1").wantReset(t)
	setManner(t, s, ordinary)
	tell(t, s, "n1", "k1").want(t, 200)
	wantTold(t, rec, "n1 info 0", "n1 info 0 repeat", "n1 ok 200 repeat")
	if s.Struck() != 2 || s.Answered() != 1 {
		t.Errorf("%d struck, %d answered", s.Struck(), s.Answered())
	}
}

func TestSinkLosesAShare(t *testing.T) {
	pattern := func(seed uint64) (pattern string) {
		s, rec := newSink(t, SinkConfig{Seed: seed})
		some := lost
		some.Share = 0.3
		setManner(t, s, some)
		for i := range 100 {
			tell(t, s, fmt.Sprint("n", i), fmt.Sprint("k", i))
		}
		for _, e := range events(rec, history.Tell) {
			pattern += string(e.Type[0])
		}
		return pattern
	}
	one := pattern(1)
	if n := strings.Count(one, "i"); n < 15 || n > 45 {
		t.Errorf("%d of 100 answers lost, want about 30: %s", n, one)
	}
	if again, other := pattern(1), pattern(2); one != again || one == other {
		t.Errorf("not by the seed: %s, %s, %s", one, again, other)
	}
}

// TestSinkRefuses: who is refused, with a status or without one, was not told,
// and the key is not taken.
func TestSinkRefuses(t *testing.T) {
	for _, status := range []int{500, 429, 401, 410} {
		s, rec := newSink(t, SinkConfig{})
		setManner(t, s, Manner{Name: "no", Status: status, Body: "no", RetryAfter: "7"})
		got := tell(t, s, "n1", "k1")
		got.want(t, status, "no")
		if after := got.header.Get("Retry-After"); after != "7" {
			t.Errorf("Retry-After %q", after)
		}
		setManner(t, s, ordinary)
		tell(t, s, "n1", "k1").want(t, 200)
		wantTold(t, rec, fmt.Sprintf("n1 fail %d", status), "n1 ok 200")
		if e := events(rec, history.Tell)[0]; e.Detail != "no" || s.Struck() != 1 || s.Answered() != 1 {
			t.Errorf("event %+v; %d struck, %d answered", e, s.Struck(), s.Answered())
		}
	}
	s, rec := newSink(t, SinkConfig{})
	setManner(t, s, cut)
	tell(t, s, "n1", "k1").wantReset(t)
	wantTold(t, rec, "n1 fail 0")
}

// TestSinkIsSilent: what hangs is in nobody's hands. It is told when the silence
// ends, or never when its caller goes first.
func TestSinkIsSilent(t *testing.T) {
	s, rec := newSink(t, SinkConfig{})
	setManner(t, s, silent)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	gone := background(t, 1, func(int) answer {
		return request(ctx, http.MethodPost, s.Webhook("ada"), notification("n1", "ada"), "Idempotency-Key", "k1")
	})
	servicetest.Eventually(t, "it hangs", func() bool { return s.Struck() == 1 })
	waits := background(t, 1, func(int) answer { return tell(t, s, "n2", "k2") })
	servicetest.Eventually(t, "both hang", func() bool { return s.Struck() == 2 })
	if n := len(told(rec)); n != 0 {
		t.Errorf("%d events of what nobody took", n)
	}
	leave()
	gone()
	servicetest.Eventually(t, "its end is recorded", func() bool { return len(told(rec)) == 1 })
	setManner(t, s, ordinary)
	waits()[0].want(t, 200)
	wantTold(t, rec, "n1 fail 0", "n2 ok 200")
	if e := events(rec, history.Tell)[0]; e.Detail != "hang: the caller went away" {
		t.Errorf("event %+v", e)
	}
	// Taken in silence is another thing: somebody was told.
	setManner(t, s, Manner{Name: "taken", Ends: Silent, Take: true})
	waits = background(t, 1, func(int) answer { return tell(t, s, "n3", "k3") })
	servicetest.Eventually(t, "it is taken", func() bool { return len(told(rec)) == 3 })
	setManner(t, s, ordinary)
	waits()[0].wantReset(t)
	wantTold(t, rec, "n1 fail 0", "n2 ok 200", "n3 info 0")
}

// TestSinkForOneReceiver: the others are told meanwhile, and a probe tells who
// is meant.
func TestSinkForOneReceiver(t *testing.T) {
	s, rec := newSink(t, SinkConfig{})
	m := failing
	m.Only = "bob"
	setManner(t, s, m)
	tell(t, s, "n1", "k1").want(t, 200)
	request(t.Context(), http.MethodPost, s.Webhook("bob"), notification("n2", "bob")).want(t, 503)
	wantTold(t, rec, "n1 ok 200", "n2 fail 503")
	if s.Struck() != 1 || s.Answered() != 1 {
		t.Errorf("%d struck, %d answered", s.Struck(), s.Answered())
	}
	for who, want := range map[string]int{"ada": 200, "bob": 503} {
		if seen, err := s.Probe(t.Context(), who); err != nil || seen.Status != want {
			t.Errorf("probe of %s: %+v, %v", who, seen, err)
		}
	}
	wantTold(t, rec, "n1 ok 200", "n2 fail 503")
}

func TestSinkRefusesGarbage(t *testing.T) {
	s, rec := newSink(t, SinkConfig{})
	bodies := []string{"", "hello", "[]", "{}", `{"id":"n1","paper":"2101.00001"}`, notification("n1", "ada") + "x"}
	for _, body := range bodies {
		request(t.Context(), http.MethodPost, s.Webhook("ada"), body, "Idempotency-Key", "k").want(t, 400, "not a notification")
	}
	for _, e := range events(rec, history.Tell) {
		if e.Type != history.Fail || e.Status != 400 || e.Message != "" || e.Subscriber != "ada" {
			t.Errorf("event %+v", e)
		}
	}
	if n := len(told(rec)); n != len(bodies) {
		t.Errorf("%d events, want %d", n, len(bodies))
	}
	request(t.Context(), http.MethodPost, s.Webhook("ada"), oversized).want(t, 413)
	request(t.Context(), http.MethodGet, s.Webhook("ada"), "").want(t, 405)
	tell(t, s, "n1", "k").want(t, 200) // garbage did not take the key
}

// TestSinkAtTheWrongDoor: who received it counts, and the history says so.
func TestSinkAtTheWrongDoor(t *testing.T) {
	s, rec := newSink(t, SinkConfig{})
	request(t.Context(), http.MethodPost, s.Webhook("bob"), notification("n1", "ada")).want(t, 200)
	e := events(rec, history.Tell)[0]
	if e.Subscriber != "bob" || e.Type != history.OK || !strings.Contains(e.Detail, `"ada"`) {
		t.Errorf("event %+v", e)
	}
}

func TestSinkConfig(t *testing.T) {
	good := SinkConfig{Recorder: recorder()}
	for field, spoil := range map[string]func(*SinkConfig){
		"Recorder":       func(c *SinkConfig) { c.Recorder = nil },
		"Latency.Median": func(c *SinkConfig) { c.Latency.Median = time.Hour },
	} {
		bad := good
		spoil(&bad)
		if _, err := NewSink(bad); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}
