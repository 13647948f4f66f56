package standin

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"paperlab/reports/history"
)

// SlackMessage is a message as it was sent, with the time of its arrival in
// seconds on the run's clock.
type SlackMessage struct {
	At   float64         `json:"at_s"`
	Body json.RawMessage `json:"body"`
}

// Slack is a stand-in for Slack's incoming webhooks: POST /slack.
type Slack struct {
	*server
	recorder *history.Recorder

	mu       sync.Mutex
	messages []SlackMessage
}

// NewSlack makes a Slack sink; Start it next. The recorder gives the clock and
// receives an Alert event for each alert in a message, before the sender has its
// answer. This is the one place where an alert's arrival is noted. The host is
// where to listen; empty means 127.0.0.1.
func NewSlack(recorder *history.Recorder, host string) *Slack {
	s := &Slack{recorder: recorder}
	s.server = newServer("slack", host, "POST /slack", s.receive)
	return s
}

// Webhook is the address to send messages to.
func (s *Slack) Webhook() string { return s.URL() + "/slack" }

// Messages are all messages so far, in the order of their arrival.
func (s *Slack) Messages() []SlackMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

func (s *Slack) receive(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	if !json.Valid(body) {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	s.keep(body)
	_, _ = w.Write([]byte("ok"))
}

func (s *Slack) keep(body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, SlackMessage{At: s.recorder.Now(), Body: body})
	alerts, err := ReadSlackBody(body)
	if err != nil {
		s.recorder.Record(history.AlertUnreadable(err))
	}
	for _, a := range alerts {
		s.recorder.Record(history.Alerted(history.AlertNews{
			Name: a.Name, State: a.State, At: s.recorder.At(a.At), Labels: a.Labels,
			Scraped: s.clock(a.Scraped), Pending: s.clock(a.Pending), Sent: s.clock(a.Sent),
		}))
	}
}

// clock puts a time on the run's clock, nil if there is none.
func (s *Slack) clock(t time.Time) *float64 {
	if t.IsZero() {
		return nil
	}
	return new(s.recorder.At(t))
}

// SlackBody is the body of a Slack incoming webhook, as far as we use it:
// https://api.slack.com/reference/messaging/attachments. Writer and reader of
// the format stand side by side here, so that what the monitor sends is what the
// stand-in reads.
type SlackBody struct {
	Text        string            `json:"text"`
	Attachments []SlackAttachment `json:"attachments"`
}

// SlackAttachment is one alert in one state.
type SlackAttachment struct {
	// Color is Slack's: "danger", "warning" or "good".
	Color    string       `json:"color"`
	Fallback string       `json:"fallback"`
	Title    string       `json:"title"`
	Text     string       `json:"text"`
	Fields   []SlackField `json:"fields"`
	// TS is the Unix time in seconds of the state's beginning.
	TS int64 `json:"ts"`
}

// SlackField is one line of an attachment: the alert's name, its state, since
// when, the stages before that as far as they are known, and each of its labels.
type SlackField struct {
	Title string `json:"title"`
	Value string `json:"value"`
	Short bool   `json:"short"`
}

// Titles of the fields that are not labels. Since has the time that TS rounds.
const (
	fieldAlert   = "alert"
	fieldState   = "state"
	fieldSince   = "since"
	fieldScraped = "scraped"
	fieldPending = "pending"
	fieldSent    = "sent"
)

// SlackAlert is one alert's change of state.
type SlackAlert struct {
	Name string
	// State is history.Firing or history.Resolved, At when it began to hold.
	State string
	At    time.Time
	// Scraped, Pending and Sent are the other stages of one that fires, as in
	// history.AlertNews; zero if not known.
	Scraped, Pending, Sent time.Time
	// Labels are those of the alert, without its name.
	Labels map[string]string
	// Annotations are the rule's texts, filled in; they are not read back.
	Annotations map[string]string
}

// ReadSlackBody tells what happened from the body alone. A message without
// attachments is about no alert.
func ReadSlackBody(body []byte) ([]SlackAlert, error) {
	var m SlackBody
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, fmt.Errorf("read Slack message: %w", err)
	}
	var alerts []SlackAlert
	for _, attachment := range m.Attachments {
		a := SlackAlert{Labels: map[string]string{}}
		times, since := a.times(), false
		var failed error
		for _, f := range attachment.Fields {
			value := unescape.Replace(f.Value)
			if at, isTime := times[f.Title]; isTime {
				var err error
				*at, err = time.Parse(time.RFC3339Nano, value)
				failed, since = errors.Join(failed, err), since || f.Title == fieldSince
				continue
			}
			switch f.Title {
			case fieldAlert:
				a.Name = value
			case fieldState:
				a.State = value
			default:
				a.Labels[f.Title] = value
			}
		}
		if a.Name == "" || a.State == "" || !since || failed != nil {
			return nil, fmt.Errorf("read Slack message %q: an attachment without the fields alert, state and since, or with a time that is none (%v)", m.Text, failed)
		}
		alerts = append(alerts, a)
	}
	return alerts, nil
}

// times are the fields that hold a time.
func (a *SlackAlert) times() map[string]*time.Time {
	return map[string]*time.Time{fieldSince: &a.At, fieldScraped: &a.Scraped, fieldPending: &a.Pending, fieldSent: &a.Sent}
}

// Slack wants these three escaped and no others.
var (
	escape   = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	unescape = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">")
)

// SlackBodyOf makes one message of what one evaluation of a rule found: one
// alert or more.
func SlackBodyOf(alerts []SlackAlert) SlackBody {
	m := SlackBody{Attachments: make([]SlackAttachment, len(alerts))}
	for i, a := range alerts {
		m.Attachments[i] = a.attach()
	}
	m.Text = m.Attachments[0].Title
	if more := len(alerts) - 1; more > 0 {
		m.Text += fmt.Sprintf(" (and %d more)", more)
	}
	return m
}

func (a SlackAlert) attach() SlackAttachment {
	color := "warning"
	switch {
	case a.State == history.Resolved:
		color = "good"
	case a.Labels["severity"] == "critical":
		color = "danger"
	}
	summary := cmp.Or(a.Annotations["summary"], a.Name)
	title := escape.Replace(fmt.Sprintf("[%s] %s: %s", strings.ToUpper(a.State), a.Name, summary))
	m := SlackAttachment{Color: color, Fallback: title, Title: title, TS: a.At.Unix()}
	var text []string
	for _, key := range []string{"description", "runbook"} {
		if t := strings.TrimSpace(a.Annotations[key]); t != "" {
			text = append(text, escape.Replace(t))
		}
	}
	m.Text = strings.Join(text, "\n")
	field := func(title, value string) {
		m.Fields = append(m.Fields, SlackField{title, escape.Replace(value), true})
	}
	field(fieldAlert, a.Name)
	field(fieldState, a.State)
	times := a.times()
	for _, title := range []string{fieldScraped, fieldPending, fieldSince, fieldSent} {
		if at := times[title]; title == fieldSince || !at.IsZero() {
			field(title, at.UTC().Format(time.RFC3339Nano))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Labels)) {
		field(name, a.Labels[name])
	}
	return m
}
