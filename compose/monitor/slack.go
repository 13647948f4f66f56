package monitor

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Message is the body of a Slack incoming webhook, as far as we use it:
// https://api.slack.com/reference/messaging/attachments.
type Message struct {
	Text        string       `json:"text"`
	Attachments []Attachment `json:"attachments"`
}

// Attachment is one alert in one state.
type Attachment struct {
	// Color is Slack's: "danger", "warning" or "good".
	Color    string  `json:"color"`
	Fallback string  `json:"fallback"`
	Title    string  `json:"title"`
	Text     string  `json:"text"`
	Fields   []Field `json:"fields"`
	// TS is the Unix time in seconds of the state's beginning.
	TS int64 `json:"ts"`
}

// Field is one line of an attachment: the alert's name, its state, and each
// of its labels.
type Field struct {
	Title string `json:"title"`
	Value string `json:"value"`
	Short bool   `json:"short"`
}

// States of an alert as they stand in a message.
const (
	Firing   = "firing"
	Resolved = "resolved"
)

// Titles of the fields that are not labels.
const (
	fieldAlert = "alert"
	fieldState = "state"
)

// News is one alert's change of state, read back from a message.
type News struct {
	Name string
	// State is Firing or Resolved.
	State string
	// Labels are name=value pairs in order of name, with a space between.
	Labels string
}

// ReadMessage is for whoever receives the webhooks: what happened, from the
// body alone.
func ReadMessage(body []byte) ([]News, error) {
	var m Message
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, fmt.Errorf("monitor: Slack message: %w", err)
	}
	var news []News
	for _, a := range m.Attachments {
		var n News
		var labels []string
		for _, f := range a.Fields {
			switch f.Title {
			case fieldAlert:
				n.Name = unescape.Replace(f.Value)
			case fieldState:
				n.State = f.Value
			default:
				labels = append(labels, f.Title+"="+unescape.Replace(f.Value))
			}
		}
		if n.Name == "" || n.State == "" {
			return nil, fmt.Errorf("monitor: Slack message %q has an attachment without the fields alert and state", m.Text)
		}
		n.Labels = strings.Join(labels, " ")
		news = append(news, n)
	}
	return news, nil
}

// Slack wants these three escaped and no others.
var (
	escape   = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	unescape = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">")
)

// render makes one message of what one evaluation of a rule found.
func render(news []notice) Message {
	m := Message{Attachments: make([]Attachment, len(news))}
	var heads []string
	for i, n := range news {
		m.Attachments[i] = attach(n)
		heads = append(heads, m.Attachments[i].Title)
	}
	m.Text = heads[0]
	if more := len(heads) - 1; more > 0 {
		m.Text += fmt.Sprintf(" (and %d more)", more)
	}
	return m
}

func attach(n notice) Attachment {
	state, color, at := Firing, "danger", n.FiringAt
	switch {
	case n.resolved():
		state, color, at = Resolved, "good", n.ResolvedAt
	case n.Labels["severity"] != "critical":
		color = "warning"
	}
	summary := n.Annotations["summary"]
	if summary == "" {
		summary = n.Name
	}
	title := escape.Replace(fmt.Sprintf("[%s] %s: %s", strings.ToUpper(state), n.Name, summary))
	a := Attachment{Color: color, Fallback: title, Title: title, TS: at.Unix()}
	var text []string
	for _, key := range []string{"description", "runbook"} {
		if t := strings.TrimSpace(n.Annotations[key]); t != "" {
			text = append(text, escape.Replace(t))
		}
	}
	a.Text = strings.Join(text, "\n")
	a.Fields = append(a.Fields, Field{fieldAlert, escape.Replace(n.Name), true}, Field{fieldState, state, true})
	for _, name := range slices.Sorted(maps.Keys(n.Labels)) {
		a.Fields = append(a.Fields, Field{name, escape.Replace(n.Labels[name]), true})
	}
	return a
}
