package engine

import (
	"context"
	"fmt"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/github"
	"github.com/slipway-cd/slipway/app/report"
	"github.com/slipway-cd/slipway/checks"
)

// pullOfCommit is the pull request that became a commit, nil if none did. GitHub may not know it for a moment after a merge; until then
// this is an app.ErrNotYet, for a minute after the commit's run began.
func (e *Engine) pullOfCommit(ctx context.Context, repo app.Repo, c app.SHA) (*app.Pull, error) {
	var pulls []app.Pull
	var run *checks.Run
	noted, key := "", fmt.Sprintf("pull-of/%d/%s", repo.ID, c)
	err := e.Store.View(ctx, func(tx Tx) (err error) {
		if pulls, err = tx.PullsOf(repo.ID, c); err != nil {
			return err
		}
		if noted, err = tx.Note(key); err != nil {
			return err
		}
		run, err = runOf(tx, repo.ID, c)
		return err
	})
	if err != nil || len(pulls) > 0 || noted != "" {
		return first(pulls), err
	}
	found, err := e.findPull(ctx, repo, c)
	if err != nil || found != nil {
		return found, err
	}
	if run != nil && e.Clock.Now().Before(run.Opened.Add(knowPull)) {
		return nil, nil // its closing event, or the next look, will tell
	}
	return nil, e.Store.Update(ctx, func(tx Tx) error { return tx.SetNote(key, "none") })
}

func first(pulls []app.Pull) *app.Pull {
	if len(pulls) == 0 {
		return nil
	}
	return &pulls[0]
}

// findPull asks GitHub which pull request became a commit, and notes it. Whoever asked first has the comment drawn too, for what else waits to
// ask does so later.
func (e *Engine) findPull(ctx context.Context, repo app.Repo, c app.SHA) (*app.Pull, error) {
	found, err := e.GitHub.PullsOfCommit(ctx, repo, c)
	if app.KindOf(err) == app.ErrNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("finding the pull request of %s: %w", c.Short(), err)
	}
	for _, p := range found {
		if !p.Merged || p.MergeCommit != c {
			continue
		}
		pull := pullOf(repo, p)
		return &pull, e.Store.Update(ctx, func(tx Tx) error {
			if err := e.takePull(tx, repo.ID, pull, e.Clock.Now()); err != nil {
				return err
			}
			comment := app.ViewKey{Kind: app.ViewComment, Repo: repo.ID, Pull: pull.Number}
			return tx.Nudge(comment.String(), app.RepositoryAddress(repo.ID), taskShow, e.Clock.Now())
		})
	}
	return nil, nil
}

// showCommit passes a change of a commit on to the comment of its pull request, as soon as that is known.
func (e *Engine) showCommit(ctx context.Context, row Row, key app.ViewKey) (result, error) {
	run, repo, err := e.loadRun(ctx, app.RunAddress(key.Repo, key.Commit))
	if err != nil {
		return result{}, err
	}
	pull, err := e.pullOfCommit(ctx, repo, key.Commit)
	if err != nil {
		return result{}, err
	}
	if pull == nil {
		if again := run.Opened.Add(knowPull); e.Clock.Now().Before(again) {
			return result{due: e.Clock.Now().Add(knowPull / 6)}, nil
		}
		return result{}, nil
	}
	view := app.ViewKey{Kind: app.ViewComment, Repo: key.Repo, Pull: pull.Number}
	return result{write: func(tx Tx) error {
		return tx.Nudge(view.String(), app.RepositoryAddress(key.Repo), taskShow, e.Clock.Now())
	}}, nil
}

// showComment writes a pull request's one comment.
func (e *Engine) showComment(ctx context.Context, row Row, key app.ViewKey) (result, error) {
	repo, story, err := e.story(ctx, key)
	story.Said = row.GitHub != 0
	if app.KindOf(err) == app.ErrNotFound {
		return result{}, nil
	}
	if err != nil {
		return result{}, err
	}
	view, ok := report.Comment(e.scene(repo), story)
	if !ok {
		return result{}, nil
	}
	hash := digest(view)
	if hash == row.Shown {
		return result{}, nil
	}
	id, err := e.GitHub.EnsureComment(waiting(ctx), repo, view, row.GitHub, row.Tried)
	return e.wrote(row, hash, "", id, err)
}

