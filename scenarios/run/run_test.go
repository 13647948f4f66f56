package run_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"paperlab/compose"
	"paperlab/compose/process"
	"paperlab/compose/standin/corpus"
	"paperlab/compose/undo"
	"paperlab/reports/history"
	"paperlab/reports/record"
	"paperlab/scenarios"
	"paperlab/scenarios/run"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// short is a scenario of some ten seconds with a fault of each sort: processes,
// Redis nodes, links, stand-ins. It sets no objectives: a machine that tests is no place for times.
const short = `
name: short
about: A summarizer dies, a deliverer loses Redis, the sink loses answers, and more.
service: {shards: 4, summarizers: 2, deliverers: 2}
load: {rate: 30/s, subscribers: 12}
phases: {control: 2s, steady: 1s, fault: 5s, recover: 2s}
faults:
  - kill: {role: summarize, pick: one}
    at: 0s
    restart_after: 3s
  - sink: {mode: lose-answers, share: 20%}
    at: 0s
    for: 3s
  - link: {role: crawl, pick: one, to: arxiv, latency: 50ms}
    at: 0s
    for: 3s
  - llm: {provider: openai, mode: truncated}
    at: 0s
    for: 3s
  - partition: {role: deliver, pick: one, from: redis-one}
    at: 500ms
    for: 3s
  - redis-freeze: {node: replica}
    at: 1s
    for: 2s
invariants: [no-loss, all-or-none, no-unexpected-effect, no-duplicate-effect, key-order, produce-once]
compare: naive
`

func buildPapers(t *testing.T) string {
	t.Helper()
	papers := filepath.Join(t.TempDir(), "papers")
	if out, err := exec.Command("go", "build", "-o", papers, "paperlab/cmd/papers").CombinedOutput(); err != nil {
		t.Fatalf("build the service: %v: %s", err, out)
	}
	return papers
}

