package scenarios

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"paperlab/faults"
	"paperlab/grafana"
)

const good = `name: demo
about: >-
  Everything that a file
  can say.
service: {shards: 12, summarizers: 3, deliverers: 2, lanes: 4}
load: {papers: 3300, rate: 60/s, subscribers: 40, hottest: 10%, fan_out: 4.5, size: 2.5KB}
phases: {control: 8s, steady: 2s, fault: 15s, recover: 30s}
monitoring: {scrape: 1500ms}
faults:
  - kill: {role: summarize, pick: one}
    at: 0s
    restart_after: 15s
  - llm: {provider: ollama, mode: errors}
    at: 1s
    for: 2s
  - llm: {provider: all, mode: slow}
    at: 3s
    for: 2s
  - partition: {role: summarize, pick: other, from: redis-one}
    at: 4s
    for: 500ms
  - freeze:
      role: deliver
      pick: one
    at: 5s
    for: 2s
  - sink: {mode: lose-answers, share: 5%}
    at: 6s
    for: 9s
objectives:
  time_to_detect: {alert: ConsumerDown, within: 6s}
  time_to_recover: {within: 20s}
  lag_recovery: {within: 15s, from: last-heal}
invariants: [no-loss, key-order]
compare: naive
`

var alerts = []grafana.Rule{
	{Alert: "ConsumerDown", For: 2 * time.Second}, {Alert: "LagHigh", For: 5 * time.Second}, {Alert: "LagHigh", For: 9 * time.Second},
	{Alert: "Failing", For: 5 * time.Second, Window: 10 * time.Second},
}

func TestEverythingThatAFileCanSay(t *testing.T) {
	got, err := Parse("some/folder/demo.yaml", []byte(good), alerts)
	if err != nil {
		t.Fatal(err)
	}
	want := &Scenario{
		Name: "demo", About: "Everything that a file can say.",
		Service:    Service{Shards: 12, Summarizers: 3, Deliverers: 2, Lanes: 4},
		Load:       Workload{Papers: 3300, Rate: 60, Subscribers: 40, Hottest: 0.1, FanOut: 4.5, Size: 2500},
		Phases:     Phases{8 * time.Second, 2 * time.Second, 15 * time.Second, 30 * time.Second},
		Monitoring: Monitoring{1500 * time.Millisecond},
		Objectives: Objectives{&Detection{"ConsumerDown", 6 * time.Second}, &Recovery{20 * time.Second, "effect"}, &Recovery{15 * time.Second, "last-heal"}},
		Invariants: []string{"no-loss", "key-order"},
		Compare:    []string{"naive"},
	}
	planned := got.Faults
	got.Faults = nil
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got  %+v\nwant %+v", got, want)
	}
	var found []string
	for _, f := range planned {
		found = append(found, fmt.Sprintf("%s: %s %s at %v for %v holds %v", f.ID, f.Kind, f.Mode(), f.At, f.For, f.Holds()))
	}
	wantFaults := []string{
		"kill-1: kill  at 0s for 15s holds [process/summarize/one]",
		"llm-1: llm errors at 1s for 2s holds [llm/ollama]",
		"llm-2: llm slow at 3s for 2s holds [llm/ollama llm/openai]",
		"partition-1: partition redis-one at 4s for 500ms holds [link/summarize/redis/other process/summarize/other node/master/one]",
		"freeze-1: freeze  at 5s for 2s holds [process/deliver/one]",
		"sink-1: sink lose-answers at 6s for 9s holds [sink]",
	}
	if !slices.Equal(found, wantFaults) {
		t.Errorf("faults are\n%s\nwant\n%s", strings.Join(found, "\n"), strings.Join(wantFaults, "\n"))
	}
}

// TestAlertsThatAreBlind: a rate over 10 s needs two scrapes within them.
func TestAlertsThatAreBlind(t *testing.T) {
	for scrape, want := range map[string]string{
		"5s": "", "6s": "Failing cannot be relied on at a scrape every 6s: its rule takes a rate over less than two scrapes", "15s": "every 15s",
	} {
		source := strings.NewReplacer("alert: ConsumerDown, within: 6s", "alert: Failing, within: 40s", "1500ms", scrape).Replace(good)
		_, err := Parse("demo.yaml", []byte(source), alerts)
		var e *Error
		switch {
		case want == "":
			if err != nil {
				t.Errorf("scrape %s: %v", scrape, err)
			}
		case !errors.As(err, &e) || !strings.Contains(e.Message, want) || !strings.Contains(e.Excerpt, "alert: Failing"):
			t.Errorf("scrape %s: %v, want %q", scrape, err, want)
		}
	}
}

