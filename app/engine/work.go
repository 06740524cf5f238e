package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
)

// result is what came of working on a row. The zero value leaves it open, idle until it is nudged.
type result struct {
	done    bool              // for ever: the key is never worked on again
	outcome string            // of what is done, for people who look into the store
	letters []app.Letter      // what was learned
	due     time.Time         // when to go on, if not done
	running bool              // its program runs: Done will nudge
	write   func(tx Tx) error // what else is to be stored with it
	keep    func(r *Row)      // what the row is to remember, also of what failed
}

// finished is a result that ends a row, with what was learned.
func finished(outcome string, letters ...app.Letter) result {
	return result{done: true, outcome: outcome, letters: letters}
}

// taking is how rows are taken now.
func (e *Engine) taking(limit int) Taking {
	now := e.Clock.Now()
	return Taking{Now: now, Limit: limit, Holder: e.Holder, Lease: now.Add(leased), Alone: true, Full: e.slots.full()}
}

// dispatch hands rows that are due to free workers, until there are none of one or the other.
func (e *Engine) dispatch(ctx context.Context) {
	for ctx.Err() == nil {
		n := len(e.free)
		if n == 0 {
			return // whoever becomes free nudges
		}
		rows := e.taken(ctx, n)
		for _, row := range rows {
			if !e.slots.enter(row) {
				e.giveBack(row)
				continue
			}
			<-e.free
			e.workers.Add(1)
			go e.work(ctx, row)
		}
		if len(rows) < n {
			return
		}
	}
}

// taken leases rows that are due.
func (e *Engine) taken(ctx context.Context, n int) (rows []Row) {
	err := e.Store.Update(ctx, func(tx Tx) (err error) {
		rows, err = tx.Take(e.taking(n))
		return err
	})
	if err != nil {
		e.complain("taking what is due", err)
		return nil
	}
	return rows
}

// giveBack returns a row for which there is no slot after all: more were due at once than there are slots.
func (e *Engine) giveBack(r Row) {
	r.Due = e.Clock.Now()
	err := e.Store.Update(context.Background(), func(tx Tx) error { return tx.Settle(r) })
	e.complain("giving a row back", err)
}

// work does one row and settles it.
func (e *Engine) work(ctx context.Context, row Row) {
	defer e.workers.Done()
	defer func() {
		e.Nudge() // for what was learned, before this worker counts as free
		e.free <- struct{}{}
		e.Nudge() // for what waits for a worker
	}()
	res, err := e.attempt(ctx, row)
	if ctx.Err() != nil && err != nil {
		err = context.Canceled // interrupted: the next start takes it up at once
	}
	e.Observe.Worked(row.Task, err != nil)
	e.remember(&row, res, err)
	if !row.Running {
		e.slots.leave(row.Key)
	}
	e.conclude(ctx, row, res, err)
}

// conclude settles a row. If what came of it can't be stored, because something else changed meanwhile or the disk is full, that is a
// failure like any other, and it is written down as soon as the store takes it: a row is never left leased.
func (e *Engine) conclude(ctx context.Context, row Row, res result, failed error) {
	err := e.settle(row, res, failed)
	for attempts := 0; err != nil; attempts++ {
		if app.KindOf(err) == app.ErrConflict && attempts > 0 {
			return // not what came of it is in conflict, but the row: somebody else holds it, and what we know is old
		}
		if app.KindOf(err) != app.ErrNotYet { // that something else came first is no fault
			e.Log.Error("settling what was worked on", "key", row.Key, "error", err)
		}
		e.remember(&row, result{running: row.Running}, err)
		if attempts > 0 && !e.pause(ctx, backoff(attempts)) {
			return // the next start finds it leased by a process that is gone
		}
		err = e.settle(row, result{}, err)
	}
}

// pause waits, and says whether it was not interrupted.
func (e *Engine) pause(ctx context.Context, d time.Duration) bool {
	fired, stop := e.Clock.Timer(e.Clock.Now().Add(d))
	defer stop()
	select {
	case <-fired:
		return true
	case <-ctx.Done():
		return false
	}
}

// attempt performs a row. A panic is that row's failure and nobody else's.
func (e *Engine) attempt(ctx context.Context, row Row) (res result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return e.perform(ctx, row)
}

// settle writes down what became of a row. It must not be given up when the server stops, so it has no context of its own.
func (e *Engine) settle(row Row, res result, failed error) error {
	return e.Store.Update(context.Background(), func(tx Tx) error {
		if err := tx.Settle(row); err != nil {
			return err
		}
		if res.write != nil && failed == nil {
			if err := res.write(tx); err != nil {
				return err
			}
		}
		return tx.Post(res.letters, e.Clock.Now())
	})
}

