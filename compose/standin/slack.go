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
	// Recorder gives the clock. Nothing is recorded by the sink itself: what
	// an alert means is for the receiver to say.
	Recorder *history.Recorder
	// Received, if any, is called for each message in the order of arrival,
	// one at a time, before the sender has its answer.
	Received func(body []byte, at float64)
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
	mux := http.NewServeMux()
	mux.HandleFunc("POST /slack", s.receive)
	s.server = newServer("slack", mux)
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
	m := SlackMessage{At: s.cfg.Recorder.Now(), Body: body}
	s.messages = append(s.messages, m)
	if s.cfg.Received != nil {
		s.cfg.Received(m.Body, m.At)
	}
}
