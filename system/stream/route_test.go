package stream

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"paperlab/system/redistest"
)

// stored is the table of a stream as it stands in Redis.
func stored(t *testing.T, rdb *redis.ClusterClient, key string) (table map[string]any) {
	t.Helper()
	text, err := rdb.Get(t.Context(), key).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &table); err != nil {
		t.Fatal(err)
	}
	return table
}

func store(t *testing.T, rdb *redis.ClusterClient, key string, table map[string]any) {
	t.Helper()
	text, err := json.Marshal(table)
	if err != nil {
		t.Fatal(err)
	}
	if err := rdb.Set(t.Context(), key, text, 0).Err(); err != nil {
		t.Fatal(err)
	}
}

func TestTheTableSaysWhereTheShardsLie(t *testing.T) {
	for prefix, key := range map[string]string{"": "{papers}:routing", "run": "{run:papers}:routing"} {
		s, rdb := openTest(t, Spec{Prefix: prefix, Shards: 3})
		tags, _ := stored(t, rdb, key)["tags"].([]any)
		if len(tags) != 3 {
			t.Fatalf("prefix %q: tags are %v, want 3", prefix, tags)
		}
		for shard, tag := range tags {
			if want := s.keys[shard].tag; "{"+tag.(string)+"}" != want {
				t.Errorf("prefix %q: tag of shard %d is %v, its keys have %s", prefix, shard, tag, want)
			}
		}
		if s.Name() != "papers" {
			t.Errorf("prefix %q: the name is %s, want papers", prefix, s.Name())
		}
	}
}

func TestATableOlderThanTagsMeansTheSameShards(t *testing.T) {
	s, rdb := openTest(t, Spec{Shards: 3})
	table := stored(t, rdb, "{papers}:routing")
	delete(table, "tags")
	store(t, rdb, "{papers}:routing", table)
	old, err := Open(t.Context(), rdb, Spec{Name: "papers"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(old.keys, s.keys) {
		t.Errorf("shards lie at %v, were at %v", old.keys, s.keys)
	}
}

// Who moves a shard writes another tag; the rule that chose the first one does
// not count then.
func TestTheTagsOfTheTableAreInForce(t *testing.T) {
	_, rdb := openTest(t, Spec{Shards: 2})
	table := stored(t, rdb, "{papers}:routing")
	table["tags"] = []string{"papers.elsewhere", "papers.there"}
	store(t, rdb, "{papers}:routing", table)
	s, err := Open(t.Context(), rdb, Spec{Name: "papers"})
	if err != nil {
		t.Fatal(err)
	}
	produced := produceAll(t, s, message(1, "k"))
	key := []string{"{papers.elsewhere}:entries", "{papers.there}:entries"}[produced[0].Shard]
	if n := rdb.XLen(t.Context(), key).Val(); n != 1 {
		t.Errorf("%s has %d entries, want 1", key, n)
	}
}

func TestATableOfNoUseIsRefused(t *testing.T) {
	rdb := redistest.Client(t)
	for _, table := range []map[string]any{{"shards": -1}, {"shards": 1 << 30}, {"shards": 2, "tags": []string{"one"}}} {
		store(t, rdb, "{papers}:routing", table)
		if _, err := Open(t.Context(), rdb, Spec{Name: "papers"}); err == nil || !strings.Contains(err.Error(), "routing table") {
			t.Errorf("%v: got %v, want an error of the routing table", table, err)
		}
	}
}

// Two runs with one name on one cluster do not see each other.
func TestPrefixesKeepRunsApart(t *testing.T) {
	a, rdb := openTest(t, Spec{Prefix: "a", Shards: 2})
	b, err := Open(t.Context(), rdb, Spec{Name: "papers", Prefix: "b", Shards: 3})
	if err != nil {
		t.Fatal(err)
	}
	produceAll(t, a, message(1, "k"))
	if repeated := produceAll(t, b, message(1, "k"))[0].Repeated; repeated {
		t.Error("what one run produced is a repeat in the other")
	}
}
