package scenarios

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// composed is a scenario file of these faults, each written "kind: {…} @at +length",
// on 3 summarizers and 2 deliverers.
func composed(faults ...string) string {
	const begin = `name: demo
about: Faults that compose, or do not.
service: {shards: 12, summarizers: 3, deliverers: 2}
load: {papers: 4800, rate: 60/s, subscribers: 40}
phases: {control: 8s, steady: 2s, fault: 30s, recover: 30s}
faults:
`
	var text strings.Builder
	text.WriteString(begin)
	for _, f := range faults {
		what, length, _ := strings.Cut(f, " +")
		what, at, _ := strings.Cut(what, " @")
		lasts := "for"
		if strings.HasPrefix(what, "kill") || strings.HasPrefix(what, "redis-kill") {
			lasts = "restart_after"
		}
		fmt.Fprintf(&text, "  - %s\n    at: %s\n    %s: %s\n", what, at, lasts, length)
	}
	text.WriteString("invariants: [no-loss]\n")
	return text.String()
}

// What cannot be is refused before anything starts, at the entry that is one too
// many, or at mark in it.
func TestFaultsThatCannotBe(t *testing.T) {
	for name, c := range map[string]struct {
		faults     []string
		mark, want string
	}{
		"more than there are": {[]string{"kill: {role: summarize, pick: 4} @0s +5s"}, "4}",
			"pick is 4, and there are 3 of role summarize (summarize-1, summarize-2, summarize-3): pick 1 to 3, all, or have more of them under service"},
		"none": {[]string{"kill: {role: summarize, pick: 0} @0s +5s"}, "0}", "pick is 0, and there are 3 of role summarize"},
		"other of one": {[]string{"kill: {role: crawl, pick: other} @0s +5s"}, "other}",
			"pick is other, and there is only one of role crawl (crawl-1)"},
		"a name that is not there": {[]string{"freeze: {role: deliver, pick: deliver-3} @0s +5s"}, "deliver-3",
			`there is no freeze.pick "deliver-3"; did you mean deliver-1? (allowed: one, other, all, 1, 2, deliver-1, deliver-2)`},
		"a name of another role": {[]string{"freeze: {role: deliver, pick: summarize-1} @0s +5s"}, "summarize-1", `there is no freeze.pick "summarize-1"`},
		"a list":                 {[]string{"kill: {role: summarize, pick: [one]} @0s +5s"}, "[one]", "kill.pick is a list; a name or a whole number is needed"},
		"half a process":         {[]string{"kill: {role: summarize, pick: 1.5} @0s +5s"}, "1.5", "kill.pick is 1.5; a name or a whole number is needed"},
		"no pick":                {[]string{"kill: {role: summarize} @0s +5s"}, "{role", "kill.pick is missing"},
		"more nodes than there are": {[]string{"redis-kill: {node: master, pick: 4} @0s +5s"}, "4}",
			"pick is 4, and there are 3 of the Redis nodes that are made a master (redis-1, redis-2, redis-3)"},
		"a replica that is a master": {[]string{"redis-freeze: {node: replica, pick: redis-1} @0s +5s"}, "redis-1", `there is no redis-freeze.pick "redis-1"`},

		"second before first": {[]string{"kill: {role: summarize, pick: one} @3s +5s", "freeze: {role: deliver, pick: one} @2s +5s"}, "",
			"freeze-1 begins at 2s, before kill-1 at 3s"},
		"one twice": {[]string{"kill: {role: summarize, pick: one} @0s +5s", "kill: {role: summarize, pick: one} @3s +5s"}, "",
			"kill-2 begins at 3s, while kill-1 still lasts (0s to 5s): both hold process/summarize/one; let one end before the other begins, or pick different ones"},
		"one of two":    {[]string{"kill: {role: summarize, pick: 2} @0s +5s", "kill: {role: summarize, pick: other} @3s +5s"}, "", "process/summarize/other and process/summarize/2 have one in common"},
		"one of all":    {[]string{"freeze: {role: deliver, pick: all} @0s +5s", "freeze: {role: deliver, pick: one} @3s +5s"}, "", "have one in common"},
		"a name twice":  {[]string{"kill: {role: summarize, pick: summarize-2} @0s +5s", "kill: {role: summarize, pick: summarize-2} @3s +5s"}, "", "both hold process/summarize-2;"},
		"a name, drawn": {[]string{"kill: {role: summarize, pick: summarize-2} @0s +5s", "kill: {role: summarize, pick: one} @3s +5s"}, "", "one can be summarize-2 for some seed; name both, or draw both (one and other)"},
		"killed while frozen": {[]string{"freeze: {role: deliver, pick: one} @0s +5s", "kill: {role: deliver, pick: one} @3s +5s"}, "",
			"kill-1 begins at 3s, while freeze-1 still lasts (0s to 5s): both hold process/deliver/one"},
		"killed while cut off":   {[]string{"partition: {role: summarize, pick: one, from: redis-all} @0s +9s", "kill: {role: summarize, pick: one} @3s +3s"}, "", "both hold process/summarize/one"},
		"cut off while dead":     {[]string{"kill: {role: summarize, pick: one} @0s +9s", "partition: {role: summarize, pick: one, from: redis-one} @3s +3s"}, "", "both hold process/summarize/one"},
		"frozen while cut off":   {[]string{"partition: {role: summarize, pick: all, from: redis-one} @0s +9s", "freeze: {role: summarize, pick: other} @3s +3s"}, "", "have one in common"},
		"a link of the dead":     {[]string{"kill: {role: crawl, pick: one} @0s +9s", "link: {role: crawl, pick: crawl-1, to: arxiv, latency: 100ms} @3s +3s"}, "", "process/crawl-1 and process/crawl/one have one in common"},
		"a link and its cut":     {[]string{"link: {role: summarize, pick: one, to: redis, latency: 100ms} @0s +9s", "partition: {role: summarize, pick: one, from: redis-one} @3s +3s"}, "", "both hold link/summarize/redis/one"},
		"a link to what is dead": {[]string{"link: {role: summarize, pick: one, to: redis, latency: 100ms} @0s +9s", "redis-kill: {node: replica} @3s +3s"}, "", "node/replica/one and node/replica/all have one in common"},
		"a link to what fails":   {[]string{"link: {role: summarize, pick: one, to: ollama, latency: 100ms} @0s +9s", "llm: {provider: ollama, mode: refuse} @3s +3s"}, "", "both hold llm/ollama"},
		"cut off from the dead":  {[]string{"partition: {role: summarize, pick: one, from: redis-one} @0s +9s", "redis-freeze: {node: master, pick: one} @3s +3s"}, "", "both hold node/master/one"},
		"cut off from all":       {[]string{"redis-kill: {node: replica, pick: other} @0s +9s", "partition: {role: summarize, pick: one, from: redis-all} @3s +3s"}, "", "have one in common"},
		"a master twice":         {[]string{"redis-kill: {node: master} @0s +9s", "redis-freeze: {node: master} @3s +3s"}, "", "both hold node/master/one"},
		"an LLM twice":           {[]string{"llm: {provider: ollama, mode: slow} @0s +9s", "llm: {provider: all, mode: errors} @3s +3s"}, "", "both hold llm/ollama"},
		"arXiv twice":            {[]string{"arxiv: {mode: slow} @0s +9s", "arxiv: {mode: garbage} @3s +3s"}, "", "both hold arxiv; let one end before the other begins"},
		"the sink twice":         {[]string{"sink: {mode: slow} @0s +9s", "sink: {mode: error, receiver: one} @3s +3s"}, "", "both hold sink"},
		"arXiv that nobody asks": {[]string{"kill: {role: crawl, pick: one} @0s +9s", "arxiv: {mode: garbage} @3s +3s"}, "", "arxiv-1 begins at 3s, while kill-1 still lasts (0s to 9s): process/crawl/all and process/crawl/one have one in common"},
		"arXiv, out of reach":    {[]string{"arxiv: {mode: garbage} @0s +9s", "partition: {role: crawl, pick: one, from: redis-all} @3s +3s"}, "", "link/crawl/redis/one and link/crawl/redis/all have one in common"},

		"killed without work": {[]string{"arxiv: {mode: refuse} @0s +9s", "kill: {role: summarize, pick: one} @3s +3s"}, "",
			"kill-1 begins at 3s, and its receipt then needs crawl at work, all of which is stopped: arxiv-1 (0s to 9s); let it happen before or after, or leave some of it running"},
		"deliverers without work": {[]string{"llm: {provider: all, mode: errors} @0s +9s", "kill: {role: deliver, pick: one} @3s +3s"}, "", "needs llm at work, all of which is stopped: llm-1 (0s to 9s)"},
		"a sink that nobody asks": {[]string{"kill: {role: deliver, pick: one} @0s +9s", "partition: {role: deliver, pick: other, from: redis-all} @1s +9s", "sink: {mode: error} @3s +3s"}, "",
			"sink-1 begins at 3s, and its receipt then needs deliver at work, all of which is stopped: kill-1 (0s to 9s), partition-1 (1s to 10s)"},
		"two LLMs, one by one": {[]string{"llm: {provider: ollama, mode: errors} @0s +9s", "llm: {provider: openai, mode: slow} @1s +9s", "kill: {role: deliver, pick: one} @3s +3s"}, "", "all of which is stopped: llm-1 (0s to 9s), llm-2 (1s to 10s)"},
		"summarizers, one by one": {[]string{"kill: {role: summarize, pick: one} @0s +9s", "freeze: {role: summarize, pick: other} @0s +9s", "kill: {role: deliver, pick: one} @12s +3s", "kill: {role: summarize, pick: 3} @15s +9s", "kill: {role: deliver, pick: other} @16s +3s"}, "",
			"kill-4 begins at 16s, and its receipt then needs summarize at work, all of which is stopped: kill-3 (15s to 24s)"},
		"a sink that nobody asks again": {[]string{"sink: {mode: error} @0s +5s", "llm: {provider: all, mode: errors} @3s +9s"}, "sink:", "sink-1 ends at 5s, and its receipt then needs llm at work"},
		"started without Redis":         {[]string{"kill: {role: watch, pick: one} @0s +5s", "redis-kill: {node: master, pick: 2} @3s +9s"}, "kill:", "kill-1 ends at 5s, and its receipt then needs redis at work, all of which is stopped: redis-kill-1 (3s to 12s)"},
		"a master and a replica":        {[]string{"redis-kill: {node: master} @0s +9s", "redis-freeze: {node: replica} @0s +9s", "kill: {role: summarize, pick: one} @3s +9s"}, "", "needs redis at work, all of which is stopped: redis-kill-1 (0s to 9s), redis-freeze-1 (0s to 9s)"},
		"no majority":                   {[]string{"redis-kill: {node: master} @0s +9s", "redis-freeze: {node: master, pick: other} @0s +9s", "kill: {role: summarize, pick: one} @3s +9s"}, "", "needs redis at work"},
		"begun with what stops it":      {[]string{"kill: {role: crawl, pick: one} @0s +9s", "kill: {role: summarize, pick: one} @0s +9s"}, "", "kill-2 begins at 0s, and its receipt then needs crawl at work"},
	} {
		t.Run(name, func(t *testing.T) {
			source := composed(c.faults...)
			_, err := Parse("demo.yaml", []byte(source), nil)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error is %v; want an *Error", err)
			}
			mark := c.mark
			if mark == "" {
				what, _, _ := strings.Cut(c.faults[len(c.faults)-1], " @")
				mark = what
			}
			before := source[:strings.LastIndex(source, mark)]
			if strings.HasSuffix(c.mark, ":") {
				before = source[:strings.Index(source, "- "+mark)+2]
			}
			line, column := 1+strings.Count(before, "\n"), len(before)-strings.LastIndex(before, "\n")
			if e.Line != line || e.Column != column || e.ExitCode() != 64 {
				t.Errorf("points at %d:%d; want %d:%d", e.Line, e.Column, line, column)
			}
			if !strings.Contains(e.Message, c.want) {
				t.Errorf("message is\n%s\nwant\n%s", e.Message, c.want)
			}
		})
	}
}

