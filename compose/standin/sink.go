package standin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"paperlab/reports/history"
	"paperlab/system/paper"
)

// SinkConfig is what a webhook sink needs.
type SinkConfig struct {
	Recorder *history.Recorder
	// Latency is how long answers take; at most ten minutes.
	Latency Latency
	// Host is where to listen; empty means 127.0.0.1.
	Host string
	Seed uint64
}

// Sink is the other end of all subscribers' webhooks: POST
// /hooks/{subscriber} with a paper.Notification. Each request is one Tell
// event, in the order of acceptance:
//
//	taken and answered so                        OK, status 200
//	refused, by the sink or a manner             Fail, its status
//	the connection reset by a manner             Fail, status 0
//	silence until the caller went away           Fail, status 0
//	taken, the answer lost by a manner (Take)    Info, status 0
//
// Only what is taken tells somebody. A request that meets silence is in nobody's
// hands yet: it is recorded when the silence ends, as the next manner has it, or
// when its caller gives up, and then nobody was told.
//
// A request with an Idempotency-Key tells its subscriber once: further ones
// with that key are answered with the first one's outcome and recorded as
// repeats. Without a key each request tells somebody something. A key that
// comes back with another notification is refused with 422, as webhook
// receivers do.
type Sink struct {
	*server
	*manners
	cfg  SinkConfig
	dice *dice

	// accept makes acceptance and its event one step, so that the order of
	// events is the order of acceptance.
	accept sync.Mutex
	// known leads from a receiver and an Idempotency-Key to the notification it came
	// with: what one has heard another has not.
	known map[heard]string
}

// NewSink makes a webhook sink; Start it next.
func NewSink(cfg SinkConfig) (*Sink, error) {
	if err := cmp.Or(present("sink", "Recorder", cfg.Recorder != nil), cfg.Latency.check("sink")); err != nil {
		return nil, err
	}
	s := &Sink{cfg: cfg, dice: newDice(cfg.Seed, 20), known: map[heard]string{}, manners: newManners("sink")}
	s.sink = true
	s.server = newServer("sink", cfg.Host, "POST /hooks/{subscriber}", s.receive)
	return s, nil
}

// Webhook is the address of a subscriber's webhook. The sink must be started.
func (s *Sink) Webhook(subscriber string) string { return s.URL() + "/hooks/" + subscriber }

// Probe asks as a notification for the subscriber would, and tells nobody. See
// Seen.
func (s *Sink) Probe(ctx context.Context, subscriber string) (Seen, error) {
	return s.probe(ctx, http.MethodPost, s.Webhook(subscriber), "", "", func(body []byte) error {
		if string(body) != taken {
			return fmt.Errorf("it is %d bytes long and not %q", len(body), taken)
		}
		return nil
	})
}

// taken is the ordinary answer's body.
const taken = "ok"

func (s *Sink) receive(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	v := s.dice.visit(s.cfg.Latency, isProbe(r))
	v.to = r.PathValue("subscriber")
	got, err := s.hear(r.Context(), v)
	o := decision{reply: got.or(reply{status: http.StatusOK, body: []byte(taken)}), lost: got.Take}
	if !v.probe {
		o = s.decide(got, err != nil, v.to, r.Header.Get("Idempotency-Key"), body)
	}
	if err == nil {
		err = s.linger(r.Context(), v, got, o)
	}
	if err != nil || o.lost {
		reset(w)
		return
	}
	got.Status = 0 // what it says has been decided
	_ = s.give(r.Context(), w, v, got, o.reply)
}

// hear waits while the sink is silent and takes nothing, and returns the manner
// after that.
func (s *Sink) hear(ctx context.Context, v *visit) (met, error) {
	return s.pass(v, func(got met) error {
		if got.Ends != Silent || got.Take {
			return nil
		}
		return got.linger(ctx, 0)
	})
}

// heard is an Idempotency-Key and who it was sent to.
type heard struct{ subscriber, key string }

// decision is what was decided at acceptance. It stands: a later manner changes
// how long its answer takes, and not what it is.
type decision struct {
	reply
	// lost: the notification is taken and the answer is not given.
	lost bool
}

// decide takes or refuses the webhook and records that, in one step. gone tells
// that the caller went away before.
func (s *Sink) decide(got met, gone bool, subscriber, key string, body []byte) decision {
	n, err := readNotification(body)
	hook := history.Webhook{Subscriber: subscriber, IdempotencyKey: key}
	if err == nil {
		hook.Notification = n
	}
	s.accept.Lock()
	defer s.accept.Unlock()
	first, known := s.known[heard{subscriber, key}]
	refuse := func(o reply, why string) decision {
		s.cfg.Recorder.Record(history.Refused(hook, o.status, why))
		return decision{reply: o}
	}
	refuseFor := func(status int, why string) decision { return refuse(reply{status: status, body: []byte(why)}, why) }
	switch {
	case gone:
		return refuse(got.own(), got.Name+": the caller went away")
	case err != nil:
		return refuseFor(http.StatusBadRequest, "not a notification: "+err.Error())
	case got.Status != 0, got.Ends == Reset && !got.Take:
		return refuse(got.own(), got.Name)
	case key != "" && known && first != n.ID:
		return refuseFor(http.StatusUnprocessableEntity, "this Idempotency-Key came with another notification before")
	}
	if key != "" {
		hook.Repeat, s.known[heard{subscriber, key}] = known, n.ID
	}
	if got.Take {
		s.cfg.Recorder.Record(history.ToldUnanswered(hook))
	} else {
		s.cfg.Recorder.Record(history.Told(hook))
	}
	return decision{reply: reply{status: http.StatusOK, body: []byte(taken)}, lost: got.Take}
}

func readNotification(body []byte) (n paper.Notification, err error) {
	err = json.Unmarshal(body, &n)
	if err == nil && (n.ID == "" || n.Paper == "" || n.Version < 1) {
		err = fmt.Errorf("id is %q, paper %q, version %d: want all three", n.ID, n.Paper, n.Version)
	}
	return n, err
}

// linger lets the time before the answer pass: the latency, or the delay of the
// manner by then. A refusal has no latency, and a lost answer only silence.
func (s *Sink) linger(ctx context.Context, v *visit, got met, o decision) error {
	latency := v.latency
	switch {
	case o.lost && got.Ends == Silent:
		if err := wait(ctx, forever, got.changed); !errors.Is(err, errChanged) {
			return err
		}
		return nil
	case o.lost:
		return nil
	case o.status != http.StatusOK:
		latency = 0
	}
	_, err := s.pass(v, func(now met) error { return wait(ctx, cmp.Or(now.Delay, latency), now.changed) })
	return err
}
