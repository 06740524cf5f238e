package engine

import (
	"context"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// Facts is on what a commit is judged now, read anew, in each lane that has it, whatever became of it there. It is an app.ErrNotFound if none has. It
// may be called at any time, also while the engine works.
func (e *Engine) Facts(ctx context.Context, at app.RepoID, commit app.SHA) (all []policies.Facts, err error) {
	var repo app.Repo
	var lanes []deploy.Lane
	err = e.Store.View(ctx, func(tx Tx) error {
		if lanes, err = tx.Lanes(at); err != nil {
			return err
		}
		repo, err = tx.Repo(at)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, l := range lanes {
		p, ok := l.Promotion(commit)
		if !ok || l.Closed {
			continue
		}
		f, err := e.factsOf(ctx, repo, l, p)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	if len(all) == 0 {
		return nil, &app.Error{Op: "reading on what " + commit.Short() + " is judged", Kind: app.ErrNotFound}
	}
	return all, nil
}