// A process without a shard has no work in hand.
func TestKillOfAProcessWithoutAShard(t *testing.T) {
	source := strings.Replace(composed("kill: {role: summarize, pick: all} @0s +5s"), "shards: 12", "shards: 2", 1)
	_, err := Parse("demo.yaml", []byte(source), nil)
	if err == nil || !strings.Contains(err.Error(), "demo.yaml:7:35: with 2 shards and 3 processes of role summarize not each has a shard") {
		t.Errorf("%v", err)
	}
}

// What can be is not refused, whatever the seed.
func TestFaultsThatCompose(t *testing.T) {
	for name, faults := range map[string][]string{
		"two kills three seconds apart":     {"kill: {role: summarize, pick: one} @0s +10s", "kill: {role: summarize, pick: other} @3s +10s"},
		"a kill while it recovers":          {"kill: {role: summarize, pick: one} @0s +4s", "freeze: {role: summarize, pick: one} @4s +4s", "kill: {role: summarize, pick: one} @8s +4s"},
		"one is cut off, other dies":        {"kill: {role: summarize, pick: one} @0s +10s", "partition: {role: summarize, pick: other, from: redis-all} @3s +10s"},
		"two names":                         {"kill: {role: summarize, pick: summarize-1} @0s +10s", "freeze: {role: summarize, pick: summarize-3} @3s +10s"},
		"a deliverer while they recover":    {"kill: {role: summarize, pick: one} @0s +10s", "freeze: {role: deliver, pick: one} @2s +5s", "kill: {role: deliver, pick: other} @5s +5s"},
		"all die":                           {"kill: {role: summarize, pick: all} @0s +5s"},
		"all die, and then one":             {"kill: {role: summarize, pick: 3} @0s +5s", "kill: {role: summarize, pick: 1} @5s +5s"},
		"the last one dies too":             {"kill: {role: summarize, pick: 2} @0s +10s", "freeze: {role: deliver, pick: all} @3s +5s"},
		"both LLMs and a summarizer":        {"llm: {provider: all, mode: errors} @0s +10s", "kill: {role: summarize, pick: one} @3s +10s"},
		"one LLM out, work goes on":         {"llm: {provider: openai, mode: truncated} @0s +10s", "kill: {role: deliver, pick: one} @3s +3s"},
		"one LLM each":                      {"llm: {provider: ollama, mode: errors} @0s +10s", "llm: {provider: openai, mode: slow} @3s +10s"},
		"a kill while a master fails over":  {"redis-kill: {node: master} @0s +10s", "kill: {role: summarize, pick: one} @3s +10s"},
		"a master, and a link past it":      {"redis-kill: {node: master, pick: other} @0s +10s", "partition: {role: summarize, pick: one, from: redis-one} @3s +5s"},
		"no majority":                       {"redis-kill: {node: master, pick: one} @0s +10s", "redis-freeze: {node: master, pick: other} @3s +10s"},
		"bad links to two targets":          {"link: {role: summarize, pick: one, to: ollama, latency: 1s} @0s +10s", "link: {role: summarize, pick: one, to: redis, latency: 9ms} @3s +5s"},
		"a sink while a deliverer is dead":  {"kill: {role: deliver, pick: one} @0s +10s", "sink: {mode: error, share: 9%} @3s +5s"},
		"arXiv while a summarizer is dead":  {"kill: {role: summarize, pick: all} @0s +10s", "arxiv: {mode: garbage} @3s +5s"},
		"a kill, and no work after it":      {"kill: {role: deliver, pick: one} @0s +20s", "llm: {provider: all, mode: errors} @3s +10s"},
		"to the last moment of their phase": {"freeze: {role: deliver, pick: all} @0s +30s", "kill: {role: summarize, pick: one} @29900ms +100ms"},
	} {
		if _, err := Parse("demo.yaml", []byte(composed(faults...)), nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
