package standin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"paperlab/reports/history"
	"paperlab/system/paper"
)

// SinkConfig is what a webhook sink needs.
type SinkConfig struct {
	Recorder *history.Recorder
	// Latency is how long answers take; at most ten minutes.
	Latency Latency
	// SlowAnswer is how long answers take in mode Slow; 0 means 30 s.
	SlowAnswer time.Duration
	// LoseShare is the probability that an answer is lost in mode
	// LoseAnswers; 0 means 1.
	LoseShare float64
	Seed      uint64
}

// Sink is the other end of all subscribers' webhooks: POST
// /hooks/{subscriber} with a paper.Notification. Each accepted request is one
// Tell event, in the order of acceptance.
//
// A request with an Idempotency-Key tells its subscriber once: further ones
// with that key are answered with the first one's outcome and recorded as
// repeats. Without a key each request tells somebody something. A key that
// comes back with another notification is refused with 422, as webhook
// receivers do.
type Sink struct {
	*server
	*modes
	cfg  SinkConfig
	dice *dice

	// accept makes acceptance, its event and its draws one step, so that the
	// order of events is the order of acceptance.
	accept sync.Mutex
	// known leads from an Idempotency-Key to the notification it came with.
	known map[string]string

	answered, withheld atomic.Int64
}

// NewSink makes a webhook sink; Start it next.
func NewSink(cfg SinkConfig) (*Sink, error) {
	if cfg.SlowAnswer == 0 {
		cfg.SlowAnswer = defaultSlowAnswer
	}
	if cfg.LoseShare == 0 {
		cfg.LoseShare = 1
	}
	err := firstOf(
		present("sink", "Recorder", cfg.Recorder != nil),
		cfg.Latency.check("sink"),
		within("sink", "SlowAnswer", cfg.SlowAnswer, time.Millisecond, longestLatency),
		within("sink", "LoseShare", cfg.LoseShare, 0, 1),
	)
	if err != nil {
		return nil, err
	}
	s := &Sink{cfg: cfg, dice: newDice(cfg.Seed, 20), known: map[string]string{}}
	s.modes = newModes("sink", Normal, Errors, Slow, LoseAnswers)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hooks/{subscriber}", s.receive)
	s.server = newServer("sink", mux)
	return s, nil
}

const defaultSlowAnswer = 30 * time.Second

// Webhook is the address of a subscriber's webhook. The sink must be started.
func (s *Sink) Webhook(subscriber string) string { return s.URL() + "/hooks/" + subscriber }

// Withhold switches mode LoseAnswers on, or back to Normal.
func (s *Sink) Withhold(on bool) error {
	if on {
		return s.SetMode(LoseAnswers)
	}
	return s.SetMode(Normal)
}

// Answered counts the webhooks that were taken and answered so; Withheld those
// that were taken while the answer was kept back.
func (s *Sink) Answered() int64 { return s.answered.Load() }

// Withheld is explained at Answered.
func (s *Sink) Withheld() int64 { return s.withheld.Load() }

// outcome is what was decided at acceptance.
type outcome struct {
	status  int
	text    string
	latency time.Duration
	lost    bool
}

func (s *Sink) receive(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	o := s.decide(r.PathValue("subscriber"), r.Header.Get("Idempotency-Key"), body)
	switch {
	case o.lost:
		s.withheld.Add(1)
		reset(w)
		return
	case s.linger(r.Context(), o.latency) != nil:
		reset(w)
		return
	}
	if o.status < 300 {
		s.answered.Add(1)
	}
	w.WriteHeader(o.status)
	_, _ = w.Write([]byte(o.text))
}

// decide accepts or refuses the webhook and records that, in one step.
func (s *Sink) decide(subscriber, key string, body []byte) outcome {
	var n paper.Notification
	err := json.Unmarshal(body, &n)
	if err == nil && (n.ID == "" || n.Paper == "" || n.Version < 1) {
		err = fmt.Errorf("id is %q, paper %q, version %d: want all three", n.ID, n.Paper, n.Version)
	}
	s.accept.Lock()
	defer s.accept.Unlock()
	latency := s.dice.latency(s.cfg.Latency)
	hook := history.Webhook{Subscriber: subscriber, IdempotencyKey: key}
	if err != nil {
		return s.refuse(hook, http.StatusBadRequest, "not a notification: "+err.Error())
	}
	hook.Notification = n
	mode, _ := s.current()
	if mode == Errors {
		return s.refuse(hook, http.StatusInternalServerError, "the webhook's server is out of order")
	}
	if key != "" {
		first, known := s.known[key]
		if known && first != n.ID {
			return s.refuse(hook, http.StatusUnprocessableEntity, "this Idempotency-Key came with another notification before")
		}
		hook.Repeat, s.known[key] = known, n.ID
	}
	if mode == LoseAnswers && s.toss(s.cfg.LoseShare) {
		s.cfg.Recorder.Record(history.ToldUnanswered(hook))
		return outcome{lost: true}
	}
	s.cfg.Recorder.Record(history.Told(hook))
	return outcome{status: http.StatusOK, text: "ok", latency: latency}
}

func (s *Sink) refuse(hook history.Webhook, status int, text string) outcome {
	s.cfg.Recorder.Record(history.Refused(hook, status, text))
	return outcome{status: status, text: text}
}

func (s *Sink) toss(share float64) bool {
	s.dice.mu.Lock()
	defer s.dice.mu.Unlock()
	return s.dice.rng.Float64() < share
}

// linger lets the answer's latency pass, or the slow one while the mode is
// Slow. A refusal, which has no latency, is slow too then.
func (s *Sink) linger(ctx context.Context, latency time.Duration) error {
	for {
		mode, changed := s.current()
		d := latency
		if mode == Slow {
			d = s.cfg.SlowAnswer
		}
		early, err := wait(ctx, d, changed)
		if err != nil || !early {
			return err
		}
	}
}
