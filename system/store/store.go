// Package store keeps what outlives Redis: people and their subscriptions,
// papers, summaries, deliveries and the crawler's cursors, in SQL.
//
// SQLite is what it opens today; the statements use nothing that PostgreSQL
// does not have ($1 parameters, ON CONFLICT, text for times and JSON).
//
// Several processes share one SQLite file. Each write is one short transaction
// that takes the write lock at its beginning (a transaction that starts as a
// reader and then writes cannot wait: SQLite refuses it at once), and waits for
// the lock for up to five seconds.
//
// Every write may be repeated: a row that is there already is left as it is,
// because the first one is what people have been told.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"time"
	// The driver is pure Go: no compiler is needed to build the service.

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite"
)

// ErrSchema is returned by Open when the database's schema is not the one this
// program was built for.
var ErrSchema = errors.New("the database schema is not current")

// ErrDSN is returned by Open and Migrate when the database is named in another
// form.
var ErrDSN = errors.New("not of the form sqlite:PATH, for example sqlite:papers.db")

// Store is a database. Its methods may be called from any goroutine.
type Store struct {
	db  *sql.DB
	dsn string
}

// Open connects to "sqlite:PATH" and checks that its schema is current; if it
// is not, the error is ErrSchema and says what to do.
func Open(ctx context.Context, dsn string) (*Store, error) {
	s, err := connect(dsn)
	if err != nil {
		return nil, err
	}
	if err := s.checkSchema(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// path is where the database lies.
func path(dsn string) string { return strings.TrimPrefix(dsn, "sqlite:") }

func connect(dsn string) (*Store, error) {
	if !strings.HasPrefix(dsn, "sqlite:") || path(dsn) == "" {
		return nil, fmt.Errorf("database %q is %w", dsn, ErrDSN)
	}
	settings := url.Values{
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(1)"},
		"_txlock": {"immediate"},
	}
	location := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path(dsn)}).EscapedPath(), RawQuery: settings.Encode()}
	db, err := sql.Open("sqlite", location.String())
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", dsn, err)
	}
	// One writer at a time is all that SQLite has; the others are readers.
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(4)
	return &Store{db: db, dsn: dsn}, nil
}

// Close ends all connections.
func (s *Store) Close() error { return s.db.Close() }

// write runs one short transaction.
func (s *Store) write(ctx context.Context, what string, steps func(tx *sql.Tx) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing %s to %s: %w", what, s.dsn, err)
		}
	}()
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := steps(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// stamp is how times are written: fixed width, so that text sorts as time does.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

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
