package grafana_test

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"go.uber.org/goleak"

	"paperlab/grafana"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Series are in Prometheus' own notation, one sample a second from second 0:
// "1x3 _x2 0" is four ones, two samples missing, one zero. The rules are
// evaluated every second; want lists, for each change, the second and what
// fires from then on.
var cases = []struct {
	name   string
	series []string
	want   []string
}{{
	name: "all is well",
	series: []string{
		`up{job="summarize",instance="summarize-1"} 1x40`,
		`papers_stream_lag{stream="papers",group="summarize"} 60+0x40`,
		`papers_stream_pending{stream="papers",group="summarize"} 40+0x40`,
		`papers_stream_lag{stream="notifications",group="deliver"} 800+0x40`,
		`papers_stream_pending{stream="notifications",group="deliver"} 200+0x40`,
		`papers_llm_breaker_open{job="summarize",instance="summarize-1",provider="ollama"} 0x40`,
		`papers_llm_breaker_open{job="summarize",instance="summarize-1",provider="openai"} 0x40`,
		`papers_redis_node_reachable{job="summarize",instance="summarize-1",node="127.0.1.1:7001"} 1x40`,
		`papers_dead_letters{stream="papers"} 0x40`,
		`papers_deliveries_total{job="deliver",instance="deliver-1",outcome="ok"} 0+200x40`,
		`papers_deliveries_total{job="deliver",instance="deliver-1",outcome="error"} 0+10x40`,
	},
}, {
	name: "a consumer dies at 5 s and is back at 12 s",
	series: []string{
		`up{job="summarize",instance="summarize-1"} 1x40`,
		`up{job="summarize",instance="summarize-2"} 1x4 0x6 1x20`,
	},
	want: []string{"7: ConsumerDown{summarize-2}", "12: "},
}, {
	name:   "one scrape of a consumer fails",
	series: []string{`up{job="deliver",instance="deliver-1"} 1x4 0 1x20`},
}, {
	name:   "the watcher dies",
	series: []string{`up{job="watch",instance="watch-1"} 1x4 0x9`},
	want:   []string{"7: WatchDown{watch-1}"},
}, {
	name: "one process loses one node, then a second",
	series: []string{
		`papers_redis_node_reachable{job="summarize",instance="summarize-1",node="127.0.1.1:7001"} 1x4 0x9 1x9`,
		`papers_redis_node_reachable{job="summarize",instance="summarize-1",node="127.0.1.2:7001"} 1x7 0x6 1x9`,
		`papers_redis_node_reachable{job="summarize",instance="summarize-2",node="127.0.1.1:7001"} 1x30`,
	},
	want: []string{
		"7: RedisNodeUnreachable{summarize-1 127.0.1.1:7001}",
		"10: RedisNodeUnreachable{summarize-1 127.0.1.1:7001} RedisNodeUnreachable{summarize-1 127.0.1.2:7001}",
		"15: ",
	},
}, {
	name: "forty papers a second wait for ten seconds and are then worked off",
	series: []string{
		`papers_stream_lag{stream="papers",group="summarize"} 0x4 0+40x9 300-60x5 0x9`,
		`papers_stream_pending{stream="papers",group="summarize"} 24x40`,
	},
	want: []string{"12: LagHigh{papers summarize}", "19: "},
}, {
	name: "a burst passes within five seconds",
	series: []string{
		`papers_stream_lag{stream="papers",group="summarize"} 0x4 400x4 0x20`,
		`papers_stream_pending{stream="papers",group="summarize"} 24x40`,
	},
}, {
	name: "two thousand notifications wait, in the naive profile too",
	series: []string{
		`papers_stream_lag{stream="naive:notifications",group="deliver"} 0x4 2000x9`,
		`papers_stream_pending{stream="naive:notifications",group="deliver"} 8x40`,
	},
	want: []string{"10: LagHigh{naive:notifications deliver}"},
}, {
	name: "lag is absent: not 0, and pending alone is not enough",
	series: []string{
		`papers_stream_pending{stream="papers",group="summarize"} 90x40`,
	},
	want: []string{"30: LagUnknown{papers summarize}"},
}, {
	name: "lag is absent, but pending alone is over the limit",
	series: []string{
		`papers_stream_lag{stream="papers",group="summarize"} 0x4 stale _x20`,
		`papers_stream_pending{stream="papers",group="summarize"} 90x4 150x20`,
	},
	want: []string{"10: LagHigh{papers summarize}"},
}, {
	name: "high lag that becomes unknown is not over",
	series: []string{
		`papers_stream_lag{stream="papers",group="summarize"} 500x9 stale _x9`,
		`papers_stream_pending{stream="papers",group="summarize"} 150x20`,
	},
	want: []string{"5: LagHigh{papers summarize}"},
}, {
	name: "the primary LLM is down in two of three processes, then all LLMs in one",
	series: []string{
		`papers_llm_breaker_open{job="summarize",instance="summarize-1",provider="ollama"} 0x4 1x20`,
		`papers_llm_breaker_open{job="summarize",instance="summarize-2",provider="ollama"} 0x5 1x20`,
		`papers_llm_breaker_open{job="summarize",instance="summarize-3",provider="ollama"} 0x30`,
		`papers_llm_breaker_open{job="summarize",instance="summarize-1",provider="openai"} 0x9 1x4 0x20`,
		`papers_llm_breaker_open{job="summarize",instance="summarize-2",provider="openai"} 0x30`,
		`papers_llm_breaker_open{job="summarize",instance="summarize-3",provider="openai"} 1x30`,
	},
	want: []string{
		"1: LLMFailing{openai}",
		"6: LLMFailing{ollama} LLMFailing{openai} LLMPrimaryDown{ollama}",
		"11: LLMAllDown{} LLMFailing{ollama} LLMFailing{openai} LLMPrimaryDown{ollama}",
		"15: LLMFailing{ollama} LLMFailing{openai} LLMPrimaryDown{ollama}",
	},
}, {
	name: "no LLM fails where a call is lost now and then",
	series: []string{
		`papers_llm_calls_total{job="summarize",instance="summarize-1",provider="ollama",outcome="ok"} 0+20x40`,
		`papers_llm_calls_total{job="summarize",instance="summarize-1",provider="ollama",outcome="timeout"} 0+0x5 0+0.4x34`,
		`papers_llm_calls_total{job="summarize",instance="summarize-1",provider="openai",outcome="ok"} 0+0x40`,
		`papers_llm_calls_total{job="summarize",instance="summarize-1",provider="openai",outcome="refused"} 0x9 3x30`,
	},
}, {
	name: "the only LLM fails for ten seconds: nothing but its calls tells",
	series: []string{
		`papers_llm_calls_total{job="summarize",instance="summarize-1",provider="ollama",outcome="ok"} 0+20x10 200+0x9 200+20x20`,
		`papers_llm_calls_total{job="summarize",instance="summarize-1",provider="ollama",outcome="error"} 0x10 0+20x9 180x30`,
	},
	want: []string{"13: LLMFailing{ollama}", "29: "},
}, {
	name: "a breaker leaves few calls to fail, and the fallback carries",
	series: []string{
		`papers_llm_calls_total{job="summarize",instance="summarize-1",provider="ollama",outcome="ok"} 0+20x10 200x19`,
		`papers_llm_calls_total{job="summarize",instance="summarize-1",provider="ollama",outcome="error"} 0x10 8x2 10x17`,
		`papers_llm_calls_total{job="summarize",instance="summarize-2",provider="ollama",outcome="ok"} 0+20x10 200x19`,
		`papers_llm_calls_total{job="summarize",instance="summarize-2",provider="ollama",outcome="refused"} 0x10 9x2 11x17`,
		`papers_llm_calls_total{job="summarize",instance="summarize-1",provider="openai",outcome="ok"} 0x10 0+20x19`,
	},
	want: []string{"13: LLMFailing{ollama}", "20: "},
}, {
	name: "a breaker that opens among many calls is no share of them",
	series: []string{
		`papers_llm_calls_total{job="summarize",instance="summarize-1",provider="ollama",outcome="ok"} 0+200x10 2000x3`,
		`papers_llm_calls_total{job="summarize",instance="summarize-1",provider="ollama",outcome="error"} 0x10 5x3`,
		`papers_llm_breaker_open{job="summarize",instance="summarize-1",provider="ollama"} 0x10 1x3`,
	},
	want: []string{"12: LLMAllDown{} LLMFailing{ollama} LLMPrimaryDown{ollama}"},
}, {
	name: "a hundred papers wait in the careful profile",
	series: []string{
		`papers_stream_lag{stream="careful:papers",group="summarize"} 0x4 140x9`,
		`papers_stream_pending{stream="careful:papers",group="summarize"} 8x40`,
		`papers_dead_letters{stream="careful:notifications"} 0x8 1x9`,
	},
	want: []string{"10: DeadLetters{careful:notifications} LagHigh{careful:papers summarize}"},
}, {
	name:   "an entry becomes a dead letter",
	series: []string{`papers_dead_letters{stream="papers"} 0x4 3x9`},
	want:   []string{"6: DeadLetters{papers}"},
}, {
	name: "every second webhook fails",
	series: []string{
		`papers_deliveries_total{job="deliver",instance="deliver-1",outcome="ok"} 0+100x40`,
		`papers_deliveries_total{job="deliver",instance="deliver-1",outcome="error"} 0x10 0+100x9 900x30`,
	},
	want: []string{"18: DeliveriesFailing{}", "28: "},
}, {
	name: "the same for a quarter of a minute, scraped every 15 s",
	series: []string{
		`papers_deliveries_total{job="deliver",instance="deliver-1",outcome="ok"} 0 _x14 1500 _x14 2250 _x14 2250 _x14 2250 _x14 2250 _x14 2250 _x14 2250`,
		`papers_deliveries_total{job="deliver",instance="deliver-1",outcome="error"} 0 _x14 0 _x14 750 _x14 750 _x14 750 _x14 750 _x14 750 _x14 750`,
	},
	want: []string{"35: DeliveriesFailing{}", "75: "},
}, {
	name: "the only LLM fails for half a minute, scraped every 30 s",
	series: []string{
		`papers_llm_calls_total{job="summarize",instance="summarize-1",provider="ollama",outcome="ok"} 0 _x29 600 _x29 600 _x29 1200 _x29 1800 _x29 2400`,
		`papers_llm_calls_total{job="summarize",instance="summarize-1",provider="ollama",outcome="error"} 0 _x29 0 _x29 90 _x29 90 _x29 90 _x29 90`,
	},
	want: []string{"61: LLMFailing{ollama}", "90: "},
}}

