package redistest_test

import (
	"context"
	"fmt"
	"testing"

	"paperlab/system/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

func TestClusterTakesWritesOnEveryMaster(t *testing.T) {
	rdb := redistest.Client(t)
	for i := range 100 {
		if err := rdb.Set(context.Background(), fmt.Sprint("key", i), i, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	shards, err := rdb.ClusterShards(context.Background()).Result()
	if err != nil {
		t.Fatal(err)
	}
	if len(shards) != 3 {
		t.Fatalf("%d shards, want 3: %+v", len(shards), shards)
	}
}

func TestClientEmptiesTheCluster(t *testing.T) {
	ctx := context.Background()
	if err := redistest.Client(t).Set(ctx, "left", "over", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if n := redistest.Client(t).Exists(ctx, "left").Val(); n != 0 {
		t.Fatal("a second client still sees what the first wrote")
	}
}
