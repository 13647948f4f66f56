package faults_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"paperlab/compose"
	"paperlab/compose/standin"
	"paperlab/compose/standin/corpus"
	"paperlab/faults"
	"paperlab/reports/history"
)

// archive starts arXiv on a stage and asks it as a crawler does.
func archive(t *testing.T) (*faults.Site, *standin.Arxiv) {
	t.Helper()
	c, err := corpus.Builtin(1, 10)
	if err != nil {
		t.Fatal(err)
	}
	one, err := standin.NewArxiv(standin.ArxivConfig{Recorder: history.NewRecorder("hardened"), Corpus: c})
	if err != nil {
		t.Fatal(err)
	}
	stage := newStage(t)
	stage.standin(compose.Arxiv, one)
	site := stage.site()
	site.Standins[compose.Arxiv] = one
	t.Cleanup(every(t, 10*time.Millisecond, func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, one.QueryURL()+"?max_results=1", http.NoBody)
		if err != nil {
			return
		}
		if resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req); err == nil {
			resp.Body.Close()
		}
	}))
	return site, one
}

func TestArxiv(t *testing.T) {
	for name, c := range map[string]struct {
		fields []string
		during string
	}{
		"429":                  {[]string{"mode", "rate-limited"}, "a probe of arxiv had 429 Rate exceeded. in "},
		"429 with Retry-After": {[]string{"mode", "rate-limited", "retry_after", "3s"}, "had 429 Rate exceeded., Retry-After 3, in "},
		"503":                  {[]string{"mode", "unavailable"}, "had 503 Service Unavailable in "},
		"503 with Retry-After": {[]string{"mode", "unavailable", "retry_after", "5s"}, "Retry-After 5, in "},
		"garbage":              {[]string{"mode", "garbage"}, "had 200 and an answer that cannot be read"},
		"slow":                 {[]string{"mode", "slow"}, "had no answer in 1"},
		"refuse":               {[]string{"mode", "refuse"}, "was refused a connection in"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site, one := archive(t)
			f := read(t, "arxiv", c.fields...)
			b := strike(t, site, f)
			wantProven(t, b, "a probe of arxiv had 200 in ", c.during, "a probe of arxiv had 200")
			if b.Target != "arxiv" || b.Mode != c.fields[1] || !strings.HasPrefix(b.Happened, "arxiv ") || strings.HasPrefix(b.toll, "0 ") {
				t.Errorf("%+v", b)
			}
			// The receipt's sabotage: a stand-in that stays well.
			site.Standins[compose.Arxiv] = deaf{one}
			wantUnproven(t, strike(t, site, f), "which is not what it should be")
		})
	}
}
