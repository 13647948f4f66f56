package standin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"paperlab/reports/history"
)

// The providers that an LLM stand-in can be.
const (
	Ollama = "ollama"
	OpenAI = "openai"
)

// LLMConfig is what an LLM stand-in needs.
type LLMConfig struct {
	// Provider is Ollama or OpenAI; it decides the errors' wording and names
	// the witness in the history.
	Provider string
	Recorder *history.Recorder
	// Slots is how many answers are worked on at once, 1 to 1024; 0 means 4.
	Slots int
	// Queue is how many requests may wait for a slot, up to 65,536; one more
	// is answered with 503. 0 means 512, Ollama's own OLLAMA_MAX_QUEUE; -1
	// means no queue.
	Queue int
	// Latency is how long an answer takes once it has a slot.
	Latency Latency
	// Tokens is about how long an answer is, 1 to 4096; 0 means 90.
	Tokens int
	// Key, if not empty, has to come as "Authorization: Bearer KEY".
	Key string
	// SlowAnswer is how long an answer takes in mode Slow; 0 means 30 s.
	SlowAnswer time.Duration
	// RetryAfter is what 429 answers ask for, 0 to 1 h, sent in whole seconds,
	// rounded up; 0 means 1 s.
	RetryAfter time.Duration
	Seed       uint64
}

func (c *LLMConfig) check() error {
	if c.Provider != Ollama && c.Provider != OpenAI {
		return fmt.Errorf("standin: llm: Provider is %q: want %s or %s", c.Provider, Ollama, OpenAI)
	}
	c.Slots = cmp.Or(c.Slots, 4)
	c.Queue = cmp.Or(c.Queue, 512)
	c.Tokens = cmp.Or(c.Tokens, 90)
	c.SlowAnswer = cmp.Or(c.SlowAnswer, defaultSlowAnswer)
	c.RetryAfter = cmp.Or(c.RetryAfter, time.Second)
	return firstOf(
		present(c.Provider, "Recorder", c.Recorder != nil),
		within(c.Provider, "Slots", c.Slots, 1, 1024),
		within(c.Provider, "Queue", c.Queue, -1, 65_536),
		within(c.Provider, "Tokens", c.Tokens, 1, 4096),
		within(c.Provider, "SlowAnswer", c.SlowAnswer, time.Millisecond, longestLatency),
		within(c.Provider, "RetryAfter", c.RetryAfter, 0, time.Hour),
		c.Latency.check(c.Provider),
	)
}

// LLM is a stand-in for Ollama or OpenAI: POST /v1/chat/completions, and
// Ollama's GET /api/version and /api/tags. The answer is an extract of what
// was asked and the same each time.
//
//	request ── understood ── slot free? ─yes─ latency ── answer      OK
//	               │             no                 │
//	               │          queue full? ── 503    │                Fail
//	               │             no ── wait ────────┤
//	               └─ Invoke            caller hung up: slot freed   Info
type LLM struct {
	*server
	*modes
	cfg   LLMConfig
	dice  *dice
	slots *slots

	calls  atomic.Int64
	failed atomic.Int64
	// draw makes the number of a call, its Invoke and its latency one step.
	draw sync.Mutex
}

// NewLLM makes an LLM stand-in; Start it next.
func NewLLM(cfg LLMConfig) (*LLM, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	stream := uint64(10)
	if cfg.Provider == OpenAI {
		stream = 11
	}
	l := &LLM{cfg: cfg, dice: newDice(cfg.Seed, stream), slots: newSlots(cfg.Slots, max(cfg.Queue, 0))}
	l.modes = newModes(cfg.Provider, Normal, Errors, Slow, Refuse, RateLimited, Quota)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", l.complete)
	mux.HandleFunc("GET /api/version", l.health(`{"version":"0.5.7"}`))
	mux.HandleFunc("GET /api/tags", l.health(`{"models":[{"name":"llama3.2:latest","model":"llama3.2:latest","size":2019393189,"details":{"family":"llama","parameter_size":"3.2B"}}]}`))
	l.server = newServer(cfg.Provider, mux)
	return l, nil
}

// Provider is Ollama or OpenAI.
func (l *LLM) Provider() string { return l.cfg.Provider }