// story is all that a pull request's comment tells of.
func (e *Engine) story(ctx context.Context, key app.ViewKey) (repo app.Repo, s report.Story, err error) {
	place := app.Place(0)
	err = e.Store.View(ctx, func(tx Tx) error {
		if repo, err = tx.Repo(key.Repo); err != nil {
			return err
		}
		if s.Pull, err = tx.Pull(key.Repo, key.Pull); err != nil {
			return err
		}
		if s.Lanes, err = tx.Lanes(key.Repo); err != nil {
			return err
		}
		if s.Run, err = runOf(tx, key.Repo, s.Pull.Head); err != nil {
			return err
		}
		if s.Altered, err = alterations(tx, key.Repo, key.Pull); err != nil {
			return err
		}
		if place, err = tx.Place(key.Repo, s.Pull.MergeCommit); err != nil || place == 0 {
			return err
		}
		s.Commit = s.Pull.MergeCommit
		s.Merged, err = runOf(tx, key.Repo, s.Commit)
		return err
	})
	if err != nil {
		return repo, s, err
	}
	if s.Pull.Open && s.Run != nil && s.Run.Planned {
		s.Preview, s.Problems, err = e.preview(ctx, repo, s.Pull)
		if err == nil {
			s.Ahead, err = e.awaited(ctx, repo, s)
		}
	}
	if err == nil && s.Commit != "" {
		err = e.outgoing(ctx, repo, &s, place)
	}
	return repo, s, err
}

// awaited is how far what an open pull request would bring is approved already, lane by lane. Whether whoever approved still may is judged after
// the merge.
func (e *Engine) awaited(ctx context.Context, repo app.Repo, s report.Story) (map[app.Address]report.Ahead, error) {
	all := map[app.Address]report.Ahead{}
	for _, l := range s.Lanes {
		if s.Pull.Base != repo.DefaultBranch || !concerns(*s.Run, l) {
			continue
		}
		q := inquiryAhead(repo, l, s.Pull)
		if err := e.storedFacts(ctx, q); err != nil {
			return nil, err
		}
		e.fileFacts(ctx, q)
		e.pin(ctx, q)
		given, err := e.earlier(ctx, q)
		if err != nil {
			return nil, err
		}
		all[l.Address()] = report.Ahead{Asks: q.facts.Gate.AsksPeople(), Doors: q.facts.Gate.Doors(), Given: given}
	}
	return all, nil
}

// preview is what the file of an open pull request would do, if the pull request adds or changes it.
func (e *Engine) preview(ctx context.Context, repo app.Repo, p app.Pull) ([]string, []app.Problem, error) {
	base, err := e.mergeBase(ctx, repo, p.BaseSHA, p.Head)
	differs := base == ""
	if err == nil && !differs {
		differs, err = e.fileDiffers(ctx, repo, base, p.Head)
	}
	if err != nil {
		return nil, nil, ignoreMissing(err)
	}
	shared := app.SHA("")
	if p.Fork && differs {
		shared = notForForks
	}
	f, err := e.fileWith(ctx, repo, p.Head, shared)
	if err != nil || f == nil {
		return nil, nil, ignoreMissing(err)
	}
	if !differs {
		return nil, f.Problems, nil
	}
	return f.Summary(), f.Problems, nil
}

// waiting marks writes for which a person waits: they go before everything else when the budget runs low.
func waiting(ctx context.Context) context.Context { return github.WithPriority(ctx, github.Waiting) }

// prioritized marks a check run's write: what a person waits for and what failed go before progress.
func prioritized(ctx context.Context, v app.CheckRun) context.Context {
	switch v.Conclusion {
	case "neutral", "action_required":
		return waiting(ctx)
	case "failure", "timed_out":
		return github.WithPriority(ctx, github.Failure)
	}
	return github.WithPriority(ctx, github.Routine)
}
