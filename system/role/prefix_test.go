package role_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/system/redistest"
	"paperlab/system/servicetest"
)

// outside answers as arXiv (with one paper), as an LLM and as a webhook, and
// counts what the webhook was told.
func outside(t *testing.T) (url string, told *atomic.Int64) {
	t.Helper()
	told = new(atomic.Int64)
	now := time.Now().UTC().Format(time.RFC3339)
	mux := http.NewServeMux()
	mux.HandleFunc("/arxiv", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">
<opensearch:totalResults>1</opensearch:totalResults>`)
		if r.URL.Query().Get("start") == "0" {
			fmt.Fprintf(w, `<entry><id>http://arxiv.org/abs/2101.00001v1</id><title>T</title><published>%s</published><updated>%s</updated><category term="cs.DC"/></entry>`, now, now)
		}
		_, _ = io.WriteString(w, "</feed>")
	})
	mux.HandleFunc("/v1/chat/completions", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"choices": [{"message": {"content": "S"}}]}`)
	})
	mux.HandleFunc("/hook", func(http.ResponseWriter, *http.Request) { told.Add(1) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL, told
}

// follow subscribes one person to the paper of outside.
func follow(t *testing.T, db, webhook string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "people.json")
	people := fmt.Sprintf(`{"subscribers": [{"id": "u", "webhook": %q}],
		"subscriptions": [{"id": "s", "subscriber": "u", "kind": "category", "term": "cs.DC"}]}`, webhook)
	if err := os.WriteFile(file, []byte(people), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := start(t, nil, "import", db, file).await(t, 5*time.Second); code != 0 {
		t.Fatalf("import: exit code %d", code)
	}
}

// serveOne runs all roles until the one paper is told.
func serveOne(t *testing.T, flags ...string) {
	t.Helper()
	url, told := outside(t)
	db := database(t)
	follow(t, db, url+"/hook")
	flags = append(append(redisFlags(t, nil), flags...), db)
	var running []*process
	for _, role := range [][]string{{"crawl", "--arxiv=" + url + "/arxiv", "--interval=200ms"}, {"summarize", "--ollama=" + url}, {"deliver"}, {"watch"}} {
		if role[0] == "watch" {
			flags = slices.DeleteFunc(slices.Clone(flags), func(f string) bool { return f == db })
		}
		running = append(running, start(t, nil, append(role, flags...)...))
	}
	servicetest.Eventually(t, "the webhook is told", func() bool { return told.Load() > 0 })
	watcher := running[len(running)-1]
	servicetest.Eventually(t, "the watcher shows the logical name", func() bool {
		text := watcher.get("/metrics")
		return strings.Contains(text, `papers_stream_length{stream="papers"} 1`) ||
			strings.Contains(text, `papers_stream_length{stream="naive:papers"} 1`) ||
			strings.Contains(text, `papers_stream_length{stream="careful:papers"} 1`)
	})
	showsWhatAlertsAsk(t, running)
	for _, p := range running {
		p.stop(t)
	}
}

// showsWhatAlertsAsk looks for the series that the alert rules ask for and that
// every profile must have, whether anything has gone wrong yet or not.
func showsWhatAlertsAsk(t *testing.T, roles []*process) {
	t.Helper()
	const crawl, summarize, deliver, watch = 0, 1, 2, 3
	asked := map[int][]string{
		crawl:     {`papers_redis_node_reachable{node=`},
		summarize: {`papers_redis_node_reachable{node=`, `papers_llm_calls_total{outcome="error",provider="ollama"}`, `papers_llm_calls_total{outcome="timeout",provider="ollama"}`, `papers_llm_calls_total{outcome="refused",provider="ollama"}`},
		deliver:   {`papers_redis_node_reachable{node=`, `papers_deliveries_total{outcome="error"} 0`},
		watch:     {`papers_stream_lag{`, `papers_stream_pending{`, `papers_dead_letters{`},
	}
	for role, series := range asked {
		text := roles[role].get("/metrics")
		for _, one := range series {
			if !strings.Contains(text, one) {
				t.Errorf("role %d does not show %s", role, one)
			}
		}
	}
}

// allKeys are the keys of every master.
func allKeys(t *testing.T, rdb *redis.ClusterClient) (all []string) {
	t.Helper()
	var mu sync.Mutex
	err := rdb.ForEachMaster(t.Context(), func(ctx context.Context, node *redis.Client) error {
		keys, err := node.Keys(ctx, "*").Result()
		mu.Lock()
		defer mu.Unlock()
		all = append(all, keys...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestNoKeyLiesOutsideThePrefix(t *testing.T) {
	for profile, want := range map[string][]string{
		"hardened": {"{run-1.a:papers}:routing", "{run-1.a:notifications}:routing"},
		"naive":    {"run-1.a:naive:papers", "run-1.a:naive:notifications"},
		"careful":  {"run-1.a:careful:{papers:0}", "run-1.a:careful:{notifications:11}"},
	} {
		t.Run(profile, func(t *testing.T) {
			rdb := redistest.Client(t)
			serveOne(t, "--prefix=run-1.a", "--profile="+profile)
			keys := allKeys(t, rdb)
			for _, key := range keys {
				if !strings.HasPrefix(strings.TrimPrefix(key, "{"), "run-1.a:") {
					t.Errorf("%s lies outside", key)
				}
			}
			for _, key := range want {
				if !slices.Contains(keys, key) {
					t.Errorf("%s is missing among %q", key, keys)
				}
			}
		})
	}
}

// What is stored must be found by the next version, and by who looks from
// outside.
func TestWithoutAPrefixTheKeysAreThoseOfBefore(t *testing.T) {
	for profile, want := range map[string][]string{
		"hardened": {"{papers}:routing", "{notifications}:routing", "{papers.0.0}:meta"},
		"naive":    {"naive:papers", "naive:notifications"},
		"careful":  {"careful:{papers:1}", "careful:{notifications:0}"},
	} {
		t.Run(profile, func(t *testing.T) {
			rdb := redistest.Client(t)
			serveOne(t, "--profile="+profile, "--shards=2")
			keys := allKeys(t, rdb)
			for _, key := range want {
				if !slices.Contains(keys, key) {
					t.Errorf("%s is missing among %q", key, keys)
				}
			}
		})
	}
}

func TestAPrefixThatIsNoneEndsAtOnce(t *testing.T) {
	for name, args := range roles(t, "--redis=127.0.0.1:1", "--prefix={x}") {
		p := start(t, nil, args...)
		if code := p.await(t, 5*time.Second); code != 1 {
			t.Errorf("%s: exit code %d, want 1", name, code)
		}
		if text := p.output.String(); !strings.Contains(text, `--prefix is "{x}"; it must consist of`) {
			t.Errorf("%s: no clear error: %s", name, text)
		}
	}
}
