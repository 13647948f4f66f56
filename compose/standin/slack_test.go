package standin

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"testing"
	"time"

	"paperlab/reports/history"
)

func TestSlack(t *testing.T) {
	rec := recorder()
	s := start(t, NewSlack(rec, ""), nil)
	post := func(body string) answer { return request(t.Context(), http.MethodPost, s.Webhook(), body) }
	before := rec.Now()
	post(`{"text":"ConsumerDown"}`).want(t, 200, "ok")
	post(`{"text":"resolved"}`).want(t, 200, "ok")
	for _, body := range []string{"", "{", "hello"} {
		post(body).want(t, 400, "invalid_payload")
	}
	post(oversized).want(t, 413)
	request(t.Context(), http.MethodGet, s.Webhook(), "").want(t, 405)

	got := s.Messages()
	if len(got) != 2 || string(got[0].Body) != `{"text":"ConsumerDown"}` || string(got[1].Body) != `{"text":"resolved"}` {
		t.Fatalf("messages %v", got)
	}
	if got[0].At < before || got[1].At < got[0].At || got[1].At > rec.Now() {
		t.Errorf("times %v and %v are not on the run's clock from %v", got[0].At, got[1].At, before)
	}
	if n := len(rec.Events()); n != 0 {
		t.Errorf("%d events of messages about no alert", n)
	}
}

// TestSlackNotesAlerts: each alert of a message is one event with what it said,
// its times on the run's clock; a message that cannot be read is noted as such.
func TestSlackNotesAlerts(t *testing.T) {
	rec := recorder()
	s := start(t, NewSlack(rec, ""), nil)
	fired := time.Now().Add(-1234 * time.Millisecond)
	sent := []SlackAlert{
		{Name: "Down <&>", State: history.Firing, At: fired, Labels: map[string]string{"instance": "a & b", "severity": "critical"}},
		{Name: "Lag", State: history.Resolved, At: fired.Add(time.Second), Labels: map[string]string{}},
	}
	body, err := json.Marshal(SlackBodyOf(sent))
	if err != nil {
		t.Fatal(err)
	}
	request(t.Context(), http.MethodPost, s.Webhook(), string(body)).want(t, 200, "ok")
	request(t.Context(), http.MethodPost, s.Webhook(), `{"text":"x","attachments":[{}]}`).want(t, 200, "ok")
	got := events(rec, history.Alert)
	if len(got) != 3 || got[2].Type != history.Fail || got[2].News != nil || got[2].Detail == "" {
		t.Fatalf("events %+v, want two alerts and one that is unreadable", got)
	}
	for i, want := range sent {
		n := got[i].News
		if got[i].Type != history.OK || n.Name != want.Name || n.State != want.State || !maps.Equal(n.Labels, want.Labels) {
			t.Errorf("alert %d is %+v, want %+v", i, n, want)
		}
		if math.Abs(n.At-rec.At(want.At)) > 0.001 {
			t.Errorf("alert %d began at %v, want %v", i, n.At, rec.At(want.At))
		}
	}
}

// TestSlackKeepsTheOrderOfArrival: many at once are noted one at a time, in the
// order that Messages has.
func TestSlackKeepsTheOrderOfArrival(t *testing.T) {
	rec := recorder()
	s := start(t, NewSlack(rec, ""), nil)
	for _, a := range background(t, 30, func(i int) answer {
		body, err := json.Marshal(SlackBodyOf([]SlackAlert{{Name: fmt.Sprint("n", i), State: history.Firing}}))
		if err != nil {
			t.Error(err)
		}
		return request(t.Context(), http.MethodPost, s.Webhook(), string(body))
	})() {
		a.want(t, 200)
	}
	noted, messages := events(rec, history.Alert), s.Messages()
	if len(noted) != 30 || len(messages) != 30 {
		t.Fatalf("%d events of %d messages, want 30", len(noted), len(messages))
	}
	for i, m := range messages {
		alerts, err := ReadSlackBody(m.Body)
		if err != nil || alerts[0].Name != noted[i].News.Name {
			t.Errorf("message %d is %v (%v), event %+v", i, alerts, err, noted[i].News)
		}
	}
}
