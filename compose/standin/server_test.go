package standin

import (
	"net/http"
	"testing"
	"time"

	"paperlab/system/service"
	"paperlab/system/servicetest"
)

// kind is one kind of stand-in, and a request that it answers late under a
// slow manner.
type kind struct {
	name string
	make func(t *testing.T) (startable, *server)
	ask  func(t *testing.T, url string) answer
	slow bool
}

func kinds() []kind {
	return []kind{
		{"arxiv", func(t *testing.T) (startable, *server) {
			a, err := NewArxiv(ArxivConfig{Recorder: recorder(), Corpus: builtin(t, 3)})
			return late(t, a, err), a.server
		}, func(t *testing.T, url string) answer {
			return request(t.Context(), http.MethodGet, url+"/api/query?search_query=cat:cs.DC", "")
		}, true},
		{"llm", func(t *testing.T) (startable, *server) {
			l, err := NewLLM(LLMConfig{Provider: Ollama, Recorder: recorder()})
			return late(t, l, err), l.server
		}, func(t *testing.T, url string) answer {
			return request(t.Context(), http.MethodPost, url+"/v1/chat/completions", question)
		}, true},
		{"llm, probed", func(t *testing.T) (startable, *server) {
			l, err := NewLLM(LLMConfig{Provider: Ollama, Recorder: recorder()})
			return late(t, l, err), l.server
		}, func(t *testing.T, url string) answer {
			return request(t.Context(), http.MethodPost, url+"/v1/chat/completions", question, probeHeader, "1")
		}, true},
		{"sink", func(t *testing.T) (startable, *server) {
			s, err := NewSink(SinkConfig{Recorder: recorder()})
			return late(t, s, err), s.server
		}, func(t *testing.T, url string) answer {
			return request(t.Context(), http.MethodPost, url+"/hooks/ada", notification("n1", "ada"))
		}, true},
		{"slack", func(t *testing.T) (startable, *server) {
			s := NewSlack(recorder(), "")
			return s, s.server
		}, func(t *testing.T, url string) answer {
			return request(t.Context(), http.MethodPost, url+"/slack", `{"text":"hello"}`)
		}, false},
	}
}

// late answers only after ten minutes.
func late[S interface {
	startable
	SetManner(Manner) error
}](t *testing.T, s S, err error) startable {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	setManner(t, s, slow)
	return s
}

func TestStandInsKeepTheContract(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			servicetest.Lifecycle(t, func(t *testing.T) (service.Service, func(*testing.T)) {
				s, _ := k.make(t)
				return s, answers(s)
			})
		})
	}
}

// answers sees that the stand-in answers, be it that there is no such page.
func answers(s startable) func(*testing.T) {
	return func(t *testing.T) {
		if a := request(t.Context(), http.MethodGet, s.URL()+"/nothing", ""); a.err != nil {
			t.Fatal(a.err)
		}
	}
}

func TestNoAddressBeforeStartAndNoAnswerAfterStop(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			s, _ := k.make(t)
			if s.URL() != "" {
				t.Errorf("URL before Start: %s", s.URL())
			}
			if err := s.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.Stop()
			if a := k.ask(t, s.URL()); a.err == nil {
				t.Errorf("answered after Stop: %d", a.status)
			}
		})
	}
}

// TestStopCutsOff: a request in hand gets no answer at all. An empty 200 would
// be one, and the caller would believe it.
func TestStopCutsOff(t *testing.T) {
	for _, k := range kinds() {
		if !k.slow {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			s, inner := k.make(t)
			arrivals := entered(inner)
			if err := s.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			wait := background(t, 1, func(int) answer { return k.ask(t, s.URL()) })
			<-arrivals
			began := time.Now()
			s.Stop()
			if took := time.Since(began); took > time.Second {
				t.Errorf("Stop took %v", took)
			}
			wait()[0].wantReset(t)
		})
	}
}
