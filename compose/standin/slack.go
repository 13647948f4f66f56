package standin

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"

	"paperlab/reports/history"
)

// SlackMessage is a message as it was sent, with the time of its arrival in
// seconds on the run's clock.
type SlackMessage struct {
	At   float64         `json:"at_s"`
	Body json.RawMessage `json:"body"`
}

// SlackConfig is what a Slack sink needs.
type SlackConfig struct {
	// Recorder gives the clock and receives an Alert event for each alert in a
	// message, before the sender has its answer. This is the one place where an
	// alert's arrival is noted.
	Recorder *history.Recorder
	// Host is where to listen; empty means 127.0.0.1.
	Host string
}

// Slack is a stand-in for Slack's incoming webhooks: POST /slack.
type Slack struct {
	*server
	cfg SlackConfig

	mu       sync.Mutex
	messages []SlackMessage
}

// NewSlack makes a Slack sink; Start it next.
func NewSlack(cfg SlackConfig) (*Slack, error) {
	if err := present("slack", "Recorder", cfg.Recorder != nil); err != nil {
		return nil, err
	}
	s := &Slack{cfg: cfg}
	s.server = newServer("slack", cfg.Host, "POST /slack", s.receive)
	return s, nil
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
	rec := s.cfg.Recorder
	s.messages = append(s.messages, SlackMessage{At: rec.Now(), Body: body})
	alerts, err := ReadSlackBody(body)
	if err != nil {
		rec.Record(history.AlertUnreadable(err))
	}
	for _, a := range alerts {
		rec.Record(history.Alerted(history.AlertNews{Name: a.Name, State: a.State, At: rec.At(a.At), Labels: a.Labels}))
	}
}
