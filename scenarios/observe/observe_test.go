package observe_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"

	"paperlab/reports/history"
	"paperlab/scenarios/observe"
	"paperlab/system/paper"
	"paperlab/system/sabotage"
	"paperlab/system/service"
	"paperlab/system/servicetest"
	"paperlab/system/stream"
)

// The keys, as an operator knows them. The tags are the first of their series
// that fall into their share of the slots.
const (
	first, second = "{papers.0.3}", "{papers.1.0}"
	notes         = "{notifications.0.0}"
)

// What the observer knows of the keys must be what the service does.
func TestStreamsOfTheServiceAreFound(t *testing.T) {
	rdb := connect(t)
	// What others keep on the cluster is not the run's.
	add(t, rdb, first+":entries", paperJSON(1))
	add(t, rdb, "naive:papers", paperJSON(2))
	add(t, rdb, "careful:{papers:0}", paperJSON(2))
	w := startUnder(t, rdb, "run-1")
	const shards, count = 5, 40
	want := map[string]int{}
	for _, name := range []string{"papers", "notifications"} {
		s, err := stream.Open(t.Context(), rdb, stream.Spec{Name: name, Prefix: "run-1", Shards: shards})
		if err != nil {
			t.Fatal(err)
		}
		for i := range count {
			var payload any = paper.Paper{ID: fmt.Sprint("p", i), Version: 3}
			key := fmt.Sprint("p", i)
			if name == "notifications" {
				key = fmt.Sprint("u", i)
				payload = paper.Notification{Subscriber: key, Subscription: "s", Paper: fmt.Sprint("p", i), Version: 3}
			}
			text, err := json.Marshal(payload)
			if err != nil {
				t.Fatal(err)
			}
			produced, err := s.Produce(t.Context(), stream.Message{ID: key, Key: key, Payload: text})
			if err != nil {
				t.Fatal(err)
			}
			want[fmt.Sprint(name, " ", produced[0].Shard, " ", produced[0].Entry, " ", key)]++
		}
	}
	servicetest.Eventually(t, "all entries are seen", func() bool { return len(w.events(history.Accept)) >= 2*count })
	got := map[string]int{}
	for _, e := range w.events(history.Accept) {
		got[fmt.Sprint(e.Stream, " ", e.Shard, " ", e.Entry, " ", e.Key)]++
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// More than one read holds, while more arrive, and with other keys around.
func TestEachEntryIsRecordedOnceAndInOrder(t *testing.T) {
	rdb := connect(t)
	const before, after = 4500, 300
	var payloads []string
	for i := range before {
		payloads = append(payloads, paperJSON(i))
	}
	ids := add(t, rdb, first+":entries", payloads...)
	add(t, rdb, first+":outbox", "no stream of messages")
	add(t, rdb, first+":dead", "nor this")
	add(t, rdb, "{papers}:entries", "nor this")
	w := start(t, rdb)
	for i := range after {
		ids = append(ids, add(t, rdb, first+":entries", paperJSON(before+i))...)
	}
	servicetest.Eventually(t, "all are seen", func() bool { return len(w.events(history.Accept)) >= len(ids) })
	accepted := w.events(history.Accept)
	for i, e := range accepted {
		want := history.AcceptedPaper(history.Place{Stream: "papers", Entry: ids[i]}, fmt.Sprintf("2101.%05d", i), 2).At(e.T, "hardened")
		if e != want {
			t.Fatalf("entry %d: got %+v, want %+v", i, e, want)
		}
	}
	w.Stop()
	if n := len(w.events(history.Accept)); n != len(ids) {
		t.Errorf("%d recorded, want %d", n, len(ids))
	}
}

func TestAnEntryTellsWhatStandsInIt(t *testing.T) {
	rdb := connect(t)
	w := start(t, rdb)
	add(t, rdb, notes+":entries", `{"id": "x", "subscriber": "u1", "subscription": "s1", "paper": "2101.00001", "version": 2}`)
	add(t, rdb, "naive:notifications", `{"subscriber": "u2", "subscription": "s2", "paper": "2101.00001", "version": 3}`)
	add(t, rdb, "naive:papers", paperJSON(7), "not JSON", `{"title": "no id"}`)
	servicetest.Eventually(t, "all are seen", func() bool { return len(w.events(history.Accept)) >= 5 })
	told := map[history.Event]bool{}
	for _, e := range w.events(history.Accept) {
		e.Entry = ""
		told[e.At(0, "")] = true
	}
	notes, papers := history.Place{Stream: "notifications"}, history.Place{Stream: "papers"}
	want := map[history.Event]bool{
		history.AcceptedNotification(notes, paper.Notification{Subscriber: "u1", Subscription: "s1", Paper: "2101.00001", Version: 2}): true,
		history.AcceptedNotification(notes, paper.Notification{Subscriber: "u2", Subscription: "s2", Paper: "2101.00001", Version: 3}): true,
		history.AcceptedPaper(papers, "2101.00007", 2): true,
		history.Unreadable(papers):                     true,
	}
	if !maps.Equal(told, want) {
		t.Errorf("got %v\nwant %v", told, want)
	}
}

// The careful service's partitions, found one after the other however they
// appear, are one stream, and each has its dead letters.
func TestPartitionsAreOneStream(t *testing.T) {
	rdb := connect(t)
	partition := func(n int) string { return fmt.Sprintf("careful:{papers:%d}", n) }
	add(t, rdb, partition(0), paperJSON(0), paperJSON(1))
	add(t, rdb, partition(2), paperJSON(4), paperJSON(5))
	w := start(t, rdb)
	servicetest.Eventually(t, "the first is seen", func() bool { return len(w.events(history.Accept)) == 2 })
	add(t, rdb, partition(1), paperJSON(2), paperJSON(3))
	servicetest.Eventually(t, "all are seen", func() bool { return len(w.events(history.Accept)) == 6 })
	shards := map[int]int{}
	for _, e := range w.events(history.Accept) {
		shards[e.Shard]++
	}
	if want := map[int]int{0: 2, 1: 2, 2: 2}; !maps.Equal(shards, want) {
		t.Errorf("entries by shard: %v", shards)
	}
	for n := range 3 {
		read(t, rdb, partition(n), "summarize", fmt.Sprint("s-", n%2), 1)
	}
	servicetest.Eventually(t, "lag and pending are sums", func() bool {
		lag, pending := w.last("papers", "lag"), w.last("papers", "pending")
		return lag.Value == 3 && pending.Value == 3 && *w.Backlog() == 6
	})
	if n, err := w.InHand(t.Context(), "s-0"); n != 2 || err != nil {
		t.Errorf("s-0 has %d in hand, %v, want 2", n, err)
	}
	// The shards of the routing table are unowned; partitions have no owners.
	if shards := w.Owners("papers")[""]; !slices.Equal(shards, []int{0, 1}) {
		t.Errorf("unowned shards: %v", shards)
	}
	rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: partition(2) + ":dead", Values: []any{"id", "2101.00004v2", "reason", "delivered 10 times"}})
	if err := w.DeadLetters(t.Context()); err != nil {
		t.Fatal(err)
	}
	if dead := w.events(history.DeadLetter); len(dead) != 1 || dead[0].Shard != 2 || dead[0].Message != "2101.00004v2" || dead[0].Reason != "delivered 10 times" {
		t.Errorf("dead letters: %+v", dead)
	}
}

