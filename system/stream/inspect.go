package stream

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// ShardInfo is the state of one shard, seen by one group.
type ShardInfo struct {
	Shard int
	// Length counts all entries, acknowledged ones within the retention too.
	Length      int64
	DeadLetters int64
	// Pending are delivered and unacknowledged. Lag are not yet delivered; nil
	// means that Redis does not know, which is not 0.
	Pending int64
	Lag     *int64
	// OldestPending is the age of the oldest pending entry, 0 if there is none.
	OldestPending time.Duration
	// Owner is the member that holds the lease, "" if it is free.
	Owner string
}

// Inspect reads every shard for one group. It changes nothing.
func (s *Stream) Inspect(ctx context.Context, group string) ([]ShardInfo, error) {
	infos := make([]ShardInfo, len(s.keys))
	for shard, k := range s.keys {
		reply, err := inspectScript.Run(ctx, s.rdb, []string{k.entries, k.dead, k.lease(group)}, group).Slice()
		if err != nil {
			return nil, fmt.Errorf("inspect shard %d of %s: %w", shard, s.Name(), err)
		}
		if len(reply) != 6 {
			return nil, fmt.Errorf("inspect shard %d of %s: %d values instead of 6", shard, s.Name(), len(reply))
		}
		number := func(i int) int64 { n, _ := reply[i].(int64); return n }
		holder, _ := reply[2].(string)
		owner, _, _ := strings.Cut(holder, " ")
		infos[shard] = ShardInfo{
			Shard: shard, Length: number(0), DeadLetters: number(1), Owner: owner, Pending: number(3),
			OldestPending: time.Duration(number(5)) * time.Millisecond,
		}
		if lag := number(4); lag >= 0 {
			infos[shard].Lag = &lag
		}
	}
	return infos, nil
}
