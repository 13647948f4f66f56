package run

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"paperlab/compose"
	"paperlab/compose/standin"
	"paperlab/faults"
	"paperlab/reports/history"
	"paperlab/system/service"
)

// How the stand-ins behave when nothing is wrong. OpenAI is wider than Ollama and
// a little faster; both answer much sooner than the real ones, so that a run of a
// minute sees thousands of calls. arXiv's own rule of one request every 3 s is
// kept in proportion.
//
// An LLM's latency, and how many calls a summarizer has in flight, bound what the
// service can do, and neither the machine's CPUs nor Ollama's slots do: a lost
// summarizer takes its share of the capacity with it, as in production, where
// answers take seconds. Two summarizers do about 60 papers a second.
var (
	ollamaLatency = standin.Latency{Median: 220 * time.Millisecond, Sigma: 0.4}
	openaiLatency = standin.Latency{Median: 150 * time.Millisecond, Sigma: 0.4}
	arxivLatency  = standin.Latency{Median: 30 * time.Millisecond, Sigma: 0.3}
	sinkLatency   = standin.Latency{Median: 5 * time.Millisecond, Sigma: 0.5}
)

const (
	// llmInFlight is how many calls of one LLM a summarizer has in flight at most.
	llmInFlight = 8
	openaiSlots = 512
	arxivRule   = 80 * time.Millisecond
	crawlEvery  = 100 * time.Millisecond
	// mostAtOnce is arXiv's own limit for a page.
	mostAtOnce = 2000
	// openAIKey is what the service sends to the stand-in; it opens nothing.
	openAIKey = "lab-key"
)

// arxiv is where the papers come from and the witness of what was served: the
// stand-in, or the gateway before arXiv itself.
type arxiv interface {
	service.Service
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

// ollamaSlots are as many as all summarizers together can use.
func ollamaSlots(o Options) int { return o.Scenario.Service.Summarizers * llmInFlight }

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

// surroundings are what the service talks to, as one profile's run sees it, and
// where its alerts arrive.
type surroundings struct {
	arxiv          arxiv
	ollama, openai *standin.LLM
	sink           *standin.Sink
	slack          *standin.Slack
	// breakable are those that a fault may strike, but for the sink.
	breakable map[string]faults.Standin
}

// surround starts the stand-ins. If it fails it leaves none behind.
func surround(ctx context.Context, o Options, rec *history.Recorder) (*surroundings, error) {
	s := &surroundings{breakable: map[string]faults.Standin{}}
	if err := s.make(o, rec); err != nil {
		return nil, err
	}
	for _, one := range s.services() {
		if err := one.Start(ctx); err != nil {
			s.Stop()
			return nil, err
		}
	}
	return s, nil
}

// services are all, in the order in which they start.
func (s *surroundings) services() []service.Service {
	return []service.Service{s.arxiv, s.ollama, s.openai, s.sink, s.slack}
}

func (s *surroundings) make(o Options, rec *history.Recorder) error {
	seed, host := uint64(o.Seed), o.Environment.Host()
	var failed [4]error
	if o.Live != nil {
		var one *standin.Gateway
		one, failed[0] = standin.NewGateway(standin.GatewayConfig{Recorder: rec, Host: host, Upstream: o.Live, Limit: o.Scenario.Load.Papers})
		s.arxiv, s.breakable[compose.Arxiv] = one, one
	} else {
		var one *standin.Arxiv
		one, failed[0] = standin.NewArxiv(standin.ArxivConfig{
			Recorder: rec, Host: host, Corpus: o.Corpus, Interval: arxivRule, RetryAfter: time.Second, Latency: arxivLatency, Seed: seed,
		})
		s.arxiv, s.breakable[compose.Arxiv] = one, one
	}
	s.ollama, failed[1] = standin.NewLLM(standin.LLMConfig{
		Provider: standin.Ollama, Recorder: rec, Host: host, Slots: ollamaSlots(o), Latency: ollamaLatency, Seed: seed,
	})
	s.openai, failed[2] = standin.NewLLM(standin.LLMConfig{
		Provider: standin.OpenAI, Recorder: rec, Host: host, Slots: openaiSlots, Latency: openaiLatency, Key: openAIKey, Seed: seed,
	})
	s.sink, failed[3] = standin.NewSink(standin.SinkConfig{Recorder: rec, Host: host, Latency: sinkLatency, Seed: seed})
	s.slack = standin.NewSlack(rec, host)
	s.breakable[compose.Ollama], s.breakable[compose.OpenAI] = s.ollama, s.openai
	return errors.Join(failed[:]...)
}

// Stop ends the stand-ins, those that never started too.
func (s *surroundings) Stop() {
	for _, one := range slices.Backward(s.services()) {
		one.Stop()
	}
}

// addresses are the surroundings as the service is told of them.
func (s *surroundings) addresses() compose.Surroundings {
	return compose.Surroundings{
		Arxiv: s.arxiv.QueryURL(), Ollama: s.ollama.URL(), OpenAI: s.openai.URL(), OpenAIKey: openAIKey, Webhook: s.sink.Webhook,
	}
}

// source is a seeded source of a run's choices; each kind of choice has one.
func (o Options) source(choice uint64) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(o.Seed), choice))
}
