package monitor_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"paperlab/compose/monitor"
	"paperlab/compose/standin"
	"paperlab/reports/history"
)

// flip is a target with one metric n, which a test sets; it notes when it was
// asked and what it said.
type flip struct {
	addr string

	mu    sync.Mutex
	value int
	asked []reading
}

type reading struct {
	at    time.Time
	value int
}

func newFlip(t *testing.T, value int) *flip {
	f := &flip{value: value}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.asked = append(f.asked, reading{time.Now(), f.value})
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = io.WriteString(w, fmt.Sprintf("n %d\n", f.value))
	}))
	t.Cleanup(server.Close)
	f.addr = server.Listener.Addr().String()
	return f
}

func (f *flip) set(value int) (at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.value = value
	return time.Now()
}

// first is when it first said the value, from a time on.
func (f *flip) first(value int, from time.Time) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.asked {
		if r.value == value && !r.at.Before(from) {
			return r.at
		}
	}
	return time.Time{}
}

func holding(expr, how string) fstest.MapFS {
	return fstest.MapFS{"one.yaml": {Data: fmt.Appendf(nil,
		"groups: [{name: g, rules: [{alert: Flipped, expr: '%s', for: %s, labels: {severity: x}}]}]", expr, how)}}
}

// TestStages takes some fifteen seconds: what each stage says is held against
// the target's own notes and the test's clock, at scrapes every second and every
// two. With two targets it is the scrape of the second that shows the condition.
// What one scrape showed before, and the next no longer, is another story.
func TestStages(t *testing.T) {
	for name, c := range map[string]struct {
		every time.Duration
		expr  string
	}{
		"every second":      {time.Second, `n{instance="a"} == 0`},
		"every two seconds": {2 * time.Second, `n{instance="a"} == 0`},
		"two targets":       {time.Second, `count(n == 0) == 2`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const held = 2 * time.Second
			slack, a, b := newSlack(t), newFlip(t, 1), newFlip(t, 1)
			m := start(t, monitor.Config{
				Rules: holding(c.expr, held.String()), Webhook: slack.url, Interval: c.every,
				Targets: []monitor.Target{{Job: "j", Instance: "a", Addr: a.addr}, {Job: "j", Instance: "b", Addr: b.addr}},
			})
			for _, value := range []int{1, 0, 1} {
				a.set(value)
				b.set(value)
				waitQuery(t, m, fmt.Sprintf(`count(n == %d)`, value), 2)
			}
			last, flipped := a, a.set(0)
			if name == "two targets" {
				waitQuery(t, m, `sum(n)`, 1)
				last, flipped = b, b.set(0)
			}
			arrived := slack.wait(t, "Flipped", history.Firing)
			checkStages(t, slack.all()[0], c.every, held, last.first(0, flipped))
			if got := slack.all()[0]; got.Scraped.Before(flipped.Add(-50*time.Millisecond)) || arrived.Before(got.Sent) {
				t.Errorf("scraped %v after the flip, arrived %v after it was sent", got.Scraped.Sub(flipped), arrived.Sub(got.Sent))
			}
			last.set(1)
			slack.wait(t, "Flipped", history.Resolved)
			if r := slack.all()[1]; !r.Scraped.IsZero() || !r.Pending.IsZero() || r.Sent.IsZero() {
				t.Errorf("the end of an alert has stages: %+v", r)
			}
		})
	}
}

