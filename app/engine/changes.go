package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/git"
	"github.com/slipway-cd/slipway/policies"
)

// What goes out with a promotion, for the rules that count for some changes only.

// timeFacts is what the clock is held against: since when an earlier environment does well with the commit, and since when it waits here.
func (e *Engine) timeFacts(ctx context.Context, q *inquiry) {
	for _, p := range q.lane.Promotions {
		if p.Commit.SHA == q.ask.Commit.SHA && (p.Key == q.ask.Key || p.Again == q.ask.Key) {
			q.facts.Arrived = p.Arrived
		}
	}
	q.facts.GoodSince = map[string]app.Fact[time.Time]{}
	for _, env := range q.facts.Gate.After() {
		if q.facts.Gate.Soak(env) == 0 {
			continue
		}
		before, _, err := e.loadLane(ctx, app.LaneAddress(q.repo.ID, q.lane.Service, env))
		since, ok := before.GoodSince(q.ask.Commit)
		switch {
		case err != nil:
			q.facts.GoodSince[env] = app.Unknown[time.Time](e.unread(err))
		case !ok:
			q.facts.GoodSince[env] = app.Unknown[time.Time]("it is not good there")
		default:
			q.facts.GoodSince[env] = app.Known(since, q.facts.Now)
		}
	}
}

// changeFacts is what changes with the commit since what is live; read only where the gate asks.
func (e *Engine) changeFacts(ctx context.Context, q *inquiry) {
	needs := q.facts.Gate.Needs()
	if slices.Contains(needs, policies.NeedPaths) {
		paths, err := e.changedPaths(ctx, q)
		q.facts.Paths = app.Known(paths, q.facts.Now)
		if err != nil {
			q.facts.Paths = app.Unknown[[]string](e.unread(err))
		}
	}
	if slices.Contains(needs, policies.NeedChanges) {
		changes, err := e.pullChanges(ctx, q)
		q.facts.Changes = app.Known(changes, q.facts.Now)
		if err != nil {
			q.facts.Changes = app.Unknown[[]policies.Change](e.unread(err))
		}
	}
}

// changedPaths is the files that differ from what is live.
func (e *Engine) changedPaths(ctx context.Context, q *inquiry) ([]string, error) {
	if q.base == "" {
		return nil, errors.New("nothing was released here before, so all is new")
	}
	paths, err := e.Git.Changed(ctx, q.repo, q.base, q.ask.Commit.SHA)
	if err != nil {
		return nil, fmt.Errorf("listing the files that change: %w", err)
	}
	return paths, nil
}

// pullChanges is the pull requests that go out, as GitHub describes them now. If a commit came without any, nobody can say what its labels are.
func (e *Engine) pullChanges(ctx context.Context, q *inquiry) ([]policies.Change, error) {
	commits, err := e.goingOut(ctx, q)
	if err != nil {
		return nil, err
	}
	numbers := map[int]bool{}
	var all []policies.Change
	for _, c := range commits {
		pulls, err := e.pullsThatBrought(ctx, q.repo, c.SHA)
		if err != nil {
			return nil, err
		}
		if len(pulls) == 0 {
			return nil, fmt.Errorf("commit %s came without a pull request", c.SHA.Short())
		}
		for _, p := range pulls {
			if numbers[p.Number] {
				continue
			}
			numbers[p.Number] = true
			now, err := e.GitHub.Pull(ctx, q.repo, p.Number)
			if err != nil {
				return nil, fmt.Errorf("reading the labels of #%d: %w", p.Number, err)
			}
			all = append(all, policies.Change{Pull: p.Number, Labels: now.Labels, Author: now.Author.Login, Branch: now.HeadRef})
		}
	}
	return all, nil
}

// goingOut is the commits that go out since what is live, ancestors first; where nothing was ever released, this one and not all of history.
func (e *Engine) goingOut(ctx context.Context, q *inquiry) ([]git.Change, error) {
	commits, err := e.Git.Changes(ctx, q.repo, q.base, q.ask.Commit.SHA)
	if err != nil {
		return nil, fmt.Errorf("listing what goes out: %w", err)
	}
	if q.base == "" && len(commits) > 0 {
		commits = commits[len(commits)-1:]
	}
	return commits, nil
}

// relabeled has the lanes that wait look again: a label may count for their windows and approvals.
func (e *Engine) relabeled(tx Tx, m app.Relabeled, now time.Time) error {
	if err := tx.SaveRepo(m.Repo, true); err != nil {
		return err
	}
	lanes, err := tx.Lanes(m.Repo.ID)
	if err != nil {
		return err
	}
	var letters []app.Letter
	for _, l := range lanes {
		if l.Waits() {
			letters = append(letters, app.Letter{To: l.Address(), Message: app.Changed{}})
		}
	}
	return tx.Post(letters, now)
}
