package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/report"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
)

// outgoing is what goes out with a pull request's commit, lane by lane, since what is live there; or with which newer commit it went.
func (e *Engine) outgoing(ctx context.Context, repo app.Repo, s *report.Story, place app.Place) error {
	s.Outgoing, s.Carried, s.Elsewhere = map[app.Address]report.Outgoing{}, map[app.Address]app.SHA{}, map[app.Address]int{}
	for _, l := range s.Lanes {
		p, ok := l.Promotion(s.Commit)
		by := p.By.SHA
		if !ok {
			carrier, err := e.carrier(ctx, repo, l, s.Merged, place)
			if err != nil {
				return err
			}
			if by = carrier; by != "" {
				s.Carried[l.Address()] = by
			}
		}
		if by != "" {
			if pull, err := e.pullOfCommit(ctx, repo, by); err == nil && pull != nil {
				s.Elsewhere[l.Address()] = pull.Number
			}
		}
		if !ok {
			continue
		}
		from := l.Live.SHA
		if p.Put != 0 {
			from = p.Release.Previous
		}
		out, err := e.between(ctx, repo, from, s.Commit)
		if err != nil {
			return err
		}
		s.Outgoing[l.Address()] = report.Outgoing{Pulls: out.pulls, Alone: len(out.alone)}
	}
	return nil
}

// carrier is the first commit that was put into a lane and contains one that never came there, for its checks did not pass; "" if none was.
func (e *Engine) carrier(ctx context.Context, repo app.Repo, l deploy.Lane, r *checks.Run, place app.Place) (app.SHA, error) {
	if !leftOut(r, l) {
		return "", nil
	}
	for _, p := range l.Promotions {
		if p.Put == 0 || p.Commit.Place <= place {
			continue
		}
		is, err := e.Git.Contains(ctx, repo, p.Commit.SHA, r.Commit)
		if err != nil && app.KindOf(err) != app.ErrNotFound {
			return "", fmt.Errorf("looking for what went out with %s: %w", r.Commit.Short(), err)
		}
		if is {
			return p.Commit.SHA, nil
		}
	}
	return "", nil
}

// leftOut says that a commit concerns a lane and never came there, for its run ended without being green for the service.
func leftOut(r *checks.Run, l deploy.Lane) bool {
	if r == nil || !r.State.Ended() || r.Green(l.Service) {
		return false
	}
	if _, came := l.Promotion(r.Commit); came {
		return false
	}
	unread := func(p app.Problem) bool { return p.Service == "" } // such a file does not say whom the commit concerns
	concerned := func(s checks.Service) bool { return s.Name == l.Service }
	return slices.ContainsFunc(r.Plan.Problems, unread) || slices.ContainsFunc(r.Plan.Services, concerned)
}

// sent is what goes out with a commit: the pull requests that we know to have become one, and the commits that were pushed without any.
type sent struct {
	pulls []app.Pull
	alone []app.SHA
}

// between is what goes out between two commits.
func (e *Engine) between(ctx context.Context, repo app.Repo, from, to app.SHA) (out sent, err error) {
	if from == "" || from == to {
		return out, nil
	}
	commits, err := e.Git.Since(ctx, repo, []app.SHA{from}, to)
	if err != nil {
		return out, fmt.Errorf("listing what goes out: %w", err)
	}
	known := []app.SHA{from}
	var pushes []push
	err = e.Store.View(ctx, func(tx Tx) error {
		pushed := false // the last of our landmarks was a push
		for _, c := range commits {
			pulls, err := tx.PullsOf(repo.ID, c)
			if err != nil {
				return err
			}
			run, err := runOf(tx, repo.ID, c)
			switch {
			case err != nil:
				return err
			case len(pulls) > 0:
				out.pulls, known, pushed = append(out.pulls, pulls...), append(known, c), false
			case run == nil || run.Place() == 0: // inside a push, or of a pull request's branch
			case pushed:
				pushes[len(pushes)-1].head = c
			default:
				pushes, pushed = append(pushes, push{slices.Clone(known), c}), true
			}
		}
		return nil
	})
	for _, p := range pushes {
		brought, since := e.Git.Since(ctx, repo, p.known, p.head)
		if since != nil {
			return out, fmt.Errorf("listing what was pushed up to %s: %w", p.head.Short(), since)
		}
		out.alone = append(out.alone, brought...)
	}
	return out, err
}

// push is one push without a pull request, or several one after the other: the newest head, and what was on the branch before.
type push struct {
	known []app.SHA
	head  app.SHA
}

// carried has the comments of pull requests drawn anew whose commits go out with a promotion and that its lane never heard of: nothing else
// would tell them.
func (e *Engine) carried(ctx context.Context, repo app.Repo, l deploy.Lane, p deploy.Promotion) (func(tx Tx) error, error) {
	out, err := e.between(ctx, repo, p.Release.Previous, p.Commit.SHA)
	if ignoreMissing(err) != nil {
		return nil, err
	}
	return func(tx Tx) error {
		for _, pull := range out.pulls {
			run, err := runOf(tx, repo.ID, pull.MergeCommit)
			if err != nil {
				return err
			}
			if !leftOut(run, l) {
				continue
			}
			view := app.ViewKey{Kind: app.ViewComment, Repo: repo.ID, Pull: pull.Number}
			if err := tx.Nudge(view.String(), app.RepositoryAddress(repo.ID), taskShow, e.Clock.Now()); err != nil {
				return err
			}
		}
		return nil
	}, nil
}