// remember changes a row by what came of it. Waiting is not a failed attempt, and settles nothing of one that may have been done.
func (e *Engine) remember(row *Row, res result, failed error) {
	now := e.Clock.Now()
	if failed == nil {
		row.Attempts, row.Reason, row.Outcome, row.Due, row.Running = 0, "", res.outcome, res.due, res.running
		if res.done {
			row.State, row.Due, row.Tried = RowDone, time.Time{}, false
		}
		if res.keep != nil {
			res.keep(row)
		}
		return
	}
	row.State, row.Reason, row.Tried = RowOpen, failed.Error(), true
	if res.keep != nil {
		res.keep(row)
	}
	switch until := app.RetryAt(failed); {
	case until.After(now):
		row.Due = until
	case app.KindOf(failed) == app.ErrNotYet:
		row.Due = now.Add(time.Second)
	case errors.Is(failed, context.Canceled):
		row.Due = now
	default:
		row.Due = now.Add(backoff(row.Attempts))
		row.Attempts++
		e.Log.Warn("to be tried again", "key", row.Key, "attempt", row.Attempts, "due", row.Due, "error", failed)
	}
}

// settling is how long after a start GitHub's lists may not yet hold what was written just before the process that wrote it ended.
const settling = 2 * time.Second

// unsettled is what to do of a write that may have been done, and may not be listed yet: to look a little later.
func (e *Engine) unsettled(row Row) (result, bool) {
	until := e.began.Add(settling)
	if !row.Tried || !isWrite(row.Task) || !e.Clock.Now().Before(until) {
		return result{}, false
	}
	return result{due: until}, true
}

// perform does what a row asks for. A want that its machine does not have any more is left alone.
func (e *Engine) perform(ctx context.Context, row Row) (result, error) {
	if later, is := e.unsettled(row); is {
		return later, nil
	}
	switch row.Task {
	case taskShow:
		return e.show(ctx, row)
	case taskStop:
		return e.stop(ctx, row)
	case taskSync:
		return e.sync(ctx, row)
	case taskCommand:
		return e.command(ctx, row)
	case taskAnswer:
		return e.answer(ctx, row)
	case taskAssess:
		return e.assess(ctx, row)
	case taskProtect:
		return e.protect(ctx, row)
	case taskSweep:
		return e.sweep(ctx, row)
	case taskReconcile:
		return e.reconcile(ctx, row)
	case taskNightly:
		return e.nightly(ctx, row)
	}
	if row.Machine.Kind == app.KindRun {
		return e.performRun(ctx, row)
	}
	return e.performLane(ctx, row)
}

func (e *Engine) performRun(ctx context.Context, row Row) (result, error) {
	run, repo, err := e.loadRun(ctx, row.Machine)
	if err != nil {
		return result{}, err
	}
	task, ok := found(row, checks.Wants(run))
	if !ok {
		return finished("not wanted any more"), nil
	}
	switch t := task.(type) {
	case checks.Read:
		return e.read(ctx, repo, run, t)
	case checks.Execute:
		return e.execute(ctx, row, repo, t)
	case checks.Look:
		return e.look(ctx, row, repo, t)
	}
	return result{}, fmt.Errorf("a run wants %q, which nobody does", row.Task)
}

func (e *Engine) performLane(ctx context.Context, row Row) (result, error) {
	lane, repo, err := e.loadLane(ctx, row.Machine)
	if err != nil {
		return result{}, err
	}
	task, ok := found(row, deploy.Wants(lane))
	if !ok {
		return finished("not wanted any more"), nil
	}
	switch t := task.(type) {
	case deploy.Gather:
		return e.gather(ctx, repo, lane, t)
	case deploy.Put:
		return e.put(ctx, row, repo, lane, t)
	case deploy.Request:
		return e.request(ctx, row, repo, lane, t)
	case deploy.Restore:
		return e.restore(ctx, row, repo, lane, t)
	case deploy.Watch:
		return e.watch(ctx, row, t)
	case deploy.Wake:
		return finished("awake", app.Letter{To: row.Machine, Message: app.Changed{Commit: t.Commit}}), nil
	case deploy.Lapse:
		return finished("lapsed", app.Letter{To: row.Machine, Message: deploy.Lapsed(t)}), nil
	case deploy.Notify:
		return e.notify(ctx, row, repo, lane, t)
	}
	return result{}, fmt.Errorf("a lane wants %q, which nobody does", row.Task)
}

// loadRun reads a run and its repository at one moment.
func (e *Engine) loadRun(ctx context.Context, at app.Address) (run checks.Run, repo app.Repo, err error) {
	err = e.Store.View(ctx, func(tx Tx) error {
		if run, _, err = tx.Run(at.Repo, at.Commit); err != nil {
			return err
		}
		repo, err = tx.Repo(at.Repo)
		return err
	})
	return run, repo, err
}

// loadLane reads a lane and its repository at one moment.
func (e *Engine) loadLane(ctx context.Context, at app.Address) (lane deploy.Lane, repo app.Repo, err error) {
	err = e.Store.View(ctx, func(tx Tx) error {
		if lane, _, err = tx.Lane(at); err != nil {
			return err
		}
		repo, err = tx.Repo(at.Repo)
		return err
	})
	return lane, repo, err
}
