package compose_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"paperlab/compose"
	"paperlab/compose/process"
	"paperlab/compose/standin"
	"paperlab/compose/standin/corpus"
	"paperlab/compose/undo"
	"paperlab/reports/history"
	"paperlab/system/paper"
	"paperlab/system/servicetest"
)

// environments are all implementations. Each is held to the same contract: what
// every environment has, and each power that its stack has; one that it does not
// have is named in the log. It takes about 20 s for each, and needs redis-server.
var environments = map[string]func(t *testing.T) compose.Environment{
	"process": func(t *testing.T) compose.Environment {
		papers := filepath.Join(t.TempDir(), "papers")
		if out, err := exec.Command("go", "build", "-o", papers, "paperlab/cmd/papers").CombinedOutput(); err != nil {
			t.Fatalf("build the service: %v: %s", err, out)
		}
		t.Setenv("TMPDIR", t.TempDir())
		return process.New(process.Config{Papers: papers})
	},
}

func TestMain(m *testing.M) { servicetest.Main(m) }

// site is one stack that the parts of the suite share, in order: each leaves it
// well.
type site struct {
	compose.Stack
	ledger *undo.Ledger
	logs   string
}

func TestEnvironments(t *testing.T) {
	for name, open := range environments {
		t.Run(name, func(t *testing.T) { conform(t, open(t)) })
	}
}

func conform(t *testing.T, env compose.Environment) {
	if err := env.Check(t.Context()); err != nil {
		t.Fatalf("%s cannot be used here: %v", env.Name(), err)
	}
	t.Run("a start that is given up leaves nothing", func(t *testing.T) { givenUp(t, env) })
	s := start(t, env)
	t.Run("members and nodes", s.members)
	t.Run("Killer", s.killer)
	t.Run("Freezer", s.freezer)
	t.Run("LinkCutter", s.linkCutter)
	t.Run("LinkShaper", s.linkShaper)
	t.Run("NodeKiller", s.nodeKiller)
	t.Run("NodeFreezer", s.nodeFreezer)
	t.Run("NodeIsolator", s.nodeIsolator)
	t.Run("ClockStepper", s.clockStepper)
	t.Run("Stop", s.stop)
	t.Run("logs", s.leftLogs)
	t.Run("a start that fails leaves its logs", func(t *testing.T) { failedStart(t, env) })
}

