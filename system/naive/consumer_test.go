package naive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"paperlab/system/service"
	"paperlab/system/servicetest"
	"paperlab/system/stream"
)

func TestTwoMembersShareAndEverythingIsAcknowledged(t *testing.T) {
	rdb, registry := connect(t), prometheus.NewRegistry()
	metrics := stream.NewMetrics(registry)
	var j journal
	// Who has work first waits until the other has some too.
	member := func(mine, other chan struct{}) Handler {
		var once sync.Once
		return func(_ context.Context, payload []byte) error {
			once.Do(func() { close(mine) })
			wait(t, "both members have work", other)
			j.note(payload)
			return nil
		}
	}
	a, b := make(chan struct{}), make(chan struct{})
	startTest(t, Config{Redis: rdb, Member: "a", Handler: member(a, b), Metrics: metrics})
	startTest(t, Config{Redis: rdb, Member: "b", Handler: member(b, a), Metrics: metrics})
	produce(t, rdb, papers(300)...)
	servicetest.Eventually(t, "all is acknowledged", func() bool { return backlog(t, rdb) == 0 })
	if different, all := j.sizes(); different != 300 || all != 300 {
		t.Errorf("%d handlings of %d papers, want 300 of 300", all, different)
	}
	consumers, err := rdb.XInfoConsumers(t.Context(), Papers("").Key(), group).Result()
	if err != nil || len(consumers) != 8 || consumers[0].Name != "a-1" || consumers[7].Name != "b-4" {
		t.Errorf("consumers %+v, %v, want a-1 to b-4", consumers, err)
	}
	entries(t, registry, `papers_entries_total{outcome="done",stream="naive:papers"} 300`)
}

// entries compares papers_entries_total; the counter follows XACK, so it is
// waited for.
func entries(t *testing.T, registry *prometheus.Registry, lines ...string) {
	t.Helper()
	want := `# HELP papers_entries_total Handlings of entries by outcome: done, retried, dead.
# TYPE papers_entries_total counter
` + strings.Join(lines, "\n") + "\n"
	var err error
	servicetest.Eventually(t, fmt.Sprint("the counters are ", lines), func() bool {
		err = testutil.GatherAndCompare(registry, strings.NewReader(want), "papers_entries_total")
		return err == nil
	})
}

func TestEntriesOfADeadConsumerAreClaimedAfterMinIdle(t *testing.T) {
	rdb := connect(t)
	produce(t, rdb, papers(120)...)
	before := time.Now()
	takeAsDead(t, rdb, 120)
	const minIdle = 300 * time.Millisecond
	var j journal
	var early atomic.Bool
	startTest(t, Config{Redis: rdb, Member: "a", MinIdle: minIdle, Handler: func(_ context.Context, payload []byte) error {
		// Redis counts in whole milliseconds.
		if time.Since(before) < minIdle-time.Millisecond {
			early.Store(true)
		}
		j.note(payload)
		return nil
	}})
	servicetest.Eventually(t, "all is acknowledged", func() bool { return backlog(t, rdb) == 0 })
	if different, _ := j.sizes(); different != 120 {
		t.Errorf("%d of 120 papers were handled", different)
	}
	if early.Load() {
		t.Errorf("an entry was claimed before it was idle for %s", minIdle)
	}
}

