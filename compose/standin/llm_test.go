package standin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sashabaranov/go-openai"

	"paperlab/reports/history"
	"paperlab/system/servicetest"
)

// question is a request as the service makes it.
const question = `{"model":"llama3.2","messages":[
	{"role":"system","content":"Summarize."},
	{"role":"user","content":"arXiv:2101.00001v2\nOn shards\nAbstract: We study shards. They are many. They hold keys."}]}`

const ollamaFull = `{"error":"server busy, please try again.  maximum pending requests exceeded"}`

func newLLM(t *testing.T, cfg LLMConfig) (*LLM, *history.Recorder) {
	t.Helper()
	if cfg.Provider == "" {
		cfg.Provider = Ollama
	}
	cfg.Recorder = recorder()
	l, err := NewLLM(cfg)
	return start(t, l, err), cfg.Recorder
}

func ask(ctx context.Context, l *LLM, header ...string) answer {
	return request(ctx, http.MethodPost, l.URL()+"/v1/chat/completions", question, header...)
}

// fill asks n times under a slow manner, so that all of them work or wait.
func fill(t *testing.T, l *LLM, n, working, waiting int) (wait func() []answer) {
	t.Helper()
	setManner(t, l, slow)
	wait = background(t, n, func(int) answer { return ask(t.Context(), l) })
	busy(t, l, working, waiting)
	return wait
}

func busy(t *testing.T, l *LLM, working, waiting int) {
	t.Helper()
	servicetest.Eventually(t, fmt.Sprintf("%d work and %d wait", working, waiting), func() bool {
		a, b := l.slots.counts()
		return a == working && b == waiting
	})
}

// wantPaired checks that every call is in the history as one Invoke and one
// end, and counts the ends by their type.
func wantPaired(t *testing.T, l *LLM, rec *history.Recorder) map[history.Type]int {
	t.Helper()
	open, ends := map[string]bool{}, map[history.Type]int{}
	invoked := 0
	for _, e := range events(rec, history.Ask) {
		switch {
		case e.Process != l.cfg.Provider || e.Version != "2101.00001v2" || e.Call == "":
			t.Errorf("event %+v", e)
		case e.Type == history.Invoke && !open[e.Call]:
			open[e.Call] = true
			invoked++
		case e.Type != history.Invoke && open[e.Call]:
			delete(open, e.Call)
			ends[e.Type]++
		default:
			t.Errorf("%s of call %s comes twice or alone", e.Type, e.Call)
		}
	}
	if len(open) != 0 || int64(invoked) != l.calls.Load() {
		t.Errorf("%d calls invoked, %d counted, without an end: %v", invoked, l.calls.Load(), open)
	}
	return ends
}

func TestLLMAnswers(t *testing.T) {
	l, rec := newLLM(t, LLMConfig{})
	first, second := ask(t.Context(), l), ask(t.Context(), l)
	var got, again openai.ChatCompletionResponse
	for a, into := range map[*answer]*openai.ChatCompletionResponse{&first: &got, &second: &again} {
		a.want(t, http.StatusOK)
		if err := json.Unmarshal([]byte(a.body), into); err != nil {
			t.Fatal(err)
		}
	}
	if len(got.Choices) != 1 || got.Choices[0].Message.Role != "assistant" || got.Choices[0].Message.Content != "We study shards. They are many. They hold keys." ||
		got.Choices[0].FinishReason != "stop" || got.Object != "chat.completion" || got.Model != "llama3.2" {
		t.Errorf("answer %+v", got)
	}
	if got.Choices[0].Message.Content != again.Choices[0].Message.Content || got.ID == again.ID {
		t.Errorf("another answer, or the same id: %+v, %+v", got, again)
	}
	if u := got.Usage; u.PromptTokens == 0 || u.CompletionTokens == 0 || u.TotalTokens != u.PromptTokens+u.CompletionTokens {
		t.Errorf("usage %+v", u)
	}
	if ends := wantPaired(t, l, rec); ends[history.OK] != 2 || l.Answered() != 2 || l.Struck() != 0 {
		t.Errorf("ends %v, %d answered, %d struck", ends, l.Answered(), l.Struck())
	}
}

