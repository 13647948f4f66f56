package txn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/system/redistest"
	"paperlab/system/servicetest"
	"paperlab/system/stream"
)

// The tests need redis-server 7.0 or newer and take about 5 s.
func TestMain(m *testing.M) { redistest.Main(m) }

func open(t *testing.T, rdb *redis.ClusterClient, spec stream.Spec) *stream.Stream {
	t.Helper()
	s, err := stream.Open(t.Context(), rdb, spec)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// arrivals handles a stream and counts the messages that it sees.
type arrivals struct {
	mu   sync.Mutex
	seen map[string]int
}

func (a *arrivals) handle(_ context.Context, e stream.Entry) ([]stream.Outgoing, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen[e.Message.ID]++
	return nil, nil
}

func (a *arrivals) count() (distinct, all int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, n := range a.seen {
		all += n
	}
	return len(a.seen), all
}

func fanOut(_ context.Context, e stream.Entry) ([]stream.Outgoing, error) {
	var out []stream.Outgoing
	for i := range 5 {
		id := fmt.Sprintf("%s/%d", e.Message.ID, i)
		out = append(out, stream.Outgoing{Stream: "out", Message: stream.Message{ID: id, Key: fmt.Sprint("k", i), Payload: []byte(id)}})
	}
	return out, nil
}

func start(t *testing.T, cfg stream.ConsumerConfig) *stream.Consumer {
	t.Helper()
	cfg.Group, cfg.Lease = "g", 500*time.Millisecond
	c, err := stream.NewConsumer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return c
}

func TestEveryResultArrivesOnceThoughOwnersComeAndGo(t *testing.T) {
	rdb := redistest.Client(t)
	in, out := open(t, rdb, stream.Spec{Name: "in", Shards: 3}), open(t, rdb, stream.Spec{Name: "out", Shards: 4})
	relay := New(in, slog.Default(), out)
	seen := arrivals{seen: map[string]int{}}
	start(t, stream.ConsumerConfig{Stream: out, Member: "sink", Handler: seen.handle})
	for i := range 200 {
		if _, err := in.Produce(t.Context(), stream.Message{ID: fmt.Sprint("m", i), Key: fmt.Sprint("k", i)}); err != nil {
			t.Fatal(err)
		}
		switch i {
		case 0, 50, 100:
			c := start(t, stream.ConsumerConfig{Stream: in, Member: fmt.Sprint("a", i), Handler: fanOut, Alongside: relay.Run})
			if i < 100 {
				defer c.Stop()
			}
		case 150:
			for shard := range 3 { // a zombie relays what the owner relays too
				if err := relay.Relay(t.Context(), shard); err != nil {
					t.Error(err)
				}
			}
		}
	}
	servicetest.Eventually(t, "1,000 results arrived", func() bool { n, _ := seen.count(); return n == 1000 })
	if _, all := seen.count(); all != 1000 {
		t.Errorf("%d arrivals of 1,000 results", all)
	}
	servicetest.Eventually(t, "the outboxes are empty", func() bool {
		for shard := range 3 {
			if records, err := in.Outbox(t.Context(), shard, "", 1); err != nil || len(records) > 0 {
				return false
			}
		}
		return true
	})
}

// fillOutbox commits one entry whose results nobody relays.
func fillOutbox(t *testing.T, in *stream.Stream) {
	t.Helper()
	c := start(t, stream.ConsumerConfig{Stream: in, Member: "a", Handler: fanOut})
	if _, err := in.Produce(t.Context(), stream.Message{ID: "m", Key: "k"}); err != nil {
		t.Fatal(err)
	}
	servicetest.Eventually(t, "the commit", func() bool { r, _ := in.Outbox(t.Context(), 0, "", 10); return len(r) == 5 })
	c.Stop()
}

func TestARelayThatDiedBetweenPublicationsIsRepeatedWithoutASecondEffect(t *testing.T) {
	rdb := redistest.Client(t)
	in, out := open(t, rdb, stream.Spec{Name: "in", Shards: 1}), open(t, rdb, stream.Spec{Name: "out", Shards: 2})
	fillOutbox(t, in)
	records, err := in.Outbox(t.Context(), 0, "", 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records { // published, and then killed before the removal
		if _, err := out.Produce(t.Context(), r.Message); err != nil {
			t.Fatal(err)
		}
	}
	relay := New(in, slog.Default(), out)
	for range 2 {
		if err := relay.Relay(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
	}
	infos, err := out.Inspect(t.Context(), "g")
	if err != nil || infos[0].Length+infos[1].Length != 5 {
		t.Errorf("destination holds %+v (%v), want 5 entries", infos, err)
	}
}

func TestADestinationThatIsFullHoldsBackOnlyItsOwnRecords(t *testing.T) {
	rdb := redistest.Client(t)
	in := open(t, rdb, stream.Spec{Name: "in", Shards: 1})
	out := open(t, rdb, stream.Spec{Name: "out", Shards: 2, Limit: 4})
	// k0 … k4 lie on both shards; fill the shard of k0.
	for i := range 4 {
		if _, err := out.Produce(t.Context(), stream.Message{ID: fmt.Sprint("fill", i), Key: "k0"}); err != nil {
			t.Fatal(err)
		}
	}
	fillOutbox(t, in)
	relay := New(in, slog.Default(), out)
	if err := relay.Relay(t.Context(), 0); !errors.Is(err, stream.ErrFull) {
		t.Fatalf("error is %v, want ErrFull", err)
	}
	left, err := in.Outbox(t.Context(), 0, "", 10)
	if err != nil || len(left) == 0 || len(left) == 5 {
		t.Fatalf("%d records left (%v), want those of the full shard only", len(left), err)
	}
	for _, r := range left {
		if out.Shard(r.Key) != out.Shard("k0") {
			t.Errorf("%s was held back though its shard has room", r.Key)
		}
	}
}

func TestARecordForAnUnknownStreamIsAnErrorAndStays(t *testing.T) {
	rdb := redistest.Client(t)
	in := open(t, rdb, stream.Spec{Name: "in", Shards: 1})
	fillOutbox(t, in)
	if err := New(in, slog.Default()).Relay(t.Context(), 0); err == nil {
		t.Error("no error")
	}
	if left, _ := in.Outbox(t.Context(), 0, "", 10); len(left) != 5 {
		t.Errorf("%d records left, want 5", len(left))
	}
}
