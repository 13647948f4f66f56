package reports

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"paperlab/reports/history"
	"paperlab/reports/record"
	"paperlab/system/paper"
)

// Profiles, as the tests write them.
const (
	hardened = record.Hardened
	careful  = record.Careful
	naive    = record.Naive
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

func (s *sample) add(t float64, e history.Event) { s.events = append(s.events, e.At(t, s.profile)) }

// run plays 30 papers a second and returns the history in order of time.
func (s *sample) run() []history.Event {
	free := make([]float64, sampleShards)
	for i := 0; ; i++ {
		at := 0.5 + float64(i)/30
		if at > s.seconds-12 {
			break
		}
		id := fmt.Sprintf("2101.%05d", i)
		shard := s.rng.IntN(sampleShards)
		s.add(at, history.Served(&paper.Paper{ID: id, Version: 1}, false))
		start := s.stopped(shard, max(at+0.01, free[shard]))
		done := s.ask(id+"v1", start)
		free[shard] = done
		s.jobs = append(s.jobs, job{at, start, done})
		s.tell(id, done)
	}
	s.readings()
	for _, p := range []struct {
		name string
		at   float64
	}{{history.PhaseControl, 0}, {history.PhaseSteady, 6}, {history.PhaseFault, 10}, {history.PhaseRecover, 25}, {history.PhaseDrain, 48}, {history.PhaseObserve, s.seconds}, {history.PhaseDone, s.seconds}} {
		s.add(p.at, history.Began(p.name))
	}
	slices.SortStableFunc(s.events, func(a, b history.Event) int { return cmp.Compare(a.T, b.T) })
	return s.events
}

// ask tries the primary, then the fallback, then waits and tries again; it
// returns when a summary was there.
func (s *sample) ask(version string, t float64) float64 {
	for try := 0; ; try++ {
		for _, provider := range []string{"ollama", "openai"} {
			call := history.LLMCall{Provider: provider, ID: fmt.Sprintf("%s-%d", version, try), Version: version}
			s.add(t, history.Asked(call))
			took := 0.08 + 0.12*s.rng.Float64()
			switch {
			case !s.down(provider, t):
				s.add(t+took, history.Answered(call, took))
				return t + took
			case s.rng.IntN(3) == 0:
				took = 0.6
				s.add(t+took, history.Abandoned(call, took, "the caller went away"))
			default:
				took = 0.02
				s.add(t+took, history.Unanswered(call, took, 503, "overloaded"))
			}
			t += took
		}
		t += 0.5 + s.rng.Float64()
	}
}

// tell makes up to two notifications of a paper.
func (s *sample) tell(id string, done float64) {
	for n := range s.rng.IntN(3) {
		subscription := fmt.Sprintf("s%d", n)
		at := done + 0.02 + 0.15*s.rng.ExpFloat64()
		subscriber := fmt.Sprintf("u%d", s.rng.IntN(40))
		e := history.Told(history.Webhook{Subscriber: subscriber, Notification: paper.Notification{
			ID: paper.NotificationID(id+"v1", subscription), Subscriber: subscriber, Subscription: subscription, Paper: id, Version: 1,
		}})
		s.add(at, e)
		if done > s.from && done < s.until && s.rng.Float64() < s.again {
			s.add(at+5+10*s.rng.Float64(), e)
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
		s.add(t, history.Sampled("papers", "lag", int64(lag), t != 31))
		s.add(t, history.Sampled("papers", "pending", int64(pending), true))
		s.add(t, history.Sampled("notifications", "lag", int64(lag/9), true))
		s.add(t, history.Sampled("notifications", "pending", int64(s.rng.IntN(4)), true))
	}
}

func (s *sample) takeover(at float64, shard int, from, to string) {
	s.add(at, history.TookOver("papers", shard, from, to))
}

// crash is a killed summarizer, hardened and naive.
func crash(seed uint64) (record.Result, map[string][]history.Event) {
	h := newSample(hardened, seed)
	h.stopped = func(shard int, t float64) float64 {
		if shard < 4 && t >= 10 && t < 13.4 {
			return 13.4
		}
		return t
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

func crashResult(seed uint64) record.Result {
	r := sampleResult("consumer-crash", "A summarizer dies with work in hand; another takes its shards over and nobody is told twice.", seed)
	r.Runs = []record.Run{hardenedCrash(), naiveCrash()}
	return r
}

func sampleResult(name, about string, seed uint64) record.Result {
	at := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	return record.Result{
		Schema: record.Schema, Scenario: name, About: about, Seed: int64(seed), Environment: "process", Corpus: "builtin",
		StartedAt: at, FinishedAt: at.Add(2 * time.Minute), WallS: 131.4, ScrapeS: 1, Verdict: record.Pass,
		Code:     record.Code{Commit: "0123456789abcdef0123456789abcdef01234567", Dirty: true},
		Versions: map[string]string{"redis": "7.0.15", "go": "1.26.8"},
		Host:     record.Host{CPUs: 2, MemoryBytes: 8 << 30, CPU: "Example CPU"},
	}
}

func killed(profile string) []record.Fault {
	during := "pid 4711 gone by SIGKILL; 14 entries pending, none acknowledged"
	if profile == naive {
		during = "pid 5822 gone by SIGKILL; 11 entries pending, none acknowledged"
	}
	return []record.Fault{{
		ID: "kill-1", Kind: "kill", Target: "summarize-2", Processes: []string{"summarize-2"}, Happened: "summarize-2 was killed", InjectedAtS: 10, EffectAtS: new(10.02), HealedAtS: new(25.0),
		Receipt: record.Receipt{Before: "alive", During: during, After: "restarted, ready after 0.4 s"},
	}}
}

func samplePhases() []record.Phase {
	return []record.Phase{{Name: "steady", StartS: 0, EndS: 10}, {Name: "fault", StartS: 10, EndS: 25}, {Name: "recover", StartS: 25, EndS: 48}, {Name: "drain", StartS: 48, EndS: 60}}
}

func verdicts(list ...record.Answer) []record.Invariant {
	details := map[string]string{
		"no-loss": "1,426 papers and 1,433 notifications were followed to their effect", "key-order": "40 subscribers",
		"no-duplicate-effect": "1,433 effects", "all-or-none": "1,426 papers", "no-unexpected-effect": "1,433 effects", "produce-once": "2,859 messages",
	}
	var out []record.Invariant
	for i, id := range []string{"no-loss", "all-or-none", "no-unexpected-effect", "no-duplicate-effect", "key-order", "produce-once"} {
		v := record.Valid
		if i < len(list) {
			v = list[i]
		}
		out = append(out, record.Invariant{ID: id, Answer: v, Detail: details[id]})
	}
	return out
}

// sampleLoad is 70 % of what the slower of both can do.
func sampleLoad() record.Load {
	return record.Load{RatePerS: 29.9, OfCapacity: 0.7, CapacityOf: hardened, CapacityPerS: 42.7, Subscribers: 40, HottestShare: 0.0499, FanOut: 5.01, PaperBytes: 1424}
}

func hardenedCrash() record.Run {
	return record.Run{
		Profile: hardened, Load: sampleLoad(), Phases: samplePhases(), Faults: killed(hardened), Invariants: verdicts(),
		Counts: record.Counts{Offered: 1426, Acknowledged: 1426, Delivered: 1433, DuplicateDeliveries: 3, LLMCalls: 1440, LLMCallsRepeated: 14, Fenced: 2},
		Alerts: []record.Alert{
			{Name: "ConsumerDown", Labels: map[string]string{"instance": "summarize-2"}, FiringAtS: 12.4, NotifiedAtS: 13.14, ResolvedAtS: new(27.1)},
			{Name: "LagHigh", Labels: map[string]string{"stream": "papers"}, FiringAtS: 13.5, NotifiedAtS: 13.9, ResolvedAtS: new(18.0)},
		},
		DetectedBy: &record.Alert{Name: "ConsumerDown", Labels: map[string]string{"instance": "summarize-2"}, FiringAtS: 12.4, NotifiedAtS: 13.14, ResolvedAtS: new(27.1)}, TimeToDetectS: new(13.14 - 10.02),
		Detection:    &record.Detection{Alert: "ConsumerDown", EffectAtS: 10.02, ScrapedAtS: new(10.31), PendingAtS: new(10.4), FiringAtS: 12.4, SentAtS: new(13.13), ArrivedAtS: 13.14},
		LagRecoveryS: new(6.0), TimeToRecoverS: new(9.3),
		Steady: record.Steady{BacklogBound: 20, LatencyP95S: 0.6, LatencyBoundS: 1.8, Held: true, Regained: true},
		Guards: []record.Guard{{ID: "backlog-drift", OK: true, Value: new(1.5), Bound: 20, Unit: "entries", Detail: "the backlog grew by 1.5 entries; it must be at most 20"}},
		Machine: record.Machine{
			Readings: 50, CPU: &record.CPUShares{Own: 0.47, Others: 0.02, Stolen: 0.01, Idle: 0.5}, TimersLateMaxS: 0.004,
			NotJudged: []string{"run-queue: no process of the service says how long it waited for a CPU"},
		},
		Objectives: []record.Objective{
			{ID: "time_to_detect:ConsumerDown", Clock: record.ClockEffect, Unit: "s", Bound: 5, Value: new(3.12), OK: true},
			{ID: "lag_recovery", Clock: record.ClockLastHeal, Unit: "s", Bound: 15, Value: new(6.0), OK: true},
		},
		Price: record.Price{
			LatencyP50S: new(0.21), LatencyP95S: new(0.42), LatencyP99S: new(0.61),
			CommandsPerMessage: new(167.2), MemoryBytesPerMessage: new(1904.0),
		},
		Memory:     []record.Memory{{Process: "summarize-1", PeakBytes: 41_200_000}, {Process: "deliver-1", PeakBytes: 33_000_000}, {Process: "lab", PeakBytes: 212_000_000}},
		ClusterUpS: 1.7, WallS: 64.2,
	}
}

func naiveCrash() record.Run {
	return record.Run{
		Profile: naive, Load: sampleLoad(), Phases: samplePhases(), Faults: killed(naive),
		Invariants: []record.Invariant{
			{ID: "no-loss", Answer: record.Invalid, Detail: "7 messages were lost", Examples: []string{"2101.00312v1 was acknowledged at 9.98 s and nobody was told"}},
			{ID: "no-duplicate-effect", Answer: record.Invalid, Detail: "12 effects", Examples: []string{"u7 was told of 2101.00305v1 at 10.2 s and again at 24.9 s"}},
			{ID: "key-order", Answer: record.Invalid, Detail: "31 effects", Examples: []string{"u3 <script>alert(1)</script> | was told of 2101.00301v1 after 2101.00420v1"}},
		},
		Counts:    record.Counts{Offered: 1426, Acknowledged: 1426, Delivered: 1426, Lost: 7, DuplicateDeliveries: 12, DuplicateEffects: 12, OrderViolations: 31, LLMCalls: 1500, LLMCallsRepeated: 60},
		Anomalies: sampleAnomalies(), Blame: []record.Blame{
			{Invariant: "no-loss", Total: 7, Parts: []record.BlamedPart{{Blamed: record.Blamed{When: record.During, Fault: "kill-1"}, Count: 7}}, BackgroundPerS: new(0.0), Caused: new(7)},
			{Invariant: "no-duplicate-effect", Total: 12, Parts: []record.BlamedPart{{Blamed: record.Blamed{When: record.During, Fault: "kill-1"}, Count: 2}, {Blamed: record.Blamed{When: record.After, Fault: "kill-1"}, Count: 10}}, BackgroundPerS: new(0.0), Caused: new(12)},
			{Invariant: "key-order", Total: 31, Parts: []record.BlamedPart{{Blamed: record.Blamed{When: record.Before}, Count: 10}, {Blamed: record.Blamed{When: record.During, Fault: "kill-1"}, Count: 21}}, BackgroundPerS: new(1.0), Caused: new(0)},
		},
		Alerts: []record.Alert{{Name: "ConsumerDown", Labels: map[string]string{"instance": "summarize-2"}, FiringAtS: 12.6, NotifiedAtS: 13.3}, {Name: "LagHigh", FiringAtS: 12.9, NotifiedAtS: 13.6}},
		// Its backlog comes back; its latency does not.
		DetectedBy: &record.Alert{Name: "ConsumerDown", Labels: map[string]string{"instance": "summarize-2"}, FiringAtS: 12.6, NotifiedAtS: 13.3}, TimeToDetectS: new(3.28),
		Detection:    &record.Detection{Alert: "ConsumerDown", EffectAtS: 10.02, ScrapedAtS: new(9.9), PendingAtS: new(10.6), FiringAtS: 12.6, ArrivedAtS: 13.3},
		LagRecoveryS: new(19.8),
		Steady:       record.Steady{BacklogBound: 20, LatencyP95S: 0.6, LatencyBoundS: 1.8, Held: true},
		Price: record.Price{ // a p95 that is no tenth below the hardened one's
			LatencyP50S: new(0.2), LatencyP95S: new(0.39), LatencyP99S: new(0.6),
			CommandsPerMessage: new(21.4), MemoryBytesPerMessage: new(612.0),
		},
	}
}

// sampleAnomalies are spread as the sample's blame says.
func sampleAnomalies() (all []record.Anomaly) {
	add := func(id string, when record.When, n int, from, every float64) {
		for i := range n {
			a := record.Anomaly{Invariant: id, AtS: from + float64(i)*every, Blamed: record.Blamed{When: when}}
			if when != record.Before {
				a.Fault = "kill-1"
			}
			all = append(all, a)
		}
	}
	add("key-order", record.Before, 10, 0.5, 0.9)
	add("no-loss", record.During, 7, 10.1, 0.3)
	add("key-order", record.During, 21, 10.5, 0.7)
	add("no-duplicate-effect", record.During, 2, 24, 0.5)
	add("no-duplicate-effect", record.After, 10, 25.5, 0.1)
	return all
}

// carefulCrash has all that the hardened one has, for less.
func carefulCrash() record.Run {
	r := hardenedCrash()
	r.Profile, r.Objectives, r.Memory = careful, nil, nil
	r.LagRecoveryS, r.TimeToRecoverS = new(0.0), new(9.0)
	r.Price = record.Price{
		LatencyP50S: new(0.2), LatencyP95S: new(0.31), LatencyP99S: new(0.5), SaturationPerS: new(240.0),
		CommandsPerMessage: new(44.0), MemoryBytesPerMessage: new(930.0),
	}
	return r
}

// outage is an LLM outage: the primary fails, then slows down, then both fail.
func outage(seed uint64) (record.Result, map[string][]history.Event) {
	events := map[string][]history.Event{}
	r := sampleResult("llm-outage", "Ollama fails, then is slow; then both LLMs are down.", seed)
	faults := []record.Fault{
		{ID: "ollama-errors", Kind: "llm", Mode: "errors", Target: "ollama", Happened: "ollama answered with errors", InjectedAtS: 10, EffectAtS: new(10.1), HealedAtS: new(20.0), Receipt: record.Receipt{Before: "200 in 0.1 s", During: "503 server busy", After: "200 in 0.1 s"}},
		{ID: "ollama-slow", Kind: "llm", Mode: "slow", Target: "ollama", Happened: "ollama answered too late", InjectedAtS: 20, EffectAtS: new(20.3), HealedAtS: new(28.0), Receipt: record.Receipt{Before: "200 in 0.1 s", During: "200 in 6.1 s", After: "200 in 0.1 s"}},
		{ID: "both-down", Kind: "llm", Mode: "errors", Target: "ollama, openai", Happened: "ollama and openai answered with errors", InjectedAtS: 28, EffectAtS: new(28.1), HealedAtS: new(36.0), Receipt: record.Receipt{Before: "200", During: "503 from both", After: "200"}},
	}
	for i, profile := range []string{hardened, naive} {
		s := newSample(profile, seed+uint64(i))
		s.down = func(provider string, t float64) bool {
			return provider == "ollama" && t >= 10 && t < 36 || provider == "openai" && t >= 28 && t < 36
		}
		events[profile] = s.run()
		r.Runs = append(r.Runs, record.Run{
			Profile: profile, Phases: samplePhases(), Faults: faults, Invariants: verdicts(),
			Counts:     record.Counts{Offered: 1426, Acknowledged: 1426, Delivered: 1433},
			Alerts:     []record.Alert{{Name: "LLMPrimaryDown", FiringAtS: 12, NotifiedAtS: 12.6}, {Name: "LagHigh", FiringAtS: 31, NotifiedAtS: 31.5}},
			DetectedBy: &record.Alert{Name: "LLMPrimaryDown", FiringAtS: 12, NotifiedAtS: 12.6}, TimeToDetectS: new(2.5), LagRecoveryS: new(31.4), TimeToRecoverS: new(33.0),
			Steady: record.Steady{BacklogBound: 25, LatencyP95S: 0.6, LatencyBoundS: 1.8, Held: true, Regained: true},
		})
	}
	return r, events
}
