package observe

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	_ "modernc.org/sqlite" // the driver

	"paperlab/reports/history"
)

// Rows records what stands in the store of a DSN, "sqlite:PATH": summaries and
// deliveries. It is opened for reading only.
func Rows(ctx context.Context, dsn string, rec *history.Recorder) error {
	kind, path, _ := strings.Cut(dsn, ":")
	if kind != "sqlite" || path == "" {
		return fmt.Errorf("open the store: its DSN is of kind %q, and only sqlite:PATH can be read", kind)
	}
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		return fmt.Errorf("open the store %s: %w", path, err)
	}
	defer func() { _ = db.Close() }()
	err = table(ctx, db, rec, "summaries", "SELECT DISTINCT paper_id || 'v' || version FROM summaries")
	if err != nil {
		return err
	}
	return table(ctx, db, rec, "deliveries", "SELECT notification_id FROM deliveries")
}

// table records each message that the query finds.
func table(ctx context.Context, db *sql.DB, rec *history.Recorder, name, query string) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("read table %s: %w", name, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var message string
		if err := rows.Scan(&message); err != nil {
			return fmt.Errorf("read table %s: %w", name, err)
		}
		rec.Record(history.Stored(name, message))
	}
	return rows.Err()
}

// DeadLetters records what stands on the consumer dead letter streams.
func (o *Observer) DeadLetters(ctx context.Context) error {
	for _, s := range o.known() {
		if s.dead == "" {
			continue
		}
		entries, err := o.rdb.XRange(ctx, s.dead, "-", "+").Result()
		if err != nil {
			return fmt.Errorf("read dead letters %s: %w", s.dead, err)
		}
		for _, e := range entries {
			id, _ := e.Values["id"].(string)
			reason, _ := e.Values["reason"].(string)
			o.rec.Record(history.DeadLettered(history.Place{Stream: s.stream, Shard: s.shard, Entry: e.ID}, id, reason))
		}
	}
	return nil
}

// Outboxes counts the results that wait to be relayed.
func (o *Observer) Outboxes(ctx context.Context) (int64, error) {
	var total int64
	for _, s := range o.shards() {
		n, err := o.rdb.XLen(ctx, s.keys+"outbox").Result()
		if err != nil {
			return 0, fmt.Errorf("read outbox %soutbox: %w", s.keys, err)
		}
		total += n
	}
	return total, nil
}
