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
	// Latency is how long an answer takes once it has a slot.
	Latency Latency
	// Key, if not empty, has to come as "Authorization: Bearer KEY".
	Key string
	// Host is where to listen; empty means 127.0.0.1.
	Host string
	Seed uint64
}

const (
	// longestQueue is how many requests may wait for a slot, one more is answered
	// with 503: Ollama's own OLLAMA_MAX_QUEUE.
	longestQueue = 512
	// answerTokens is about how long an answer is.
	answerTokens = 90
)

func (c *LLMConfig) check() error {
	if c.Provider != Ollama && c.Provider != OpenAI {
		return fmt.Errorf("standin: llm: Provider is %q: want %s or %s", c.Provider, Ollama, OpenAI)
	}
	c.Slots = cmp.Or(c.Slots, 4)
	return cmp.Or(
		present(c.Provider, "Recorder", c.Recorder != nil),
		within(c.Provider, "Slots", c.Slots, 1, 1024),
		c.Latency.check(c.Provider),
	)
}

// LLM is a stand-in for Ollama or OpenAI: POST /v1/chat/completions. The answer
// is an extract of what was asked and the same each time.
//
//	request ── understood ── slot free? ─yes─ latency ── answer      OK
//	               │             no                 │
//	               │          queue full? ── 503    │                Fail
//	               │             no ── wait ────────┤
//	               └─ Invoke            caller hung up: slot freed   Info
//
// Under a manner, an answer that comes at once takes no slot; one that comes
// late, or never, holds its slot until then. What the caller got decides the
// event's type: Fail if it was not the ordinary answer, OK if it was, however
// late, and Info if nobody knows. Detail names the manner.
type LLM struct {
	*server
	*manners
	cfg   LLMConfig
	dice  *dice
	slots *slots

	// calls counts those that were understood, without probes.
	calls atomic.Int64
	// draw makes the number of a call, its Invoke and its draws one step.
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
	l := &LLM{cfg: cfg, dice: newDice(cfg.Seed, stream), slots: newSlots(cfg.Slots, longestQueue), manners: newManners(cfg.Provider)}
	l.server = newServer(cfg.Provider, cfg.Host, "POST /v1/chat/completions", l.complete)
	return l, nil
}

// Probe asks for a completion, without taking a slot. See Seen.
func (l *LLM) Probe(ctx context.Context) (Seen, error) {
	const question = `{"model":"probe","messages":[{"role":"user","content":"Say one word."}]}`
	return l.probe(ctx, http.MethodPost, l.URL()+"/v1/chat/completions", question, l.cfg.Key, readableChat)
}

func (l *LLM) complete(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	req, refusal := parseChat(body)
	if refusal == nil && isProbe(r) {
		refusal = l.checkKey(r)
	}
	switch {
	case refusal != nil:
		_ = refusal.write(w)
	case isProbe(r):
		l.serve(w, r, &visit{probe: true}, func() reply { return answerChat(req, "probe") })
	default:
		l.ask(w, r, req)
	}
}

// ask is a call that counts.
func (l *LLM) ask(w http.ResponseWriter, r *http.Request, req chatRequest) {
	c := l.begin(req)
	got, refusal, err := l.work(r, c)
	switch {
	case err != nil:
		reset(w)
	case refusal != nil:
		_ = refusal.write(w)
	default:
		err = l.give(r.Context(), w, c.visit, got, answerChat(req, c.ID))
	}
	l.cfg.Recorder.Record(l.ended(c, got, refusal, err))
}

// ended is what became of a call that was refused, or met the manner; err is
// send's.
func (l *LLM) ended(c *call, got met, refusal *reply, err error) history.Event {
	took := l.cfg.Recorder.Now() - c.began
	switch {
	case refusal != nil:
		return history.Unanswered(c.LLMCall, took, refusal.status, refusal.reason)
	case errors.Is(err, errReset):
		return history.Unanswered(c.LLMCall, took, 0, got.Name)
	case l.life.Taking().Err() != nil:
		return history.Abandoned(c.LLMCall, took, "the stand-in was stopped")
	case err != nil:
		return history.Abandoned(c.LLMCall, took, strings.TrimPrefix(got.Name+": the caller went away", ": "))
	case got.Status != 0 || got.Ends == Truncated:
		return history.Unanswered(c.LLMCall, took, cmp.Or(got.Status, http.StatusOK), got.Name)
	default:
		return history.Answered(c.LLMCall, took)
	}
}

// work lets a call pass through the manner, the queue, a slot and its latency.
// It starts again whenever the manner changes. The refusal is a limit of the
// stand-in's own, the error the caller's or the stand-in's end.
func (l *LLM) work(r *http.Request, c *call) (got met, refusal *reply, err error) {
	if refusal := l.checkKey(r); refusal != nil {
		return got, refusal, nil
	}
	got, err = l.pass(c.visit, func(got met) error {
		if got.atOnce() {
			return nil
		}
		if err := l.slots.acquire(r.Context(), got.changed); err != nil {
			return err
		}
		defer l.slots.release()
		return got.linger(r.Context(), c.visit.latency)
	})
	if errors.Is(err, errQueueFull) {
		return got, queueFull(l.cfg.Provider), nil
	}
	return got, nil, err
}

// call is one Ask of the history.
type call struct {
	history.LLMCall
	visit *visit
	began float64
}

func (l *LLM) begin(req chatRequest) *call {
	l.draw.Lock()
	defer l.draw.Unlock()
	c := &call{
		LLMCall: history.LLMCall{
			Provider: l.cfg.Provider, ID: fmt.Sprintf("%s-%d", l.cfg.Provider, l.calls.Add(1)), Version: req.version(),
		},
		visit: l.dice.visit(l.cfg.Latency, false),
	}
	c.began = l.cfg.Recorder.Record(history.Asked(c.LLMCall))
	return c
}

func (l *LLM) checkKey(r *http.Request) *reply {
	sent, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case l.cfg.Key == "" || bearer && sent == l.cfg.Key:
		return nil
	case !bearer || sent == "":
		return openAIError(http.StatusUnauthorized, "no key", "invalid_request_error", "",
			"You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).")
	default:
		return openAIError(http.StatusUnauthorized, "invalid_api_key", "invalid_request_error", "invalid_api_key",
			"Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.")
	}
}
