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

// sweep asks GitHub for the webhooks that it could not deliver, and to deliver again those that are not stored: GitHub lists them as failed
// after a success too.
func (e *Engine) sweep(ctx context.Context, row Row) (result, error) {
	now := e.Clock.Now()
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

// reconcile compares one repository with GitHub, or finds out which repositories there are.
func (e *Engine) reconcile(ctx context.Context, row Row) (result, error) {
	if row.Machine.Repo == nobodysRepos {
		return e.discover(ctx)
	}
	return e.compare(ctx, row)
}

// discover finds the repositories that the App may serve, those that came while we were down too, and asks for each to be compared.
func (e *Engine) discover(ctx context.Context) (result, error) {
	installations, err := e.GitHub.Installations(ctx)
	if err != nil {
		return result{}, fmt.Errorf("listing installations: %w", err)
	}
	var letters []app.Letter
	for _, i := range installations {
		if i.Suspended {
			continue
		}
		repos, err := e.GitHub.Repositories(ctx, i.ID)
		if gone(err) && err != nil {
			continue
		}
		if err != nil {
			return result{}, fmt.Errorf("listing the repositories of %s: %w", i.Account.Login, err)
		}
		for _, r := range repos {
			letters = append(letters, app.Letter{To: app.RepositoryAddress(r.ID), Message: app.Served{Repo: r, Installation: i.ID}})
		}
	}
	err = e.Store.Update(ctx, func(tx Tx) (err error) {
		letters, _, err = e.letIn(tx, letters)
		return err
	})
	return result{letters: letters}, err
}

// compare says what GitHub shows now as if the events had come: open pull requests, those that were closed, and the default branch.
func (e *Engine) compare(ctx context.Context, row Row) (result, error) {
	repo, _, err := e.repoAndTip(ctx, row.Machine.Repo)
	if err != nil {
		return result{}, err
	}
	described, err := e.GitHub.Repository(ctx, repo)
	if app.KindOf(err) == app.ErrNotFound { // not when we are denied: a wrong key or clock takes nothing from anybody
		return result{letters: []app.Letter{{To: row.Machine, Message: app.Served{Repo: repo, Gone: true}}}}, nil
	}
	if err != nil {
		return result{}, fmt.Errorf("reading %s: %w", repo.FullName(), err)
	}
	letters, err := e.comparePulls(ctx, described)
	if err != nil {
		return result{}, err
	}
	return result{letters: letters, write: func(tx Tx) error {
		if err := tx.SaveRepo(described, true); err != nil {
			return err
		}
		return tx.Nudge(syncKey(described.ID, ""), row.Machine, taskSync, e.Clock.Now())
	}}, nil
}

func (e *Engine) comparePulls(ctx context.Context, repo app.Repo) ([]app.Letter, error) {
	open, err := e.GitHub.OpenPulls(ctx, repo)
	if err != nil {
		return nil, fmt.Errorf("listing the pull requests of %s: %w", repo.FullName(), err)
	}
	to, letters, is := app.RepositoryAddress(repo.ID), []app.Letter(nil), map[int]bool{}
	for _, p := range open {
		is[p.Number] = true
		letters = append(letters, app.Letter{To: to, Message: app.PullChanged{Repo: repo, Pull: pullOf(repo, p)}})
	}
	var believed []app.Pull
	err = e.Store.View(ctx, func(tx Tx) (err error) {
		believed, err = tx.OpenPulls(repo.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, p := range believed {
		if is[p.Number] {
			continue
		}
		now, err := e.GitHub.Pull(ctx, repo, p.Number)
		if err != nil {
			return nil, fmt.Errorf("reading #%d of %s: %w", p.Number, repo.FullName(), err)
		}
		letters = append(letters, app.Letter{To: to, Message: app.PullChanged{Repo: repo, Pull: pullOf(repo, now)}})
	}
	return letters, nil
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
