package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

func (s *Store) provider() (*goose.Provider, error) {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, s.db, folder)
}

// Migrate brings the schema of "sqlite:PATH" up to date and creates the file if
// there is none. Several processes may call it at once: whoever comes second
// finds the work done.
func Migrate(ctx context.Context, dsn string) error {
	s, err := connect(dsn)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	provider, err := s.provider()
	if err != nil {
		return fmt.Errorf("reading the migrations of %s: %w", dsn, err)
	}
	const attempts = 3
	for range attempts {
		if _, err = provider.Up(ctx); err == nil {
			return nil
		}
		// The loser of a race sees a table that exists already; the winner has
		// finished when the schema is current.
		if s.checkSchema(ctx) == nil {
			return nil
		}
	}
	return fmt.Errorf("migrating %s: %w", dsn, err)
}

func (s *Store) checkSchema(ctx context.Context) error {
	// SQLite creates a file that it is asked to read, and Open must change
	// nothing.
	if _, err := os.Stat(path(s.dsn)); err != nil {
		return fmt.Errorf("%w: %w: run `papers migrate --database %s`", ErrSchema, err, s.dsn)
	}
	provider, err := s.provider()
	if err != nil {
		return fmt.Errorf("reading the migrations of %s: %w", s.dsn, err)
	}
	// Goose creates its table when it is asked for a version.
	var tables int
	const count = `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'goose_db_version'`
	if err := s.db.QueryRowContext(ctx, count).Scan(&tables); err != nil {
		return fmt.Errorf("reading the schema of %s: %w", s.dsn, err)
	}
	var current, target int64
	if tables > 0 {
		if current, target, err = provider.GetVersions(ctx); err != nil {
			return fmt.Errorf("reading the schema version of %s: %w", s.dsn, err)
		}
		if current == target {
			return nil
		}
	}
	return fmt.Errorf("%w: %s is at version %d: run `papers migrate --database %s`", ErrSchema, s.dsn, current, s.dsn)
}