// Each fault's own example is one that the reader takes.
func TestExamplesOfFaults(t *testing.T) {
	for _, k := range faults.Kinds() {
		entry := fmt.Sprintf("faults:\n  - %s: %s\n    at: 0s\n    %s: 1s\n", k.Name, k.Example, k.Lasts)
		source := good[:strings.Index(good, "faults:")] + entry + "invariants: [no-loss]\n"
		got, err := Parse("demo.yaml", []byte(source), nil)
		if err != nil || len(got.Faults) != 1 || got.Faults[0].ID != k.Name+"-1" {
			t.Errorf("%s: %v", k.Name, err)
		}
	}
}

func TestWhatMayBeLeftOut(t *testing.T) {
	source := good[:strings.Index(good, "monitoring:")] + "invariants: [no-loss]\n"
	got, err := Parse("demo.yaml", []byte(strings.Replace(source, ", lanes: 4", "", 1)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Load.Hottest != 0.1 || got.Load.FanOut != 4.5 {
		t.Errorf("the load became %+v", got.Load)
	}
	if got.Service.Lanes != 8 || got.Monitoring.Scrape != time.Second || got.Compare != nil || len(got.Faults) != 0 || got.Objectives != (Objectives{}) {
		t.Fatalf("got %+v", got)
	}
}

// The profiles to compare with are one or a list; however a file lists them, the
// simplest comes first.
func TestCompareIsOneOrAList(t *testing.T) {
	for text, want := range map[string][]string{
		"careful": {"careful"}, "[naive]": {"naive"}, "[careful, naive]": {"naive", "careful"},
	} {
		s, err := Parse("demo.yaml", []byte(strings.Replace(good, "compare: naive", "compare: "+text, 1)), alerts)
		if err != nil || !slices.Equal(s.Compare, want) {
			t.Errorf("compare: %s is read as %v, %v", text, s, err)
		}
	}
}

// A load that says nothing of its shape has the usual one, and one that is a share
// of a capacity has no rate and no papers yet.
func TestLoadThatSaysLittle(t *testing.T) {
	for _, c := range []struct {
		load string
		want Workload
	}{
		{"{rate: 60/s, subscribers: 40}", Workload{Rate: 60, Subscribers: 40, Hottest: 0.05, FanOut: 5}},
		{"{of_capacity: 70%, subscribers: 40}", Workload{OfCapacity: 0.7, Subscribers: 40, Hottest: 0.05, FanOut: 5}},
		{"{rate: 60/s, subscribers: 10}", Workload{Rate: 60, Subscribers: 10, Hottest: 0.15, FanOut: 5}},
		{"{rate: 60/s, subscribers: 1}", Workload{Rate: 60, Subscribers: 1, Hottest: 1, FanOut: 5}},
		{"{rate: 60/s, subscribers: 1, hottest: 100%}", Workload{Rate: 60, Subscribers: 1, Hottest: 1, FanOut: 5}},
	} {
		before, rest, _ := strings.Cut(good, "load: ")
		_, after, _ := strings.Cut(rest, "\n")
		s, err := Parse("demo.yaml", []byte(before+"load: "+c.load+"\n"+after), nil)
		if err != nil || s.Load != c.want {
			t.Errorf("%s is read as %+v, %v; want %+v", c.load, s, err, c.want)
		}
	}
}

// A load lasts as long as it is to last, and has one paper at least.
func TestLasting(t *testing.T) {
	for want, l := range map[int]Workload{1: {Rate: 0.01}, 3: {Rate: 0.25}, 600: {Rate: 60}} {
		if got := l.Lasting(10 * time.Second); got != want {
			t.Errorf("%g a second for 10 s are %d, want %d", l.Rate, got, want)
		}
	}
}

// TestBadInput makes one change to the good file at a time. Each error must
// point at mark, which stands in the changed text, and say what want says.
func TestBadInput(t *testing.T) {
	for name, c := range map[string]struct{ old, new, mark, want string }{
		"unknown field":          {"rate: 60/s", "rte: 60/s", "rte", `there is no load field "rte"; did you mean rate? (allowed: papers, rate, of_capacity,`},
		"unknown top field":      {"compare: naive", "compares: naive", "compares", `there is no field "compares"; did you mean compare?`},
		"nothing near":           {"lanes: 4", "colour: 4", "colour", `there is no service field "colour" (allowed:`},
		"number as text":         {"shards: 12", "shards: twelve", "twelve", `service.shards is "twelve"; a whole number from 1 to 1024 is needed`},
		"number too high":        {"shards: 12", "shards: 1025", "1025", "service.shards is 1025; a whole number from 1 to 1024"},
		"number too low":         {"shards: 12", "shards: 0", "0, summ", "service.shards is 0"},
		"number below zero":      {"shards: 12", "shards: -1", "-1", "service.shards is -1"},
		"number with a point":    {"shards: 12", "shards: 1.5", "1.5", "service.shards is 1.5"},
		"huge number":            {"shards: 12", "shards: 18446744073709551615", "1844", "service.shards is 1844"},
		"missing field":          {"shards: 12, ", "", "{summ", "service.shards is missing; a whole number"},
		"missing part":           {"load: {papers: 3300, rate: 60/s, subscribers: 40, hottest: 10%, fan_out: 4.5, size: 2.5KB}\n", "", "name:", "load is missing; a mapping is needed"},
		"no value":               {"compare: naive", "compare:", "compare:", "compare is empty; one of naive, careful is needed"},
		"list for a mapping":     {"phases: {control: 8s, steady: 2s, fault: 15s, recover: 30s}", "phases: [10s]", "[10s]", "phases is a list; a mapping is needed with the fields control, steady, fault, recover"},
		"mapping for a list":     {"invariants: [no-loss, key-order]", "invariants: {no-loss: 1}", "{no-loss", "invariants is a mapping; a list is needed"},
		"text for a list":        {"invariants: [no-loss, key-order]", "invariants: no-loss", "no-loss", `invariants is "no-loss"; a list is needed`},
		"no invariants":          {"invariants: [no-loss, key-order]", "invariants: []", "[]", "with at least one of no-loss"},
		"invariants left out":    {"invariants: [no-loss, key-order]\n", "", "name:", "invariants is missing"},
		"unknown invariant":      {"no-loss, key-order", "no-lost, key-order", "no-lost", `there is no invariant "no-lost"; did you mean no-loss?`},
		"invariant twice":        {"no-loss, key-order", "key-order, key-order", "key-order]", "key-order is listed twice, first at line 34"},
		"rate without unit":      {"60/s", "60", "60, sub", "load.rate is 60; a number above 0 and up to 10000 with its unit, such as 60/s, is needed"},
		"rate of nothing":        {"60/s", "0/s", "0/s", `load.rate is "0/s"`},
		"rate below zero":        {"60/s", "-1/s", "-1/s", `load.rate is "-1/s"`},
		"rate that is no number": {"60/s", "NaN/s", "NaN", `load.rate is "NaN/s"`},
		"rate of infinity":       {"60/s", "Inf/s", "Inf", `load.rate is "Inf/s"`},
		"too few papers":         {"papers: 3300", "papers: 3299", "3299", "used up before recover ends; 3300 are needed, or leave load.papers out"},
		"both rate and share":    {"rate: 60/s", "rate: 60/s, of_capacity: 70%", "70%", "load needs one of rate, such as 60/s, and of_capacity, such as 70%; this one has both"},
		"neither rate nor share": {"rate: 60/s, ", "", "{papers", "load needs one of rate, such as 60/s, and of_capacity, such as 70%"},
		"capacity without unit":  {"rate: 60/s", "of_capacity: 0.7", "0.7", "load.of_capacity is 0.7; a number above 0 and up to 100 with its unit, such as 70%, is needed"},
		"share of more than all": {"rate: 60/s", "of_capacity: 101%", "101%", `load.of_capacity is "101%"`},
		"papers beside a share":  {"rate: 60/s", "of_capacity: 70%", "3300", "load.papers follows from load.of_capacity"},
		"hottest without unit":   {"hottest: 10%", "hottest: 0.1", "0.1", "load.hottest is 0.1; a number above 0 and up to 100 with its unit, such as 5%, is needed"},
		"hottest below fair":     {"hottest: 10%", "hottest: 2%", "2%", "load.hottest: the hottest of 40 cannot get 2% of all notifications: a fair share is 2.5%"},
		"hottest takes all":      {"hottest: 10%", "hottest: 100%", "100%", "nothing is left for the others"},
		"hottest above all":      {"hottest: 10%", "hottest: 101%", "101%", `load.hottest is "101%"`},
		"fan-out of nothing":     {"fan_out: 4.5", "fan_out: 0", "0, size", "load.fan_out is 0; a number of notifications a paper above 0 and up to 100 is needed"},
		"fan-out as text":        {"fan_out: 4.5", `fan_out: "5"`, `"5"`, `load.fan_out is "5"`},
		"fan-out too wide":       {"fan_out: 4.5", "fan_out: 101", "101", "load.fan_out is 101"},
		"fan-out that is a list": {"fan_out: 4.5", "fan_out: [5]", "[5]", "load.fan_out is a list"},
		"fan-out of infinity":    {"fan_out: 4.5", "fan_out: .inf", ".inf", "load.fan_out is"},
		"size in another unit":   {"size: 2.5KB", "size: 2MB", "2MB", `load.size is "2MB"; a number above 0 and up to 64 with its unit, such as 2KB, is needed`},
		"size too small":         {"size: 2.5KB", "size: 0.2KB", "0.2KB", "load.size is 200 bytes; a paper has 400 at least"},
		"size too large":         {"size: 2.5KB", "size: 65KB", "65KB", `load.size is "65KB"`},
		"time without unit":      {"control: 8s", "control: 8", "8, steady", "phases.control is 8; a time from 1s to 1h0m0s, such as 10s, is needed"},
		"unknown clock":          {"from: last-heal", "from: heal", "heal}", `there is no lag_recovery.from "heal" (allowed: effect, last-heal)`},
		"clock that begins late": {"{within: 15s, from: last-heal}", "{within: 28s, from: last-heal}", "28s", "lag_recovery.within is 28s, but the load ends 30s after the last heal, and what is regained must hold for 3s; make it 27s at most, or lengthen phases.recover"},
		"time below zero":        {"steady: 2s", "steady: -1s", "-1s", `phases.steady is "-1s"`},
		"unknown kind":           {"- kill:", "- kil:", "kil:", `there is no fault field "kil"; did you mean kill?`},
		"all kinds and times":    {"- sink:", "- colour:", "colour:", ", at, for, restart_after)"},
		"two kinds":              {"- sink:", "- kill: {role: crawl, pick: one}\n    sink:", "kill: {role: crawl", "; this one has 2"},
		"no kind":                {"  - sink: {mode: lose-answers, share: 5%}\n    at: 6s", "  - at: 6s", "at: 6s", "this one has 0"},
		"fault that is a name":   {"- sink: {mode: lose-answers, share: 5%}\n    at: 6s\n    for: 9s", "- sink", "sink", `fault is "sink"; a mapping is needed`},
		"unknown role":           {"freeze:\n      role: deliver", "freeze:\n      role: deliverer", "deliverer\n", `there is no freeze.role "deliverer"; did you mean deliver?`},
		"unknown pick":           {"kill: {role: summarize, pick: one}", "kill: {role: summarize, pick: othr}", "othr", `there is no kill.pick "othr"; did you mean other? (allowed: one, other, all, 1, 2, 3, summarize-1, summarize-2, summarize-3)`},
		"unknown provider":       {"provider: ollama", "provider: olama", "olama", `there is no llm.provider "olama"; did you mean ollama? (allowed: ollama, openai, all)`},
		"unknown mode":           {"mode: slow", "mode: slo", "slo}", "did you mean slow?"},
		"unknown side":           {"from: redis-one", "from: redis-on", "redis-on}", "did you mean redis-one?"},
		"share without unit":     {"5%", "5", "5}\n    at: 6s", "sink.share is 5; a number above 0 and up to 100 with its unit, such as 5%"},
		"share too high":         {"5%", "101%", "101%", `sink.share is "101%"`},
		"kill with for":          {"restart_after: 15s", "for: 15s", "15s\n  - llm", "a kill has no for; its length is restart_after"},
		"freeze with restart":    {"at: 5s\n    for: 2s", "at: 5s\n    restart_after: 2s", "2s\n  - sink", "a freeze has no restart_after; its length is for"},
		"fault without end":      {"    restart_after: 15s\n", "", "kill:", "fault.restart_after is missing"},
		"fault after its phase":  {"at: 6s\n    for: 9s", "at: 6s\n    for: 10s", "10s\nobj", "the fault ends 16s into the fault phase, which lasts 15s"},
		"fault before its phase": {"at: 6s", "at: -1s", "-1s", `fault.at is "-1s"; a time from 0s to 15s`},
		"faults overlap":         {"at: 3s", "at: 2s", "llm: {provider: all", "llm-2 begins at 2s, while llm-1 still lasts (1s to 3s)"},
		"faults out of order":    {"at: 6s", "at: 4s", "sink:", "sink-1 begins at 4s, before freeze-1 at 5s"},
		"scrape too often":       {"scrape: 1500ms", "scrape: 900ms", "900ms", `monitoring.scrape is "900ms"; a time from 1s to 5m0s, such as 10s, is needed`},
		"scrape too rarely":      {"scrape: 1500ms", "scrape: 6m", "6m", `monitoring.scrape is "6m"`},
		"scrape without a unit":  {"scrape: 1500ms", "scrape: 15", "15}", "monitoring.scrape is 15; a time"},
		"monitoring misspelt":    {"scrape: 1500ms", "scrap: 1500ms", "scrap", `there is no monitoring field "scrap"; did you mean scrape? (allowed: scrape)`},
		"monitoring empty":       {"{scrape: 1500ms}", "{}", "{}", "monitoring.scrape is missing"},
		"no monitoring":          {"{scrape: 1500ms}", "15s", "15s\nfaults", "monitoring is"},
		"detected too soon":      {"within: 6s", "within: 5999ms", "5999ms", "ConsumerDown can take 6s by its monitoring alone: up to 1.5s until a scrape shows it, up to 1.5s until its rule is evaluated, and 3s that it must hold (for: 2s, in whole intervals); allow more"},
		"scraped too rarely":     {"scrape: 1500ms", "scrape: 4s", "6s}", "ConsumerDown can take 12s by its monitoring alone: up to 4s until"},
		"unknown alert":          {"alert: ConsumerDown", "alert: ConsumersDown", "ConsumersDown", `there is no time_to_detect.alert "ConsumersDown"; did you mean ConsumerDown? (allowed: ConsumerDown, Failing, LagHigh)`},
		"bound out of sight":     {"lag_recovery: {within: 15s, from: last-heal}", "lag_recovery: {within: 43s}", "43s", "lag_recovery.within is 43s, but the load ends 45s after the effect, and what is regained must hold for 3s; make it 42s at most"},
		"objective as a time":    {"lag_recovery: {within: 15s, from: last-heal}", "lag_recovery: 15s", "15s\ninv", `lag_recovery is "15s"; a mapping is needed with the fields within`},
		"unknown profile":        {"compare: naive", "compare: native", "native", "did you mean naive?"},
		"unknown profile listed": {"compare: naive", "compare: [naive, carefull]", "carefull", "did you mean careful?"},
		"profile twice":          {"compare: naive", "compare: [naive, careful, naive]", "naive]", "naive is listed twice, first at line 35"},
		"profile that is judged": {"compare: naive", "compare: [naive, hardened]", "hardened]", `there is no compare "hardened" (allowed: naive, careful)`},
		"no profile in a list":   {"compare: naive", "compare: []", "[]\n$", "with at least one of naive, careful"},
		"other name":             {"name: demo", "name: dome", "dome", `name is "dome" in a file called demo.yaml`},
		"name as a number":       {"name: demo", "name: 12", "12", "name is 12; a text is needed"},
		"field twice":            {"compare: naive", "compare: naive\ncompare: naive", "compare: naive\n$", `mapping key "compare" already defined`},
		"broken YAML":            {"[no-loss, key-order]", "[no-loss, key-order", "compare: naive", "not YAML: "},
		"second document":        {"compare: naive", "compare: naive\n---\nname: other", "name: other", "the file holds 2 documents"},
		"anchor":                 {"compare: naive", "compare: &a naive", "&a", "an anchor, alias or tag"},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Count(good, c.old) == 0 {
				t.Fatalf("%q is not in the file", c.old)
			}
			source := strings.Replace(good, c.old, c.new, 1)
			_, err := Parse("demo.yaml", []byte(source), alerts)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error is %v; want an *Error", err)
			}
			if !strings.Contains(e.Message, c.want) {
				t.Errorf("message is\n%s\nwant\n%s", e.Message, c.want)
			}
			mark, fromEnd := strings.CutSuffix(c.mark, "$")
			at := strings.Index(source, mark)
			if fromEnd {
				at = strings.LastIndex(source, mark)
			}
			before := source[:at]
			line, column := 1+strings.Count(before, "\n"), at-strings.LastIndex(before, "\n")
			if e.Line != line || e.Column != column {
				t.Errorf("points at %d:%d; want %d:%d\n%v", e.Line, e.Column, line, column, e)
			}
			if e.ExitCode() != 64 {
				t.Errorf("exit code %d", e.ExitCode())
			}
		})
	}
}

