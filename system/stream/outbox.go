package stream

import (
	"context"
	"fmt"
)

// OutboxRecord is a committed result that waits for its destination shard.
type OutboxRecord struct {
	// ID is the record's entry id in the outbox; records are relayed in its
	// order.
	ID string
	Outgoing
}

// Outbox reads up to count records of a shard's outbox that stand behind the
// given record id; "" begins at the start.
func (s *Stream) Outbox(ctx context.Context, shard int, after string, count int64) ([]OutboxRecord, error) {
	from := "-"
	if after != "" {
		from = "(" + after
	}
	entries, err := s.rdb.XRangeN(ctx, s.keys[shard].outbox, from, "+", count).Result()
	if err != nil {
		return nil, fmt.Errorf("read outbox of shard %d of %s: %w", shard, s.Name(), err)
	}
	records := make([]OutboxRecord, 0, len(entries))
	for _, e := range entries {
		text := func(field string) string { v, _ := e.Values[field].(string); return v }
		records = append(records, OutboxRecord{ID: e.ID, Outgoing: Outgoing{
			Stream:  text("stream"),
			Message: Message{ID: text("id"), Key: text("key"), Payload: []byte(text("payload"))},
		}})
	}
	return records, nil
}

// ClearOutbox removes records that every destination shard has. It needs no
// fencing: whoever saw them arrive may remove them.
func (s *Stream) ClearOutbox(ctx context.Context, shard int, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	if err := s.rdb.XDel(ctx, s.keys[shard].outbox, ids...).Err(); err != nil {
		return fmt.Errorf("clear %d records from the outbox of shard %d of %s: %w", len(ids), shard, s.Name(), err)
	}
	return nil
}