func TestALeaseThatChangesHandsIsATakeover(t *testing.T) {
	rdb := connect(t)
	add(t, rdb, first+":entries", paperJSON(1))
	add(t, rdb, second+":entries", paperJSON(2))
	w := start(t, rdb)
	lease := func(tag, value string) {
		t.Helper()
		if err := rdb.Set(t.Context(), tag+":lease:summarize", value, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	owns := func(owner string, shards ...int) {
		t.Helper()
		servicetest.Eventually(t, owner+" is seen to own", func() bool { return slices.Equal(w.Owners("papers")[owner], shards) })
	}
	owns("", 0, 1)
	lease(first, "a epoch-1")
	lease(second, "b epoch-1")
	owns("a", 0)
	owns("b", 1)
	lease(first, "b epoch-2")
	owns("b", 0, 1)
	// The lease runs out, and the same member takes it again: no takeover.
	rdb.Del(t.Context(), second+":lease:summarize")
	servicetest.Eventually(t, "another sample", func() func() bool {
		seen := len(w.events(history.Sample))
		return func() bool { return len(w.events(history.Sample)) >= seen+12 }
	}())
	lease(second, "b epoch-3")
	lease(first, "a epoch-3")
	owns("a", 0)
	type handover struct {
		shard         int
		owner, before string
	}
	var got []handover
	for _, e := range w.events(history.Takeover) {
		if e.Stream != "papers" || e.Type != history.OK {
			t.Errorf("got %+v", e)
		}
		got = append(got, handover{e.Shard, e.Owner, e.Previous})
	}
	if want := []handover{{0, "b", "a"}, {0, "a", "b"}}; !slices.Equal(got, want) {
		t.Errorf("takeovers %v, want %v", got, want)
	}
	if others := w.Owners("notifications"); len(others) != 1 || others[""] == nil {
		t.Errorf("owners of a stream that nobody owns: %v", others)
	}
}

func TestALagThatRedisDoesNotKnowIsInfoAndNoBacklog(t *testing.T) {
	rdb := connect(t)
	for i := range 5 {
		add(t, rdb, first+":entries", paperJSON(i))
		add(t, rdb, second+":entries", paperJSON(10+i))
	}
	add(t, rdb, notes+":entries", "nobody reads it")
	w := start(t, rdb)
	read(t, rdb, first+":entries", "summarize", "s-1", 2)
	read(t, rdb, second+":entries", "summarize", "s-1", 1)
	backlog := func(want int64) func() bool {
		return func() bool { b := w.Backlog(); return b != nil && *b == want }
	}
	servicetest.Eventually(t, "all that is not acknowledged is backlog", backlog(11))
	unread := rdb.XRevRangeN(t.Context(), first+":entries", "+", "-", 2).Val()[1].ID
	rdb.XDel(t.Context(), first+":entries", unread)
	servicetest.Eventually(t, "the backlog is not known", func() bool { return w.Backlog() == nil })
	if e := w.last("papers", "lag"); e.Type != history.Info || e.Value != 0 {
		t.Errorf("lag: %+v, want info and no value", e)
	}
	if e := w.last("papers", "pending"); e.Type != history.OK || e.Value != 3 {
		t.Errorf("pending: %+v, want 3", e)
	}
	servicetest.Eventually(t, "the length is still known", func() bool {
		e := w.last("papers", "length")
		return e.Type == history.OK && e.Value == 9
	})
	if e := w.last("notifications", "lag"); e.Type != history.OK || e.Value != 1 {
		t.Errorf("the other stream's lag: %+v, want 1", e)
	}
	read(t, rdb, first+":entries", "summarize", "s-1", 10)
	servicetest.Eventually(t, "it is known again once all is read", backlog(10))
}

func TestInHandCountsAProcessesConsumers(t *testing.T) {
	rdb := connect(t)
	w := start(t, rdb)
	for i := range 10 {
		add(t, rdb, first+":entries", paperJSON(i))
		add(t, rdb, second+":entries", paperJSON(10+i))
		add(t, rdb, "naive:papers", paperJSON(i))
	}
	acknowledged := read(t, rdb, first+":entries", "summarize", "s-1", 3)[:1]
	read(t, rdb, second+":entries", "summarize", "s-1", 2)
	read(t, rdb, second+":entries", "summarize", "s-11", 1)
	read(t, rdb, "naive:papers", "summarize", "s-1-4", 4)
	rdb.XAck(t.Context(), first+":entries", "summarize", acknowledged...)
	servicetest.Eventually(t, "all streams are seen", func() bool { return len(w.events(history.Accept)) == 30 })
	for consumer, want := range map[string]int64{"s-1": 2 + 2 + 4, "s-11": 1, "s-2": 0} {
		if got, err := w.InHand(t.Context(), consumer); got != want || err != nil {
			t.Errorf("%s has %d in hand, %v, want %d", consumer, got, err, want)
		}
	}
}

func TestDeadLettersAndOutboxesAreRead(t *testing.T) {
	rdb := connect(t)
	w := start(t, rdb)
	for n, tag := range []string{first, second} {
		add(t, rdb, tag+":entries", paperJSON(n))
		add(t, rdb, tag+":outbox", "a", "b")
	}
	add(t, rdb, "naive:papers", paperJSON(1))
	rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: second + ":dead", Values: []any{"id", "2101.00001v2", "key", "k", "reason", "no such category"}})
	servicetest.Eventually(t, "all streams are seen", func() bool { return len(w.events(history.Accept)) == 3 })
	if n, err := w.Outboxes(t.Context()); n != 4 || err != nil {
		t.Errorf("%d results wait, %v, want 4", n, err)
	}
	if err := w.DeadLetters(t.Context()); err != nil {
		t.Fatal(err)
	}
	dead := w.events(history.DeadLetter)
	if len(dead) != 1 {
		t.Fatalf("dead letters: %+v", dead)
	}
	if d := dead[0]; d.Stream != "papers" || d.Shard != 1 || d.Message != "2101.00001v2" || d.Reason != "no such category" || d.Entry == "" {
		t.Errorf("dead letter: %+v", d)
	}
}

