package faults_test

import (
	"testing"

	"paperlab/compose"
	"paperlab/compose/standin"
	"paperlab/compose/standin/corpus"
	"paperlab/reports/history"
)

// crawling is a stage with a crawler and the arXiv that it asks.
func crawling(t *testing.T) *stage {
	t.Helper()
	c, err := corpus.Builtin(1, 10)
	if err != nil {
		t.Fatal(err)
	}
	arxiv, err := standin.NewArxiv(standin.ArxivConfig{Recorder: history.NewRecorder("hardened"), Corpus: c})
	if err != nil {
		t.Fatal(err)
	}
	stage := newStage(t)
	stage.member("crawl")
	stage.standin(compose.Arxiv, arxiv)
	return stage
}

func TestLink(t *testing.T) {
	for name, c := range map[string]struct {
		fields []string
		during string
	}{
		"latency":           {[]string{"latency", "100ms", "jitter", "20ms"}, "an answer began after "},
		"bandwidth":         {[]string{"bandwidth", "10kB/s"}, "an answer began after "},
		"cut-after":         {[]string{"cut_after", "100"}, "and the connection ended after 100 bytes"},
		"cut-after+latency": {[]string{"cut_after", "9000", "latency", "50ms"}, "and the connection ended after 9000 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stage := newStage(t)
			stage.member("summarize")
			stage.node()
			stage.node()
			f := read(t, "link", append(c.fields, "role", "summarize", "pick", "one", "to", "redis")...)
			b := strike(t, stage.site(), f)
			wantProven(t, b, "summarize-1's link to redis-2: an answer began after", c.during, "an answer began after")
			if b.Mode != name || b.Target != "summarize-1 to redis-1, redis-2" || b.Processes[0] != "summarize-1" {
				t.Errorf("facts %+v", b.FaultFacts)
			}
			// The receipt's sabotage: the link stays as it was.
			stage.idle = true
			wantUnproven(t, strike(t, stage.site(), f), "redis-1: ")

			stage = crawling(t)
			f = read(t, "link", append(c.fields, "role", "crawl", "pick", "one", "to", "arxiv")...)
			wantProven(t, strike(t, stage.site(), f), "crawl-1's link to arxiv", c.during, "an answer began after")
		})
	}
}

func TestLinkNeedsThePower(t *testing.T) {
	wantMissing(t, "LinkShaper", read(t, "link", "role", "crawl", "pick", "one", "to", "arxiv", "latency", "1s"))
}