func TestAnErrorShowsThePlace(t *testing.T) {
	_, err := Parse("x/demo.yaml", []byte(strings.Replace(good, "rate: 60/s", "rte: 60/s", 1)), nil)
	const want = `x/demo.yaml:6:22: there is no load field "rte"; did you mean rate? (allowed: papers, rate, of_capacity, subscribers, hottest, fan_out, size)
  6 | load: {papers: 3300, rte: 60/s, subscribers: 40, hottest: 10%, fan_out: 4.5, size: 2.5KB}
    |                      ^`
	if err == nil || err.Error() != want {
		t.Fatalf("got\n%v\nwant\n%s", err, want)
	}
	long := "name: " + strings.Repeat("x", 1000) + "\n"
	_, err = Parse("demo.yaml", []byte(long), nil)
	if err == nil || len(strings.Split(err.Error(), "\n")[1]) > 130 {
		t.Fatalf("a long line is shown whole: %v", err)
	}
}

func TestFilesThatAreNoScenario(t *testing.T) {
	for name, source := range map[string]string{
		"empty": "", "comment": "# nothing\n", "text": "hello", "list": "- a\n- b\n", "binary": "\x00\x01\x02",
		"null": "~", "deep": strings.Repeat("[", 2000), "tag": "!!map {}", "alias": "*a", "merge": "<<: {a: 1}",
		"objectives without faults": good[:strings.Index(good, "faults:")] + good[strings.Index(good, "objectives:"):],
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("demo.yaml", []byte(source), nil)
			var e *Error
			if !errors.As(err, &e) || e.Message == "" {
				t.Fatalf("error is %v; want an *Error", err)
			}
		})
	}
}

