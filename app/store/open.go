package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/mattn/go-sqlite3"
)

// applicationID is written into the head of the file by the first migration.
const applicationID = 1936484720

// pageSize is chosen when the file is made. For webhooks of some ten kilobytes pages of 8 KiB take as little of the processor as larger ones, and
// for small changes of machines they write much less.
const pageSize = 8192

// dsn names the file with settings, which each new connection of a pool then has.
func dsn(path, settings string) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: settings}).String()
}

func writerDSN(o Options) string {
	return dsn(o.Path, "_foreign_keys=on&_journal_mode=WAL&_busy_timeout=10000&_txlock=immediate&_synchronous=FULL"+
		"&_cache_size=-4000&_stmt_cache_size=128")
}

func readerDSN(o Options) string {
	return dsn(o.Path, "mode=ro&_query_only=on&_busy_timeout=10000&_txlock=deferred&_cache_size=-1000&_stmt_cache_size=64")
}

func copierDSN(o Options) string {
	return dsn(o.Path, "mode=rw&_busy_timeout=10000&_synchronous=FULL")
}

// pool opens connections, n at most, which are kept for ever: a new one would have to prepare all statements again.
func pool(dsn string, n int) (*sql.DB, error) {
	p, err := sql.Open("sqlite3", dsn)
	if err != nil {
		return nil, err
	}
	p.SetMaxOpenConns(n)
	p.SetMaxIdleConns(n)
	return p, nil
}

// create makes the file if it is not there, or is empty. Its page size can only be chosen before anything is in it.
func create(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		err = private(path)
	}
	switch {
	case err != nil:
		return err
	case info != nil && info.Size() > 0:
		return nil
	}
	p, err := pool(dsn(path, "_busy_timeout=10000"), 1)
	if err != nil {
		return err
	}
	defer p.Close()
	if _, err := p.ExecContext(ctx, fmt.Sprintf("PRAGMA page_size = %d; PRAGMA journal_mode = WAL", pageSize)); err != nil {
		return explain(err)
	}
	return nil
}

// private makes a new file that the server's user alone can read: builds run as other users on the same machine. SQLite gives the files
// beside it the same mode.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// recognise refuses a file that is not slipway's. One that has no tables yet becomes ours.
func recognise(ctx context.Context, p *sql.DB) error {
	var id, tables int
	row := p.QueryRowContext(ctx, `SELECT (SELECT application_id FROM pragma_application_id()),
		(SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%')`)
	if err := row.Scan(&id, &tables); err != nil {
		return explain(err)
	}
	if id != applicationID && (id != 0 || tables > 0) {
		return errors.New("it is a database, but not slipway's")
	}
	return nil
}

// limit leaves checkpoints to the checkpointer, and sets how many pages the file may have.
func limit(ctx context.Context, p *sql.DB, pages int) error {
	settings := "PRAGMA wal_autocheckpoint = 0;"
	if pages > 0 {
		settings += fmt.Sprintf("PRAGMA max_page_count = %d;", pages)
	}
	_, err := p.ExecContext(ctx, settings)
	return explain(err)
}

// explain says what an operator can do about an error of SQLite's.
func explain(err error) error {
	e := sqlite3.Error{}
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case sqlite3.ErrFull:
		return fmt.Errorf("there is no room left for it: %w", err)
	case sqlite3.ErrNotADB:
		return fmt.Errorf("the file is not a database: %w", err)
	case sqlite3.ErrCorrupt:
		return fmt.Errorf("the file is damaged; bring back a copy: %w", err)
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return fmt.Errorf("another process holds it: %w", err)
	case sqlite3.ErrReadonly:
		return fmt.Errorf("it may not be written here: %w", err)
	}
	return err
}
