package reports

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"paperlab/reports/history"
)

// sample is a small model of a run: papers arrive, shards work through them one
// by one, faults stop shards or providers. It makes histories with the shape of
// real ones, for the report's own tests and for nothing else.
type sample struct {
	profile string
	rng     *rand.Rand
	events  []history.Event
	seconds float64
	// stopped tells when work that would start at t on a shard can start.
	stopped func(shard int, t float64) float64
	// down tells whether a provider fails at t.
	down func(provider string, t float64) bool
	// again is the share of papers that are told again and late, from and until.
	again       float64
	from, until float64
	jobs        []job
}

type job struct{ arrived, started, done float64 }

const sampleShards = 12

func newSample(profile string, seed uint64) *sample {
	return &sample{
		profile: profile, rng: rand.New(rand.NewPCG(seed, 7)), seconds: 60,
		stopped: func(_ int, t float64) float64 { return t },
		down:    func(string, float64) bool { return false },
	}
}

func (s *sample) add(e history.Event) {
	e.Profile = s.profile
	s.events = append(s.events, e)
}

// run plays 30 papers a second and returns the history in order of time.
func (s *sample) run() []history.Event {
	free := make([]float64, sampleShards)
	for i := 0; ; i++ {
		at := 0.5 + float64(i)/30
		if at > s.seconds-12 {
			break
		}
		version := fmt.Sprintf("2101.%05dv1", i)
		shard := s.rng.IntN(sampleShards)
		s.add(history.Event{T: at, Process: "arxiv", Type: history.OK, Op: history.Serve, Message: version, Key: version[:10]})
		start := s.stopped(shard, max(at+0.01, free[shard]))
		done := s.ask(version, start)
		free[shard] = done
		s.jobs = append(s.jobs, job{at, start, done})
		s.tell(version, done)
	}
	s.readings()
	for _, p := range []struct {
		name string
		at   float64
	}{{"steady", 0}, {"fault", 10}, {"recover", 25}, {"drain", 48}, {"done", s.seconds}} {
		s.add(history.Event{T: p.at, Process: "lab", Type: history.OK, Op: history.Phase, Name: p.name})
	}
	slices.SortStableFunc(s.events, func(a, b history.Event) int { return cmp.Compare(a.T, b.T) })
	return s.events
}

// ask tries the primary, then the fallback, then waits and tries again; it
// returns when a summary was there.
func (s *sample) ask(version string, t float64) float64 {
	for try := 0; ; try++ {
		for _, provider := range []string{"ollama", "openai"} {
			call := fmt.Sprintf("%s-%d", version, try)
			s.add(history.Event{T: t, Process: provider, Type: history.Invoke, Op: history.Ask, Call: call, Version: version})
			outcome, took := history.OK, 0.08+0.12*s.rng.Float64()
			if s.down(provider, t) {
				outcome, took = history.Fail, 0.02
				if s.rng.IntN(3) == 0 {
					outcome, took = history.Info, 0.6
				}
			}
			t += took
			s.add(history.Event{T: t, Process: provider, Type: outcome, Op: history.Ask, Call: call, Version: version, Seconds: took})
			if outcome == history.OK {
				return t
			}
		}
		t += 0.5 + s.rng.Float64()
	}
}

// tell makes up to two notifications of a paper.
func (s *sample) tell(version string, done float64) {
	for n := range s.rng.IntN(3) {
		subscription := fmt.Sprintf("s%d", n)
		e := history.Event{
			T: done + 0.02 + 0.15*s.rng.ExpFloat64(), Process: "sink", Type: history.OK, Op: history.Tell, Status: 200,
			Version: version, Subscriber: fmt.Sprintf("u%d", s.rng.IntN(40)), Subscription: subscription,
		}
		s.add(e)
		if done > s.from && done < s.until && s.rng.Float64() < s.again {
			e.T += 5 + 10*s.rng.Float64()
			s.add(e)
		}
	}
}

// readings sample both streams every quarter of a second; one reading is null.
func (s *sample) readings() {
	for t := 0.25; t < s.seconds; t += 0.25 {
		lag, pending := 0, 0
		for _, j := range s.jobs {
			switch {
			case j.arrived <= t && j.started > t:
				lag++
			case j.started <= t && j.done > t:
				pending++
			}
		}
		typ := history.OK
		if t == 31 {
			typ = history.Info
		}
		s.add(history.Event{T: t, Process: "stream", Type: typ, Op: history.Sample, Stream: "papers", Name: "lag", Value: float64(lag)})
		s.add(history.Event{T: t, Process: "stream", Type: history.OK, Op: history.Sample, Stream: "papers", Name: "pending", Value: float64(pending)})
		s.add(history.Event{T: t, Process: "stream", Type: history.OK, Op: history.Sample, Stream: "notifications", Name: "lag", Value: float64(lag / 9)})
		s.add(history.Event{T: t, Process: "stream", Type: history.OK, Op: history.Sample, Stream: "notifications", Name: "pending", Value: float64(s.rng.IntN(4))})
	}
}