func TestDidYouMean(t *testing.T) {
	names := []string{"consumer-crash", "llm-outage", "network-partition"}
	for word, want := range map[string]string{
		"consumer-crahs": "consumer-crash", "LLM-Outage": "llm-outage", "networkpartition": "network-partition", "x": "", "": "",
	} {
		if want != "" {
			want = "; did you mean " + want + "?"
		}
		if got := DidYouMean(word, names); got != want {
			t.Errorf("%q: %q; want %q", word, got, want)
		}
	}
}

// FuzzParse: whatever the file, there is a scenario or an *Error, never a panic.
func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add("a: [b, {c: d}]\n- e")
	f.Fuzz(func(t *testing.T, source string) {
		s, err := Parse("demo.yaml", []byte(source), nil)
		var e *Error
		if (s == nil) == (err == nil) || err != nil && !errors.As(err, &e) {
			t.Fatalf("scenario %v, error %v", s, err)
		}
	})
}

// TestAFileThatIsNoScenarioIsNotShownWhole: neither a long word nor a long
// message of the library.
func TestAFileThatIsNoScenarioIsNotShownWhole(t *testing.T) {
	for name, source := range map[string]string{
		"a word": strings.Repeat("\x7fELF\x00", 2000), "a list": "[" + strings.Repeat("x, ", 5000), "a mapping": "name: {" + strings.Repeat("x", 9000),
	} {
		_, err := Parse("x.yaml", []byte(source), nil)
		if err == nil || len(err.Error()) > 1500 {
			t.Errorf("%s: %d bytes of message for %d of file", name, len(fmt.Sprint(err)), len(source))
		}
	}
}

// TestAMarkOfTheEncodingIsNoPartOfTheFirstName: some editors write one.
func TestAMarkOfTheEncodingIsNoPartOfTheFirstName(t *testing.T) {
	_, err := Parse("x.yaml", []byte("\ufeffname: x\n"), nil)
	if err == nil || !strings.Contains(err.Error(), "about is missing") {
		t.Errorf("error %v, want that about is missing", err)
	}
}
