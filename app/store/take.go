package store

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app/engine"
)

// Rows wait in lines, one for each task, and one for all that run already and so need no slot. A line for which there is no slot is left
// out as a whole, however long it is, so that taking is quick with a million rows in it.

// lines names the lines in which anything waits: from each to the next, without reading what is in them.
const lines = `WITH RECURSIVE l (line) AS (
		SELECT min(line) FROM rows WHERE state = 'open' AND due > 0
		UNION ALL
		SELECT (SELECT min(r.line) FROM rows r WHERE r.state = 'open' AND r.due > 0 AND r.line > l.line) FROM l WHERE l.line IS NOT NULL)
	SELECT line FROM l WHERE line IS NOT NULL`

// unheld is what may be handed out: what nobody holds, or not for any longer, or somebody who can't be alive.
const unheld = `(holder = '' OR lease <= ?2 OR (?3 AND holder <> ?4))`

const (
	dueRows = `SELECT ` + columns + ` FROM rows
		WHERE state = 'open' AND due > 0 AND line = ?1 AND due <= ?2 AND ` + unheld + ` ORDER BY due, id LIMIT ?5`
	lease = `UPDATE rows SET holder = ?2, lease = ?3, fence = fence + 1, nudged = 0,
		tried = CASE holder WHEN '' THEN tried ELSE 1 END WHERE id = ?1`
)

// Take hands out rows that are due and that nobody holds, oldest first, and leases them.
func (t *tx) Take(g engine.Taking) ([]engine.Row, error) {
	open, err := t.open(g)
	if err != nil {
		return nil, err
	}
	var due []stored
	for _, line := range open {
		found, err := all(t, readRow, dueRows, line, stamp(g.Now), g.Alone, g.Holder, g.Limit)
		if err != nil {
			return nil, fmt.Errorf("reading what is due: %w", err)
		}
		due = append(due, found...)
	}
	slices.SortFunc(due, func(a, b stored) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.id, b.id)) })
	due = due[:min(len(due), max(g.Limit, 0))]
	for i := range due {
		r := &due[i]
		if _, err := t.exec(lease, r.id, g.Holder, stamp(g.Lease)); err != nil {
			return nil, fmt.Errorf("leasing %s: %w", r.Key, err)
		}
		r.Tried = r.Tried || r.Holder != "" // whoever held it is gone, and may have written without telling
		r.Holder, r.Lease = g.Holder, g.Lease
		r.Fence++
	}
	return plain(due), nil
}

// open is the lines for which there is a slot.
func (t *tx) open(g engine.Taking) ([]string, error) {
	names, err := all(t, value[string], lines)
	if err != nil {
		return nil, fmt.Errorf("reading where rows wait: %w", err)
	}
	return slices.DeleteFunc(names, func(n string) bool { return slices.Contains(g.Full, n) }), nil
}

const (
	nextRow = `SELECT due FROM rows
		WHERE state = 'open' AND due > 0 AND line = ?1 AND ` + unheld + ` ORDER BY due LIMIT 1`
	nextLetter = `SELECT l.due FROM letters l WHERE l.due > 0 AND NOT EXISTS (
		SELECT 1 FROM letters d WHERE d.due > 0 AND d.machine = l.machine AND d.id < l.id AND d.due > l.due) ORDER BY l.due LIMIT 1`
	nextEvent = `SELECT due FROM events WHERE state = 'queued' AND due > 0 ORDER BY due LIMIT 1`
)

// NextDue is when the next row, delayed letter or delayed event is due; zero if there is none.
func (t *tx) NextDue(g engine.Taking) (time.Time, error) {
	open, err := t.open(g)
	if err != nil {
		return time.Time{}, err
	}
	next := int64(0)
	earliest := func(query string, args ...any) {
		var due int64
		if err != nil {
			return
		}
		var found bool
		if found, err = t.one([]any{&due}, query, args...); found && (next == 0 || due < next) {
			next = due
		}
	}
	for _, line := range open {
		earliest(nextRow, line, stamp(g.Now), g.Alone, g.Holder)
	}
	earliest(nextLetter)
	earliest(nextEvent)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading what is due next: %w", err)
	}
	return unstamp(next), nil
}
