package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"paperlab/compose/standin"
	"paperlab/compose/standin/corpus"
	"paperlab/compose/undo"
	"paperlab/system/paper"
)

// StackConfig says what to start: the service, and what stands around it.
type StackConfig struct {
	// Papers is the service's program.
	Papers string
	// Env is added to the environment of the service's processes.
	Env []string
	// Profile is hardened or naive.
	Profile string
	// Shards of each stream; Summarizers and Deliverers are processes; Lanes
	// belong to each shard's owner.
	Shards, Summarizers, Deliverers, Lanes int
	// Begin is from where the crawler harvests.
	Begin time.Time
	// Interval is the crawler's wait between two requests, PageSize how many
	// papers it asks for at once.
	Interval time.Duration
	PageSize int
	// Subscribers and Subscriptions go into the store before anything starts.
	// A subscriber's webhook is filled in.
	Subscribers   []paper.Subscriber
	Subscriptions []paper.Subscription
	// World is what the service talks to; the stack does not stop it.
	World World
	// RedisServer is the program; empty means what FindRedis finds.
	RedisServer string
}

// World is everything outside the service: the stand-ins, started.
type World struct {
	// ArxivURL is the address of the query API.
	ArxivURL string
	Ollama   *standin.LLM
	OpenAI   *standin.LLM
	Sink     *standin.Sink
}

// Stack is a running service with its Redis Cluster and its links.
type Stack struct {
	Cluster *Cluster
	Links   *Links

	cfg      StackConfig
	ledger   *undo.Ledger
	database string
	// folder is the database's; the next stack begins without it.
	folder *undo.Entry
	// services are in the order in which they were started.
	services []*Service
}

// The lab's timings of the service: shorter than in production, because a run
// lasts a minute, and of the same order to each other.
const (
	llmTimeout     = "2s"
	llmInFlight    = "8"
	webhookTimeout = "2s"
	// OpenAIKey is what the service sends to the stand-in; it opens nothing.
	OpenAIKey = "lab-key"
)

// StartStack starts the cluster, fills the store, and starts the service's
// processes, each with links of its own. It returns once all are ready. If it
// fails or ctx ends, it leaves nothing behind.
func StartStack(ctx context.Context, ledger *undo.Ledger, cfg StackConfig) (s *Stack, err error) {
	s = &Stack{cfg: cfg, ledger: ledger, Links: NewLinks()}
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()
	if s.Cluster, err = StartCluster(ctx, ledger, ClusterConfig{RedisServer: cfg.RedisServer}); err != nil {
		return s, err
	}
	if err := s.fillStore(ctx); err != nil {
		return s, err
	}
	return s, s.startServices(ctx)
}

// fillStore uses the service's own commands, as an operator would.
func (s *Stack) fillStore(ctx context.Context) error {
	dir, entry, err := s.ledger.Folder("store")
	if err != nil {
		return err
	}
	s.folder = entry
	path := filepath.Join(dir, "papers.db")
	s.database = "sqlite:" + path
	people := struct {
		Subscribers   []paper.Subscriber   `json:"subscribers"`
		Subscriptions []paper.Subscription `json:"subscriptions"`
	}{nil, s.cfg.Subscriptions}
	for _, one := range s.cfg.Subscribers {
		one.Webhook = s.cfg.World.Sink.Webhook(one.ID)
		people.Subscribers = append(people.Subscribers, one)
	}
	raw, err := json.Marshal(people)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "people.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		return fmt.Errorf("write the subscribers: %w", err)
	}
	for _, args := range [][]string{{"migrate"}, {"import", file}} {
		args = append(args, "--database", s.database)
		out, err := exec.CommandContext(ctx, s.cfg.Papers, args...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("papers %s: %w: %s", args[0], err, strings.TrimSpace(string(out)))
		}
	}
	return nil
}

// StorePath is the database's file.
func (s *Stack) StorePath() string { return strings.TrimPrefix(s.database, "sqlite:") }

func (s *Stack) startServices(ctx context.Context) error {
	add := func(role string, count int) {
		for i := range count {
			s.services = append(s.services, &Service{stack: s, role: role, name: fmt.Sprintf("%s-%d", role, i+1)})
		}
	}
	add("watch", 1)
	add("summarize", s.cfg.Summarizers)
	add("deliver", s.cfg.Deliverers)
	add("crawl", 1)
	group, ctx := errgroup.WithContext(ctx)
	for _, service := range s.services {
		group.Go(func() error { return service.begin(ctx) })
	}
	return group.Wait()
}

// Services are the processes of a role, or all of them for "".
func (s *Stack) Services(role string) []*Service {
	var found []*Service
	for _, service := range s.services {
		if role == "" || service.role == role {
			found = append(found, service)
		}
	}
	return found
}

// targets are what a role talks to besides Redis, with the flag that names it.
func (s *Stack) targets(role string) (args, addresses []string) {
	w := s.cfg.World
	switch role {
	case "crawl":
		address := strings.TrimPrefix(strings.SplitN(w.ArxivURL, "/api", 2)[0], "http://")
		return []string{"--arxiv", w.ArxivURL, "--interval", s.cfg.Interval.String(), "--page-size", strconv.Itoa(s.cfg.PageSize),
			"--from", s.cfg.Begin.UTC().Format(time.RFC3339)}, []string{address}
	case "summarize":
		return []string{"--ollama", w.Ollama.URL(), "--openai", w.OpenAI.URL(), "--lanes", fmt.Sprint(s.cfg.Lanes),
				"--llm-timeout", llmTimeout, "--llm-in-flight", llmInFlight},
			[]string{w.Ollama.Address(), w.OpenAI.Address()}
	case "deliver":
		return []string{"--lanes", fmt.Sprint(s.cfg.Lanes), "--timeout", webhookTimeout}, []string{w.Sink.Address()}
	default:
		return nil, nil
	}
}

// Died names a process that ended though nobody ended it.
func (s *Stack) Died() error {
	var died []error
	for _, service := range s.services {
		died = append(died, service.died())
	}
	return errors.Join(died...)
}

// stopWithin is how long the service's processes have to end by themselves.
const stopWithin = 5 * time.Second

// Stop ends the service, the cluster and the links, in this order. It may be
// called twice.
func (s *Stack) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	var group errgroup.Group
	for _, service := range s.services {
		group.Go(func() error { service.stop(ctx); return nil })
	}
	_ = group.Wait()
	if s.Cluster != nil {
		s.Cluster.Stop()
	}
	_ = s.Links.Close()
	if s.folder != nil {
		_ = s.folder.Undo(context.Background()) // stays in the ledger if it fails
	}
}

// CorpusBegin is where a crawl must start to see the whole corpus.
func CorpusBegin(c *corpus.Corpus) time.Time { return c.Begin().Add(-time.Minute) }
