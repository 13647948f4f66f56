package careful

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/system/paper"
	"paperlab/system/service"
	"paperlab/system/servicetest"
)

func TestAKeyLiesOnOnePartitionAndPartitionsOnAllNodes(t *testing.T) {
	rdb := connect(t)
	produce(t, rdb, papers(60)...)
	at, nodes, used := map[string]string{}, map[string]bool{}, 0
	for _, key := range topic.Keys() {
		entries, err := rdb.XRange(t.Context(), key, "-", "+").Result()
		if err != nil {
			t.Fatal(err)
		}
		node, err := rdb.MasterForKey(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		nodes[node.Options().Addr] = true
		if len(entries) > 0 {
			used++
		}
		for _, e := range entries {
			if other, there := at[field(e, keyField)]; there && other != key {
				t.Errorf("%s is on %s and on %s", field(e, keyField), other, key)
			}
			at[field(e, keyField)] = key
		}
	}
	if len(at) != 60 || used != partitions || len(nodes) < 2 {
		t.Errorf("%d keys on %d partitions on %d nodes, want 60 on %d on more than one", len(at), used, len(nodes), partitions)
	}
}

// Two processes share the partitions, and no entry is read by the one whose it
// is not; each key's versions are done in order.
func TestEachPartitionIsReadByOneProcessInOrder(t *testing.T) {
	rdb := connect(t)
	var journals [2]journal
	for n := range journals {
		startTest(t, Config{Redis: rdb, Member: fmt.Sprint("m-", n), Place: Place{n, 2}, Handler: func(_ context.Context, payload []byte) error {
			journals[n].note(payload)
			return nil
		}})
	}
	produce(t, rdb, papers(100)...)
	servicetest.Eventually(t, "all is acknowledged", func() bool { return backlog(t, rdb) == 0 })
	total := 0
	for n := range journals {
		list := journals[n].all()
		total += len(list)
		for i, version := range list {
			id, number, _ := strings.Cut(version, "v")
			if topic.of(id)%2 != n {
				t.Errorf("process %d has %s of partition %d", n, version, topic.of(id))
			}
			if number == "2" && !slices.Contains(list[:i], id+"v1") {
				t.Errorf("%s came before its first version", version)
			}
		}
	}
	if total != 200 {
		t.Errorf("%d handlings, want 200", total)
	}
}

// A batch's keys are worked on at once, up to Workers over all partitions.
func TestWorkersBoundWhatIsWorkedOnAtOnce(t *testing.T) {
	rdb := connect(t)
	produce(t, rdb, papers(12)[:12]...)
	var now, most atomic.Int64
	release := make(chan struct{})
	startTest(t, Config{Redis: rdb, Workers: 3, Handler: func(context.Context, []byte) error {
		running := now.Add(1)
		defer now.Add(-1)
		for seen := most.Load(); running > seen && !most.CompareAndSwap(seen, running); seen = most.Load() {
		}
		<-release
		return nil
	}})
	servicetest.Eventually(t, "all is taken, and three run", func() bool { return pending(t, rdb) == 12 && now.Load() == 3 })
	close(release)
	servicetest.Eventually(t, "all is acknowledged", func() bool { return backlog(t, rdb) == 0 })
	if n := most.Load(); n != 3 {
		t.Errorf("%d ran at once, want 3", n)
	}
}

// A process dies with entries in hand and starts again: it does them first, and
// in order; what it had not read comes later.
func TestARestartBeginsWithWhatIsPending(t *testing.T) {
	rdb := connect(t)
	key := paper.Paper{ID: "2101.00000"}
	produce(t, rdb, paper.Paper{ID: key.ID, Version: 1}, paper.Paper{ID: key.ID, Version: 2})
	groups(t, rdb)
	take(t, rdb, "m-0", topic.key(topic.of(key.ID)), 2)
	produce(t, rdb, paper.Paper{ID: key.ID, Version: 3})
	var j journal
	startTest(t, Config{Redis: rdb, Handler: func(_ context.Context, payload []byte) error { j.note(payload); return nil }})
	servicetest.Eventually(t, "all is acknowledged", func() bool { return backlog(t, rdb) == 0 })
	if got := j.all(); !slices.Equal(got, []string{"2101.00000v1", "2101.00000v2", "2101.00000v3"}) {
		t.Errorf("handled %v", got)
	}
}

func TestEntriesOfAnotherNameAreClaimedAfterMinIdle(t *testing.T) {
	rdb := connect(t)
	produce(t, rdb, papers(120)...)
	groups(t, rdb)
	before := time.Now()
	for _, key := range topic.Keys() {
		take(t, rdb, "gone-7", key, 200)
	}
	const minIdle = 300 * time.Millisecond
	var j journal
	var early atomic.Bool
	startTest(t, Config{Redis: rdb, MinIdle: minIdle, Handler: func(_ context.Context, payload []byte) error {
		if time.Since(before) < minIdle-time.Millisecond {
			early.Store(true)
		}
		j.note(payload)
		return nil
	}})
	servicetest.Eventually(t, "all is acknowledged", func() bool { return backlog(t, rdb) == 0 })
	if n := len(j.all()); n != 240 || early.Load() {
		t.Errorf("%d handlings, want 240; claimed before its time: %v", n, early.Load())
	}
}

// A failing entry is tried again before its key's next ones. Takes the pauses of
// 1.5 s.
func TestAFailingEntryKeepsItsPlace(t *testing.T) {
	rdb := connect(t)
	var tries, done journal
	startTest(t, Config{Redis: rdb, Handler: func(_ context.Context, payload []byte) error {
		if times := tries.note(payload); times < 3 && strings.Contains(string(payload), `"version":1`) {
			return errors.New("no luck")
		}
		done.note(payload)
		return nil
	}})
	produce(t, rdb, paper.Paper{ID: "2101.00000", Version: 1}, paper.Paper{ID: "2101.00000", Version: 2})
	servicetest.Eventually(t, "all is acknowledged", func() bool { return len(done.all()) == 2 && backlog(t, rdb) == 0 })
	if got := done.all(); !slices.Equal(got, []string{"2101.00000v1", "2101.00000v2"}) {
		t.Errorf("done in order %v", got)
	}
	if n := len(dead(t, rdb)); n != 0 {
		t.Errorf("%d dead letters", n)
	}
}

// Takes the pauses of 1.5 s.
func TestTheDeliveryCapMakesADeadLetterAndOthersGoOn(t *testing.T) {
	rdb := connect(t)
	// Both versions of the one are in the batch that is read first: the second is
	// not tried while the first fails. That batch counts for it as a delivery, and
	// nothing else does until its turn comes.
	produce(t, rdb, papers(20)...)
	var j journal
	startTest(t, Config{Redis: rdb, MaxDeliveries: 3, Handler: func(_ context.Context, payload []byte) error {
		j.note(payload)
		if strings.Contains(string(payload), "2101.00007") {
			return errors.New("no such category")
		}
		return nil
	}})
	servicetest.Eventually(t, "all is acknowledged", func() bool { return backlog(t, rdb) == 0 })
	list := dead(t, rdb)
	if len(list) != 2 {
		t.Fatalf("dead letters: %v", list)
	}
	for n, e := range list {
		id := fmt.Sprintf("2101.00007v%d", n+1)
		if field(e, idField) != id || field(e, "reason") != fmt.Sprintf("delivered 3 times and never acknowledged; lastly: entry %s: no such category", field(e, "entry")) || !strings.Contains(field(e, payloadField), "2101.00007") {
			t.Errorf("dead letter %v", e.Values)
		}
		if tries := count(j.all(), id); tries != 3-n {
			t.Errorf("%s was tried %d times, want %d", id, tries, 3-n)
		}
	}
	if n := len(j.all()); n != 2*20-2+3+2 {
		t.Errorf("%d handlings, want each once, one three times and one twice", n)
	}
}

// An entry that ends its process each time is found by Redis' count alone.
func TestAnEntryThatKillsItsProcessBecomesADeadLetter(t *testing.T) {
	rdb := connect(t)
	produce(t, rdb, paper.Paper{ID: "2101.00000", Version: 1})
	groups(t, rdb)
	key := topic.key(topic.of("2101.00000"))
	e := take(t, rdb, "m-0", key, 1)[0]
	if err := rdb.Do(t.Context(), "XCLAIM", key, group, "m-0", 0, e.ID, "RETRYCOUNT", 10, "JUSTID").Err(); err != nil {
		t.Fatal(err)
	}
	var j journal
	startTest(t, Config{Redis: rdb, Handler: func(_ context.Context, payload []byte) error { j.note(payload); return nil }})
	servicetest.Eventually(t, "all is acknowledged", func() bool { return backlog(t, rdb) == 0 })
	if list := dead(t, rdb); len(list) != 1 || field(list[0], "reason") != "delivered 10 times and never acknowledged" || len(j.all()) != 0 {
		t.Errorf("dead letters %v, handled %v", list, j.all())
	}
}

func TestAHopelessEntryIsADeadLetterAtOnce(t *testing.T) {
	rdb := connect(t)
	var j journal
	startTest(t, Config{Redis: rdb, Handler: func(_ context.Context, payload []byte) error {
		j.note(payload)
		return fmt.Errorf("%w: the webhook answered 410 Gone", ErrHopeless)
	}})
	produce(t, rdb, paper.Paper{ID: "2101.00000", Version: 1})
	servicetest.Eventually(t, "it is a dead letter", func() bool { return len(dead(t, rdb)) == 1 && backlog(t, rdb) == 0 })
	if n := len(j.all()); n != 1 {
		t.Errorf("tried %d times, want once", n)
	}
}

// More than the naive profile's MAXLEN is not read by anybody; some is pending.
// Neither is trimmed, however old it is, and what is acknowledged is.
func TestNothingUnreadOrPendingIsTrimmed(t *testing.T) {
	rdb := connect(t)
	groups(t, rdb)
	key := topic.key(0)
	pipe := rdb.Pipeline()
	for i := range 12_000 {
		pipe.XAdd(t.Context(), &redis.XAddArgs{Stream: key, ID: fmt.Sprint(i+1, "-1"), Values: []any{payloadField, "x"}})
	}
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := NewConsumer(Config{Redis: rdb, Topic: topic, Place: Place{0, 1}, Group: group, Member: "m-0", Keep: time.Hour,
		Handler: func(context.Context, []byte) error { return nil }, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	p := newPartition(c, key)
	left := func(least, most int64) {
		t.Helper()
		if err := p.trim(t.Context()); err != nil {
			t.Fatal(err)
		}
		// Whole nodes of 100 entries are trimmed.
		if n := rdb.XLen(t.Context(), key).Val(); n < least || n > most {
			t.Errorf("%d entries are left, want %d to %d", n, least, most)
		}
	}
	left(12_000, 12_000)
	taken := take(t, rdb, "m-0", key, 5000)
	left(12_000, 12_000)
	for i, e := range taken {
		if i != 2000 {
			rdb.XAck(t.Context(), key, group, e.ID)
		}
	}
	left(10_000, 10_100)
	rdb.XAck(t.Context(), key, group, taken[2000].ID)
	left(7000, 7101)
	c.cfg.Keep = time.Since(time.UnixMilli(0)) // all of it is younger
	left(7000, 7101)
}

func TestStopFinishesWhatIsInHand(t *testing.T) {
	rdb := connect(t)
	begun, release := make(chan struct{}), make(chan struct{})
	var j journal
	c := startTest(t, Config{Redis: rdb, Handler: func(_ context.Context, payload []byte) error {
		j.note(payload)
		close(begun)
		<-release
		return nil
	}})
	produce(t, rdb, paper.Paper{ID: "2101.00000", Version: 1})
	<-begun
	stopped := make(chan struct{})
	go func() { c.Stop(); close(stopped) }()
	<-c.life.Taking().Done()
	close(release)
	<-stopped
	if n := backlog(t, rdb); n != 0 {
		t.Errorf("backlog is %d after Stop, want 0", n)
	}
}

func TestConsumerKeepsTheContract(t *testing.T) {
	rdb := connect(t)
	servicetest.Lifecycle(t, func(t *testing.T) (service.Service, func(*testing.T)) {
		var j journal
		c, err := NewConsumer(Config{Redis: rdb, Topic: topic, Place: Place{0, 1}, Group: group, Member: "m-0", Block: 20 * time.Millisecond,
			Logger: quiet, Handler: func(_ context.Context, payload []byte) error { j.note(payload); return nil }})
		if err != nil {
			t.Fatal(err)
		}
		return c, func(t *testing.T) {
			before := len(j.all())
			produce(t, rdb, papers(1)[0])
			servicetest.Eventually(t, "the paper is handled", func() bool { return len(j.all()) > before })
		}
	})
}

func TestConfigIsChecked(t *testing.T) {
	rdb := connect(t)
	cases := map[string]struct {
		change func(*Config)
		want   string
	}{
		"no Redis":            {func(c *Config) { c.Redis = nil }, "Redis"},
		"no topic":            {func(c *Config) { c.Topic = Topic{} }, "topic"},
		"no place":            {func(c *Config) { c.Place = Place{} }, "place"},
		"no group":            {func(c *Config) { c.Group = "" }, "group"},
		"member of two":       {func(c *Config) { c.Member = "a b" }, "member"},
		"negative workers":    {func(c *Config) { c.Workers = -1 }, "at least 1"},
		"negative deliveries": {func(c *Config) { c.MaxDeliveries = -1 }, "at least 1"},
		"too many partitions": {func(c *Config) { c.Topic = Papers("", 32) }, "31 at most"},
		"no idle time":        {func(c *Config) { c.MinIdle = time.Microsecond }, "1ms"},
		"blocks for ever":     {func(c *Config) { c.Block = time.Microsecond }, "1ms"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			cfg := Config{Redis: rdb, Topic: topic, Place: Place{0, 1}, Group: group, Member: "a", Handler: func(context.Context, []byte) error { return nil }}
			c.change(&cfg)
			if _, err := NewConsumer(cfg); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestAPlaceIsReadFromAName(t *testing.T) {
	for name, want := range map[string]Place{"summarize-2": {2, 3}, "host17": {17, 3}, "0": {0, 3}} {
		if got, err := PlaceOf(name, 3); got != want || err != nil {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	for name, members := range map[string]int{"summarize": 2, "a": 0, "summarize-1a": 3} {
		if _, err := PlaceOf(name, members); err == nil {
			t.Errorf("%q of %d was accepted", name, members)
		}
	}
	if got, err := PlaceOf("my-laptop", 1); got != (Place{0, 1}) || err != nil {
		t.Errorf("a single one: %v, %v", got, err)
	}
}

func count(list []string, one string) (n int) {
	for _, v := range list {
		if v == one {
			n++
		}
	}
	return n
}
