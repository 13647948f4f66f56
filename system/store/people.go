package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"paperlab/system/paper"
)

// Wish is a subscription together with where its subscriber wants to be told.
type Wish struct {
	paper.Subscription
	Webhook string
}

// Wishes are all subscriptions, ordered by id.
func (s *Store) Wishes(ctx context.Context) (wishes []Wish, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("reading subscriptions from %s: %w", s.dsn, err)
		}
	}()
	const query = `SELECT s.id, s.user_id, s.kind, s.term, u.webhook
		FROM subscriptions s JOIN users u ON u.id = s.user_id ORDER BY s.id`
	rows, err := s.db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var w Wish
		if err := rows.Scan(&w.ID, &w.Subscriber, &w.Kind, &w.Term, &w.Webhook); err != nil {
			return nil, err
		}
		wishes = append(wishes, w)
	}
	return wishes, rows.Err()
}

// Import adds subscribers and subscriptions, all or none. One that is there
// already takes the new webhook or the new wish.
func (s *Store) Import(ctx context.Context, people []paper.Subscriber, wishes []paper.Subscription) error {
	const (
		addUser = `INSERT INTO users (id, webhook, created_at) VALUES ($1, $2, $3)
			ON CONFLICT (id) DO UPDATE SET webhook = excluded.webhook`
		addWish = `INSERT INTO subscriptions (id, user_id, kind, term, created_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, kind = excluded.kind, term = excluded.term`
	)
	now := stamp(time.Now())
	return s.write(ctx, "subscribers", func(tx *sql.Tx) error {
		for _, p := range people {
			if _, err := tx.ExecContext(ctx, addUser, p.ID, p.Webhook, now); err != nil {
				return fmt.Errorf("subscriber %s: %w", p.ID, err)
			}
		}
		for _, w := range wishes {
			if _, err := tx.ExecContext(ctx, addWish, w.ID, w.Subscriber, w.Kind, w.Term, now); err != nil {
				return fmt.Errorf("subscription %s of subscriber %s: %w", w.ID, w.Subscriber, err)
			}
		}
		return nil
	})
}
