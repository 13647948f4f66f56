package role_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"paperlab/system/careful"
	"paperlab/system/crawl"
	"paperlab/system/naive"
	"paperlab/system/paper"
	"paperlab/system/redistest"
	"paperlab/system/servicetest"
	"paperlab/system/stream"
)

// producePaper puts one paper on the papers stream of each profile.
func producePaper(t *testing.T) {
	t.Helper()
	rdb := redistest.Client(t)
	s, err := stream.Open(t.Context(), rdb, stream.Spec{Name: "papers", Shards: 12})
	if err != nil {
		t.Fatal(err)
	}
	p := paper.Paper{ID: "2101.00001", Version: 1, Title: "T", Categories: []string{"cs.DC"}}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Produce(t.Context(), stream.Message{ID: p.VersionID(), Key: p.ID, Payload: text}); err != nil {
		t.Fatal(err)
	}
	add := careful.Adding(rdb, careful.Papers("", 12), crawl.NewMetrics(nil))
	if err := add(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if err := rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: naive.Papers("").Key(), Values: []any{"payload", text}}).Err(); err != nil {
		t.Fatal(err)
	}
}

// The stand-in quotes the key that it was given, as some servers do.
func TestTheKeyOfOpenAIIsNeverTold(t *testing.T) {
	const key = "sk-proj-0123456789abcdef"
	for _, status := range []int{http.StatusUnauthorized, http.StatusBadRequest, http.StatusTooManyRequests} {
		for _, profile := range []string{"hardened", "careful", "naive"} {
			t.Run(fmt.Sprint(profile, " ", status), func(t *testing.T) {
				producePaper(t)
				var asked atomic.Int64
				openai := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					asked.Add(1)
					w.WriteHeader(status)
					fmt.Fprintf(w, `{"error": {"message": "Incorrect API key provided: %s", "type": "invalid_request_error", "code": "invalid_api_key"}}`,
						strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
				}))
				defer openai.Close()
				p := start(t, []string{"OPENAI_API_KEY=" + key}, append([]string{
					"summarize", database(t), "--openai=" + openai.URL, "--log-level=debug", "--profile=" + profile}, redisFlags(t, nil)...)...)
				servicetest.Eventually(t, "what OpenAI answered is logged", func() bool {
					return asked.Load() > 0 && strings.Contains(p.output.String(), "Incorrect API key provided: ")
				})
				p.stop(t)
				if text := p.output.String(); strings.Contains(text, key) {
					t.Errorf("the key is told: %s", text)
				}
			})
		}
	}
}

// An LLM that does not answer must not keep a process from ending.
func TestSIGTERMEndsASummarizerWhoseLLMIsSilent(t *testing.T) {
	for _, profile := range []string{"hardened", "careful", "naive"} {
		producePaper(t)
		asked := make(chan struct{}, 100)
		llm := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // only then is the caller's end seen
			asked <- struct{}{}
			<-r.Context().Done()
		}))
		defer llm.Close()
		p := start(t, nil, append([]string{"summarize", database(t), "--ollama=" + llm.URL, "--profile=" + profile}, redisFlags(t, nil)...)...)
		<-asked
		p.stop(t)
	}
}
