package store

import (
	"fmt"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
)

const columns = `id, key, machine, task, due, state, attempts, nudges, holder, lease, fence, outcome, reason, github, external, shown,
	shown_at, progress, running, tried, sent`

// stored is a row with its number: the order in which rows were made.
type stored struct {
	engine.Row
	id int64
}

func readRow(s scanner) (r stored, err error) {
	var machine string
	var due, lease, shownAt, sent int64
	err = s.Scan(&r.id, &r.Key, &machine, &r.Task, &due, &r.State, &r.Attempts, &r.Nudges, &r.Holder, &lease, &r.Fence, &r.Outcome, &r.Reason,
		&r.GitHub, &r.External, &r.Shown, &shownAt, &r.Progress, &r.Running, &r.Tried, &sent)
	if err != nil {
		return r, err
	}
	r.Due, r.Lease, r.ShownAt, r.Sent = unstamp(due), unstamp(lease), unstamp(shownAt), unstamp(sent)
	r.Machine, err = parseAddress(machine)
	return r, err
}

const row = `SELECT ` + columns + ` FROM rows WHERE key = ?1`

// Row is the row of a key.
func (t *tx) Row(key string) (engine.Row, error) {
	found, err := all(t, readRow, row, key)
	switch {
	case err != nil:
		return engine.Row{}, fmt.Errorf("reading row %s: %w", key, err)
	case len(found) == 0:
		return engine.Row{}, notFound("there is no row %s", key)
	}
	return found[0].Row, nil
}

const openRows = `SELECT ` + columns + ` FROM rows WHERE machine = ?1 AND state = 'open' AND is_view = 0 ORDER BY id`

// OpenRows is the open rows of a machine, without views, oldest first.
func (t *tx) OpenRows(machine app.Address) ([]engine.Row, error) {
	found, err := all(t, readRow, openRows, addressText(machine))
	if err != nil {
		return nil, fmt.Errorf("reading the open rows of %s: %w", machine, err)
	}
	return plain(found), nil
}

const refusedRows = `SELECT ` + columns + ` FROM rows WHERE state = 'open' AND outcome >= 'refused: ' AND outcome < 'refused:!' ORDER BY id`

// Refused is the open rows that GitHub refuses, oldest first.
func (t *tx) Refused() ([]engine.Row, error) {
	found, err := all(t, readRow, refusedRows)
	if err != nil {
		return nil, fmt.Errorf("reading what GitHub refuses: %w", err)
	}
	return plain(found), nil
}

const runningRows = `SELECT ` + columns + ` FROM rows WHERE state = 'open' AND running = 1 ORDER BY id`

// RunningRows is the open rows whose programs run, of all machines, oldest first.
func (t *tx) RunningRows() ([]engine.Row, error) {
	found, err := all(t, readRow, runningRows)
	if err != nil {
		return nil, fmt.Errorf("reading what runs: %w", err)
	}
	return plain(found), nil
}

func plain(found []stored) []engine.Row {
	var rows []engine.Row
	for _, r := range found {
		rows = append(rows, r.Row)
	}
	return rows
}

const want = `INSERT INTO rows (key, machine, task, due) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key) DO NOTHING`

// Want makes an open row, unless the key has one already, in whatever state.
func (t *tx) Want(key string, machine app.Address, task string, due time.Time) error {
	if _, err := t.exec(want, key, addressText(machine), task, stamp(due)); err != nil {
		return fmt.Errorf("wanting %s: %w", key, err)
	}
	return nil
}

const nudge = `INSERT INTO rows (key, machine, task, due, nudges) VALUES (?1, ?2, ?3, ?4, 1)
	ON CONFLICT (key) DO UPDATE SET
		nudges = nudges + 1,
		due = CASE WHEN due = 0 OR due > excluded.due THEN excluded.due ELSE due END,
		nudged = CASE WHEN holder <> '' AND (nudged = 0 OR nudged > excluded.due) THEN excluded.due ELSE nudged END
	WHERE state = 'open'`

// Nudge makes a row due. What has ended stays so.
func (t *tx) Nudge(key string, machine app.Address, task string, due time.Time) error {
	if due.IsZero() {
		return &app.Error{Op: "nudging " + key + ": the zero time is not when anything is due", Kind: app.ErrInvalid}
	}
	if _, err := t.exec(nudge, key, addressText(machine), task, stamp(due)); err != nil {
		return fmt.Errorf("nudging %s: %w", key, err)
	}
	return nil
}

const unwant = `UPDATE rows SET state = 'canceled', due = 0 WHERE key = ?1 AND state = 'open'`

// Unwant cancels open rows. Who works on one may still settle it, and it stays canceled.
func (t *tx) Unwant(keys ...string) error {
	for _, key := range keys {
		if _, err := t.exec(unwant, key); err != nil {
			return fmt.Errorf("canceling %s: %w", key, err)
		}
	}
	return nil
}

const settle = `UPDATE rows SET
		state = CASE state WHEN 'open' THEN ?3 ELSE state END,
		due = CASE WHEN state <> 'open' OR ?3 <> 'open' THEN 0 WHEN nudged > 0 AND (?4 = 0 OR nudged < ?4) THEN nudged ELSE ?4 END,
		nudged = 0, holder = '', lease = 0,
		attempts = ?5, outcome = ?6, reason = ?7, github = ?8, external = ?9, shown = ?10, shown_at = ?11, progress = ?12, running = ?13,
		tried = ?14, sent = ?15
	WHERE key = ?1 AND fence = ?2 AND holder <> ''`

// Settle writes a row back after work, and lets go of it.
func (t *tx) Settle(r engine.Row) error {
	n, err := t.exec(settle, r.Key, r.Fence, string(r.State), stamp(r.Due), r.Attempts, r.Outcome, r.Reason, r.GitHub, r.External, r.Shown,
		stamp(r.ShownAt), r.Progress, r.Running, r.Tried, stamp(r.Sent))
	if err != nil {
		return fmt.Errorf("settling %s: %w", r.Key, err)
	}
	if n > 0 {
		return nil
	}
	if _, err := t.Row(r.Key); err != nil {
		return err
	}
	return conflict("row %s is not held under number %d any more", r.Key, r.Fence)
}