// Calls counts the calls that were understood, without probes.
func (l *LLM) Calls() int64 { return l.calls.Load() }

// Failed counts the calls, without probes, that were answered with an error,
// in mode Slow, or not at all.
func (l *LLM) Failed() int64 { return l.failed.Load() }

// Busy is how many calls have a slot and how many wait for one.
func (l *LLM) Busy() (working, waiting int) { return l.slots.counts() }

func (l *LLM) complete(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	req, refusal := parseChat(body)
	switch {
	case refusal != nil:
		refusal.write(w)
	case r.Header.Get(probeHeader) != "":
		l.answerProbe(w, r, req)
	default:
		l.ask(w, r, req)
	}
}

// ask is a call that counts.
func (l *LLM) ask(w http.ResponseWriter, r *http.Request, req chatRequest) {
	c := l.begin(req)
	refusal, err := l.work(r, c)
	switch {
	case l.life.Taking().Err() != nil:
		c.end(history.Info, 0, "the stand-in was stopped")
		reset(w)
	case err != nil:
		c.end(history.Info, 0, "the caller went away")
		reset(w)
	case refusal != nil && refusal.reset:
		c.end(history.Fail, 0, "connection reset")
		reset(w)
	case refusal != nil:
		refusal.write(w)
		c.end(history.Fail, refusal.status, refusal.code)
	default:
		if err := writeChat(w, l.cfg, req, c.id); err != nil {
			c.end(history.Info, 0, "the caller went away while the answer was written")
			return
		}
		c.end(history.OK, http.StatusOK, "")
	}
}

// work lets a call pass through the mode, the queue, a slot and its latency. It
// starts again whenever the mode changes. The error is the caller's or the
// stand-in's end.
func (l *LLM) work(r *http.Request, c *call) (*refusal, error) {
	if refusal := l.checkKey(r); refusal != nil {
		return refusal, nil
	}
	for {
		mode, changed := l.current()
		if refusal := l.refusal(mode); refusal != nil {
			return refusal, nil
		}
		c.slow = mode == Slow
		again, err := l.inSlot(r.Context(), c, changed)
		if errors.Is(err, errQueueFull) {
			return l.overloaded("queue full"), nil
		}
		if err != nil || !again {
			return nil, err
		}
	}
}

// inSlot waits for a slot and works in it. again tells that the mode changed
// before the work was done.
func (l *LLM) inSlot(ctx context.Context, c *call, changed <-chan struct{}) (again bool, err error) {
	again, err = l.slots.acquire(ctx, changed)
	if again || err != nil {
		return again, err
	}
	defer l.slots.release()
	d := c.latency
	if c.slow {
		d = l.cfg.SlowAnswer
	}
	return wait(ctx, d, changed)
}

// call is one Ask of the history.
type call struct {
	llm     *LLM
	id      string
	version string
	latency time.Duration
	began   float64
	slow    bool
}

func (l *LLM) begin(req chatRequest) *call {
	l.draw.Lock()
	defer l.draw.Unlock()
	c := &call{
		llm:     l,
		id:      fmt.Sprintf("%s-%d", l.cfg.Provider, l.calls.Add(1)),
		version: req.version(),
		latency: l.dice.latency(l.cfg.Latency),
	}
	c.began = l.cfg.Recorder.Record(history.Event{
		Process: l.cfg.Provider, Op: history.Ask, Type: history.Invoke, Call: c.id, Version: c.version,
	})
	return c
}

func (c *call) end(t history.Type, status int, detail string) {
	if t != history.OK || c.slow {
		c.llm.failed.Add(1)
	}
	r := c.llm.cfg.Recorder
	r.Record(history.Event{
		Process: c.llm.cfg.Provider, Op: history.Ask, Type: t, Call: c.id, Version: c.version,
		Status: status, Seconds: r.Now() - c.began, Detail: detail,
	})
}

func (l *LLM) checkKey(r *http.Request) *refusal {
	sent, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case l.cfg.Key == "" || bearer && sent == l.cfg.Key:
		return nil
	case !bearer || sent == "":
		return noKey
	default:
		return wrongKey
	}
}