func ledger(t *testing.T) *undo.Ledger {
	t.Helper()
	l, err := undo.Open(fmt.Sprintf("conformance-%d", time.Now().UnixNano()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// plan is a small service with the surroundings that it needs.
func plan(t *testing.T, env compose.Environment, l *undo.Ledger) compose.Plan {
	t.Helper()
	rec := history.NewRecorder("hardened")
	c, err := corpus.Builtin(1, 50)
	must(t, err)
	arxiv, err := standin.NewArxiv(standin.ArxivConfig{Recorder: rec, Host: env.Host(), Corpus: c})
	must(t, err)
	ollama, err := standin.NewLLM(standin.LLMConfig{Recorder: rec, Host: env.Host(), Provider: standin.Ollama})
	must(t, err)
	openai, err := standin.NewLLM(standin.LLMConfig{Recorder: rec, Host: env.Host(), Provider: standin.OpenAI})
	must(t, err)
	sink, err := standin.NewSink(standin.SinkConfig{Recorder: rec, Host: env.Host()})
	must(t, err)
	for _, one := range []interface {
		Start(context.Context) error
		Stop()
	}{arxiv, ollama, openai, sink} {
		must(t, one.Start(t.Context()))
		t.Cleanup(one.Stop)
	}
	return compose.Plan{
		Ledger: l, Logs: t.TempDir(), Prefix: "conformance", Profile: "hardened", Shards: 3, Summarizers: 2, Deliverers: 1, Lanes: 2, LLMInFlight: 2,
		Begin: c.Begin(), Interval: 200 * time.Millisecond, PageSize: 10,
		Subscribers:   []paper.Subscriber{{ID: "u1"}},
		Subscriptions: []paper.Subscription{{ID: "s1", Subscriber: "u1", Kind: paper.Category, Term: "cs"}},
		Surroundings: compose.Surroundings{
			Arxiv: arxiv.QueryURL(), Ollama: ollama.URL(), OpenAI: openai.URL(), OpenAIKey: "key", Webhook: sink.Webhook,
		},
	}
}

func start(t *testing.T, env compose.Environment) site {
	t.Helper()
	l := ledger(t)
	p := plan(t, env, l)
	s, err := env.Start(t.Context(), p)
	must(t, err)
	t.Cleanup(s.Stop)
	return site{s, l, p.Logs}
}

func givenUp(t *testing.T, env compose.Environment) {
	l := ledger(t)
	p := plan(t, env, l)
	for _, after := range []time.Duration{0, 300 * time.Millisecond, 1500 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		s, err := env.Start(ctx, p)
		cancel()
		if err == nil {
			s.Stop()
			t.Logf("it was up in less than %v", after)
		}
	}
	// What is still open in the ledger, Close undoes; a process or a folder that
	// was left would make it say so.
	must(t, l.Close())
}

func (s site) members(t *testing.T) {
	var names []string
	for _, m := range s.Members("") {
		names = append(names, m.Name())
		if id, ended := m.Incarnation(); id == "" || ended != "" {
			t.Errorf("%s is %q, ended %q", m.Name(), id, ended)
		}
		if err := m.Health(t.Context()); err != nil {
			t.Errorf("%s: %v", m.Name(), err)
		}
		if _, _, err := net.SplitHostPort(m.Address()); err != nil {
			t.Errorf("%s: address %q: %v", m.Name(), m.Address(), err)
		}
	}
	slices.Sort(names)
	if want := []string{"crawl-1", "deliver-1", "summarize-1", "summarize-2", "watch-1"}; !slices.Equal(names, want) {
		t.Errorf("members are %v, want %v", names, want)
	}
	if two := s.Members("summarize"); len(two) != 2 || two[0].Role() != "summarize" {
		t.Errorf("members of role summarize: %v", two)
	}
	nodes := map[bool][]string{}
	for _, n := range s.Nodes() {
		nodes[n.Master] = append(nodes[n.Master], n.Name)
		if n.Master != (n.Of == "") {
			t.Errorf("%s: master is %v, replica of %q", n.Name, n.Master, n.Of)
		}
	}
	for _, master := range []bool{true, false} {
		if want := compose.NodeNames(master); !slices.Equal(nodes[master], want) {
			t.Errorf("nodes that are masters (%v): %v, want %v", master, nodes[master], want)
		}
	}
	if !s.Nodes()[0].Master {
		t.Errorf("the first of %v should be a master", s.Nodes())
	}
	rdb := s.Redis()
	defer func() { _ = rdb.Close() }()
	if err := rdb.Set(t.Context(), "conformance", 1, time.Second).Err(); err != nil {
		t.Errorf("the cluster takes no write: %v", err)
	}
	if s.Database() == "" || s.ClusterUpIn() <= 0 || s.Died() != nil {
		t.Errorf("database %q, cluster up in %v, died %v", s.Database(), s.ClusterUpIn(), s.Died())
	}
}

// power is the stack with a power. That it has none is no skipped test but a fact
// about the environment, which the log states.
func power[P any](t *testing.T, s site) (p P, has bool) {
	t.Helper()
	p, err := compose.Power[P](s.Stack)
	if err != nil {
		t.Log(err)
	}
	return p, err == nil
}

func (s site) killer(t *testing.T) {
	k, has := power[compose.Killer](t, s)
	if !has {
		return
	}
	m := s.Members("summarize")[0]
	before, _ := m.Incarnation()
	must(t, k.Kill(t.Context(), m.Name()))
	servicetest.Eventually(t, "it has ended", func() bool { _, ended := m.Incarnation(); return ended != "" })
	if err := s.Died(); err != nil {
		t.Errorf("what was killed is said to have ended by itself: %v", err)
	}
	must(t, k.Restart(t.Context(), m.Name()))
	must(t, m.Health(t.Context()))
	after, ended := m.Incarnation()
	if after == before || ended != "" {
		t.Errorf("it was %s and is %s, ended %q", before, after, ended)
	}
	must(t, k.Restart(t.Context(), m.Name()))
	if again, _ := m.Incarnation(); again != after {
		t.Errorf("a restart of what runs made %s of %s", again, after)
	}
	unknown(t, k.Kill(t.Context(), "summarize-9"), "summarize-2")
}

func (s site) freezer(t *testing.T) {
	f, has := power[compose.Freezer](t, s)
	if !has {
		return
	}
	m := s.Members("deliver")[0]
	before, _ := m.Incarnation()
	must(t, f.Freeze(t.Context(), m.Name()))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := m.Health(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a frozen member says of its health %v", err)
	}
	must(t, f.Thaw(t.Context(), m.Name()))
	must(t, f.Thaw(t.Context(), m.Name()))
	must(t, m.Health(t.Context()))
	if after, _ := m.Incarnation(); after != before {
		t.Errorf("it was %s and is %s", before, after)
	}
	unknown(t, f.Freeze(t.Context(), "deliver-9"), "deliver-1")
}

func (s site) linkCutter(t *testing.T) {
	c, has := power[compose.LinkCutter](t, s)
	if !has {
		return
	}
	const member = "summarize-1"
	one, other := s.Nodes()[0].Name, s.Nodes()[1].Name
	must(t, ping(c, member, one, time.Second))
	must(t, c.Cut(t.Context(), member, one))
	if err := ping(c, member, one, 300*time.Millisecond); !timedOut(err) {
		t.Errorf("PING through a cut link: %v", err)
	}
	must(t, ping(c, member, other, time.Second))
	must(t, ping(c, "summarize-2", one, time.Second))
	must(t, c.Mend(t.Context(), member, one))
	must(t, c.Mend(t.Context(), member, one))
	must(t, ping(c, member, one, time.Second))
	for role, member := range map[string]string{"crawl": "crawl-1", "summarize": "summarize-1", "deliver": "deliver-1"} {
		for _, target := range compose.Targets(role) {
			if _, err := c.Via(member, target); err != nil {
				t.Errorf("%s has no link to %s: %v", member, target, err)
			}
		}
	}
	unknown(t, c.Cut(t.Context(), "summarize-9", one), "summarize-1")
}

func (s site) linkShaper(t *testing.T) {
	l, has := power[compose.LinkShaper](t, s)
	if !has {
		return
	}
	const member, late = "summarize-1", 200 * time.Millisecond
	node := s.Nodes()[0].Name
	must(t, l.Shape(t.Context(), member, node, compose.Shape{Latency: late, Jitter: 20 * time.Millisecond, Seed: 1}))
	began := time.Now()
	must(t, ping(l, member, node, 5*time.Second))
	if took := time.Since(began); took < 2*(late-20*time.Millisecond) {
		t.Errorf("PING took %v with %v in each direction", took, late)
	}
	must(t, l.Shape(t.Context(), member, node, compose.Shape{CutAfter: 3}))
	if err := ping(l, member, node, time.Second); err == nil || timedOut(err) {
		t.Errorf("PING whose answer is cut after 3 bytes: %v", err)
	}
	must(t, l.Shape(t.Context(), member, node, compose.Shape{Bandwidth: 20}))
	began = time.Now()
	must(t, ping(l, member, node, 5*time.Second))
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Errorf("13 bytes took %v at 20 bytes a second", took)
	}
	must(t, l.Shape(t.Context(), member, node, compose.Shape{}))
	must(t, ping(l, member, node, time.Second))
	unknown(t, l.Shape(t.Context(), member, "redis-99", compose.Shape{}), "no link")
}

func (s site) nodeKiller(t *testing.T) {
	k, has := power[compose.NodeKiller](t, s)
	if !has {
		return
	}
	n := replica(t, s)
	must(t, k.KillNode(t.Context(), n.Name))
	if err := pingAt(n.Addr, time.Second); err == nil {
		t.Error("a killed node answers")
	}
	must(t, k.RestartNode(t.Context(), n.Name))
	must(t, k.RestartNode(t.Context(), n.Name))
	must(t, pingAt(n.Addr, time.Second))
	unknown(t, k.KillNode(t.Context(), "redis-99"), "redis-1")
}

func (s site) nodeFreezer(t *testing.T) {
	f, has := power[compose.NodeFreezer](t, s)
	if !has {
		return
	}
	n := replica(t, s)
	must(t, f.FreezeNode(t.Context(), n.Name))
	if err := pingAt(n.Addr, 300*time.Millisecond); !timedOut(err) {
		t.Errorf("PING to a frozen node: %v", err)
	}
	must(t, f.ThawNode(t.Context(), n.Name))
	must(t, f.ThawNode(t.Context(), n.Name))
	must(t, pingAt(n.Addr, time.Second))
}

// nodeIsolator looks at the cluster with the node's own eyes.
func (s site) nodeIsolator(t *testing.T) {
	i, has := power[compose.NodeIsolator](t, s)
	if !has {
		return
	}
	n := s.Nodes()[0]
	rdb := s.Redis()
	defer func() { _ = rdb.Close() }()
	must(t, i.Isolate(t.Context(), n.Name))
	must(t, pingAt(n.Addr, time.Second))
	servicetest.Eventually(t, "the others miss it", func() bool {
		nodes, err := rdb.ClusterNodes(t.Context()).Result()
		return err == nil && strings.Contains(nodes, "fail")
	})
	must(t, i.Rejoin(t.Context(), n.Name))
}

func (s site) clockStepper(t *testing.T) {
	c, has := power[compose.ClockStepper](t, s)
	if !has {
		return
	}
	n := s.Nodes()[0]
	must(t, c.StepClock(t.Context(), n.Name, time.Hour))
	must(t, c.StepClock(t.Context(), n.Name, 0))
}

// leftLogs: every part has left a log, and that of one that was killed and
// started again speaks of both.
func (s site) leftLogs(t *testing.T) {
	for _, m := range s.Members("") {
		if text := logOf(t, s.logs, m.Name()); !strings.Contains(text, "ready") {
			t.Errorf("the log of %s is %q", m.Name(), text)
		}
	}
	for _, n := range s.Nodes() {
		if text := logOf(t, s.logs, n.Name); text == "" {
			t.Errorf("the log of %s is empty", n.Name)
		}
	}
	if _, has := s.Stack.(compose.Killer); has {
		if text := logOf(t, s.logs, "summarize-1"); strings.Count(text, "ready") < 2 {
			t.Errorf("summarize-1 was started twice, and its log is %q", text)
		}
	}
}

// failedStart: what a part wrote is there when a start has failed, and that is
// when it matters most. Nobody can work on less than no lane.
func failedStart(t *testing.T, env compose.Environment) {
	p := plan(t, env, ledger(t))
	p.Lanes = -1
	s, err := env.Start(t.Context(), p)
	if err == nil {
		s.Stop()
		t.Fatal("a summarizer started with -1 lanes")
	}
	// The first that fails keeps the others from beginning, and any of the
	// summarizers may be the first.
	text := ""
	logs, _ := filepath.Glob(filepath.Join(p.Logs, "*.log"))
	for _, log := range logs {
		text += logOf(t, p.Logs, strings.TrimSuffix(filepath.Base(log), ".log"))
	}
	if !strings.Contains(strings.ToLower(text), "lanes") {
		t.Errorf("the start failed (%v), and the logs %q say %q", err, logs, text)
	}
}

func logOf(t *testing.T, folder, part string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, part+".log"))
	if err != nil {
		t.Errorf("%s left no log: %v", part, err)
	}
	return string(text)
}

