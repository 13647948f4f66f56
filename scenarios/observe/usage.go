package observe

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/reports/history"
)

// usageEvery is how often Redis is asked what it has done and holds.
const usageEvery = time.Second

// upkeep are commands that keep connections, replication and the cluster going,
// and those by which an operator looks at them: no part of anybody's work.
var upkeep = []string{
	"acl", "asking", "auth", "client", "cluster", "command", "config", "hello", "info", "ping", "psync", "quit",
	"readonly", "readwrite", "replconf", "reset", "select",
}

// usage reads what the masters have done and hold, and records both. Commands are
// counted where Redis itself counts them: each one that was carried out, those
// within a script as well. Replicas do the same again and are left out; so are
// upkeep and whatever the observer has asked. Of the latter, what is under way
// during a reading, a pipeline at most, may be on either side.
func (o *Observer) usage(ctx context.Context) error {
	var mu sync.Mutex
	var commands, dataset int64
	err := o.rdb.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		text, err := node.Info(ctx, "commandstats", "memory").Result()
		if err != nil {
			return err
		}
		calls, bytes, err := readInfo(text)
		mu.Lock()
		defer mu.Unlock()
		commands, dataset = commands+calls, dataset+bytes
		return err
	})
	o.rec.Record(history.Used(history.Commands, commands-o.own.asked.Load(), err == nil))
	o.rec.Record(history.Used(history.Memory, dataset, err == nil))
	return err
}

// readInfo finds in the answer to INFO how many commands were carried out, without
// upkeep, and how many bytes the data takes.
func readInfo(text string) (calls, dataset int64, err error) {
	found := false
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name == "used_memory_dataset" {
			dataset, err = strconv.ParseInt(value, 10, 64)
			found = err == nil
		}
		command, is := strings.CutPrefix(name, "cmdstat_")
		command, _, _ = strings.Cut(command, "|") // a container's subcommands have lines of their own
		if !is || slices.Contains(upkeep, command) {
			continue
		}
		var n int64
		if _, err := fmt.Sscanf(value, "calls=%d,", &n); err != nil {
			return 0, 0, fmt.Errorf("read INFO commandstats: the line %q: %w", strings.TrimSpace(line), err)
		}
		calls += n
	}
	if !found {
		return 0, 0, fmt.Errorf("read INFO memory: no used_memory_dataset: %w", err)
	}
	return calls, dataset, nil
}

// counter counts the commands of a client: a hook.
type counter struct{ asked atomic.Int64 }

func (*counter) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.asked.Add(1)
		return next(ctx, cmd)
	}
}

func (c *counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.asked.Add(int64(len(cmds)))
		return next(ctx, cmds)
	}
}