// A node that is away is not a stream without entries.
func TestANodeThatCannotBeAskedMakesTheBacklogUnknown(t *testing.T) {
	rdb := connect(t)
	add(t, rdb, first+":entries", paperJSON(1))
	add(t, rdb, second+":entries", paperJSON(2))
	w := start(t, rdb)
	known := func() bool { return w.Backlog() != nil }
	servicetest.Eventually(t, "the backlog is known", func() bool { return known() && *w.Backlog() == 2 })
	rdb.Set(t.Context(), first+":kept", rdb.Dump(t.Context(), first+":entries").Val(), 0)
	// A string where a stream was is refused like a question to a node that
	// does not answer.
	rdb.Set(t.Context(), first+":entries", "not a stream", 0)
	servicetest.Eventually(t, "the backlog is not known", func() bool { return !known() })
	for _, name := range []string{"lag", "pending", "length"} {
		if e := w.last("papers", name); e.Type != history.Info {
			t.Errorf("%s: %+v, want info", name, e)
		}
	}
	read(t, rdb, second+":entries", "summarize", "s-1", 1)
	if n, err := w.InHand(t.Context(), "s-1"); err == nil || n != 1 {
		t.Errorf("in hand are %d, %v; want the 1 that can be seen, and an error", n, err)
	}
	rdb.RestoreReplace(t.Context(), first+":entries", 0, rdb.Get(t.Context(), first+":kept").Val())
	servicetest.Eventually(t, "it is known again", known)
	if n := len(w.events(history.Accept)); n != 2 {
		t.Errorf("%d entries recorded, want 2", n)
	}
}

// TestAStrikeIsHeard: a planted defect that strikes all the time is noted, and
// does not fill the history.
func TestAStrikeIsHeard(t *testing.T) {
	rdb := connect(t)
	w := start(t, rdb)
	servicetest.Eventually(t, "a strike is heard", func() bool {
		for range 50 {
			if err := rdb.Publish(t.Context(), sabotage.Channel, "swap-notifications").Err(); err != nil {
				t.Fatal(err)
			}
		}
		return len(w.events(history.Strike)) >= 2
	})
	if got := w.events(history.Strike); got[0].Name != "swap-notifications" || len(got) > 50 {
		t.Errorf("%d strikes, the first %+v", len(got), got[0])
	}
}

func TestObserverKeepsTheContract(t *testing.T) {
	rdb := connect(t)
	servicetest.Lifecycle(t, func(*testing.T) (service.Service, func(*testing.T)) {
		w := watched{rec: history.NewRecorder("hardened")}
		return observe.New(rdb, "", w.rec), func(t *testing.T) {
			before := len(w.events(history.Accept))
			add(t, rdb, first+":entries", paperJSON(1))
			servicetest.Eventually(t, "the entry is seen", func() bool { return len(w.events(history.Accept)) > before })
		}
	})
}