func TestExtractIsAboutAsLongAsWanted(t *testing.T) {
	for length, want := range map[int]string{
		3: "We study shards.", 8: "We study shards. They are many.", 90: "We study shards. They are many. They hold keys.",
	} {
		if got := extract("arXiv:2101.00001v2\nOn shards\nAbstract: We study shards. They are many. They hold keys.", length); got != want {
			t.Errorf("extract of %d tokens %q, want %q", length, got, want)
		}
	}
}

func TestLLMRefusesWhatIsNoQuestion(t *testing.T) {
	l, rec := newLLM(t, LLMConfig{})
	for body, want := range map[string]int{
		`{`: 400,
		`{"messages":[{"role":"user","content":"a"}]}`: 400, // no model
		`{"model":"m"}`: 400,
		`{"model":"m","messages":[{"role":"system","content":"a"}]}`:             400, // nobody asks
		`{"model":"m","stream":true,"messages":[{"role":"user","content":"a"}]}`: 400,
		oversized: 413,
	} {
		request(t.Context(), http.MethodPost, l.URL()+"/v1/chat/completions", body).want(t, want)
	}
	if n := len(rec.Events()); n != 0 || l.calls.Load() != 0 {
		t.Errorf("%d events, %d calls: they were not understood", n, l.calls.Load())
	}
}

func TestLLMQueue(t *testing.T) {
	l, rec := newLLM(t, LLMConfig{Slots: 2})
	l.slots.most = 3
	wait := fill(t, l, 5, 2, 3)
	if a := ask(t.Context(), l); a.status != 503 || a.body != ollamaFull {
		t.Errorf("answer %d %q, %v: want 503 %q", a.status, a.body, a.err, ollamaFull)
	}
	setManner(t, l, ordinary)
	for _, a := range wait() {
		a.want(t, 200)
	}
	busy(t, l, 0, 0)
	if ends := wantPaired(t, l, rec); ends[history.OK] != 5 || ends[history.Fail] != 1 || l.Answered() != 5 || l.Struck() != 6 {
		t.Errorf("ends %v, %d answered, %d struck", ends, l.Answered(), l.Struck())
	}
	for _, e := range events(rec, history.Ask) {
		if e.Type == history.Fail && (e.Status != 503 || e.Detail != "queue full") {
			t.Errorf("event %+v", e)
		}
	}
}

func TestLLMWithoutAQueue(t *testing.T) {
	l, _ := newLLM(t, LLMConfig{Provider: OpenAI, Slots: 1})
	l.slots.most = 0
	wait := fill(t, l, 1, 1, 0)
	ask(t.Context(), l).want(t, 503, `"type":"server_error"`)
	setManner(t, l, ordinary)
	wait()[0].want(t, 200)
}

