package role

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"paperlab/system/llm"
	"paperlab/system/match"
	"paperlab/system/stream"
	"paperlab/system/summarize"
	"paperlab/system/txn"
)

// subscriptionsEvery is how often the subscriptions are read again.
const subscriptionsEvery = 2 * time.Second

// Summarize has papers summarized and matches them to subscriptions.
type Summarize struct {
	Flags
	Consumer
	Ollama      string        `help:"Root address of Ollama, the primary LLM." placeholder:"http://HOST:11434" env:"PAPERS_OLLAMA"`
	OllamaModel string        `help:"Ollama's model." default:"llama3.2" env:"PAPERS_OLLAMA_MODEL"`
	Openai      string        `name:"openai" help:"Root address of OpenAI, the fallback. Its key comes from the environment, OPENAI_API_KEY, and never from a flag." placeholder:"https://api.openai.com" env:"PAPERS_OPENAI"`
	OpenaiModel string        `name:"openai-model" help:"OpenAI's model." default:"gpt-4o-mini" env:"PAPERS_OPENAI_MODEL"`
	LLMTimeout  time.Duration `name:"llm-timeout" help:"How long one call may take; half of it counts as slow." default:"30s" env:"PAPERS_LLM_TIMEOUT"`
	LLMInFlight int           `name:"llm-in-flight" help:"Calls in flight, at most: to one provider, or in the naive and careful profile in all." default:"8" env:"PAPERS_LLM_IN_FLIGHT"`
}

// Run summarizes until the context ends.
func (s *Summarize) Run(ctx context.Context) error {
	if s.LLMTimeout <= 0 {
		return fmt.Errorf("--llm-timeout is %s; it must be more than 0", s.LLMTimeout)
	}
	if s.LLMInFlight < 1 {
		return fmt.Errorf("--llm-in-flight is %d; it must be at least 1", s.LLMInFlight)
	}
	if err := s.check(s.Flags); err != nil {
		return err
	}
	providers, err := s.providers()
	if err != nil {
		return err
	}
	p, err := s.open(ctx, "summarize", true)
	if err != nil {
		return err
	}
	defer p.close()
	live := match.NewLive(p.store, subscriptionsEvery, p.log)
	switch s.Profile {
	case profileNaive:
		return s.serveNaive(ctx, p, providers[0], live)
	case profileCareful:
		return s.serveCareful(ctx, p, providers, live)
	}
	client, err := llm.New(llm.Config{
		Providers: providers, Timeout: s.LLMTimeout, InFlight: s.LLMInFlight,
		Links: p.links, Metrics: llm.NewMetrics(p.registry), Logger: p.log,
	})
	if err != nil {
		return err
	}
	defer client.Close()
	papers, notifications, err := p.openStreams(ctx)
	if err != nil {
		return err
	}
	work := summarize.New(p.store, client, live, summarize.NewWaiting(p.registry), p.log)
	coordinator := txn.New(papers, p.log, notifications)
	consumer, err := stream.NewConsumer(stream.ConsumerConfig{
		Stream: papers, Group: summarizers, Member: s.Name, Handler: work.Handle,
		Lanes: s.Lanes, Lease: s.Lease, Metrics: stream.NewMetrics(p.registry), Logger: p.log,
		Alongside: coordinator.Run,
	})
	if err != nil {
		return err
	}
	return p.serve(ctx, live, consumer)
}

// providers are those that have an address, in the order of preference: at least
// one.
func (s *Summarize) providers() ([]llm.Provider, error) {
	all := []llm.Provider{
		{Name: "ollama", URL: s.Ollama, Model: s.OllamaModel},
		{Name: "openai", URL: s.Openai, Model: s.OpenaiModel, Key: os.Getenv("OPENAI_API_KEY")},
	}
	named := slices.DeleteFunc(all, func(p llm.Provider) bool { return p.URL == "" })
	for _, p := range named {
		if !isWeb(p.URL) {
			return nil, fmt.Errorf("--%s is %q; it must be an http or https URL such as http://127.0.0.1:11434", p.Name, p.URL)
		}
	}
	if len(named) == 0 {
		return nil, errors.New("no LLM provider is configured: name one with --ollama or --openai")
	}
	return named, nil
}
