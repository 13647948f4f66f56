package stream

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

func TestSlotFollowsTheSpecification(t *testing.T) {
	// The first value is the specification's own: CRC16("123456789") = 0x31C3.
	for key, want := range map[string]uint16{
		"123456789":              0x31C3,
		"foo":                    12182,
		"{user1000}.following":   Slot("user1000"),
		"foo{}{bar}":             Slot("foo{}{bar}"),
		"foo{{bar}}zap":          Slot("{bar"),
		"foo{bar}{zap}":          Slot("bar"),
		"no closing {brace here": Slot("no closing {brace here"),
	} {
		if got := Slot(key); got != want {
			t.Errorf("Slot(%q) = %d, want %d", key, got, want)
		}
	}
}

func TestEachShardLiesInItsOwnShareOfTheSlots(t *testing.T) {
	for _, shards := range []int{1, 2, 3, 12, 24, 100, MaxShards} {
		for shard := range shards {
			k := newShardKeys(shardTag("papers", shard, shards))
			slot := int(Slot(k.entries))
			if slot < shard*slots/shards || slot >= (shard+1)*slots/shards {
				t.Fatalf("shard %d of %d lies in slot %d", shard, shards, slot)
			}
			for _, key := range []string{k.meta, k.outbox, k.dead, k.seen("x}y{"), k.lease("g"), k.members("g")} {
				if int(Slot(key)) != slot {
					t.Fatalf("%s is not in the slot of its shard's entries", key)
				}
			}
		}
	}
}

func TestTwelveShardsLieFourByFourOnThreeMasters(t *testing.T) {
	masters := map[int]int{}
	for shard := range 12 {
		masters[int(Slot(newShardKeys(shardTag("papers", shard, 12)).entries))*3/slots]++
	}
	if want := map[int]int{0: 4, 1: 4, 2: 4}; !maps.Equal(masters, want) {
		t.Fatalf("shards by master: %v, want %v", masters, want)
	}
}

func TestBucketsAreAStoredFormat(t *testing.T) {
	for key, want := range map[string]int{"": 409, "2101.00001": 493, "hep-th/9901001": 984} {
		if got := Bucket(key); got != want {
			t.Errorf("Bucket(%q) = %d, want %d: keys would move to other shards", key, got, want)
		}
	}
	counts := make([]int, 12)
	r := newRouting("papers", 12)
	for i := range 24_000 {
		counts[r.shard(fmt.Sprintf("2101.%05d", i))]++
	}
	if slices.Min(counts) < 1700 || slices.Max(counts) > 2300 {
		t.Errorf("24,000 papers spread unevenly over 12 shards: %v", counts)
	}
}

func TestRoutingTablesThatCannotBe(t *testing.T) {
	short := newRouting("papers", 3)
	short.Buckets = short.Buckets[:7]
	wild := newRouting("papers", 3)
	wild.Buckets[5] = 3
	few, twice, braced := newRouting("papers", 3), newRouting("papers", 3), newRouting("papers", 3)
	few.Tags = few.Tags[:2]
	twice.Tags[1] = twice.Tags[0]
	braced.Tags[1] = "papers}.1.0"
	for name, r := range map[string]routing{
		"no shards": {}, "short": short, "shard out of range": wild,
		"a tag too few": few, "a tag twice": twice, "a tag with a brace": braced,
	} {
		if r.validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func tagsOf(name string, shards int) (tags []string) {
	for shard := range shards {
		tags = append(tags, fmt.Sprintf("%s.%d.0", name, shard))
	}
	return tags
}

// TestShardsAreDealtFairly: nobody has more than one shard more than another,
// whatever the streams and members are called, and their order does not matter.
func TestShardsAreDealtFairly(t *testing.T) {
	for n := range 200 {
		tags := tagsOf(fmt.Sprintf("run-%d:papers", n), 12)
		for members := 1; members <= 14; members++ {
			var all []string
			owned := map[string]int{}
			for m := range members {
				all = append(all, fmt.Sprintf("summarize-%d", m+1))
				owned[all[m]] = 0
			}
			owners := deal(tags, all)
			for _, owner := range owners {
				owned[owner]++
			}
			counts := slices.Sorted(maps.Values(owned))
			if len(counts) != members || counts[members-1]-counts[0] > 1 {
				t.Fatalf("stream %d, %d members: %v", n, members, owned)
			}
			slices.Reverse(all)
			if !slices.Equal(deal(tags, all), owners) {
				t.Fatal("the order of members matters")
			}
		}
	}
	if owners := deal(tagsOf("papers", 2), nil); !slices.Equal(owners, []string{"", ""}) {
		t.Errorf("nobody must own a shard when there is nobody: %v", owners)
	}
}

// TestFewShardsMoveWhenAMemberGoes: all of its own, and of the others' only so
// many as fair shares cost. Who comes back gets what it had.
func TestFewShardsMoveWhenAMemberGoes(t *testing.T) {
	tags := tagsOf("papers", 1000)
	three := []string{"summarize-1", "summarize-2", "summarize-3"}
	before, after := deal(tags, three), deal(tags, three[:2])
	moved := 0
	for shard, owner := range before {
		if owner != "summarize-3" && after[shard] != owner {
			moved++
		}
	}
	if moved > 50 {
		t.Errorf("%d of 667 shards moved though their owners stayed", moved)
	}
	two, one := deal(tags, three[:2]), deal(tags, three[:1])
	for shard, owner := range two {
		if owner == "summarize-1" && one[shard] != owner {
			t.Fatal("a shard moved that its owner could keep")
		}
	}
}

func TestLanesOfOneShardAreAllUsed(t *testing.T) {
	r := newRouting("papers", 12)
	lanes := make([]int, 8)
	for i := range 24_000 {
		if key := fmt.Sprintf("2101.%05d", i); r.shard(key) == 3 {
			lanes[laneOf(key, 8)]++
		}
	}
	if slices.Min(lanes) < 150 {
		t.Errorf("keys of one shard spread unevenly over 8 lanes: %v", lanes)
	}
}

func TestBackoffGrowsAndStaysInBounds(t *testing.T) {
	for tries := 1; tries < 100; tries++ {
		span := min(retryMin<<min(tries-1, 10), retryMax)
		if d := backoff(tries); d < span/2 || d >= span {
			t.Fatalf("try %d waits %v, want %v to %v", tries, d, span/2, span)
		}
	}
}
