// Package store keeps everything that must survive, in SQLite. It holds all SQL of the tree.
//
// There is one connection that writes and a few that only read. Writers take turns at it (see turn). Deliveries that arrive together
// share a transaction (see intake.go), and so do updates (see together.go), so that making each durable does not cost throughput. A machine
// is stored as its value in JSON, with columns beside it for what is searched by and for what the database itself must hold: see migrations.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
)

// Options say where the database is.
type Options struct {
	Path     string    // of the database file; it is made if it is not there, its folder is not
	Clock    app.Clock // what becomes of the time at which an event was received, if the event does not say
	MaxPages int       // how many pages the file may have, as if the disk were full then; 0 is no bound

	migrations fs.FS // other ones than our own, in tests
}

// DB is an open database. It is safe for concurrent use. It implements engine.Store, and the intake of deliveries for handlers.
type DB struct {
	options Options
	writer  *sql.DB // one connection
	readers *sql.DB // several, which can't write
	copier  *sql.DB // one connection, for checkpoints
	codec   codec
	memory  *memory
	turn    turn
	line    line
	intake  *intake
	behind  *checkpointer
	close   func() error
}

var _ engine.Store = (*DB)(nil)

// readers is how many Views there can be at once; more wait.
const readers = 4

// Open opens the database, makes it if there is none, and brings an older one up to date. It refuses a file that is not slipway's or that a
// newer slipway has written. Close it when nobody uses it any more.
func Open(ctx context.Context, o Options) (_ *DB, err error) {
	if o.migrations == nil {
		o.migrations = migrations()
	}
	db := &DB{options: o, codec: newCodec(), memory: newMemory(), turn: newTurn()}
	defer func() {
		if err != nil {
			err = fmt.Errorf("opening the database %s: %w", o.Path, errors.Join(err, db.closePools()))
		}
	}()
	if err := create(ctx, o.Path); err != nil {
		return nil, err
	}
	if db.writer, err = pool(writerDSN(o), 1); err != nil {
		return nil, err
	}
	if err := recognise(ctx, db.writer); err != nil {
		return nil, err
	}
	if err := migrate(ctx, db.writer, o.migrations); err != nil {
		return nil, err
	}
	if err := limit(ctx, db.writer, o.MaxPages); err != nil {
		return nil, err
	}
	if db.readers, err = pool(readerDSN(o), readers); err != nil {
		return nil, err
	}
	if db.copier, err = pool(copierDSN(o), 1); err != nil {
		return nil, err
	}
	db.behind = newCheckpointer(db.copier, db.turn)
	db.intake = newIntake(db)
	db.close = sync.OnceValue(db.end)
	return db, nil
}

// Close stores what was being accepted, and releases the file once the updates under way have ended. What comes later fails.
func (db *DB) Close() error { return db.close() }

func (db *DB) end() error {
	db.intake.close()
	db.behind.close()
	return db.closePools()
}

func (db *DB) closePools() error {
	var errs []error
	for _, p := range []*sql.DB{db.readers, db.copier, db.writer} {
		if p != nil {
			errs = append(errs, p.Close())
		}
	}
	return errors.Join(errs...)
}

// Update runs do in the one transaction that may write at that time, with others that wait for it (see together.go). It waits for its turn
// for as long as ctx allows; what has begun is not interrupted, for it is short. If do returns an error, or panics, nothing of it is
// stored. What it did is durable once it has returned without error.
func (db *DB) Update(ctx context.Context, do func(engine.Tx) error) error {
	return db.together(ctx, func(t *tx) error { return do(t) })
}

// View runs do on what is stored at one moment. What do writes is refused.
func (db *DB) View(ctx context.Context, do func(engine.Tx) error) error {
	return db.within(ctx, db.readers, func(t *tx) error { return do(t) })
}

// within runs do in a transaction of a pool.
func (db *DB) within(ctx context.Context, p *sql.DB, do func(*tx) error) error {
	t, err := p.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", explain(err))
	}
	defer t.Rollback() // after a commit it does nothing
	if err := do((&tx{db: db, sql: t}).fresh()); err != nil {
		return err
	}
	if err := t.Commit(); err != nil {
		return fmt.Errorf("committing a transaction: %w", explain(err))
	}
	db.behind.committed()
	return nil
}