func (s site) stop(t *testing.T) {
	s.Stop()
	s.Stop()
	for _, m := range s.Members("") {
		if err := m.Health(t.Context()); err == nil {
			t.Errorf("%s answers after Stop", m.Name())
		}
	}
	for _, n := range s.Nodes() {
		if err := pingAt(n.Addr, time.Second); err == nil {
			t.Errorf("%s answers after Stop", n.Name)
		}
	}
	must(t, s.ledger.Close())
}

func replica(t *testing.T, s site) compose.Node {
	t.Helper()
	at := slices.IndexFunc(s.Nodes(), func(n compose.Node) bool { return !n.Master })
	if at < 0 {
		t.Fatal("there are no replicas, and a master is not to be lost here")
	}
	return s.Nodes()[at]
}

// ping asks Redis through a link, and pingAt at an address.
func ping(l interface {
	Via(member, target string) (string, error)
}, member, target string, within time.Duration,
) error {
	addr, err := l.Via(member, target)
	if err != nil {
		return err
	}
	return pingAt(addr, within)
}

func pingAt(addr string, within time.Duration) error {
	conn, err := net.DialTimeout("tcp", addr, within)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && answer != "+PONG\r\n" {
		err = fmt.Errorf("answered %q", answer)
	}
	return err
}

func timedOut(err error) bool {
	var failed net.Error
	return errors.As(err, &failed) && failed.Timeout()
}

// unknown wants an error that names what there is.
func unknown(t *testing.T, err error, names string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), names) {
		t.Errorf("a name that does not exist: %v, want an error that names %s", err, names)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