func (s *sample) takeover(at float64, shard int, from, to string) {
	s.add(history.Event{T: at, Process: "stream", Type: history.OK, Op: history.Takeover, Stream: "papers", Shard: shard, Owner: to, Previous: from})
}

// crash is a killed summarizer, hardened and naive.
func crash(seed uint64) (Result, map[string][]history.Event) {
	h := newSample(hardened, seed)
	h.stopped = func(shard int, t float64) float64 {
		if shard < 4 && t >= 10 && t < 13.4 {
			return 13.4
		}
		return t
	}
	for shard := range sampleShards {
		h.takeover(0.2, shard, "", fmt.Sprintf("summarize-%d", shard/4+1))
	}
	for shard := range 4 {
		h.takeover(13.1+0.1*float64(shard), shard, "summarize-2", fmt.Sprintf("summarize-%d", 1+2*(shard%2)))
		h.takeover(26.2+0.05*float64(shard), shard, "summarize-1", "summarize-2")
	}
	n := newSample(naive, seed)
	n.again, n.from, n.until = 0.6, 9.5, 14
	n.stopped = func(shard int, t float64) float64 {
		if shard < 4 && t >= 10 && t < 24 {
			return 24 + n.rng.Float64()
		}
		return t
	}
	return crashResult(seed), map[string][]history.Event{hardened: h.run(), naive: n.run()}
}

func crashResult(seed uint64) Result {
	r := sampleResult("consumer-crash", "A summarizer dies with work in hand; another takes its shards over and nobody is told twice.", seed)
	r.Runs = []Run{hardenedCrash(), naiveCrash()}
	return r
}

func sampleResult(name, about string, seed uint64) Result {
	at := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	return Result{
		Schema: Schema, Scenario: name, About: about, Seed: int64(seed), Environment: "process", Corpus: "builtin",
		StartedAt: at, FinishedAt: at.Add(2 * time.Minute), WallS: 131.4, Verdict: Pass,
		Code:     Code{Commit: "0123456789abcdef0123456789abcdef01234567", Dirty: true},
		Versions: map[string]string{"redis": "7.0.15", "go": "1.26.8"},
		Host:     Host{CPUs: 2, MemoryBytes: 8 << 30, CPU: "Example CPU"},
	}
}

func killed(profile string) []Fault {
	during := "pid 4711 gone by SIGKILL; 14 entries pending, none acknowledged"
	if profile == naive {
		during = "pid 5822 gone by SIGKILL; 11 entries pending, none acknowledged"
	}
	return []Fault{{
		ID: "kill-1", Kind: "kill", Target: "summarize-2", InjectedAtS: 10, EffectAtS: new(10.02), HealedAtS: new(25.0),
		Receipt: Receipt{Before: "alive", During: during, After: "restarted, ready after 0.4 s"},
	}}
}

func samplePhases() []Phase {
	return []Phase{{"steady", 0, 10}, {"fault", 10, 25}, {"recover", 25, 48}, {"drain", 48, 60}}
}

func verdicts(list ...string) []Invariant {
	details := map[string]string{
		"no-loss": "1,426 papers and 1,433 notifications were followed to their effect", "key-order": "40 subscribers",
		"no-duplicate-effect": "1,433 effects", "all-or-none": "1,426 papers", "no-unexpected-effect": "1,433 effects", "produce-once": "2,859 messages",
	}
	var out []Invariant
	for i, id := range []string{"no-loss", "all-or-none", "no-unexpected-effect", "no-duplicate-effect", "key-order", "produce-once"} {
		v := valid
		if i < len(list) {
			v = list[i]
		}
		out = append(out, Invariant{ID: id, Verdict: v, Detail: details[id]})
	}
	return out
}

