package faults_test

import (
	"context"
	"strings"
	"testing"
)

// Real processes, several at a time: each fault that picks them, with a receipt
// that speaks of each.
func TestSeveralAtOnce(t *testing.T) {
	for _, c := range []struct {
		kind, pick, happened, during string
		fields                       []string
	}{
		{"kill", "all", "summarize-1, summarize-2 and summarize-3 were killed", "gone: signal: killed; 1 entries still pending", nil},
		{"freeze", "all", "summarize-1, summarize-2 and summarize-3 were frozen", "no answer from /healthz", nil},
		{"partition", "all", "summarize-1, summarize-2 and summarize-3 were cut off from 2 Redis nodes by a network partition", "-2: no answer in", []string{"from", "redis-all"}},
		{"link", "all", "the links of summarize-1, summarize-2 and summarize-3 to redis had 50ms of latency, give or take 0s", "link to redis-2: an answer began", []string{"to", "redis", "latency", "50ms"}},
		{"kill", "2", "summarize-1 and summarize-2 were killed", "gone: signal: killed; 1 entries still pending", nil},
		{"freeze", "2", "summarize-1 and summarize-2 were frozen", "no answer from /healthz", nil},
	} {
		t.Run(c.kind+" "+c.pick, func(t *testing.T) {
			t.Parallel()
			stage := newStage(t)
			for range 3 {
				stage.member("summarize")
			}
			stage.node()
			stage.node()
			first := incarnations(stage)
			b := strike(t, stage.site(), read(t, c.kind, append(c.fields, "role", "summarize", "pick", c.pick)...))
			wantProven(t, b, "", c.during, "")
			if b.Happened != c.happened {
				t.Errorf("happened: %s, want %s", b.Happened, c.happened)
			}
			for i, name := range []string{"summarize-1", "summarize-2", "summarize-3"} {
				struck := strings.Contains(c.happened, name)
				if n := strings.Count(b.during, c.during); n != len(b.Processes) {
					t.Errorf("%q is said of %d, want of %d: %s", c.during, n, len(b.Processes), b.during)
				}
				if strings.Contains(b.Target, name) != struck {
					t.Errorf("target %q, and %s was struck: %v", b.Target, name, struck)
				}
				if again := incarnations(stage)[i] != first[i]; again != (struck && c.kind == "kill") {
					t.Errorf("%s is another incarnation: %v", name, again)
				}
			}
		})
	}
}

func incarnations(s *stage) (ids []string) {
	for _, m := range s.workers {
		id, _ := m.Incarnation()
		ids = append(ids, id)
	}
	return ids
}

// spared is a stage on which one process is spared by every act, and cannot be
// thawed or started again.
type spared struct {
	*stage
	name string
}

func (s spared) Kill(ctx context.Context, name string) error {
	if name == s.name {
		return nil
	}
	return s.stage.Kill(ctx, name)
}

func (s spared) Freeze(ctx context.Context, name string) error {
	if name == s.name {
		return nil
	}
	return s.stage.Freeze(ctx, name)
}

func (s spared) Thaw(ctx context.Context, name string) error {
	if name == s.name {
		panic("no thaw of " + name)
	}
	return s.stage.Thaw(ctx, name)
}

// One that was not struck makes the whole receipt incomplete, and one that cannot
// be healed keeps nobody else from it.
func TestSeveralOfWhichOneIsSpared(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"kill", "freeze"} {
		stage := newStage(t)
		for range 3 {
			stage.member("summarize")
		}
		site := stage.site()
		site.Stack = spared{stage, "summarize-2"}
		b := strike(t, site, read(t, kind, "role", "summarize", "pick", "all"))
		why := map[string]string{"kill": "still runs", "freeze": "it is not frozen"}[kind]
		wantUnproven(t, b, why)
		if kind == "freeze" && (!strings.Contains(b.err, "no thaw of summarize-2") || b.healed) {
			t.Errorf("the heal that failed: %+v", b)
		}
		for _, w := range stage.workers {
			if err := w.Health(t.Context()); err != nil {
				t.Errorf("%s after %s: %v", w.Name(), kind, err)
			}
		}
	}
}

// Three that are killed are each proven by their own entries: those of the first
// may be taken over before the last is found dead.
func TestSeveralKeepTheirProofs(t *testing.T) {
	t.Parallel()
	stage := newStage(t)
	for range 2 {
		stage.member("summarize")
	}
	site := stage.site()
	looks := map[string]int{}
	site.Work = handOf(func(name string) int64 {
		w := stage.worker(name)
		if _, ended := w.Incarnation(); ended == "" {
			return 5
		}
		looks[name]++
		// The first has its entries once, the second only when it is asked again.
		if (name == "summarize-1") == (looks[name] == 1) {
			return 5
		}
		return 0
	})
	wantProven(t, strike(t, site, read(t, "kill", "role", "summarize", "pick", "2")), "alive, 5 entries", "5 entries still pending", "")
}

// handOf says what each member has in hand; it is asked by one at a time.
type handOf func(name string) int64

var oneAtATime = make(chan struct{}, 1)

func (f handOf) InHand(_ context.Context, name string) (int64, error) {
	oneAtATime <- struct{}{}
	defer func() { <-oneAtATime }()
	return f(name), nil
}

// All must have work in hand at once.
func TestKillOfSeveralWaitsForTheMoment(t *testing.T) {
	t.Parallel()
	stage := newStage(t)
	stage.member("summarize")
	stage.member("summarize")
	site := stage.site()
	looks := map[string]int{}
	site.Work = handOf(func(name string) int64 {
		// They take turns at first, for longer than the nemesis would look by itself.
		if looks[name]++; looks[name] < 100 && (looks[name]%2 == 0) == (name == "summarize-1") {
			return 0
		}
		return 3
	})
	wantProven(t, strike(t, site, read(t, "kill", "role", "summarize", "pick", "2")), "3 entries pending for summarize-1; ", "3 entries still", "")
	if looks["summarize-1"] < 100 {
		t.Errorf("struck after %v looks", looks)
	}
	site = stage.site()
	site.Work = handOf(func(name string) int64 { return map[string]int64{"summarize-1": 3}[name] })
	wantUnproven(t, strike(t, site, read(t, "kill", "role", "summarize", "pick", "2")), "wait for work in hand of summarize-2")
}