func TestAlerts(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := changes(t, c.series)
			if !slices.Equal(got, c.want) {
				t.Errorf("alerts changed thus:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// TestTextsAreComplete: someone is woken by these.
func TestTextsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, group := range load(t) {
		for _, r := range group.Rules {
			seen[r.Alert] = true
			if !slices.Contains([]string{"info", "warning", "critical"}, r.Labels["severity"]) {
				t.Errorf("%s: severity %q is not info, warning or critical", r.Alert, r.Labels["severity"])
			}
			for _, key := range []string{"summary", "description", "runbook"} {
				if r.Annotations[key] == "" {
					t.Errorf("%s: annotation %s is empty", r.Alert, key)
				}
			}
			if !strings.Contains(r.Annotations["runbook"], "`") && !strings.Contains(r.Annotations["runbook"], "log") {
				t.Errorf("%s: runbook %q names nothing to look with", r.Alert, r.Annotations["runbook"])
			}
		}
	}
	for _, name := range []string{"ConsumerDown", "LagHigh", "LLMFailing", "LLMPrimaryDown", "RedisNodeUnreachable"} {
		if !seen[name] {
			t.Errorf("there is no rule %s", name)
		}
	}
}

// changes evaluates every rule each second over the series, and describes what
// fires whenever that differs from the second before.
func changes(t *testing.T, series []string) []string {
	t.Helper()
	db, seconds := fill(t, series)
	query := rules.EngineQueryFunc(promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute}), db)
	alerting := alertingRules(t)
	var out []string
	before := ""
	for second := range seconds {
		var firing []string
		for _, r := range alerting {
			if _, err := r.Eval(t.Context(), 0, time.Unix(int64(second), 0), query, nil, 0); err != nil {
				t.Fatalf("%s at second %d: %v", r.Name(), second, err)
			}
			for _, a := range r.ActiveAlerts() {
				if a.State == rules.StateFiring {
					firing = append(firing, describe(t, r.Name(), a))
				}
			}
		}
		slices.Sort(firing)
		if now := strings.Join(firing, " "); now != before {
			out = append(out, fmt.Sprintf("%d: %s", second, now))
			before = now
		}
	}
	return out
}

