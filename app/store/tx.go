package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
)

// tx is one transaction, of the writer or of a reader. Statements are prepared once per connection: the driver keeps them by their text.
type tx struct {
	db    *DB
	sql   *sql.Tx
	lanes map[app.Address]storedLane // as this transaction has read or written them
}

var _ engine.Tx = (*tx)(nil)

// fresh is the same transaction for somebody who has read nothing of it yet.
func (t *tx) fresh() *tx { return &tx{db: t.db, sql: t.sql, lanes: map[app.Address]storedLane{}} }

// scanner is a row of an answer.
type scanner interface{ Scan(into ...any) error }

// exec runs a statement and says how many rows it wrote. A transaction is short and never interrupted, so there is no context.
func (t *tx) exec(query string, args ...any) (int64, error) {
	res, err := t.sql.ExecContext(context.Background(), query, args...)
	if err != nil {
		return 0, explain(err)
	}
	return res.RowsAffected()
}

// insert runs a statement that makes one row or, on conflict, none, and says which number it has; 0 is none.
func (t *tx) insert(query string, args ...any) (id int64, err error) {
	res, err := t.sql.ExecContext(context.Background(), query, args...)
	if err != nil {
		return 0, explain(err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return 0, err
	}
	return res.LastInsertId()
}

// one reads one row, and says whether there is any.
func (t *tx) one(into []any, query string, args ...any) (found bool, err error) {
	err = t.sql.QueryRowContext(context.Background(), query, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, explain(err)
}

// all reads every row of an answer.
func all[T any](t *tx, read func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := t.sql.QueryContext(context.Background(), query, args...)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var found []T
	for rows.Next() {
		v, err := read(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, v)
	}
	return found, explain(rows.Err())
}

// value reads a column that holds nothing but a value.
func value[T any](s scanner) (v T, err error) {
	err = s.Scan(&v)
	return v, err
}

// document reads a column that holds JSON.
func document[T any](s scanner) (v T, err error) {
	var body sql.RawBytes
	if err := s.Scan(&body); err != nil {
		return v, err
	}
	return v, json.Unmarshal(body, &v)
}

func notFound(format string, args ...any) error {
	return &app.Error{Op: fmt.Sprintf(format, args...), Kind: app.ErrNotFound}
}

func conflict(format string, args ...any) error {
	return &app.Error{Op: fmt.Sprintf(format, args...), Kind: app.ErrConflict}
}