// TestSlotsAreGivenInOrder: who waits longest is next.
func TestSlotsAreGivenInOrder(t *testing.T) {
	s := newSlots(1, 3)
	if err := s.acquire(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	turns := make(chan int)
	for i := range 3 {
		background(t, 1, func(int) answer {
			err := s.acquire(t.Context(), nil)
			turns <- i
			return answer{err: err}
		})
		servicetest.Eventually(t, "one more waits", func() bool { _, waiting := s.counts(); return waiting == i+1 })
	}
	if err := s.acquire(t.Context(), nil); err != errQueueFull {
		t.Errorf("a fourth in a queue of three: %v", err)
	}
	for i := range 3 {
		s.release()
		if got := <-turns; got != i {
			t.Errorf("turn %d went to %d", i, got)
		}
	}
	s.release()
	if working, waiting := s.counts(); working != 0 || waiting != 0 {
		t.Errorf("%d work and %d wait in the end", working, waiting)
	}
}

// TestLLMCallerGoesAway: from its slot and from the queue; both become free.
func TestLLMCallerGoesAway(t *testing.T) {
	l, rec := newLLM(t, LLMConfig{Slots: 1})
	l.slots.most = 1
	setManner(t, l, slow)
	working, leave := context.WithCancel(t.Context())
	defer leave()
	background(t, 1, func(int) answer { return ask(working, l) })
	busy(t, l, 1, 0)
	waiting, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	background(t, 1, func(int) answer { return ask(waiting, l) })
	busy(t, l, 1, 1)
	giveUp()
	busy(t, l, 1, 0)
	leave()
	busy(t, l, 0, 0)
	servicetest.Eventually(t, "both ends are recorded", func() bool { return len(events(rec, history.Ask)) == 4 })
	if ends := wantPaired(t, l, rec); ends[history.Info] != 2 || l.Answered() != 0 {
		t.Errorf("ends %v, %d answered: want info, as nobody knows what they received", ends, l.Answered())
	}
}

func TestLLMManners(t *testing.T) {
	for _, c := range []struct {
		provider   string
		manner     Manner
		status     int
		retryAfter string
		text       string
	}{
		{Ollama, failing, 503, "", ollamaFull},
		{OpenAI, limited, 429, "2", "rate_limit_exceeded"},
		{OpenAI, quota, 429, "", "insufficient_quota"},
		{OpenAI, Manner{Name: "error body", Status: 200, Body: `{"error":{}}`}, 200, "", `{"error":{}}`},
		{OpenAI, truncated, 200, "", `"object":"chat.completion"`},
		{Ollama, cut, 0, "", ""},
	} {
		t.Run(c.provider+" "+c.manner.Name, func(t *testing.T) {
			l, rec := newLLM(t, LLMConfig{Provider: c.provider})
			setManner(t, l, c.manner)
			got := ask(t.Context(), l)
			if c.status == 0 {
				got.wantReset(t)
			} else {
				got.want(t, c.status, c.text)
				if after := got.header.Get("Retry-After"); after != c.retryAfter {
					t.Errorf("Retry-After %q, want %q", after, c.retryAfter)
				}
				if kind := got.header.Get("Content-Type"); kind != "application/json" {
					t.Errorf("content type %s", kind)
				}
			}
			servicetest.Eventually(t, "the end is recorded", func() bool { return len(events(rec, history.Ask)) == 2 })
			if ends := wantPaired(t, l, rec); ends[history.Fail] != 1 || l.Struck() != 1 || l.Answered() != 0 {
				t.Errorf("ends %v, %d struck, %d answered", ends, l.Struck(), l.Answered())
			}
			if e := events(rec, history.Ask)[1]; e.Status != c.status || e.Detail != c.manner.Name {
				t.Errorf("event %+v", e)
			}
			setManner(t, l, ordinary)
			ask(t.Context(), l).want(t, 200)
		})
	}
}

// TestLLMStalls: half of an answer, and the rest when the manner changes. Who
// leaves before was answered nothing that anybody knows of.
func TestLLMStalls(t *testing.T) {
	l, rec := newLLM(t, LLMConfig{})
	setManner(t, l, stalled)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	gone := background(t, 1, func(int) answer { return ask(ctx, l) })
	stays := background(t, 1, func(int) answer { return ask(t.Context(), l) })
	servicetest.Eventually(t, "both are at it", func() bool { working, _ := l.slots.counts(); return l.Struck() == 2 && working == 0 })
	leave()
	if a := gone()[0]; a.err == nil {
		t.Errorf("answer %d %q", a.status, a.body)
	}
	servicetest.Eventually(t, "its end is recorded", func() bool { return len(events(rec, history.Ask)) == 3 })
	if e := events(rec, history.Ask)[2]; e.Type != history.Info || e.Detail != "stalled: the caller went away" {
		t.Errorf("event %+v", e)
	}
	setManner(t, l, ordinary)
	stays()[0].want(t, 200, "We study shards", `"usage"`)
	if ends := wantPaired(t, l, rec); ends[history.OK] != 1 || ends[history.Info] != 1 {
		t.Errorf("ends %v", ends)
	}
}

// TestLLMSwitchesWhoWaits: those at work and those in the queue go on under the
// new manner, at once.
func TestLLMSwitchesWhoWaits(t *testing.T) {
	for manner, want := range map[Manner]int{ordinary: 200, failing: 503, limited: 429} {
		l, rec := newLLM(t, LLMConfig{Slots: 2})
		l.slots.most = 10
		wait := fill(t, l, 12, 2, 10)
		setManner(t, l, manner)
		for _, a := range wait() {
			a.want(t, want)
		}
		busy(t, l, 0, 0)
		ends := wantPaired(t, l, rec)
		if ends[history.OK]+ends[history.Fail] != 12 || (ends[history.OK] == 12) != (want == 200) {
			t.Errorf("manner %q: ends %v", manner.Name, ends)
		}
	}
}

// TestLLMSlowAnswersInTheEnd: slow is late, not lost, and the history says how late.
func TestLLMSlowAnswersInTheEnd(t *testing.T) {
	l, rec := newLLM(t, LLMConfig{})
	setManner(t, l, Manner{Name: "slow", Delay: 50 * time.Millisecond})
	ask(t.Context(), l).want(t, 200)
	if e := events(rec, history.Ask)[1]; e.Type != history.OK || e.Seconds < 0.05 || l.Struck() != 1 || l.Answered() != 1 {
		t.Errorf("event %+v, %d struck, %d answered", e, l.Struck(), l.Answered())
	}
}

// TestLLMProbeTakesNoSlot: a busy LLM still answers it, and it has its key.
func TestLLMProbeTakesNoSlot(t *testing.T) {
	l, rec := newLLM(t, LLMConfig{Provider: OpenAI, Slots: 1, Key: "secret"})
	l.slots.most = 0
	setManner(t, l, slow)
	wait := background(t, 1, func(int) answer { return ask(t.Context(), l, "Authorization", "Bearer secret") })
	busy(t, l, 1, 0)
	waiting := background(t, 1, func(int) answer { return ask(t.Context(), l, probeHeader, "1", "Authorization", "Bearer secret") })
	setManner(t, l, ordinary)
	wait()[0].want(t, 200)
	waiting()[0].want(t, 200)
	if seen, err := l.Probe(t.Context()); err != nil || seen.Status != 200 {
		t.Errorf("probe %+v, %v", seen, err)
	}
	if n := len(rec.Events()); n != 2 || l.calls.Load() != 1 {
		t.Errorf("%d events, %d calls: probes must leave no trace", n, l.calls.Load())
	}
}

func TestLLMKey(t *testing.T) {
	l, rec := newLLM(t, LLMConfig{Provider: OpenAI, Key: "secret"})
	ask(t.Context(), l).want(t, 401, "You didn't provide an API key")
	ask(t.Context(), l, "Authorization", "Basic secret").want(t, 401, "You didn't provide an API key")
	ask(t.Context(), l, "Authorization", "Bearer wrong").want(t, 401, `"code":"invalid_api_key"`)
	ask(t.Context(), l, "Authorization", "Bearer secret").want(t, 200)
	if ends := wantPaired(t, l, rec); ends[history.Fail] != 3 || ends[history.OK] != 1 {
		t.Errorf("ends %v", ends)
	}
	open, _ := newLLM(t, LLMConfig{})
	ask(t.Context(), open).want(t, 200) // Ollama asks for none
}

func TestLLMConfig(t *testing.T) {
	good := LLMConfig{Provider: Ollama, Recorder: recorder()}
	for field, spoil := range map[string]func(*LLMConfig){
		"Provider":       func(c *LLMConfig) { c.Provider = "gemini" },
		"Recorder":       func(c *LLMConfig) { c.Recorder = nil },
		"Slots":          func(c *LLMConfig) { c.Slots = -1 },
		"Latency.Median": func(c *LLMConfig) { c.Latency.Median = time.Hour },
	} {
		bad := good
		spoil(&bad)
		if _, err := NewLLM(bad); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}
