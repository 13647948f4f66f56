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
	"paperlab/compose/process"
	"paperlab/compose/undo"
	"paperlab/reports"
	"paperlab/reports/record"
	"paperlab/scenarios/run"
)

type benchCommand struct {
	Name string `arg:"" optional:"" help:"A benchmark (see lab list)."`
	Out  string `help:"Folder of the reports." default:"reports/out" type:"path"`
}

// Run runs the benchmark on a cluster of its own.
func (c benchCommand) Run(ctx context.Context, stdout io.Writer) error {
	var names []string
	for _, b := range bench.Catalogue {
		if b.Name == c.Name {
			return c.measure(ctx, stdout, b)
		}
		names = append(names, b.Name)
	}
	if c.Name == "" {
		return inputError{fmt.Errorf("which benchmark? There are: %s. For example: make bench NAME=sharding", strings.Join(names, ", "))}
	}
	return unknownInput("benchmark", c.Name, names)
}

func (c benchCommand) measure(ctx context.Context, stdout io.Writer, b bench.Benchmark) (err error) {
	began := time.Now()
	redisServer, version, err := process.FindRedis(ctx)
	if err != nil {
		return err
	}
	ledger, err := undo.Open(fmt.Sprintf("bench-%s-%s", b.Name, began.UTC().Format("20060102T150405.000")))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ledger.Close()) }()
	cluster, err := process.StartCluster(ctx, ledger, process.ClusterConfig{RedisServer: redisServer, MaxMemory: "1gb"})
	if err != nil {
		return err
	}
	defer cluster.Stop()
	rdb := cluster.Client()
	defer func() { _ = rdb.Close() }()

	progress := run.NewProgress(os.Stderr)
	made, err := b.Run(ctx, rdb, func(done, all int, what string) { progress.Live("%d of %d: %s", done, all, what) })
	progress.Done()
	if err != nil {
		return err
	}
	made.StartedAt, made.WallS = began.UTC(), time.Since(began).Seconds()
	made.Code, made.Host, made.Versions = record.ThisCode(), record.ThisHost(), record.ThisVersions(version)
	folder := record.Folder(c.Out, "bench-"+b.Name, began, 0)
	fmt.Fprint(stdout, reports.BenchSummary(made))
	if err := errors.Join(reports.WriteBench(folder, made), record.MarkLatest(folder), reports.Index(c.Out)); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "\nreport: %s\n", filepath.Join(relative(folder), "report.html"))
	return nil
}
