package bench

import (
	"context"

	"github.com/redis/go-redis/v9"

	"paperlab/reports"
)

// Benchmark is one entry of the catalogue.
type Benchmark struct {
	// Name is what the command line calls it; About says in a sentence what it
	// compares.
	Name, About string
	// Run measures on an empty cluster that nothing else uses. The record lacks
	// what only the caller knows: when it began, on which machine and versions.
	Run func(ctx context.Context, rdb *redis.ClusterClient, progress func(done, all int, what string)) (reports.Bench, error)
}

// Catalogue are all benchmarks.
var Catalogue = []Benchmark{
	{"sharding", "Ordered processing: one stream against 2 to 24 shards on the same cluster.", runSharding},
}

func runSharding(ctx context.Context, rdb *redis.ClusterClient, progress func(done, all int, what string)) (reports.Bench, error) {
	b := DefaultSharding()
	b.Progress = progress
	cases, err := b.Run(ctx, rdb)
	if err != nil {
		return reports.Bench{}, err
	}
	return b.Record(cases), nil
}
