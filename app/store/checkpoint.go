package store

import (
	"context"
	"database/sql"
)

// checkpointer copies what was committed from the log into the database file, beside the writer instead of in its way. The log can only
// begin anew when all of it is copied while nobody writes. So once it is long the writer is stopped, when little is left to copy.
type checkpointer struct {
	pool *sql.DB // one connection of its own
	turn turn
	due  chan struct{} // something was committed
	quit chan struct{}
	done chan struct{}
}

// Pages of the log: how many may wait to be copied, and how many there may be before it is to begin anew.
const (
	copyFrom  = 500
	beginAnew = 2000
)

func newCheckpointer(pool *sql.DB, t turn) *checkpointer {
	c := &checkpointer{pool: pool, turn: t, due: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	go c.run()
	return c
}

// committed says that the log has grown. It never waits.
func (c *checkpointer) committed() {
	select {
	case c.due <- struct{}{}:
	default:
	}
}

// close waits for what is being copied. What is not is copied when the last connection closes.
func (c *checkpointer) close() {
	close(c.quit)
	<-c.done
}

func (c *checkpointer) run() {
	defer close(c.done)
	for {
		select {
		case <-c.due:
		case <-c.quit:
			return
		}
		if l, err := c.look("PRAGMA wal_checkpoint(NOOP)"); err != nil || l.pages-l.copied < copyFrom {
			continue
		}
		l, err := c.look("PRAGMA wal_checkpoint(PASSIVE)")
		if err != nil || l.pages < beginAnew {
			continue
		}
		c.finish()
	}
}

// finish copies what is left while nobody writes.
func (c *checkpointer) finish() {
	c.turn.take()
	defer c.turn.give()
	_, _ = c.look("PRAGMA wal_checkpoint(PASSIVE)") // what can't be copied now is copied later
}

// log is how far the log and its copying are.
type log struct{ pages, copied int }

// look runs a statement that copies, or does not. If it can't copy, a full disk say, the log grows, until the writer can't write either and
// says so.
func (c *checkpointer) look(pragma string) (l log, err error) {
	var busy int
	err = c.pool.QueryRowContext(context.Background(), pragma).Scan(&busy, &l.pages, &l.copied)
	return l, err
}
