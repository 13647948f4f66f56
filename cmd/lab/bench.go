package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"paperlab/bench"
	"paperlab/bench/detect"
	"paperlab/compose/process"
	"paperlab/compose/turn"
	"paperlab/compose/undo"
	"paperlab/reports"
	"paperlab/reports/record"
	"paperlab/scenarios/run"
)

type benchCommand struct {
	Name string `arg:"" optional:"" help:"A benchmark (see lab list)."`
	Seed int64  `help:"What is random in it comes from it." default:"1"`
	Out  string `help:"Folder of the reports." default:"reports/out" type:"path"`
	turnFlags
}

// benchmark is one that can be asked for by name: of parts on a bare cluster, or
// of the whole service.
type benchmark struct {
	name, about string
	// measure gives the record, and the version of Redis.
	measure func(context.Context, benchCommand) (record.Bench, string, error)
}

func benchmarks() (all []benchmark) {
	for _, b := range bench.Catalogue {
		all = append(all, benchmark{b.Name, b.About, func(ctx context.Context, _ benchCommand) (record.Bench, string, error) { return onCluster(ctx, b) }})
	}
	return append(all, benchmark{detect.Name, detect.About, onService})
}

// Run runs the benchmark and writes its report.
func (c benchCommand) Run(ctx context.Context, stdout io.Writer) error {
	var names []string
	for _, b := range benchmarks() {
		if b.name == c.Name {
			t, err := c.take(ctx, "bench "+b.name)
			if err != nil {
				return err
			}
			defer t.Leave()
			return c.report(ctx, stdout, b, t)
		}
		names = append(names, b.name)
	}
	if c.Name == "" {
		return inputError{fmt.Errorf("which benchmark? There are: %s. For example: make bench NAME=sharding", strings.Join(names, ", "))}
	}
	return unknownInput("benchmark", c.Name, names)
}

func (c benchCommand) report(ctx context.Context, stdout io.Writer, b benchmark, t *turn.Turn) error {
	began := time.Now()
	made, redisVersion, err := b.measure(ctx, c)
	if err != nil {
		return err
	}
	for _, other := range t.Beside() {
		made.Notes = append(made.Notes, "Another run was on this machine at the same time: "+other+".")
	}
	made.StartedAt, made.WallS = began.UTC(), time.Since(began).Seconds()
	made.Code, made.Host, made.Versions = record.ThisCode(), record.ThisHost(), record.ThisVersions(redisVersion)
	folder := record.Folder(c.Out, "bench-"+b.name, began, made.Seed)
	fmt.Fprint(stdout, reports.BenchSummary(made))
	if err := errors.Join(reports.WriteBench(folder, made), record.MarkLatest(folder), reports.Index(c.Out)); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "\nreport: %s\n", filepath.Join(relative(folder), "report.html"))
	return nil
}

// onCluster measures on a cluster of the benchmark's own.
func onCluster(ctx context.Context, b bench.Benchmark) (made record.Bench, version string, err error) {
	redisServer, version, err := process.FindRedis(ctx)
	if err != nil {
		return made, version, err
	}
	ledger, err := undo.Open(fmt.Sprintf("bench-%s-%s", b.Name, time.Now().UTC().Format("20060102T150405.000")))
	if err != nil {
		return made, version, err
	}
	defer func() { err = errors.Join(err, ledger.Close()) }()
	cluster, err := process.StartCluster(ctx, ledger, process.ClusterConfig{RedisServer: redisServer, MaxMemory: "1gb"})
	if err != nil {
		return made, version, err
	}
	defer cluster.Stop()
	rdb := cluster.Client()
	defer func() { _ = rdb.Close() }()

	progress := run.NewProgress(os.Stderr)
	defer progress.Done()
	made, err = b.Run(ctx, rdb, func(done, all int, what string) { progress.Live("%d of %d: %s", done, all, what) })
	return made, version, err
}

// onService measures time to detect on the whole service, as a scenario runs it.
func onService(ctx context.Context, c benchCommand) (made record.Bench, version string, err error) {
	b, err := detect.Default()
	if err != nil {
		return made, version, err
	}
	o := run.Options{Scenario: b.Scenario(), Profiles: []string{record.Hardened}, Seed: c.Seed, CorpusName: "builtin", Out: c.Out, Progress: run.NewProgress(os.Stderr)}
	defer o.Progress.Done()
	if err := (runFlags{Seed: c.Seed, Corpus: "builtin"}).findCorpus(ctx, &o); err != nil {
		return made, version, err
	}
	if err := prepare(ctx, &o, "papers"); err != nil {
		return made, version, err
	}
	made, err = b.Run(ctx, o)
	made.Seed = c.Seed
	return made, o.RedisVersion, err
}