// A pass through a long list goes on from its cursor: a claim that always began
// at the beginning would look at the same entries, which are not idle, again.
func TestClaimGoesOnFromItsCursor(t *testing.T) {
	rdb := connect(t)
	const inHand, idle = 200, 20
	produce(t, rdb, papers(inHand+idle)...)
	takeAsDead(t, rdb, inHand+idle)
	all, err := rdb.XRange(t.Context(), Papers("").Key(), "-", "+").Result()
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range all {
		args := []any{"XCLAIM", Papers("").Key(), group, "dead-1", 0, e.ID, "IDLE", 0, "JUSTID"}
		if i >= inHand {
			args[7] = 2 * time.Hour.Milliseconds()
		}
		if err := rdb.Do(t.Context(), args...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	var j journal
	startTest(t, Config{Redis: rdb, Member: "a", Workers: 1, MinIdle: time.Hour, Handler: func(_ context.Context, payload []byte) error {
		j.note(payload)
		return nil
	}})
	servicetest.Eventually(t, "the idle entries are acknowledged", func() bool { return backlog(t, rdb) == inHand })
	if different, _ := j.sizes(); different != idle {
		t.Errorf("%d entries were claimed, want the %d idle ones", different, idle)
	}
}

// The weakness, on purpose: idle is taken for dead.
func TestWorkThatTakesLongerThanMinIdleIsDoneTwice(t *testing.T) {
	rdb, registry := connect(t), prometheus.NewRegistry()
	var j journal
	both := make(chan struct{})
	startTest(t, Config{Redis: rdb, Member: "a", Workers: 2, MinIdle: 50 * time.Millisecond, Metrics: stream.NewMetrics(registry),
		Handler: func(_ context.Context, payload []byte) error {
			if j.note(payload) == 2 {
				close(both)
			}
			wait(t, "two consumers work on one entry at once", both)
			return nil
		}})
	produce(t, rdb, papers(1)...)
	servicetest.Eventually(t, "it is acknowledged", func() bool { return backlog(t, rdb) == 0 })
	// Both take it for done, though only one acknowledgement counted.
	entries(t, registry, `papers_entries_total{outcome="done",stream="naive:papers"} 2`)
}

func TestFailedEntryStaysPendingUntilAClaimSucceeds(t *testing.T) {
	rdb, registry := connect(t), prometheus.NewRegistry()
	var j journal
	release := make(chan struct{})
	startTest(t, Config{Redis: rdb, Member: "a", Workers: 1, MinIdle: 50 * time.Millisecond, Metrics: stream.NewMetrics(registry),
		Handler: func(_ context.Context, payload []byte) error {
			switch j.note(payload) {
			case 1:
				return errors.New("no luck")
			case 2:
				panic("worse luck")
			case 3:
				wait(t, "the test has looked", release)
				return errors.New("no luck")
			}
			return nil
		}})
	produce(t, rdb, papers(1)...)
	servicetest.Eventually(t, "it is handled three times", func() bool { _, all := j.sizes(); return all == 3 })
	if n := backlog(t, rdb); n != 1 {
		t.Errorf("backlog is %d while the entry fails, want 1", n)
	}
	close(release)
	servicetest.Eventually(t, "it is acknowledged", func() bool { return backlog(t, rdb) == 0 })
	entries(t, registry, `papers_entries_total{outcome="done",stream="naive:papers"} 1`,
		`papers_entries_total{outcome="retried",stream="naive:papers"} 3`)
}

func TestEntryWithoutPayloadIsHandledAsEmpty(t *testing.T) {
	rdb := connect(t)
	var j journal
	startTest(t, Config{Redis: rdb, Member: "a", Handler: func(_ context.Context, payload []byte) error {
		j.note(payload)
		return nil
	}})
	if err := rdb.Do(t.Context(), "XADD", Papers("").Key(), "*", "other", "x").Err(); err != nil {
		t.Fatal(err)
	}
	servicetest.Eventually(t, "it is handled", func() bool { _, all := j.sizes(); return all == 1 })
	if j.seen[""] != 1 {
		t.Errorf("handled %v", j.seen)
	}
}

func TestStopFinishesWhatIsInHand(t *testing.T) {
	rdb := connect(t)
	begun, release := make(chan struct{}), make(chan struct{})
	var j journal
	produce(t, rdb, papers(3)...)
	c := startTest(t, Config{Redis: rdb, Member: "a", Workers: 1, Handler: func(_ context.Context, payload []byte) error {
		j.note(payload)
		if _, all := j.sizes(); all == 1 {
			close(begun)
			wait(t, "Stop was called", release)
		}
		return nil
	}})
	wait(t, "work has begun", begun)
	var stops sync.WaitGroup
	for range 2 {
		stops.Go(c.Stop)
	}
	<-c.life.Taking().Done()
	close(release)
	stops.Wait()
	if n := backlog(t, rdb); n != 0 {
		t.Errorf("backlog is %d after Stop, want 0", n)
	}
}

// Takes the grace of 3 s.
func TestStopCancelsWorkThatDoesNotEnd(t *testing.T) {
	rdb := connect(t)
	var j journal
	begun := make(chan struct{}, 2)
	produce(t, rdb, papers(2)...)
	c := startTest(t, Config{Redis: rdb, Member: "a", Workers: 1, Handler: func(ctx context.Context, payload []byte) error {
		j.note(payload)
		begun <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}})
	wait(t, "work has begun", begun)
	c.Stop()
	if _, all := j.sizes(); all != 1 {
		t.Errorf("%d entries were begun, want 1: work was cancelled", all)
	}
	if n := backlog(t, rdb); n != 2 {
		t.Errorf("backlog is %d after Stop, want 2: nothing was finished", n)
	}
}

func TestConsumerKeepsTheContract(t *testing.T) {
	rdb := connect(t)
	servicetest.Lifecycle(t, func(t *testing.T) (service.Service, func(*testing.T)) {
		var j journal
		c, err := NewConsumer(Config{Redis: rdb, Stream: Papers(""), Group: group, Member: "a", Workers: 2, Block: 20 * time.Millisecond,
			Logger: quiet, Handler: func(_ context.Context, payload []byte) error { j.note(payload); return nil }})
		if err != nil {
			t.Fatal(err)
		}
		return c, func(t *testing.T) {
			_, before := j.sizes()
			produce(t, rdb, papers(1)...)
			servicetest.Eventually(t, "the paper is handled", func() bool { _, all := j.sizes(); return all > before })
		}
	})
}

// complaints counts what is logged.
type complaints struct{ atomic.Int64 }

func (c *complaints) Write(line []byte) (int, error) {
	c.Add(1)
	return len(line), nil
}

// Redis forgets the group and knows it again: the worker goes on.
func TestWorkerOutlivesErrorsOfRedis(t *testing.T) {
	rdb := connect(t)
	var j journal
	var errors complaints
	startTest(t, Config{Redis: rdb, Member: "a", Workers: 1, Logger: slog.New(slog.NewTextHandler(&errors, nil)),
		Handler: func(_ context.Context, payload []byte) error { j.note(payload); return nil }})
	if err := rdb.XGroupDestroy(t.Context(), Papers("").Key(), group).Err(); err != nil {
		t.Fatal(err)
	}
	produce(t, rdb, papers(1)...)
	servicetest.Eventually(t, "the worker complains", func() bool { return errors.Load() > 0 })
	if err := rdb.XGroupCreate(t.Context(), Papers("").Key(), group, "0").Err(); err != nil {
		t.Fatal(err)
	}
	servicetest.Eventually(t, "it is handled", func() bool { _, all := j.sizes(); return all == 1 })
}

func TestConfigIsChecked(t *testing.T) {
	rdb := connect(t)
	cases := map[string]struct {
		change func(*Config)
		want   string
	}{
		"no Redis":         {func(c *Config) { c.Redis = nil }, "Redis"},
		"no stream":        {func(c *Config) { c.Stream = Stream{} }, "stream"},
		"no handler":       {func(c *Config) { c.Handler = nil }, "handler"},
		"no group":         {func(c *Config) { c.Group = "" }, "group"},
		"member of two":    {func(c *Config) { c.Member = "a b" }, "member"},
		"negative workers": {func(c *Config) { c.Workers = -1 }, "1 to 31"},
		"too many workers": {func(c *Config) { c.Workers = 32 }, "1 to 31"},
		"no idle time":     {func(c *Config) { c.MinIdle = time.Microsecond }, "1ms"},
		"blocks for ever":  {func(c *Config) { c.Block = time.Microsecond }, "1ms"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			cfg := Config{Redis: rdb, Stream: Papers(""), Group: group, Member: "a", Handler: func(context.Context, []byte) error { return nil }}
			c.change(&cfg)
			if _, err := NewConsumer(cfg); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}