// describe names an alert by those of its labels that tell instances apart.
func describe(t *testing.T, name string, a *rules.Alert) string {
	var values []string
	for _, label := range []string{"instance", "node", "provider", "stream", "group"} {
		if v := a.Labels.Get(label); v != "" {
			values = append(values, v)
		}
	}
	a.Annotations.Range(func(l labels.Label) {
		if strings.Contains(l.Value, "<error") || strings.Contains(l.Value, "<no value>") {
			t.Errorf("%s: annotation %s is %q", name, l.Name, l.Value)
		}
	})
	return fmt.Sprintf("%s{%s}", name, strings.Join(values, " "))
}

// fill stores the series and tells how many seconds they last.
func fill(t *testing.T, series []string) (*tsdb.DB, int) {
	t.Helper()
	opts := tsdb.DefaultOptions()
	opts.WALSegmentSize = -1
	db, err := tsdb.Open(t.TempDir(), promslog.NewNopLogger(), nil, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	seconds := 0
	columns := make([][]parser.SequenceValue, len(series))
	names := make([]labels.Labels, len(series))
	for i, text := range series {
		if names[i], columns[i], err = parser.NewParser(parser.Options{}).ParseSeriesDesc(text); err != nil {
			t.Fatalf("series %s: %v", text, err)
		}
		seconds = max(seconds, len(columns[i]))
	}
	appender := db.AppenderV2(context.Background())
	for i, values := range columns {
		for second, v := range values {
			if v.Omitted {
				continue
			}
			at := int64(second) * 1000
			if _, err := appender.Append(0, names[i], 0, at, v.Value, nil, nil, storage.AppendV2Options{}); err != nil {
				t.Fatalf("series %s at second %d: %v", series[i], second, err)
			}
		}
	}
	if err := appender.Commit(); err != nil {
		t.Fatal(err)
	}
	return db, seconds
}

func load(t *testing.T) []rulefmt.RuleGroup {
	t.Helper()
	names, err := fs.Glob(grafana.Alerts(), "*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("rule files: %v, %v", names, err)
	}
	var all []rulefmt.RuleGroup
	for _, name := range names {
		content, err := fs.ReadFile(grafana.Alerts(), name)
		if err != nil {
			t.Fatal(err)
		}
		groups, errs := rulefmt.Parse(content, false, model.UTF8Validation, parser.NewParser(parser.Options{}), promslog.NewNopLogger())
		if len(errs) > 0 {
			t.Fatalf("%s: %v", name, errs)
		}
		all = append(all, groups.Groups...)
	}
	return all
}

func alertingRules(t *testing.T) []*rules.AlertingRule {
	t.Helper()
	var out []*rules.AlertingRule
	for _, group := range load(t) {
		for _, r := range group.Rules {
			expr, err := parser.NewParser(parser.Options{}).ParseExpr(r.Expr)
			if err != nil {
				t.Fatalf("%s: %v", r.Alert, err)
			}
			out = append(out, rules.NewAlertingRule(r.Alert, expr, time.Duration(r.For), time.Duration(r.KeepFiringFor),
				labels.FromMap(r.Labels), labels.FromMap(r.Annotations), labels.EmptyLabels(), "", true, promslog.NewNopLogger()))
		}
	}
	slices.SortStableFunc(out, func(a, b *rules.AlertingRule) int { return cmp.Compare(a.Name(), b.Name()) })
	return out
}

// TestRules: an alert is as patient and as far-sighted as its rules say.
func TestRules(t *testing.T) {
	got, err := grafana.Rules()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, group := range load(t) {
		for _, r := range group.Rules {
			names = append(names, r.Alert)
		}
	}
	if !slices.EqualFunc(got, names, func(r grafana.Rule, name string) bool { return r.Alert == name }) {
		t.Errorf("rules are %+v\nwant those of %q", got, names)
	}
	// One with a range, or a longer one; one without; and one with an alternative
	// that needs none.
	for _, want := range []grafana.Rule{
		{Alert: "DeliveriesFailing", For: 5 * time.Second, Window: time.Minute},
		{Alert: "ConsumerDown", For: 2 * time.Second},
		{Alert: "LLMFailing", For: time.Second},
	} {
		if !slices.Contains(got, want) {
			t.Errorf("rules are %+v\nwant %+v among them", got, want)
		}
	}
}

// TestDelay: for counts in whole intervals, and a rate is blind below two samples.
func TestDelay(t *testing.T) {
	r := grafana.Rule{Alert: "A", For: 2 * time.Second, Window: 10 * time.Second}
	for every, want := range map[time.Duration][2]time.Duration{
		time.Second: {2 * time.Second, 4 * time.Second}, 1500 * time.Millisecond: {3 * time.Second, 6 * time.Second},
		5 * time.Second: {5 * time.Second, 15 * time.Second}, 15 * time.Second: {15 * time.Second, 45 * time.Second},
	} {
		if least, most := r.Delay(every); least != want[0] || most != want[1] {
			t.Errorf("every %v: %v to %v, want %v", every, least, most, want)
		}
		if r.Blind(every) != (every > 5*time.Second) {
			t.Errorf("every %v: blind %v", every, r.Blind(every))
		}
	}
	if least, most := (grafana.Rule{}).Delay(time.Second); least != 0 || most != 2*time.Second {
		t.Errorf("without for: %v to %v", least, most)
	}
	rules := []grafana.Rule{{Alert: "B", For: time.Second}, r, {Alert: "A", For: 9 * time.Second}}
	for every, want := range map[time.Duration]time.Duration{time.Second: 4 * time.Second, 6 * time.Second: 24 * time.Second} {
		if rule, most, known := grafana.Soonest(rules, "A", every); !known || rule.Alert != "A" || most != want {
			t.Errorf("every %v: %+v after %v, want %v", every, rule, most, want)
		}
	}
	if _, _, known := grafana.Soonest(rules[:2], "A", 6*time.Second); known {
		t.Error("a blind rule is relied on")
	}
}
