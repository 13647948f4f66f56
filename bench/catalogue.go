package bench

import (
	"context"

	"github.com/redis/go-redis/v9"

	"paperlab/reports/record"
)

// Benchmark is one that can be asked for by name.
type Benchmark struct {
	// Name is as in `make bench NAME=…`, About one line on what it compares.
	Name, About string
	// Run measures on a cluster that nobody else uses, and empties it. Progress
	// is told of each finished run. The record lacks what only the caller
	// knows: when it began, how long it took, code, versions, host.
	Run func(ctx context.Context, rdb *redis.ClusterClient, progress Progress) (record.Bench, error)
}

// Progress is told that so many of all runs are done, and what the last one
// gave.
type Progress func(done, all int, what string)

// Catalogue holds all benchmarks, in the order in which they are listed.
var Catalogue = []Benchmark{
	{Name: "sharding", About: shardingAbout, Run: runSharding},
}

func runSharding(ctx context.Context, rdb *redis.ClusterClient, progress Progress) (record.Bench, error) {
	b := DefaultSharding()
	cases, err := b.Run(ctx, rdb, progress)
	if err != nil {
		return record.Bench{}, err
	}
	return b.Record(cases), nil
}
