package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
)

//go:embed migrations/*.sql
var embedded embed.FS

// migrations are the steps from an empty file to what this version of slipway reads, one file for each, in order. What is released is never
// changed, only followed by another.
func migrations() fs.FS {
	sub, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // it is compiled in
	}
	return sub
}

// migrate brings a database up to date, each step whole or not at all. How many steps were taken stands in the file's head, as SQLite offers
// to programs: https://www.sqlite.org/pragma.html#pragma_user_version
func migrate(ctx context.Context, p *sql.DB, steps fs.FS) error {
	names, err := fs.Glob(steps, "*.sql")
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	var taken int
	if err := p.QueryRowContext(ctx, "PRAGMA user_version").Scan(&taken); err != nil {
		return fmt.Errorf("reading its version: %w", explain(err))
	}
	if taken > len(names) {
		return fmt.Errorf("a newer slipway wrote it: it has version %d, and this slipway knows %d; start that one, or bring back a copy from before",
			taken, len(names))
	}
	for i, name := range names[taken:] {
		if err := step(ctx, p, steps, name, taken+i+1); err != nil {
			return fmt.Errorf("bringing it up to date with %s: %w", name, explain(err))
		}
	}
	return nil
}

// step takes one step.
func step(ctx context.Context, p *sql.DB, steps fs.FS, name string, number int) error {
	text, err := fs.ReadFile(steps, name)
	if err != nil {
		return err
	}
	tx, err := p.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, string(text)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", number)); err != nil {
		return err
	}
	return tx.Commit()
}