func hardenedCrash() Run {
	return Run{
		Profile: hardened, Phases: samplePhases(), Faults: killed(hardened), Invariants: verdicts(),
		Counts: Counts{Offered: 1426, Acknowledged: 1426, Delivered: 1433, DuplicateDeliveries: 3, LLMCalls: 1440, LLMCallsRepeated: 14, Fenced: 2},
		Alerts: []Alert{
			{Name: "ConsumerDown", Labels: "instance=summarize-2", FiringAtS: 12.4, NotifiedAtS: 13.14, ResolvedAtS: new(27.1)},
			{Name: "LagHigh", Labels: "stream=papers", FiringAtS: 13.5, NotifiedAtS: 13.9, ResolvedAtS: new(18.0)},
		},
		TimeToDetectS: new(13.14 - 10.02), LagRecoveryS: new(6.0), TimeToRecoverS: new(9.3),
		Steady: Steady{BacklogBound: 20, LatencyP95S: 0.6, LatencyBoundS: 1.8, Held: true, Regained: true},
		Objectives: []Objective{
			{ID: "time_to_detect", Bound: "ConsumerDown within 5s", Value: new(3.12), OK: true},
			{ID: "lag_recovery", Bound: "within 15s", Value: new(6.0), OK: true},
		},
		Memory:     []Memory{{"summarize-1", 41_200_000}, {"deliver-1", 33_000_000}, {"lab", 212_000_000}},
		ClusterUpS: 1.7, WallS: 64.2,
	}
}

func naiveCrash() Run {
	return Run{
		Profile: naive, Phases: samplePhases(), Faults: killed(naive),
		Invariants: []Invariant{
			{ID: "no-loss", Verdict: invalid, Detail: "7 messages were lost", Examples: []string{"2101.00312v1 was acknowledged at 9.98 s and nobody was told"}},
			{ID: "no-duplicate-effect", Verdict: invalid, Detail: "12 effects", Examples: []string{"u7 was told of 2101.00305v1 at 10.2 s and again at 24.9 s"}},
			{ID: "key-order", Verdict: invalid, Detail: "31 effects", Examples: []string{"u3 <script>alert(1)</script> | was told of 2101.00301v1 after 2101.00420v1"}},
		},
		Counts: Counts{Offered: 1426, Acknowledged: 1426, Delivered: 1426, Lost: 7, DuplicateDeliveries: 12, DuplicateEffects: 12, OrderViolations: 31, LLMCalls: 1500, LLMCallsRepeated: 60},
		Alerts: []Alert{{Name: "ConsumerDown", Labels: "instance=summarize-2", FiringAtS: 12.6, NotifiedAtS: 13.3}, {Name: "LagHigh", FiringAtS: 12.9, NotifiedAtS: 13.6}},
		// Its backlog comes back; its latency does not.
		TimeToDetectS: new(3.28), LagRecoveryS: new(19.8),
		Steady: Steady{BacklogBound: 20, LatencyP95S: 0.6, LatencyBoundS: 1.8, Held: true},
	}
}

// outage is an LLM outage: the primary fails, then slows down, then both fail.
func outage(seed uint64) (Result, map[string][]history.Event) {
	events := map[string][]history.Event{}
	r := sampleResult("llm-outage", "Ollama fails, then is slow; then both LLMs are down.", seed)
	faults := []Fault{
		{ID: "ollama-errors", Kind: "llm", Target: "ollama", InjectedAtS: 10, EffectAtS: new(10.1), HealedAtS: new(20.0), Receipt: Receipt{"200 in 0.1 s", "503 server busy", "200 in 0.1 s"}},
		{ID: "ollama-slow", Kind: "llm", Target: "ollama", InjectedAtS: 20, EffectAtS: new(20.3), HealedAtS: new(28.0), Receipt: Receipt{"200 in 0.1 s", "200 in 6.1 s", "200 in 0.1 s"}},
		{ID: "both-down", Kind: "llm", Target: "ollama, openai", InjectedAtS: 28, EffectAtS: new(28.1), HealedAtS: new(36.0), Receipt: Receipt{"200", "503 from both", "200"}},
	}
	for i, profile := range []string{hardened, naive} {
		s := newSample(profile, seed+uint64(i))
		s.down = func(provider string, t float64) bool {
			return provider == "ollama" && t >= 10 && t < 36 || provider == "openai" && t >= 28 && t < 36
		}
		events[profile] = s.run()
		r.Runs = append(r.Runs, Run{
			Profile: profile, Phases: samplePhases(), Faults: faults, Invariants: verdicts(),
			Counts:        Counts{Offered: 1426, Acknowledged: 1426, Delivered: 1433},
			Alerts:        []Alert{{Name: "LLMPrimaryDown", FiringAtS: 12, NotifiedAtS: 12.6}, {Name: "LagHigh", FiringAtS: 31, NotifiedAtS: 31.5}},
			TimeToDetectS: new(2.5), LagRecoveryS: new(31.4), TimeToRecoverS: new(33.0),
			Steady: Steady{BacklogBound: 25, LatencyP95S: 0.6, LatencyBoundS: 1.8, Held: true, Regained: true},
		})
	}
	return r, events
}