// options builds the service and gives the test a temp folder of its own.
func options(t *testing.T) run.Options {
	t.Helper()
	papers := buildPapers(t)
	t.Setenv("TMPDIR", t.TempDir())
	s, err := scenarios.Parse("short.yaml", []byte(short), nil)
	if err != nil {
		t.Fatal(err)
	}
	redisServer, version, err := process.FindRedis(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := run.Options{
		Environment: process.New(process.Config{Papers: papers, RedisServer: redisServer}), RedisVersion: version,
		Scenario: s, Profiles: []string{"hardened"}, Seed: 1, CorpusName: "builtin", Program: papers,
		CorpusOf: func(n int) (*corpus.Corpus, error) { return corpus.Builtin(1, n) },
		Out:      t.TempDir(), DrainWithin: time.Minute, Progress: run.NewProgress(os.Stderr),
	}
	if err := o.SetLoad(t.Context()); err != nil {
		t.Fatal(err)
	}
	return o
}

// TestEndToEnd runs a short scenario whole, with both profiles: about a minute.
// It needs redis-server.
func TestEndToEnd(t *testing.T) {
	o := options(t)
	o.Profiles = []string{"hardened", "naive"}
	result, folder, err := run.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if result.Verdict != record.Pass && !unsteady(result) {
		t.Errorf("verdict %s: %v", result.Verdict, result.Reasons)
	}
	if len(result.Runs) != 2 {
		t.Fatalf("%d profiles were run, want 2", len(result.Runs))
	}
	hardened := result.Of(record.Hardened)
	for _, i := range hardened.Invariants {
		if i.Answer != "valid" {
			t.Errorf("%s is %s: %s %v", i.ID, i.Answer, i.Detail, i.Examples)
		}
	}
	for _, r := range result.Runs {
		if r.Counts.Offered == 0 || r.Counts.Delivered == 0 {
			t.Errorf("%s: nothing was put to the test: %+v", r.Profile, r.Counts)
		}
		for _, f := range r.Faults {
			if f.EffectAtS == nil || !f.Receipt.Complete() {
				t.Errorf("%s: fault %s has no full receipt: %+v", r.Profile, f.ID, f)
			}
		}
	}
	if hardened.Counts.DuplicateDeliveries == 0 {
		t.Error("no answer was lost: the duplicate checker was not put to the test")
	}
	complete(t, folder)
	logsAreKept(t, folder, result)
	recount(t, folder)
	nothingLeft(t)
}

// TestCapacityIsThatOfTheSummarizers measures what a small service can do with two
// summarizers and with one, about half a minute in all. It is no more than their
// calls of the LLM allow, and half of it goes with one of two.
func TestCapacityIsThatOfTheSummarizers(t *testing.T) {
	o := options(t)
	measured := func(summarizers int) float64 {
		one, s := o, *o.Scenario
		s.Compare, s.Service.Summarizers, s.Load.Rate, s.Load.Papers, s.Load.OfCapacity = nil, summarizers, 0, 0, 1
		one.Scenario = &s
		if err := one.SetLoad(t.Context()); err != nil {
			t.Fatal(err)
		}
		return one.Scenario.Load.Rate
	}
	two, one := measured(2), measured(1)
	t.Logf("%g papers a second with two summarizers, %g with one", two, one)
	// Eight calls of 0.24 s each on average.
	if most := 8 / 0.24 * 1.15; one > most || two > 2*most || one < 10 {
		t.Errorf("%g and %g papers a second; one summarizer can do %.0f at most", two, one, most)
	}
	if two < 1.4*one {
		t.Errorf("two summarizers do %.2f times as much as one, want about 2", two/one)
	}
	nothingLeft(t)
}

// logsAreKept: every process of both profiles has left its log, over all its
// incarnations.
func logsAreKept(t *testing.T, folder string, r record.Result) {
	t.Helper()
	again := 0
	for _, l := range r.Logs {
		text, err := os.ReadFile(filepath.Join(folder, l.File))
		if err != nil || int64(len(text)) != l.KeptBytes || l.KeptBytes == 0 || l.WrittenBytes == 0 {
			t.Errorf("log %+v: %v", l, err)
		}
		if strings.HasPrefix(l.Process, "summarize-") && strings.Contains(string(text), "--- started again at ") {
			again++
		}
	}
	// Six nodes, and two summarizers, two deliverers, a crawler and a watch.
	if len(r.Logs) != 2*12 || again != 2 {
		t.Errorf("%d logs, %d of a summarizer that was killed; want 24 and 2", len(r.Logs), again)
	}
}

// recount: a program in another language comes to the record's figures.
func recount(t *testing.T, folder string) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Log("not recounted: there is no python3")
		return
	}
	if out, err := exec.Command(python, "../../reports/recount.py", folder).CombinedOutput(); err != nil {
		t.Errorf("the recount: %v\n%s", err, out)
	}
}

// unsteady tells whether all that kept the run from passing is a guard: the
// machine was too busy.
func unsteady(r record.Result) bool {
	for _, reason := range r.Reasons {
		if _, of, other := strings.Cut(reason, " cannot be compared with: "); other {
			reason = of
		}
		if !strings.HasPrefix(reason, "Guard ") && !strings.HasPrefix(reason, "Never steady") && !strings.HasPrefix(reason, "Objective ") {
			return false
		}
	}
	return r.Verdict == record.Inconclusive
}

// complete checks that the report is there, and that its history can be read.
func complete(t *testing.T, folder string) {
	t.Helper()
	for _, name := range []string{"report.html", "report.md", "junit.xml", "slack.json", "result.json", "charts/backlog.svg", "charts/backlog.png"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Size() == 0 {
			t.Errorf("report file %s: %v", name, err)
		}
	}
	events, err := history.ReadFile(filepath.Join(folder, "history.jsonl.gz"))
	if err != nil || len(events) < 1000 {
		t.Errorf("history of %d events: %v", len(events), err)
	}
	if latest, err := filepath.EvalSymlinks(filepath.Join(folder, "..", "latest")); err != nil || filepath.Base(latest) != filepath.Base(folder) {
		t.Errorf("latest is %s: %v", latest, err)
	}
}

func nothingLeft(t *testing.T) {
	t.Helper()
	left, err := os.ReadDir(undo.Base())
	if err != nil || len(left) > 0 {
		t.Errorf("left in the temp folder: %v %v", left, err)
	}
}

