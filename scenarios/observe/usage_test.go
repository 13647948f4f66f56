package observe_test

import (
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"paperlab/reports/history"
	"paperlab/system/servicetest"
)

// usage waits for a reading that begins after the call, and returns it.
func (w watched) usage(t *testing.T, name string) int64 {
	t.Helper()
	var last []history.Event
	named := func() (n int) {
		last = nil
		for _, e := range w.events(history.Usage) {
			if e.Name == name {
				last = append(last, e)
			}
		}
		return len(last)
	}
	before := named()
	servicetest.Eventually(t, "two more readings of "+name, func() bool { return named() >= before+2 })
	e := last[len(last)-1]
	if e.Type != history.OK {
		t.Fatalf("the reading is %+v", e)
	}
	return int64(e.Value)
}

// Commands are those of others: what a client sends and what its scripts call.
// The observer's own, some hundreds a second, and upkeep are not among them. It
// takes about 15 s.
func TestUsageIsThatOfOthers(t *testing.T) {
	rdb := connect(t)
	other := shared.Client()
	t.Cleanup(func() { _ = other.Close() })
	w := start(t, rdb)
	// What is under way at a reading may be counted on either side.
	const underWay = 20
	idle := w.usage(t, history.Commands)
	if n := w.usage(t, history.Commands) - idle; n < -underWay || n > underWay {
		t.Errorf("%d commands in a time in which only the observer asked", n)
	}
	commands, memory := w.usage(t, history.Commands), w.usage(t, history.Memory)
	const entries = 4000
	payload := string(make([]byte, 1000))
	pipe := other.Pipeline()
	for range entries {
		pipe.XAdd(t.Context(), &redis.XAddArgs{Stream: first + ":entries", Values: []any{"payload", payload}})
		pipe.Ping(t.Context())
	}
	for range 20 {
		pipe.Eval(t.Context(), "for i = 1, 9 do redis.call('XLEN', KEYS[1]) end", []string{second + ":entries"})
	}
	if _, err := pipe.Exec(t.Context()); err != nil && !errors.Is(err, redis.Nil) {
		t.Fatal(err)
	}
	const want = entries + 20*10
	if n := w.usage(t, history.Commands) - commands; n < want-underWay || n > want+underWay {
		t.Errorf("%d commands were counted, want about %d", n, want)
	}
	// What Redis keeps for its clients comes and goes, some ten kilobytes on each
	// node, and stands beside the data: so there is much more of the latter.
	if n := w.usage(t, history.Memory) - memory; n < 0.95*entries*1000 || n > 1.25*entries*1000 {
		t.Errorf("%d entries of 1,000 bytes take %d bytes", entries, n)
	}
}
