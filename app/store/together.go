package store

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// Updates that wait at the same time share a transaction, each in a savepoint of its own: what one of them does wrong is undone alone, and
// one wait for the disk is enough for all. While there are any, one goroutine writes them.

// sharing is how many updates share a transaction at most. The intake waits for it, so it must not be long.
const sharing = 16

// update is one call of Update on its way into the database.
type update struct {
	do     func(*tx) error
	answer chan outcome // holds one
}

// outcome is how an update ended. What it panicked with is for its caller, not for who wrote it.
type outcome struct {
	err      error
	panicked any
}

// line is the updates that nobody writes yet, oldest first. It is safe for concurrent use.
type line struct {
	mu  sync.Mutex
	all []*update
	led bool // somebody writes what is in it
}

// join puts an update in line, and says whether somebody must begin to write what is in it.
func (l *line) join(u *update) (lead bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, u)
	lead, l.led = !l.led, true
	return lead
}

// over says that nothing is left to write, and so that nobody does any more.
func (l *line) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.led = len(l.all) > 0
	return !l.led
}

// leave says whether an update was still there, and so will never be written.
func (l *line) leave(u *update) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.all, u)
	if i < 0 {
		return false
	}
	l.all = slices.Delete(l.all, i, i+1)
	return true
}

func (l *line) next() []*update {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.all), sharing)
	group := slices.Clone(l.all[:n])
	l.all = slices.Delete(l.all, 0, n)
	return group
}

// together runs do in a transaction with the updates that wait beside it.
func (db *DB) together(ctx context.Context, do func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	u := &update{do: do, answer: make(chan outcome, 1)}
	if db.line.join(u) {
		go db.lead()
	}
	select {
	case o := <-u.answer:
		return o.tell()
	case <-ctx.Done():
		if db.line.leave(u) {
			return ctx.Err()
		}
		return (<-u.answer).tell() // it is being written
	}
}

// lead writes what waits. Between any two transactions the intake and a checkpoint may write, if they wait.
func (db *DB) lead() {
	for {
		db.turn.take()
		db.writeGroup(db.line.next())
		db.turn.give()
		if db.line.over() {
			return
		}
	}
}

func (o outcome) tell() error {
	if o.panicked != nil {
		panic(o.panicked)
	}
	return o.err
}

// writeGroup writes updates in one transaction, and answers each once that is durable or can't be any more.
func (db *DB) writeGroup(group []*update) {
	if len(group) == 0 {
		return
	}
	ends := make([]outcome, len(group))
	err := db.within(context.Background(), db.writer, func(t *tx) error {
		if len(group) == 1 {
			ends[0] = group[0].run(t)
			return ends[0].failure()
		}
		for i, u := range group {
			if err := u.inside(t.fresh(), &ends[i]); err != nil {
				return err
			}
		}
		return nil
	})
	for i, u := range group {
		if err != nil && ends[i] == (outcome{}) {
			ends[i].err = err
		}
		u.answer <- ends[i]
	}
}

// run does what an update is to do.
func (u *update) run(t *tx) (o outcome) {
	defer func() { o.panicked = recover() }()
	o.err = u.do(t)
	return o
}

// failure is why nothing of it may be stored, or nil.
func (o outcome) failure() error {
	if o.panicked != nil {
		return fmt.Errorf("panic: %v", o.panicked)
	}
	return o.err
}

// inside runs an update in a savepoint. An error means that the transaction can't go on.
func (u *update) inside(t *tx, o *outcome) error {
	if _, err := t.exec("SAVEPOINT one"); err != nil {
		return err
	}
	if *o = u.run(t); o.failure() != nil {
		if _, err := t.exec("ROLLBACK TO one"); err != nil {
			return err
		}
	}
	_, err := t.exec("RELEASE one")
	return err
}
