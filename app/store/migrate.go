package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
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

// migrate brings a database up to date, each step whole or not at all.
func migrate(ctx context.Context, p *sql.DB, steps fs.FS) error {
	m, err := goose.NewProvider(goose.DialectSQLite3, p, steps, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	is, known, err := m.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("reading its version: %w", explain(err))
	}
	if is > known {
		return fmt.Errorf("a newer slipway wrote it: it has version %d, and this slipway knows %d; start that one, or bring back a copy from before",
			is, known)
	}
	if _, err := m.Up(ctx); err != nil {
		return fmt.Errorf("bringing it up to date: %w", explain(err))
	}
	return nil
}
