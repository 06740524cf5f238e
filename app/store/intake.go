package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
)

// intake stores deliveries. Those that arrive while others are being written are written together: one wait for the disk for all of them.
type intake struct {
	db    *DB
	line  chan *arrival
	count atomic.Int64 // deliveries that were stored
	mu    sync.RWMutex // held for reading while a delivery is put in line
	ended bool
	done  chan struct{} // closed when the last has been answered
}

// arrival is a delivery on its way into the database.
type arrival struct {
	app.Event
	state  engine.EventState
	reason string
	stored bool
	answer chan error
}

// together is how many deliveries share a transaction at most.
const together = 256

func newIntake(db *DB) *intake {
	in := &intake{db: db, line: make(chan *arrival, together), done: make(chan struct{})}
	go in.run()
	return in
}

// errClosed is what comes too late.
var errClosed = errors.New("the database is being closed")

// Accept stores a delivery to be translated. It is durable when Accept returns without error. A delivery that is there already is not
// stored again, and stored is false; but if its event had failed or been ignored, it is queued again. An error means that it is not
// stored, or, after ctx ended, that this is not known: GitHub or the sweep will send it again.
func (db *DB) Accept(ctx context.Context, e app.Event) (stored bool, err error) {
	return db.intake.put(ctx, &arrival{Event: e, state: engine.EventQueued})
}

// Stored is how many deliveries were stored since the database was opened.
func (db *DB) Stored() int64 { return db.intake.count.Load() }

// Ignore stores a delivery that nobody is to look at, with the reason. One that is there already stays as it is.
func (db *DB) Ignore(ctx context.Context, e app.Event, reason string) error {
	_, err := db.intake.put(ctx, &arrival{Event: e, state: engine.EventIgnored, reason: reason})
	return err
}

func (in *intake) put(ctx context.Context, a *arrival) (bool, error) {
	if a.Received.IsZero() {
		a.Received = in.db.options.Clock.Now()
	}
	if a.Delivery == "" || stamp(a.Received) <= 0 {
		return false, &app.Error{Op: "storing a delivery: it needs an id and a time", Kind: app.ErrInvalid}
	}
	a.answer = make(chan error, 1)
	if err := in.enter(ctx, a); err != nil {
		return false, fmt.Errorf("storing delivery %s: %w", a.Delivery, err)
	}
	select {
	case err := <-a.answer:
		if err != nil {
			return false, fmt.Errorf("storing delivery %s: %w", a.Delivery, err)
		}
		return a.stored, nil
	case <-ctx.Done():
		return false, fmt.Errorf("storing delivery %s: %w", a.Delivery, ctx.Err())
	}
}

// enter puts an arrival in line.
func (in *intake) enter(ctx context.Context, a *arrival) error {
	in.mu.RLock()
	defer in.mu.RUnlock()
	if in.ended {
		return errClosed
	}
	select {
	case in.line <- a:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close lets nobody in any more, and waits until all that are in line have their answer.
func (in *intake) close() {
	in.mu.Lock()
	if !in.ended {
		in.ended = true
		close(in.line)
	}
	in.mu.Unlock()
	<-in.done
}

// run writes what is in line, until it is closed.
func (in *intake) run() {
	defer close(in.done)
	for first := range in.line {
		in.db.turn.take()
		group := in.gather(first)
		err := in.store(group)
		in.count.Add(int64(len(group)))
		in.db.turn.give()
		for _, a := range group {
			a.answer <- err
		}
	}
}

// gather is all that is in line by now. It is asked when it can be written, so that it is as many as possible.
func (in *intake) gather(first *arrival) []*arrival {
	group := []*arrival{first}
	for len(group) < together {
		select {
		case a, open := <-in.line:
			if !open {
				return group
			}
			group = append(group, a)
		default:
			return group
		}
	}
	return group
}

// store writes a group in one transaction.
func (in *intake) store(group []*arrival) error {
	return in.db.within(context.Background(), in.db.writer, func(t *tx) error {
		for _, a := range group {
			if err := a.store(t); err != nil {
				return err
			}
		}
		return nil
	})
}

const (
	acceptEvent = `INSERT INTO events (delivery, name, received, state, reason) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (delivery) DO NOTHING`
	acceptBody  = `INSERT INTO bodies (event, body) VALUES (?1, ?2) ON CONFLICT (event) DO UPDATE SET body = ?2`
	acceptAgain = `UPDATE events SET name = ?2, received = ?3, state = 'queued', reason = '', due = 0, attempts = 0
		WHERE delivery = ?1 AND state IN ('failed', 'ignored') RETURNING id`
)

// store writes one delivery. That it is new is the common case, so that is tried first.
func (a *arrival) store(t *tx) error {
	id, err := t.insert(acceptEvent, a.Delivery, a.Name, stamp(a.Received), string(a.state), a.reason)
	if err != nil {
		return err
	}
	if id == 0 && a.state == engine.EventQueued {
		_, err = t.one([]any{&id}, acceptAgain, a.Delivery, a.Name, stamp(a.Received))
	}
	if err != nil || id == 0 {
		return err
	}
	body := a.Body
	if body == nil {
		body = []byte{} // an empty body, not a missing one
	}
	if _, err := t.exec(acceptBody, id, body); err != nil {
		return err
	}
	a.stored = true
	return nil
}