// TestAbort: a run that is stopped in the middle of its faults heals, reports
// what it saw, calls nothing lost that was only on its way, and leaves nothing.
// It takes about ten seconds.
func TestAbort(t *testing.T) {
	o := options(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(9*time.Second, cancel)
	result, folder, err := run.Run(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	if result.Verdict != record.Aborted || result.Verdict.ExitCode() != 130 {
		t.Errorf("verdict %s: %v", result.Verdict, result.Reasons)
	}
	for _, r := range result.Runs {
		if r.Counts.Lost != 0 {
			t.Errorf("%d messages that were on their way are called lost", r.Counts.Lost)
		}
	}
	if _, err := record.LoadResult(folder); err != nil {
		t.Error(err)
	}
	nothingLeft(t)
}

// bare is an environment whose stacks have no powers.
type bare struct{ compose.Environment }

func (b bare) Start(ctx context.Context, plan compose.Plan) (compose.Stack, error) {
	s, err := b.Environment.Start(ctx, plan)
	return struct{ compose.Stack }{s}, err
}

// TestEnvironmentThatLacksAPower: the run is inconclusive before its load comes,
// and says which power it lacks.
func TestEnvironmentThatLacksAPower(t *testing.T) {
	o := options(t)
	o.Environment = bare{o.Environment}
	result, folder, err := run.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	reasons := strings.Join(result.Reasons, " ")
	if result.Verdict != record.Inconclusive || !strings.Contains(reasons, "fault kill-1: this environment lacks the power Killer") {
		t.Errorf("verdict %s: %s", result.Verdict, reasons)
	}
	if _, err := record.LoadResult(folder); err != nil {
		t.Error(err)
	}
	nothingLeft(t)
}

// TestServiceThatCannotStart: the verdict is infrastructure, the reason names
// the program's own words, and nothing is left.
func TestServiceThatCannotStart(t *testing.T) {
	o := options(t)
	o.Environment = process.New(process.Config{Papers: "/bin/false"})
	result, _, err := run.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if result.Verdict != record.Infrastructure || !strings.Contains(strings.Join(result.Reasons, " "), "papers migrate: exit status 1") {
		t.Errorf("verdict %s: %v", result.Verdict, result.Reasons)
	}
	nothingLeft(t)
}

// TestLogsOfAServiceThatCannotStart: what a process wrote before it died is kept,
// also when the service never came up, and what it must not tell is not in it, nor
// in the reason that quotes it.
func TestLogsOfAServiceThatCannotStart(t *testing.T) {
	o := options(t)
	real := buildPapers(t)
	papers := filepath.Join(t.TempDir(), "papers")
	script := "#!/bin/sh\ncase $1 in summarize|deliver|watch|crawl) echo \"my key is $OPENAI_API_KEY, and $PLANTED_TOKEN\"; exit 7;; esac\nexec " + real + " \"$@\"\n"
	if err := os.WriteFile(papers, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	redisServer, _, err := process.FindRedis(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o.Environment, o.Env = process.New(process.Config{Papers: papers, RedisServer: redisServer}), []string{"PLANTED_TOKEN=open-sesame"}
	result, folder, err := run.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	reasons := strings.Join(result.Reasons, " ")
	if result.Verdict != record.Infrastructure || !strings.Contains(reasons, "exit status 7") || !strings.Contains(reasons, "my key is ***, and ***") {
		t.Errorf("verdict %s: %s", result.Verdict, reasons)
	}
	found := 0
	for _, l := range result.Logs {
		text, err := os.ReadFile(filepath.Join(folder, l.File))
		if err != nil {
			t.Error(err)
		}
		if strings.Contains(string(text), "my key is ***, and ***") {
			found++
		}
	}
	if found == 0 {
		t.Errorf("no log of a process that died is among %+v", result.Logs)
	}
	page, err := os.ReadFile(filepath.Join(folder, "report.html"))
	if err != nil || !strings.Contains(string(page), `href="./logs/hardened/redis-1.log"`) {
		t.Errorf("the report does not link to the logs: %v", err)
	}
	if err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if strings.Contains(string(content), "lab-key") || strings.Contains(string(content), "open-sesame") {
			t.Errorf("%s tells a secret", path)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	nothingLeft(t)
}
