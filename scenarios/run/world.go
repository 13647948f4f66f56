package run

import (
	"context"
	"fmt"
	"time"

	"paperlab/compose/monitor"
	"paperlab/compose/process"
	"paperlab/compose/standin"
	"paperlab/reports/history"
)

// How the stand-ins behave when nothing is wrong. Ollama is a server with a few
// GPUs' worth of slots, OpenAI is wider and a little faster; both answer much
// sooner than the real ones, so that a run of a minute sees thousands of calls.
// arXiv's own rule of one request every 3 s is kept in proportion.
var (
	ollamaLatency = standin.Latency{Median: 80 * time.Millisecond, Sigma: 0.4}
	openaiLatency = standin.Latency{Median: 50 * time.Millisecond, Sigma: 0.4}
	arxivLatency  = standin.Latency{Median: 30 * time.Millisecond, Sigma: 0.3}
	sinkLatency   = standin.Latency{Median: 5 * time.Millisecond, Sigma: 0.5}
)

const (
	ollamaSlots = 16
	openaiSlots = 64
	arxivRule   = 80 * time.Millisecond
	crawlEvery  = 100 * time.Millisecond
	// mostAtOnce is arXiv's own limit for a page.
	mostAtOnce = 2000
)

// arxiv is where the papers come from and the witness of what was served: the
// stand-in, or the gateway before arXiv itself.
type arxiv interface {
	Start(context.Context) error
	Stop()
	// QueryURL is what the crawler asks.
	QueryURL() string
	// Release lets the load begin, in versions a second; arXiv itself comes at
	// a pace of its own.
	Release(rate float64) error
	// Served counts the versions that were on a page; Done tells that no more
	// will come.
	Served() int
	Done() bool
}

// newArxiv is the stand-in, or the gateway if arXiv itself is to be asked.
func newArxiv(o Options, rec *history.Recorder) (arxiv, error) {
	if o.Live != nil {
		return standin.NewGateway(standin.GatewayConfig{Recorder: rec, Upstream: o.Live, Limit: o.Scenario.Load.Papers})
	}
	return standin.NewArxiv(standin.ArxivConfig{
		Recorder: rec, Corpus: o.Corpus, Interval: arxivRule, RetryAfter: time.Second, Latency: arxivLatency, Seed: uint64(o.Seed),
	})
}

// crawlInterval is the crawler's wait between two requests.
func crawlInterval(o Options) time.Duration {
	if o.Live != nil {
		return o.Live.Interval()
	}
	return crawlEvery
}

// pageSize is how many papers the crawler asks for at once. arXiv itself has
// more than is wanted: what one page brings until the next sets the rate.
func pageSize(o Options) int {
	if o.Live != nil {
		perPage := o.Scenario.Load.Rate * o.Live.Interval().Seconds()
		return int(min(max(perPage, 1), mostAtOnce))
	}
	return 200
}

// world is everything outside the service, as one profile's run sees it.
type world struct {
	arxiv          arxiv
	ollama, openai *standin.LLM
	sink           *standin.Sink
	slack          *standin.Slack
	// started are stopped in the opposite order.
	started []interface{ Stop() }
}

// newWorld starts the stand-ins. If it fails it leaves none behind.
func newWorld(ctx context.Context, o Options, rec *history.Recorder) (w *world, err error) {
	seed := uint64(o.Seed)
	w = &world{}
	defer func() {
		if err != nil {
			w.Stop()
		}
	}()
	if w.arxiv, err = newArxiv(o, rec); err != nil {
		return w, err
	}
	if w.ollama, err = standin.NewLLM(standin.LLMConfig{
		Provider: standin.Ollama, Recorder: rec, Slots: ollamaSlots, Latency: ollamaLatency, Seed: seed,
	}); err != nil {
		return w, err
	}
	if w.openai, err = standin.NewLLM(standin.LLMConfig{
		Provider: standin.OpenAI, Recorder: rec, Slots: openaiSlots, Latency: openaiLatency, Key: process.OpenAIKey, Seed: seed,
	}); err != nil {
		return w, err
	}
	if w.sink, err = standin.NewSink(standin.SinkConfig{Recorder: rec, Latency: sinkLatency, Seed: seed}); err != nil {
		return w, err
	}
	if w.slack, err = standin.NewSlack(standin.SlackConfig{Recorder: rec, Received: recordAlerts(rec)}); err != nil {
		return w, err
	}
	for _, s := range []interface {
		Start(context.Context) error
		Stop()
	}{w.arxiv, w.ollama, w.openai, w.sink, w.slack} {
		if err := s.Start(ctx); err != nil {
			return w, err
		}
		w.started = append(w.started, s)
	}
	return w, nil
}

// Stop ends the stand-ins.
func (w *world) Stop() {
	for _, s := range w.started {
		s.Stop()
	}
}

// forService is the world as the stack hands it to the service.
func (w *world) forService() process.World {
	return process.World{ArxivURL: w.arxiv.QueryURL(), Ollama: w.ollama, OpenAI: w.openai, Sink: w.sink}
}

// recordAlerts notes each alert at the moment that its message arrives.
func recordAlerts(rec *history.Recorder) func(body []byte, at float64) {
	return func(body []byte, _ float64) {
		news, err := monitor.ReadMessage(body)
		if err != nil {
			rec.Record(history.Event{Process: "slack", Type: history.Fail, Op: history.Alert, Detail: fmt.Sprintf("unreadable: %v", err)})
			return
		}
		for _, n := range news {
			rec.Record(history.Event{Process: "slack", Type: history.OK, Op: history.Alert, Name: n.Name, State: n.State, Detail: n.Labels})
		}
	}
}
