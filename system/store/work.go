package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"paperlab/system/paper"
)

// Summary finds the earliest summary of a paper's version under a prompt,
// whichever model wrote it: a paper that the fallback has summarized is not
// summarized again when the primary is back.
func (s *Store) Summary(ctx context.Context, paperID string, version int, prompt string) (sum paper.Summary, found bool, err error) {
	const query = `SELECT provider, model, text, created_at FROM summaries
		WHERE paper_id = $1 AND version = $2 AND prompt = $3 ORDER BY created_at, model LIMIT 1`
	sum = paper.Summary{PaperID: paperID, Version: version, Prompt: prompt}
	var created string
	err = s.db.QueryRowContext(ctx, query, paperID, version, prompt).Scan(&sum.Provider, &sum.Model, &sum.Text, &created)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return paper.Summary{}, false, nil
	case err != nil:
		return paper.Summary{}, false, fmt.Errorf("looking for a summary of %s in %s: %w", paper.VersionID(paperID, version), s.dsn, err)
	}
	if sum.CreatedAt, err = time.Parse(time.RFC3339, created); err != nil {
		return paper.Summary{}, false, fmt.Errorf("the summary of %s in %s has an unreadable time: %w", paper.VersionID(paperID, version), s.dsn, err)
	}
	return sum, true, nil
}

// SaveSummary keeps a paper's version and its summary, both or neither.
func (s *Store) SaveSummary(ctx context.Context, p paper.Paper, sum paper.Summary) error {
	const (
		addPaper = `INSERT INTO papers (id, version, title, abstract, authors, categories, published, updated)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`
		addSummary = `INSERT INTO summaries (paper_id, version, prompt, model, provider, text, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`
	)
	authors, _ := json.Marshal(p.Authors) // strings always marshal
	categories, _ := json.Marshal(p.Categories)
	return s.write(ctx, "the summary of "+p.VersionID(), func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, addPaper, p.ID, p.Version, p.Title, p.Abstract,
			string(authors), string(categories), stamp(p.Published), stamp(p.Updated)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, addSummary, sum.PaperID, sum.Version, sum.Prompt, sum.Model,
			sum.Provider, sum.Text, stamp(sum.CreatedAt))
		return err
	})
}

// Delivered tells whether a notification is known to have been taken.
func (s *Store) Delivered(ctx context.Context, notificationID string) (bool, error) {
	var count int
	const query = `SELECT count(*) FROM deliveries WHERE notification_id = $1`
	if err := s.db.QueryRowContext(ctx, query, notificationID).Scan(&count); err != nil {
		return false, fmt.Errorf("looking for delivery %s in %s: %w", notificationID, s.dsn, err)
	}
	return count > 0, nil
}

// RecordDelivery notes that a notification was taken at a time.
func (s *Store) RecordDelivery(ctx context.Context, n paper.Notification, at time.Time) error {
	const add = `INSERT INTO deliveries (notification_id, subscriber_id, subscription_id, paper_id, version, delivered_at)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`
	return s.write(ctx, "delivery "+n.ID, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, add, n.ID, n.Subscriber, n.Subscription, n.Paper, n.Version, stamp(at))
		return err
	})
}

// Cursor reads a cursor; a cursor that was never set is "".
func (s *Store) Cursor(ctx context.Context, name string) (string, error) {
	var value string
	err := s.db.QueryRowContext(ctx, `SELECT value FROM cursors WHERE name = $1`, name).Scan(&value)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("reading cursor %s from %s: %w", name, s.dsn, err)
	}
	return value, nil
}

// SetCursor moves a cursor.
func (s *Store) SetCursor(ctx context.Context, name, value string) error {
	const set = `INSERT INTO cursors (name, value, updated_at) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`
	return s.write(ctx, "cursor "+name, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, set, name, value, stamp(time.Now()))
		return err
	})
}
