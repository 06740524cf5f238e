package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/git"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// What goes out with a promotion, for the rules that count for some changes only.

// changeFacts is what changes with the commit since what is live; read only where the gate asks.
func (e *Engine) changeFacts(ctx context.Context, q *inquiry) {
	needs := q.facts.Gate.Needs()
	if slices.Contains(needs, policies.NeedPaths) {
		paths, err := e.changedPaths(ctx, q)
		q.facts.Paths = fact(e, q, paths, err)
	}
	if slices.Contains(needs, policies.NeedChanges) {
		changes, err := e.pullChanges(ctx, q)
		q.facts.Changes = fact(e, q, changes, err)
	}
}

// changedPaths is the files that differ from what is live.
func (e *Engine) changedPaths(ctx context.Context, q *inquiry) ([]string, error) {
	if q.base == "" {
		return nil, errors.New("nothing was released here before, so all is new")
	}
	return e.filesSince(ctx, q, q.base)
}

// filesSince is the files that differ from a commit; "" is before all there is. Of an open pull request those that it changes are among them.
func (e *Engine) filesSince(ctx context.Context, q *inquiry, from app.SHA) ([]string, error) {
	paths, err := e.Git.Changed(ctx, q.repo, from, q.reaches())
	if err != nil {
		return nil, fmt.Errorf("listing the files that change: %w", err)
	}
	if q.ahead == nil {
		return paths, nil
	}
	base, err := e.mergeBase(ctx, q.repo, q.tip, q.ahead.Head)
	if err != nil {
		return nil, fmt.Errorf("looking for where #%d begins: %w", q.ahead.Number, err)
	}
	own, err := e.Git.Changed(ctx, q.repo, base, q.ahead.Head)
	if err != nil {
		return nil, fmt.Errorf("listing the files of #%d: %w", q.ahead.Number, err)
	}
	paths = slices.Concat(paths, own)
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// pullChanges is the pull requests that go out, as GitHub describes them now. If a commit came without any, nobody can say what its labels are.
func (e *Engine) pullChanges(ctx context.Context, q *inquiry) ([]policies.Change, error) {
	commits, err := e.goingOut(ctx, q)
	if err != nil {
		return nil, err
	}
	var numbers []int
	if q.ahead != nil {
		numbers = append(numbers, q.ahead.Number)
	}
	for _, c := range commits {
		pulls, err := e.pullsThatBrought(ctx, q.repo, c.SHA)
		if err != nil {
			return nil, err
		}
		if len(pulls) == 0 {
			return nil, fmt.Errorf("commit %s came without a pull request", c.SHA.Short())
		}
		for _, p := range pulls {
			if !slices.Contains(numbers, p.Number) {
				numbers = append(numbers, p.Number)
			}
		}
	}
	var all []policies.Change
	for _, n := range numbers {
		now, err := e.GitHub.Pull(ctx, q.repo, n)
		if err != nil {
			return nil, fmt.Errorf("reading the labels of #%d: %w", n, err)
		}
		all = append(all, policies.Change{Pull: n, Labels: now.Labels, Author: now.Author.Login, Branch: now.HeadRef})
	}
	return all, nil
}

// goingOut is the commits of the default branch that go out since what is live, ancestors first; where nothing was ever released, this one and
// not all of history. Those of an open pull request are not among them.
func (e *Engine) goingOut(ctx context.Context, q *inquiry) ([]git.Change, error) {
	if q.base == "" && q.ahead != nil {
		return nil, nil
	}
	commits, err := e.Git.Changes(ctx, q.repo, q.base, q.reaches())
	if err != nil {
		return nil, fmt.Errorf("listing what goes out: %w", err)
	}
	return commits, nil
}

// relabeled has the lanes that wait look again: a label may count for their windows and approvals.
func (e *Engine) relabeled(tx Tx, m app.Relabeled, now time.Time) error {
	if err := tx.SaveRepo(m.Repo, true); err != nil {
		return err
	}
	pull, err := tx.Pull(m.Repo.ID, m.Pull)
	if err == nil && pull.Open {
		return nil // it goes out nowhere yet
	}
	if ignoreMissing(err) != nil {
		return err
	}
	place, err := tx.Place(m.Repo.ID, pull.MergeCommit)
	if err != nil {
		return err
	}
	lanes, err := tx.Lanes(m.Repo.ID)
	if err != nil {
		return err
	}
	var letters []app.Letter
	for _, l := range lanes {
		carries := func(p deploy.Promotion) bool { return p.State.Waits() && p.Commit.Place >= place }
		if slices.ContainsFunc(l.Promotions, carries) {
			letters = append(letters, app.Letter{To: l.Address(), Message: app.Changed{}})
		}
	}
	return tx.Post(letters, now)
}
