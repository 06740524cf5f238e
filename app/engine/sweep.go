package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
)

// How often the periodic work is done, and how far back it looks.
const (
	sweepEvery   = 5 * time.Minute
	sweepBack    = 3 * 24 * time.Hour // as far as GitHub redelivers
	nightlyHour  = 3                  // UTC
	keepBodies   = 7 * 24 * time.Hour
	keepIDs      = 90 * 24 * time.Hour
	nobodysRepos = app.RepoID(0) // the address of what concerns the App as a whole
)

// begin makes sure that the periodic rows are there, and that what happened while we were down is looked at first.
func (e *Engine) begin(ctx context.Context) error {
	now, at := e.Clock.Now(), app.RepositoryAddress(nobodysRepos)
	e.began = now
	err := e.Store.Update(ctx, func(tx Tx) error {
		if err := tx.Nudge(app.RowKey(at, taskSweep), at, taskSweep, now); err != nil {
			return err
		}
		if err := tx.Nudge(app.RowKey(at, taskReconcile), at, taskReconcile, now); err != nil {
			return err
		}
		return tx.Nudge(app.RowKey(at, taskNightly), at, taskNightly, tonight(now))
	})
	if err != nil {
		return fmt.Errorf("preparing the store: %w", err)
	}
	return e.adopt(ctx)
}

// tonight is the next nightly hour.
func tonight(now time.Time) time.Time {
	t := time.Date(now.Year(), now.Month(), now.Day(), nightlyHour, 0, 0, 0, time.UTC)
	if !t.After(now) {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

// adopt looks for the programs that ran when the server last ended: they hold their slots, and may have ended meanwhile.
func (e *Engine) adopt(ctx context.Context) error {
	now := e.Clock.Now()
	return e.Store.Update(ctx, func(tx Tx) error {
		running, err := tx.RunningRows()
		if err != nil {
			return err
		}
		for _, r := range running {
			e.slots.enter(r)
			if err := tx.Nudge(r.Key, r.Machine, r.Task, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// comparingFor is how long the first sweep waits at a time for what is compared with GitHub at the start, and atMost how long in all.
const (
	comparingFor = 250 * time.Millisecond
	atMost       = time.Minute
)

// comparing says whether the start is still being made up for. Of several pushes that were missed the newest is built; were each delivered
// again first, all would be.
func (e *Engine) comparing(ctx context.Context) (busy bool, err error) {
	now := e.Clock.Now()
	if !now.Before(e.began.Add(atMost)) {
		return false, nil
	}
	err = e.Store.View(ctx, func(tx Tx) error {
		mail, err := tx.Mail(1, now)
		if err != nil || len(mail) > 0 {
			busy = true
			return err
		}
		repos, err := tx.Repos()
		for _, r := range append(repos, app.Repo{ID: nobodysRepos}) {
			for _, key := range []string{reconcileKey(r.ID), syncKey(r.ID, "")} {
				row, err := tx.Row(key)
				if ignoreMissing(err) != nil {
					return err
				}
				if !row.Due.IsZero() && row.Attempts == 0 {
					busy = true
					return nil
				}
			}
		}
		return err
	})
	return busy, err
}

// sweep asks GitHub for the webhooks that it could not deliver, and to deliver again those that are not stored: GitHub lists them as failed
// after a success too.
func (e *Engine) sweep(ctx context.Context, row Row) (result, error) {
	now := e.Clock.Now()
	if busy, err := e.comparing(ctx); err != nil || busy {
		return result{due: now.Add(comparingFor)}, err
	}
	failed, err := e.GitHub.FailedDeliveries(ctx, now.Add(-sweepBack))
	if err != nil {
		return result{}, fmt.Errorf("listing webhooks that failed: %w", err)
	}
	missed := 0
	asked := map[string]bool{}
	for _, d := range failed {
		stored := false
		err := e.Store.View(ctx, func(tx Tx) (err error) {
			stored, err = tx.Delivered(d.GUID)
			return err
		})
		if err != nil {
			return result{}, err
		}
		if stored || asked[d.GUID] {
			continue
		}
		asked[d.GUID] = true
		if err := e.GitHub.Redeliver(ctx, d.ID); err != nil && !gone(err) {
			return result{}, fmt.Errorf("asking for a webhook again: %w", err)
		}
		missed++
	}
	return result{due: now.Add(sweepEvery), write: func(tx Tx) error {
		if err := tx.ForgetEvents(now.Add(-keepBodies), now.Add(-keepIDs)); err != nil || missed == 0 {
			return err
		}
		e.Log.Info("webhooks were missed and asked for again", "count", missed)
		at := app.RepositoryAddress(nobodysRepos)
		return tx.Nudge(app.RowKey(at, taskReconcile), at, taskReconcile, now)
	}}, nil
}

// Used is what must not be dropped.
type Used struct {
	Artifacts map[string]bool // digests that a lane holds or may return to
	Programs  map[string]bool // keys of deployments whose folders may be in use: what is live, and what may come back
	Now       time.Time
}

// nightly drops what nothing needs any more, packs mirrors, and compares every repository with GitHub.
func (e *Engine) nightly(ctx context.Context, row Row) (result, error) {
	now := e.Clock.Now()
	used, repos, err := e.used(ctx, now)
	if err != nil {
		return result{}, err
	}
	errs := []error{e.Housekeep(ctx, used)}
	for _, r := range repos {
		if err := e.Git.Maintain(ctx, r); err != nil {
			errs = append(errs, fmt.Errorf("packing the mirror of %s: %w", r.FullName(), err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		e.Log.Error("nightly housekeeping", "error", err) // tomorrow is another night
	}
	return result{due: tonight(now), write: func(tx Tx) error {
		at := app.RepositoryAddress(nobodysRepos)
		return tx.Nudge(app.RowKey(at, taskReconcile), at, taskReconcile, now)
	}}, nil
}

// used is what lanes hold: what waits, what is there, and every release that a rollback may bring back.
func (e *Engine) used(ctx context.Context, now time.Time) (Used, []app.Repo, error) {
	u := Used{Artifacts: map[string]bool{}, Programs: map[string]bool{}, Now: now}
	var repos []app.Repo
	err := e.Store.View(ctx, func(tx Tx) (err error) {
		if repos, err = tx.Repos(); err != nil {
			return err
		}
		lanes, err := tx.Lanes(0)
		if err != nil {
			return err
		}
		for _, l := range lanes {
			for _, p := range l.Promotions {
				u.hold(l, p)
			}
		}
		return nil
	})
	return u, repos, err
}

func (u Used) hold(l deploy.Lane, p deploy.Promotion) {
	if p.State.Ended() && p.State != deploy.Live && p.Commit != l.Last && !p.State.Again() {
		return
	}
	u.Artifacts[p.Artifact], u.Artifacts[p.Release.Artifact] = true, true
	for _, k := range []struct {
		task string
		key  app.Key
	}{{deploy.Put{}.Task(), p.Put}, {deploy.Restore{}.Task(), p.Undone}} {
		if k.key != 0 {
			u.Programs[app.RowKey(l.Address(), fmt.Sprintf("%s/%d", k.task, k.key))] = true
		}
	}
}
