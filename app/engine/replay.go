package engine

import (
	"bytes"
	"context"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/audit"
	"github.com/slipway-cd/slipway/app/config"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/policies"
)

// The bounds of a replay: how many decisions are judged again, and how many that differ are listed.
const (
	replayed = 500
	differs  = 50
)

// replay judges the newest recorded decisions again by a file that a pull request changes. It says nothing where there is nothing to say.
func (e *Engine) replay(ctx context.Context, repo app.Repo, f *config.File) (r checks.Replay, err error) {
	again := audit.Replay{Gate: func(service, environment string) (policies.Policy, bool) {
		env, ok := f.Environment(service, environment)
		return env.Policy, ok
	}}
	err = e.Store.View(ctx, func(tx Tx) error {
		rows, err := tx.Decisions(repo.ID, replayed)
		for _, row := range rows {
			if err := again.Next(row); err != nil {
				return err
			}
		}
		return err
	})
	if err != nil || again.Judged == 0 {
		return r, err
	}
	r.Summary, r.Looser = again.Summary(), again.Loosened()
	for i, d := range again.Sorted() {
		if i == differs {
			r.More = len(again.Differ) - i
			break
		}
		was := d.Receipt
		r.Differ = append(r.Differ, checks.Differs{
			Lane: app.LaneName(was.Service, was.Environment), Commit: was.Commit, At: was.At,
			Was: was.Decision.Verdict.String() + ": " + was.Decision.Sentence(), Is: d.Is.Verdict.String() + ": " + d.Is.Sentence(),
		})
	}
	return r, nil
}

// changesFile says whether a pull request, or a merge group, changes the file.
func (e *Engine) changesFile(ctx context.Context, repo app.Repo, run checks.Run) (bool, error) {
	for _, cause := range run.Causes {
		if cause.Kind == checks.Push {
			continue
		}
		if err := e.fetch(ctx, repo, run.Commit); err != nil {
			return false, err
		}
		base, err := e.mergeBase(ctx, repo, cause.Base, run.Commit)
		if err != nil {
			return false, err
		}
		if base == "" { // the two share nothing, so all of it is new
			return true, nil
		}
		was, err := e.Git.File(ctx, repo, base, config.Path)
		if err != nil && app.KindOf(err) != app.ErrNotFound {
			return false, err
		}
		is, err := e.Git.File(ctx, repo, run.Commit, config.Path)
		if err != nil && app.KindOf(err) != app.ErrNotFound {
			return false, err
		}
		if !bytes.Equal(was, is) {
			return true, nil
		}
	}
	return false, nil
}
