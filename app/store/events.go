package store

import (
	"fmt"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
)

const queued = `SELECT e.id, e.delivery, e.name, e.received, e.attempts, b.body
	FROM events e LEFT JOIN bodies b ON b.event = e.id
	WHERE e.state = 'queued' AND e.due <= ?1 ORDER BY e.id LIMIT ?2`

// Queued is the oldest events that are still to be translated and are due.
func (t *tx) Queued(limit int, now time.Time) ([]app.Event, error) {
	events, err := all(t, readEvent, queued, stamp(now), limit)
	if err != nil {
		return nil, fmt.Errorf("reading queued events: %w", err)
	}
	return events, nil
}

func readEvent(s scanner) (e app.Event, err error) {
	var received int64
	err = s.Scan(&e.ID, &e.Delivery, &e.Name, &received, &e.Attempts, &e.Body)
	e.Received = unstamp(received)
	return e, err
}

const settleEvent = `UPDATE events SET state = ?2, reason = ?3, due = ?4, attempts = attempts + ?5 WHERE id = ?1`

// SettleEvent writes down what became of an event. Queueing it again and giving it up count as an attempt that failed.
func (t *tx) SettleEvent(id int64, s engine.EventState, reason string, due time.Time) error {
	failed := 0
	if s == engine.EventQueued || s == engine.EventFailed {
		failed = 1
	}
	if s != engine.EventQueued {
		due = time.Time{}
	}
	n, err := t.exec(settleEvent, id, string(s), reason, stamp(due), failed)
	if err != nil {
		return fmt.Errorf("settling event %d: %w", id, err)
	}
	if n == 0 {
		return notFound("there is no event %d", id)
	}
	return nil
}

const delivered = `SELECT 1 FROM events WHERE delivery = ?1`

// Delivered says whether a delivery is stored, whatever became of it.
func (t *tx) Delivered(delivery string) (bool, error) {
	var one int
	found, err := t.one([]any{&one}, delivered, delivery)
	if err != nil {
		return false, fmt.Errorf("looking for delivery %s: %w", delivery, err)
	}
	return found, nil
}

// Events have numbers in the order in which they came, so the oldest are at the front, and only the front is looked at. What is queued there
// stays, but nothing is queued for long.
const (
	forgetEvents = `DELETE FROM events WHERE id IN (
		SELECT id FROM (SELECT id, received, state FROM events WHERE id > 0 ORDER BY id LIMIT ?2) WHERE received < ?1 AND state <> 'queued')`
	forgetBodies = `DELETE FROM bodies WHERE event IN (
		SELECT e.id FROM (SELECT event FROM bodies WHERE event > 0 ORDER BY event LIMIT ?2) b JOIN events e ON e.id = b.event
		WHERE e.received < ?1 AND e.state <> 'queued')`
)

// atOnce is how many events are forgotten in one call: deliveries that come meanwhile wait for it, about a tenth of a second.
const atOnce = 10000

// ForgetEvents drops the bodies of settled events received before one time, and the rest of them before another: of the oldest, as many as
// do not keep deliveries waiting for long.
func (t *tx) ForgetEvents(bodies, ids time.Time) error {
	if _, err := t.exec(forgetEvents, stamp(ids), atOnce); err != nil {
		return fmt.Errorf("forgetting events: %w", err)
	}
	if _, err := t.exec(forgetBodies, stamp(bodies), atOnce); err != nil {
		return fmt.Errorf("forgetting events' bodies: %w", err)
	}
	return nil
}