// checkStages: shown is when the target first told of what the alert is about.
// A scrape's time is when it began, which the target sees a little later.
func checkStages(t *testing.T, got standin.SlackAlert, every, held time.Duration, shown time.Time) {
	t.Helper()
	if off := shown.Sub(got.Scraped).Abs(); got.Scraped.IsZero() || off > every/2 {
		t.Errorf("scraped at %v; the target first showed it at %v, %v apart", got.Scraped, shown, off)
	}
	if order := []time.Time{got.Scraped, got.Pending, got.At, got.Sent}; !ascending(order) {
		t.Errorf("the stages are not in order: %v", order)
	}
	// The next evaluation finds it, or the one after if the machine was slow.
	if wait := got.Pending.Sub(got.Scraped); wait > 2*every {
		t.Errorf("pending %v after the scrape", wait)
	}
	// Firing comes with an evaluation, so for is rounded up to whole intervals.
	steps := (held + every - 1) / every * every
	if wait := got.At.Sub(got.Pending); wait < held || wait > steps+every {
		t.Errorf("firing %v after pending, want %v", wait, steps)
	}
}

// TestNoScrapeShowsIt: a condition that is true without any sample has no
// scrape, and the stage is not made up.
func TestNoScrapeShowsIt(t *testing.T) {
	slack := newSlack(t)
	start(t, monitor.Config{Rules: oneRule("", "vector(1)"), Webhook: slack.url, Interval: 100 * time.Millisecond})
	slack.wait(t, "Always", history.Firing)
	if got := slack.all()[0]; !got.Scraped.IsZero() || got.Pending.IsZero() || got.Sent.IsZero() {
		t.Errorf("stages %+v, want no scrape, and pending and sent", got)
	}
}

// TestADeadTarget: the scrape that failed is the one that shows it.
func TestADeadTarget(t *testing.T) {
	slack, p := newSlack(t), newProcess(t, "n 1\n")
	m := start(t, monitor.Config{
		Rules: holding("up == 0", "0s"), Webhook: slack.url, Interval: time.Second,
		Targets: []monitor.Target{{Job: "j", Instance: "i", Addr: p.addr}},
	})
	waitQuery(t, m, "up", 1)
	p.stop()
	died := time.Now()
	slack.wait(t, "Flipped", history.Firing)
	if got := slack.all()[0].Scraped.Sub(died); got < -time.Second || got > 1500*time.Millisecond {
		t.Errorf("scraped %v after the death, at one scrape a second", got)
	}
}

// TestPhases: monitors of one phase do the same at the same time, others at
// times of their own, and the phase shows nowhere else.
func TestPhases(t *testing.T) {
	p := newProcess(t, "n 1\n")
	const every = time.Second
	at := func(phase string) (scraped, evaluated time.Duration) {
		slack := newSlack(t)
		start(t, monitor.Config{
			Rules: holding("up == 1", "0s"), Webhook: slack.url, Interval: every, Phase: phase,
			Targets: []monitor.Target{{Job: "j", Instance: "i", Addr: p.addr}},
		})
		slack.wait(t, "Flipped", history.Firing)
		got := slack.all()[0]
		if want := map[string]string{"job": "j", "instance": "i", "severity": "x"}; !maps.Equal(got.Labels, want) {
			t.Errorf("phase %q: labels %v, want %v", phase, got.Labels, want)
		}
		into := func(at time.Time) time.Duration { return time.Duration(at.UnixNano()) % every }
		return into(got.Scraped), into(got.Pending)
	}
	apart := func(a, b time.Duration) time.Duration { return min((a - b).Abs(), every-(a-b).Abs()) }
	scraped, evaluated := at("a")
	if s, e := at("a"); apart(s, scraped) > 20*time.Millisecond || apart(e, evaluated) > time.Millisecond {
		t.Errorf("one phase: scraped %v and %v, evaluated %v and %v into the second", scraped, s, evaluated, e)
	}
	// The target's port is in the hash of its scrapes: one other phase may fall on
	// the same time, three will not.
	var most [2]time.Duration
	for _, phase := range []string{"b", "c", "d"} {
		s, e := at(phase)
		most = [2]time.Duration{max(most[0], apart(s, scraped)), max(most[1], apart(e, evaluated))}
	}
	if most[0] < 25*time.Millisecond || most[1] < 25*time.Millisecond {
		t.Errorf("four phases: scraped at most %v apart, evaluated at most %v", most[0], most[1])
	}
}
