package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
)

const post = `INSERT INTO letters (machine, name, body, at) VALUES (?1, ?2, ?3, ?4)`

// Post stores letters, in order, with the time.
func (t *tx) Post(letters []app.Letter, at time.Time) error {
	for _, l := range letters {
		name, body, err := t.db.codec.encode(l.Message)
		if err != nil {
			return err
		}
		if _, err := t.exec(post, addressText(l.To), name, string(body), stamp(at)); err != nil {
			return fmt.Errorf("posting a letter %s to %s: %w", name, l.To, err)
		}
	}
	return nil
}

// The line holds what is to be stepped and nothing else, so reading it from its front is no search. What is delayed is found by its own
// small index.
const mail = `SELECT l.id, l.machine, l.name, l.body, l.at, l.attempts, l.reason FROM letters l
	WHERE l.id > 0 AND l.due <= ?1 AND NOT EXISTS (
		SELECT 1 FROM letters d WHERE d.due > 0 AND d.machine = l.machine AND d.id < l.id AND d.due > ?1)
	ORDER BY l.id LIMIT ?2`

// Mail is the oldest letters that may be stepped now.
func (t *tx) Mail(limit int, now time.Time) ([]engine.Mail, error) {
	found, err := all(t, t.readMail, mail, stamp(now), limit)
	if err != nil {
		return nil, fmt.Errorf("reading letters: %w", err)
	}
	return found, nil
}

// readMail reads a letter. One that makes no sense is handed out all the same, so that it does not stop the others.
func (t *tx) readMail(s scanner) (m engine.Mail, err error) {
	var machine, name string
	var body sql.RawBytes
	var at int64
	if err := s.Scan(&m.ID, &machine, &name, &body, &at, &m.Attempts, &m.Reason); err != nil {
		return m, err
	}
	m.At = unstamp(at)
	var errTo, errMessage error
	m.To, errTo = parseAddress(machine)
	m.Message, errMessage = t.db.codec.decode(name, body)
	m.Err = errors.Join(errTo, errMessage)
	return m, nil
}

const stepped = `DELETE FROM letters WHERE id = ?1`

// Stepped removes a letter that has been taken in.
func (t *tx) Stepped(id int64) error {
	n, err := t.exec(stepped, id)
	if err != nil {
		return fmt.Errorf("removing letter %d: %w", id, err)
	}
	return noLetter(n, id)
}

const delay = `UPDATE letters SET attempts = attempts + 1, reason = ?2, due = ?3 WHERE id = ?1`

// Delay says that a letter failed and is to be tried again.
func (t *tx) Delay(id int64, reason string, due time.Time) error {
	n, err := t.exec(delay, id, reason, max(stamp(due), 1))
	if err != nil {
		return fmt.Errorf("delaying letter %d: %w", id, err)
	}
	return noLetter(n, id)
}

const setAside = `INSERT INTO aside (id, machine, name, body, at, attempts, reason)
	SELECT id, machine, name, body, at, attempts + 1, ?2 FROM letters WHERE id = ?1`

// SetAside takes a letter out of the line for good.
func (t *tx) SetAside(id int64, reason string) error {
	if _, err := t.exec(setAside, id, reason); err != nil {
		return fmt.Errorf("setting letter %d aside: %w", id, err)
	}
	return t.Stepped(id)
}

const aside = `SELECT id, machine, name, body, at, attempts, reason FROM aside WHERE number > 0 ORDER BY number DESC LIMIT ?1`

// Aside is the letters that were set aside, newest first.
func (t *tx) Aside(limit int) ([]engine.Mail, error) {
	found, err := all(t, t.readMail, aside, limit)
	if err != nil {
		return nil, fmt.Errorf("reading what was set aside: %w", err)
	}
	return found, nil
}

func noLetter(n, id int64) error {
	if n == 0 {
		return notFound("there is no letter %d", id)
	}
	return nil
}
