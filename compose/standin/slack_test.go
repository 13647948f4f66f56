package standin

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
)

func TestSlack(t *testing.T) {
	rec := recorder()
	var received []string // guarded by the sink: one at a time
	s, err := NewSlack(SlackConfig{Recorder: rec, Received: func(body []byte, at float64) {
		received = append(received, string(body))
	}})
	start(t, s, err)
	post := func(body string) answer { return request(t.Context(), http.MethodPost, s.Webhook(), body) }
	before := rec.Now()
	post(`{"text":"ConsumerDown"}`).want(t, 200, "ok")
	post(`{"text":"resolved"}`).want(t, 200, "ok")
	for _, body := range []string{"", "{", "hello"} {
		post(body).want(t, 400, "invalid_payload")
	}
	post(oversized).want(t, 413)
	request(t.Context(), http.MethodGet, s.Webhook(), "").want(t, 405)

	if want := []string{`{"text":"ConsumerDown"}`, `{"text":"resolved"}`}; !slices.Equal(received, want) {
		t.Errorf("received %q, want %q", received, want)
	}
	got := s.Messages()
	if len(got) != 2 || string(got[0].Body) != received[0] || string(got[1].Body) != received[1] {
		t.Fatalf("messages %v", got)
	}
	if got[0].At < before || got[1].At < got[0].At || got[1].At > rec.Now() {
		t.Errorf("times %v and %v are not on the run's clock from %v", got[0].At, got[1].At, before)
	}
	if n := len(rec.Events()); n != 0 {
		t.Errorf("%d events: what a message means is for the receiver to say", n)
	}
}

// TestSlackKeepsTheOrderOfArrival: many at once are received one at a time, in
// the order that Messages has.
func TestSlackKeepsTheOrderOfArrival(t *testing.T) {
	var received []string
	s, err := NewSlack(SlackConfig{Recorder: recorder(), Received: func(body []byte, _ float64) {
		received = append(received, string(body))
	}})
	start(t, s, err)
	for _, a := range background(t, 30, func(i int) answer {
		return request(t.Context(), http.MethodPost, s.Webhook(), fmt.Sprintf(`{"n":%d}`, i))
	})() {
		a.want(t, 200)
	}
	same := slices.EqualFunc(s.Messages(), received, func(m SlackMessage, r string) bool { return string(m.Body) == r })
	if len(received) != 30 || !same {
		t.Errorf("received %q, messages %v", received, s.Messages())
	}
}

func TestSlackConfig(t *testing.T) {
	if _, err := NewSlack(SlackConfig{}); err == nil {
		t.Error("made without a Recorder")
	}
}
