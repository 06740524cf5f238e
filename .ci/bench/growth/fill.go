package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
	"github.com/slipway-cd/slipway/app/store"
	"github.com/slipway-cd/slipway/checks"

	"github.com/slipway-cd/slipway/.ci/bench/instant"
)

// past is what years have left in a database: events that are settled, and of every tenth what it caused, a run, three rows and a note. All
// of it belongs to the very repositories that are measured.
type past struct {
	events, body, repos int
	at                  time.Time
}

// clock stands still in the past.
func (p past) Now() time.Time { return p.at }

// Timer never fires: nothing waits while a database is filled.
func (p past) Timer(time.Time) (<-chan time.Time, func()) { return nil, func() {} }

// each is how many events cause a run.
const each = 10

// fill makes a database with a past.
func (p past) fill(ctx context.Context, path string) (err error) {
	db, err := store.Open(ctx, store.Options{Path: path, Clock: p})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := p.deliveries(ctx, db); err != nil {
		return fmt.Errorf("storing events: %w", err)
	}
	if err := p.consequences(ctx, db); err != nil {
		return fmt.Errorf("storing what they caused: %w", err)
	}
	return nil
}

// deliveries stores events, many at a time, as the intake does.
func (p past) deliveries(ctx context.Context, db *store.DB) error {
	body := append([]byte(`{"padding": "`), bytes.Repeat([]byte("x"), max(p.body-15, 0))...)
	body = append(body, `"}`...)
	var next atomic.Int64
	var all sync.WaitGroup
	failed := make(chan error, 1)
	for range 512 {
		all.Go(func() {
			for n := next.Add(1); n <= int64(p.events); n = next.Add(1) {
				e := app.Event{Delivery: fmt.Sprintf("past-%012d", n), Name: "status", Body: body, Received: p.at}
				if err := db.Ignore(ctx, e, "slipway does nothing with status events"); err != nil {
					select {
					case failed <- err:
					default:
					}
					return
				}
				if n%100_000 == 0 {
					fmt.Fprintf(os.Stderr, "\r%d events stored ", n)
				}
			}
		})
	}
	all.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// consequences stores runs, rows and notes, a thousand events' in a transaction.
func (p past) consequences(ctx context.Context, db *store.DB) error {
	const step = 1000
	for from := 0; from < p.events; from += step {
		err := db.Update(ctx, func(tx engine.Tx) error {
			for n := from; n < min(from+step, p.events); n += each {
				if err := p.consequence(tx, n); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if from%100_000 == 0 {
			fmt.Fprintf(os.Stderr, "\rof %d events stored what they caused ", min(from+step, p.events))
		}
	}
	fmt.Fprintln(os.Stderr)
	return nil
}

func (p past) consequence(tx engine.Tx, n int) error {
	run := p.run(n)
	if err := tx.SaveRun(run, 0); err != nil {
		return err
	}
	for i := range 3 {
		key := app.RowKey(run.Address(), fmt.Sprintf("execute/%d", i+1))
		if err := tx.Want(key, run.Address(), "execute", p.at); err != nil {
			return err
		}
		if err := tx.Unwant(key); err != nil {
			return err
		}
	}
	return tx.SetNote(fmt.Sprintf("past/%d", n), "answered")
}

// run is a pull request's run that passed.
func (p past) run(n int) checks.Run {
	spec := checks.Spec{Name: "test", Run: "make test", Timeout: time.Hour}
	return checks.Run{
		Repo: instant.RepoID(n % p.repos), Commit: instant.SHA(n%p.repos, int64(1<<29+n)), State: checks.Green, Asked: 2, Planned: true, Round: 1,
		Causes: []checks.Cause{{Kind: checks.PullRequest, Pull: 1<<20 + n}},
		Plan:   checks.Plan{Checks: []checks.Spec{spec}, Services: []checks.Service{{Environments: []string{instant.Environment}}}},
		Checks: []checks.Check{{
			Spec: spec, State: checks.Passed, Key: 2, Began: p.at, Ended: p.at, Status: app.Status{Outcome: app.Succeeded, Began: p.at, Ended: p.at},
		}},
		Opened: p.at, Ended: p.at,
	}
}
