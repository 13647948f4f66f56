package standin

import (
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
	want := history.Event{T: got[0].T, Profile: "hardened", Process: "sink", Type: history.OK, Op: history.Tell, Message: "n1",
		Version: "2101.00001v2", Key: "k1", Subscriber: "ada", Subscription: "s1", Status: 200}
	if got[0] != want {
		t.Errorf("event %+v\nwant %+v", got[0], want)
	}
	if s.Answered() != 1 || s.Withheld() != 0 {
		t.Errorf("%d answered, %d withheld", s.Answered(), s.Withheld())
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
	s, rec := newSink(t, SinkConfig{SlowAnswer: 10 * time.Minute})
	setMode(t, s, Slow)
	var waits []func() []answer
	var want []string
	for i := range 5 {
		id := fmt.Sprintf("n%d", i)
		want = append(want, id+" ok 200")
		waits = append(waits, background(t, 1, func(int) answer { return tell(t, s, id, id) }))
		servicetest.Eventually(t, "the webhook is accepted, though not answered", func() bool { return len(told(rec)) == i+1 })
	}
	if s.Answered() != 0 {
		t.Errorf("%d answered in mode slow", s.Answered())
	}
	setMode(t, s, Normal)
	for _, wait := range waits {
		wait()[0].want(t, 200)
	}
	wantTold(t, rec, want...)
}

func TestSinkLosesAnswers(t *testing.T) {
	s, rec := newSink(t, SinkConfig{})
	if err := s.Withhold(true); err != nil {
		t.Fatal(err)
	}
	tell(t, s, "n1", "k1").wantReset(t)
	tell(t, s, "n1", "k1").wantReset(t)
	if err := s.Withhold(false); err != nil {
		t.Fatal(err)
	}
	tell(t, s, "n1", "k1").want(t, 200)
	wantTold(t, rec, "n1 info 0", "n1 info 0 repeat", "n1 ok 200 repeat")
	if s.Withheld() != 2 || s.Answered() != 1 {
		t.Errorf("%d withheld, %d answered", s.Withheld(), s.Answered())
	}
}

func TestSinkLosesAShare(t *testing.T) {
	lost := func(seed uint64) (pattern string) {
		s, rec := newSink(t, SinkConfig{LoseShare: 0.3, Seed: seed})
		setMode(t, s, LoseAnswers)
		for i := range 100 {
			tell(t, s, fmt.Sprint("n", i), fmt.Sprint("k", i))
		}
		for _, e := range events(rec, history.Tell) {
			pattern += string(e.Type[0])
		}
		return pattern
	}
	one := lost(1)
	if n := strings.Count(one, "i"); n < 15 || n > 45 {
		t.Errorf("%d of 100 answers lost, want about 30: %s", n, one)
	}
	if again, other := lost(1), lost(2); one != again || one == other {
		t.Errorf("not by the seed: %s, %s, %s", one, again, other)
	}
}

func TestSinkErrors(t *testing.T) {
	s, rec := newSink(t, SinkConfig{})
	setMode(t, s, Errors)
	tell(t, s, "n1", "k1").want(t, 500)
	setMode(t, s, Normal)
	tell(t, s, "n1", "k1").want(t, 200) // what failed told nobody
	wantTold(t, rec, "n1 fail 500", "n1 ok 200")
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
		"SlowAnswer":     func(c *SinkConfig) { c.SlowAnswer = -1 },
		"LoseShare":      func(c *SinkConfig) { c.LoseShare = 1.1 },
	} {
		bad := good
		spoil(&bad)
		if _, err := NewSink(bad); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}
