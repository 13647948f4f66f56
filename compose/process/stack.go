package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"paperlab/compose"
	"paperlab/compose/undo"
	"paperlab/system/cluster"
	"paperlab/system/paper"
)

// stack is a running service with its Redis Cluster and its links.
type stack struct {
	config Config
	plan   compose.Plan

	cluster  *cluster.Cluster
	links    *Links
	database string
	// folder is the database's; the next stack begins without it.
	folder *undo.Entry
	// members are in the order in which they were started.
	members []*member

	mu sync.Mutex
	// frozen are the processes that were stopped, by name.
	frozen map[string]frozen
}

// The lab's timings of the service: shorter than in production, because a run
// lasts a minute, and of the same order to each other.
const (
	llmTimeout     = "2s"
	webhookTimeout = "2s"
)

// start starts the cluster, fills the store, and starts the service's
// processes, each with links of its own. It returns once all are ready.
func (s *stack) start(ctx context.Context) (err error) {
	if s.cluster, err = StartCluster(ctx, s.plan.Ledger, ClusterConfig{RedisServer: s.config.RedisServer, Logs: s.plan.Logs}); err != nil {
		return err
	}
	if err := s.fillStore(ctx); err != nil {
		return err
	}
	return s.startMembers(ctx)
}

// fillStore uses the service's own commands, as an operator would.
func (s *stack) fillStore(ctx context.Context) error {
	dir, entry, err := s.plan.Ledger.Folder("store")
	if err != nil {
		return err
	}
	s.folder = entry
	s.database = "sqlite:" + filepath.Join(dir, "papers.db")
	people := struct {
		Subscribers   []paper.Subscriber   `json:"subscribers"`
		Subscriptions []paper.Subscription `json:"subscriptions"`
	}{nil, s.plan.Subscriptions}
	for _, one := range s.plan.Subscribers {
		one.Webhook = s.plan.Surroundings.Webhook(one.ID)
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
		out, err := exec.CommandContext(ctx, s.config.Papers, args...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("papers %s: %w: %s", args[0], err, strings.TrimSpace(string(out)))
		}
	}
	return nil
}

func (s *stack) startMembers(ctx context.Context) error {
	for _, role := range []string{"watch", "summarize", "deliver", "crawl"} {
		for _, name := range s.plan.Names(role) {
			s.members = append(s.members, &member{stack: s, role: role, name: name})
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, m := range s.members {
		group.Go(func() error { return m.begin(ctx) })
	}
	return group.Wait()
}

// roleArguments are the flags that only the role has.
func (s *stack) roleArguments(role string) []string {
	around, lanes := s.plan.Surroundings, strconv.Itoa(s.plan.Lanes)
	switch role {
	case "crawl":
		return []string{"--arxiv", around.Arxiv, "--interval", s.plan.Interval.String(),
			"--page-size", strconv.Itoa(s.plan.PageSize), "--from", s.plan.Begin.UTC().Format(time.RFC3339)}
	case "summarize":
		return []string{"--ollama", around.Ollama, "--openai", around.OpenAI, "--lanes", lanes, "--members", strconv.Itoa(s.plan.Summarizers),
			"--llm-timeout", llmTimeout, "--llm-in-flight", strconv.Itoa(s.plan.LLMInFlight)}
	case "deliver":
		return []string{"--lanes", lanes, "--members", strconv.Itoa(s.plan.Deliverers), "--timeout", webhookTimeout}
	default:
		return nil
	}
}

// addressOf is the real host:port of a target, "" if there is none.
func (s *stack) addressOf(target string) string {
	around := s.plan.Surroundings
	for _, n := range s.cluster.Nodes() {
		if n.Name == target {
			return n.Addr
		}
	}
	address := map[string]string{compose.Arxiv: around.Arxiv, compose.Ollama: around.Ollama, compose.OpenAI: around.OpenAI}[target]
	if target == compose.Sink {
		address = around.Webhook("")
	}
	at, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return at.Host
}

func (s *stack) nodeNames() (names []string) {
	for _, n := range s.cluster.Nodes() {
		names = append(names, n.Name)
	}
	return names
}

// Members implements compose.Stack, as do the exported methods that follow.
func (s *stack) Members(role string) []compose.Member {
	var found []compose.Member
	for _, m := range s.members {
		if role == "" || m.role == role {
			found = append(found, m)
		}
	}
	return found
}

func (s *stack) Nodes() []compose.Node {
	var nodes []compose.Node
	for _, n := range s.cluster.Nodes() {
		nodes = append(nodes, compose.Node{Name: n.Name, Addr: n.Addr, Master: n.Of == "", Of: n.Of})
	}
	return nodes
}

func (s *stack) Redis() *redis.ClusterClient { return s.cluster.Client() }

func (s *stack) Database() string { return s.database }

func (s *stack) ClusterUpIn() time.Duration { return s.cluster.UpIn() }

func (s *stack) Died() error {
	var died []error
	for _, m := range s.members {
		died = append(died, m.died())
	}
	return errors.Join(died...)
}

// stopWithin is how long the service's processes have to end by themselves.
const stopWithin = 5 * time.Second

// Stop ends the service, the cluster and the links, in this order.
func (s *stack) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	var group errgroup.Group
	for _, m := range s.members {
		group.Go(func() error { m.stop(ctx); return nil })
	}
	_ = group.Wait()
	if s.cluster != nil {
		s.cluster.Stop()
	}
	_ = s.links.Close()
	if s.folder != nil {
		_ = s.folder.Undo(context.Background()) // stays in the ledger if it fails
	}
}
