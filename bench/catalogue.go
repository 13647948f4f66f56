package bench

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/redis/go-redis/v9"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"paperlab/reports/record"
)

// level is the confidence level of Interval.
const level = 0.95

// Interval is the 95 % confidence interval of the mean of at least two
// repeats, by Student's t distribution.
func Interval(repeats []float64) (mean, low, high float64) {
	mean, deviation := stat.MeanStdDev(repeats, nil)
	n := float64(len(repeats))
	half := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile(0.975) * deviation / math.Sqrt(n)
	return mean, mean - half, mean + half
}

const shardingAbout = "Ordered processing of one stream against that of several shards: how many messages a second, keeping each key's order."

// Record is the report's record of the cases: params shards and work_ms,
// metrics messages_per_s and speedup, the ratio to the first number of shards
// with the same work. Each metric has the 95 % interval of its repeats; a ratio
// is taken within its repeat, so that a machine that was slow for a whole
// repeat does not widen the ratios' interval.
func (Sharding) Record(cases []ShardingCase) record.Bench {
	b := record.Bench{Schema: record.BenchSchema, Name: "sharding", About: shardingAbout, X: "shards"}
	for _, c := range cases {
		b.Cases = append(b.Cases, record.Case{
			Name:   fmt.Sprintf("%s, %s", english.Plural(c.Shards, "shard", ""), workText(c.Work)),
			Params: map[string]any{"shards": c.Shards, "work_ms": float64(c.Work) / float64(time.Millisecond)},
			Metrics: map[string]record.Metric{
				"messages_per_s": metric(c.Rates, "messages/s"),
				"speedup":        metric(c.Ratios, "×"),
			},
		})
	}
	b.Notes = append(shardingFindings(cases), shardingLimits(cases)...)
	return b
}

func metric(repeats []float64, unit string) record.Metric {
	mean, low, high := Interval(repeats)
	return record.Metric{Value: mean, Low: low, High: high, N: len(repeats), Level: level, Unit: unit}
}

// shardingFindings say, for each amount of work, what the most shards bring.
func shardingFindings(cases []ShardingCase) []string {
	var notes []string
	for i, c := range cases {
		if i < len(cases)-1 && cases[i+1].Work == c.Work {
			continue
		}
		base := slices.IndexFunc(cases, func(b ShardingCase) bool { return b.Work == c.Work })
		mean, low, high := Interval(c.Ratios)
		s := fmt.Sprintf("With %s a message, %s handled %.2f times as many messages a second as %s (95 %% interval %.2f to %.2f).",
			workText(c.Work), english.Plural(c.Shards, "shard", ""), mean, english.Plural(cases[base].Shards, "shard", ""), low, high)
		if low <= 1 && high >= 1 {
			s += " That is no difference that could be told from chance."
		}
		notes = append(notes, s)
	}
	return notes
}

// shardingLimits say what the numbers do not tell.
func shardingLimits(cases []ShardingCase) []string {
	notes := []string{
		"One shard with one lane is an ordered consumer of a single Redis stream. All shards were owned by one process; every run checked that each key's messages were handled one after the other, in the order in which they were produced.",
		"Work is a wait, as for an LLM or a webhook. Work that computes is bounded by the CPUs, which shards do not multiply.",
	}
	if slices.ContainsFunc(cases, func(c ShardingCase) bool { return c.Work == 0 }) {
		notes = append(notes, "Without work there is no waiting that shards could overlap: one process and all Redis nodes shared the CPUs of one host, which bound it.")
	}
	return append(notes, "Intervals are Student's t over few repeats and take them for normally distributed. A speedup is the mean of the ratios within each repeat; that of the first number of shards is 1 by definition.")
}

func workText(work time.Duration) string {
	if work == 0 {
		return "no work"
	}
	return fmt.Sprintf("%g ms of work", float64(work)/float64(time.Millisecond))
}

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
