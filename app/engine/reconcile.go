package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/github"
)

// What is believed is compared with GitHub at start, after missed events and nightly. What differs is handled as if the event had come.

// reconcile compares one repository with GitHub, or finds out which repositories there are.
func (e *Engine) reconcile(ctx context.Context, row Row) (result, error) {
	if row.Machine.Repo == nobodysRepos {
		return e.discover(ctx)
	}
	return e.compare(ctx, row)
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

// discover finds the repositories that the App may serve, those that came while we were down too, and asks for each to be compared. Those that
// it may not serve any more are as if that had been told.
func (e *Engine) discover(ctx context.Context) (result, error) {
	var known []app.Repo // before the list is read: what comes meanwhile may not be in it
	err := e.Store.View(ctx, func(tx Tx) (err error) {
		known, err = tx.Repos()
		return err
	})
	if err != nil {
		return result{}, err
	}
	listed, err := e.list(ctx)
	if err != nil {
		return result{}, err
	}
	var letters []app.Letter
	err = e.Store.Update(ctx, func(tx Tx) error {
		letters, _, err = e.letIn(tx, listed.letters())
		return err
	})
	for _, r := range known {
		if !listed.may(r) {
			letters = append(letters, app.Letter{To: app.RepositoryAddress(r.ID), Message: app.Served{Repo: r, Installation: r.Installation, Gone: true}})
		}
	}
	return result{letters: letters, write: func(tx Tx) error { return e.showRefused(tx, nobodysRepos) }}, err
}

// listing is what GitHub lists of where the App is installed.
type listing struct {
	repos   map[app.RepoID]app.Repo
	unclear map[int64]bool // installations whose repositories could not be listed
}

func (e *Engine) list(ctx context.Context) (listing, error) {
	l := listing{repos: map[app.RepoID]app.Repo{}, unclear: map[int64]bool{}}
	installations, err := e.GitHub.Installations(ctx)
	if err != nil {
		return l, fmt.Errorf("listing installations: %w", err)
	}
	for _, i := range installations {
		if i.Suspended {
			continue
		}
		if err := e.listOne(ctx, l, i); err != nil {
			return l, fmt.Errorf("listing the repositories of %s: %w", i.Account.Login, err)
		}
	}
	return l, nil
}

func (e *Engine) listOne(ctx context.Context, l listing, i github.Installation) error {
	repos, err := e.GitHub.Repositories(ctx, i.ID)
	if err != nil && gone(err) {
		l.unclear[i.ID] = true
		return nil
	}
	for _, r := range repos {
		r.Installation = i.ID
		l.repos[r.ID] = r
	}
	return err
}

// may says whether a repository may still be served, as far as is known.
func (l listing) may(r app.Repo) bool {
	_, is := l.repos[r.ID]
	return is || l.unclear[r.Installation]
}

func (l listing) letters() (all []app.Letter) {
	for _, id := range slices.Sorted(maps.Keys(l.repos)) {
		r := l.repos[id]
		all = append(all, app.Letter{To: app.RepositoryAddress(id), Message: app.Served{Repo: r, Installation: r.Installation}})
	}
	return all
}

// showRefused tries again to show what GitHub refused, in one repository or in all.
func (e *Engine) showRefused(tx Tx, repo app.RepoID) error {
	rows, err := tx.Refused()
	if err != nil {
		return err
	}
	for _, r := range rows {
		if repo != nobodysRepos && r.Machine.Repo != repo {
			continue
		}
		if err := tx.Nudge(r.Key, r.Machine, r.Task, e.Clock.Now()); err != nil {
			return err
		}
	}
	return nil
}
