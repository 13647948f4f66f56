package process

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"paperlab/compose"
	"paperlab/compose/undo"
	"paperlab/system/child"
	"paperlab/system/cluster"
)

// ClusterConfig says how to start a cluster. The zero value is complete.
type ClusterConfig struct {
	// MaxMemory of each node, as Redis writes it; empty means 256mb.
	MaxMemory string
	// RedisServer is the program; empty means what FindRedis finds.
	RedisServer string
	// Logs is the folder for what the nodes write; empty means one of the
	// ledger's.
	Logs string

	// port chooses ports; tests put taken ones here.
	port func(host string) (int, error)
}

// StartCluster starts a cluster of three masters and three replicas, whose
// processes and folder stand in the ledger. It returns once all nodes serve all slots, all replicas are in step, and
// all nodes agree. If it fails or ctx ends, it leaves nothing behind.
func StartCluster(ctx context.Context, ledger *undo.Ledger, config ClusterConfig) (*cluster.Cluster, error) {
	program := config.RedisServer
	if program == "" {
		var err error
		if program, _, err = FindRedis(ctx); err != nil {
			return nil, err
		}
	}
	dir, _, err := ledger.Folder("redis")
	if err != nil {
		return nil, err
	}
	return cluster.Start(ctx, cluster.Config{
		Program: program, Masters: compose.Masters, Replicas: compose.Replicas, NodeTimeout: time.Second,
		Args:   []string{"--maxmemory", cmp.Or(config.MaxMemory, "256mb"), "--appendonly", "yes", "--appendfsync", "everysec"},
		Dir:    dir,
		Launch: func(c child.Command) (*child.Process, error) { return start(ledger, config.Logs, c) },
		Host:   cluster.Loopback, Port: config.port,
	})
}

// start starts a child whose end is registered in the ledger first, and whose
// log lies in the folder for logs, or in the run's; there it also works, unless it
// names another.
func start(ledger *undo.Ledger, logs string, c child.Command) (*child.Process, error) {
	logs = cmp.Or(logs, filepath.Join(ledger.Root(), "logs"))
	if err := os.MkdirAll(logs, 0o700); err != nil {
		return nil, fmt.Errorf("start %s: folder for its log: %w", c.Name, err)
	}
	c.Log, c.Dir = filepath.Join(logs, c.Name+".log"), cmp.Or(c.Dir, ledger.Root())
	c.Begin = func(cmd *exec.Cmd) (ended func(), err error) {
		entry, err := ledger.Process(c.Name, cmd)
		if err != nil {
			return nil, err
		}
		return entry.Done, nil
	}
	divide(c.Log)
	return child.Start(c)
}

// divide marks in a log that goes on that another process writes from here. What
// cannot be marked is written all the same.
func divide(log string) {
	file, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return // it is the first
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > 0 {
		fmt.Fprintf(file, "--- started again at %s ---\n", time.Now().UTC().Format("2006-01-02T15:04:05.000Z"))
	}
}
