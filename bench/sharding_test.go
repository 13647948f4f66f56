package bench

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/reports/record"
	"paperlab/system/stream"
)

// TestOnACluster takes about 6 s, half of it for the cluster's start.
func TestOnACluster(t *testing.T) {
	rdb := cluster(t)
	t.Run("sharding", func(t *testing.T) { sharding(t, rdb) })
	t.Run("lost order ends the run", func(t *testing.T) { lostOrderEndsTheRun(t, rdb) })
}

// sharding asserts no speed: a busy machine is slow and not wrong. That order
// was kept is asserted by the run itself, which fails otherwise.
func sharding(t *testing.T, rdb *redis.ClusterClient) {
	b := Sharding{Shards: []int{1, 4}, Work: []time.Duration{5 * time.Millisecond, 0}, Repeats: 2, Seconds: 0.2, IdleMessages: 400}
	var told []string
	cases, err := b.Run(t.Context(), rdb, func(done, all int, what string) { told = append(told, fmt.Sprintf("%d/%d %s", done, all, what)) })
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) != 4 {
		t.Fatalf("%d cases, want 4: %+v", len(cases), cases)
	}
	for i, want := range []struct {
		shards int
		work   time.Duration
	}{{1, b.Work[0]}, {4, b.Work[0]}, {1, 0}, {4, 0}} {
		c := cases[i]
		if c.Shards != want.shards || c.Work != want.work || len(c.Rates) != 2 || len(c.Ratios) != 2 {
			t.Errorf("case %d is %+v, want %d shards, %v of work and 2 repeats", i, c, want.shards, want.work)
		}
		for repeat, ratio := range c.Ratios {
			base := cases[i/2*2].Rates[repeat]
			if base <= 0 || math.Abs(ratio-c.Rates[repeat]/base) > 1e-9 {
				t.Errorf("case %d, repeat %d: ratio %v of rate %v to base %v", i, repeat, ratio, c.Rates[repeat], base)
			}
		}
	}
	if len(told) != 8 || !strings.HasPrefix(told[7], "8/8 4 shards, 0s of work: ") {
		t.Errorf("progress was told %q, want 8 lines", told)
	}
	if left := keysIn(t, rdb); left != 0 {
		t.Errorf("%d keys left on the cluster", left)
	}
	checkIntervals(t, b.Record(cases))
}

func keysIn(t *testing.T, rdb *redis.ClusterClient) (n int64) {
	t.Helper()
	sizes, err := rdb.DBSize(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	return sizes
}

func checkIntervals(t *testing.T, b record.Bench) {
	t.Helper()
	for i, c := range b.Cases {
		for name, m := range c.Metrics {
			if m.N != 2 || m.Level != 0.95 || m.Unit == "" || m.Low > m.Value || m.High < m.Value {
				t.Errorf("%s of %s: %+v has no interval", name, c.Name, m)
			}
			// Two rates of a real machine are never equal; the base's ratio is 1.
			exact := name == "speedup" && i%2 == 0
			if exact != (m.Low == m.High) {
				t.Errorf("%s of %s: interval %v to %v", name, c.Name, m.Low, m.High)
			}
		}
	}
}

func TestShardingRefusesWhatItCannotMeasure(t *testing.T) {
	for want, change := range map[string]func(*Sharding){
		"shards are []":      func(b *Sharding) { b.Shards = nil },
		"shards are [1 0]":   func(b *Sharding) { b.Shards = []int{1, 0} },
		"work is []":         func(b *Sharding) { b.Work = nil },
		"work is [-1s]":      func(b *Sharding) { b.Work = []time.Duration{-time.Second} },
		"1 repeats":          func(b *Sharding) { b.Repeats = 1 },
		"seconds are 0":      func(b *Sharding) { b.Seconds = 0 },
		"0 idle messages":    func(b *Sharding) { b.IdleMessages = 0 },
		"default is refused": nil,
	} {
		b := DefaultSharding()
		if change == nil {
			if err := b.validate(); err != nil {
				t.Errorf("%s: %v", want, err)
			}
			continue
		}
		change(&b)
		if _, err := b.Run(t.Context(), nil, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
}

func entry(key string, number any) stream.Entry {
	return stream.Entry{ID: "1-1", Message: stream.Message{ID: "m", Key: key, Payload: fmt.Appendf(nil, "%v xxxx", number)}}
}

func TestOrderIsKept(t *testing.T) {
	w := newWorker(0, 1)
	for _, e := range []stream.Entry{entry("a", 0), entry("b", 0), entry("a", 1), entry("b", 1), entry("a", 2)} {
		if _, err := w.handle(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if begin, handled, err := w.progress(); begin.IsZero() || handled != 5 || err != nil {
		t.Errorf("began %v, handled %d, error %v", begin, handled, err)
	}
}

func TestLostOrderIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		entries []stream.Entry
		want    string
	}{
		"swapped":          {[]stream.Entry{entry("a", 1), entry("a", 0)}, "key a has message 1 begun when -1"},
		"a gap":            {[]stream.Entry{entry("a", 0), entry("b", 0), entry("a", 2)}, "key a has message 2 begun when 0"},
		"handled again":    {[]stream.Entry{entry("a", 0), entry("a", 0)}, "key a has message 0 begun when 0"},
		"the first counts": {[]stream.Entry{entry("a", 1), entry("b", 7)}, "key a has message 1"},
		"no number":        {[]stream.Entry{entry("a", "x")}, "message m of key a has no number"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorker(0, 1)
			for _, e := range c.entries {
				_, _ = w.handle(t.Context(), e)
			}
			if _, _, err := w.progress(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}

// Two of a key in hand at once end in the right order here, so a check at the
// end of handling would find nothing.
func TestOverlapIsLostOrder(t *testing.T) {
	w := newWorker(0, 1)
	first := w.start(entry("a", 0))
	w.start(entry("a", 1))
	if _, _, err := w.progress(); err == nil || !strings.Contains(err.Error(), "message 1 begun") {
		t.Errorf("first is %d, error is %v, want lost order", first, err)
	}
}

// lostOrderEndsTheRun plants the defect in a stream.
func lostOrderEndsTheRun(t *testing.T, rdb *redis.ClusterClient) {
	s, err := stream.Open(t.Context(), rdb, stream.Spec{Name: "disorder", Shards: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i, number := range []int{0, 2, 1} {
		m := entry("a", number).Message
		m.ID = fmt.Sprint(i)
		if _, err := s.Produce(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := newWorker(0, 1).drain(t.Context(), s, 3); err == nil || !strings.Contains(err.Error(), "order lost") {
		t.Errorf("error is %v, want lost order", err)
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newWorker(0, 1).drain(stopped, s, 3); err == nil {
		t.Error("a run that was stopped is no error")
	}
}

// The mean of many sleeps is the work, though each is rounded up to a step of
// the timer. A machine that is late by more than that cannot fail this test.
func TestWorkIsAsLongAsItSays(t *testing.T) {
	w := newWorker(3*time.Millisecond, 1)
	begin := time.Now()
	for range 10 {
		w.sleep(0)
	}
	if took := time.Since(begin); took < 10*w.work-timerStep {
		t.Errorf("ten times 3 ms took %v", took)
	}
	if w.debt[0] < 0 || w.debt[0] > timerStep {
		t.Errorf("debt is %v, must be 0 to %v", w.debt[0], timerStep)
	}
}
