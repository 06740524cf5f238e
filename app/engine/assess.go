package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// Reviews of pull requests, where a gate takes them for approvals.

// assessed stores a review, to be taken in once what has to be known is gathered.
func (e *Engine) assessed(tx Tx, m app.PullReviewed, now time.Time) error {
	if err := tx.SaveRepo(m.Repo, true); err != nil {
		return err
	}
	key := app.RowKey(app.RepositoryAddress(m.Repo.ID), fmt.Sprintf("%s/%d/%s", taskAssess, m.Review, m.State))
	return once(tx, m.Repo.ID, key, taskAssess, m, now)
}

// planning is how long a pull request's head may take to be read before a review of it counts for nothing.
const planning = 10 * time.Minute

// assess takes a review in. What it is worth is decided by the gates of the lanes into which the pull request brings something.
func (e *Engine) assess(ctx context.Context, row Row) (result, error) {
	var m app.PullReviewed
	err := e.Store.View(ctx, func(tx Tx) error {
		text, err := tx.Note(row.Key)
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(text), &m)
	})
	if err != nil {
		return result{}, fmt.Errorf("reading a review: %w", err)
	}
	w := word{repo: m.Repo, source: m.Source(), door: app.DoorReview, by: m.By, pull: m.Pull, commit: m.Commit, written: m.Written, received: m.Received}
	q := &scenery{word: w, judges: m.State == app.ReviewApproved}
	if err := e.know(ctx, w); err != nil {
		return result{}, err
	}
	if err := e.see(ctx, q); err != nil {
		return result{}, err
	}
	approves := m.State == app.ReviewApproved
	if approves && q.pullView().Unread && e.Clock.Now().Before(m.Received.Add(planning)) {
		return result{due: e.Clock.Now().Add(lookSoon)}, nil
	}
	if approves && m.Commit != q.pull.Head {
		return finished("of a head that was replaced"), nil
	}
	a := policies.Asked{
		Source: w.source, On: m.Commit, By: m.By, Written: m.Written, Received: m.Received, Repo: m.Repo.ID, Personal: m.Repo.Personal, Pull: q.pullView(),
	}
	if approves {
		a.Role = e.role(ctx, m.Repo, m.By)
	}
	if a.Lanes, err = e.assessedLanes(ctx, q); err != nil {
		return result{}, err
	}
	letters := policies.Assess(a, m.State)
	return finished(strings.ReplaceAll(string(m.State), "_", " "), letters...), nil
}

// assessedLanes is the lanes into which the pull request brings something. A review may come just before the merge and be taken in just after it,
// so what it brings is shown as it was before, also of one that is merged.
func (e *Engine) assessedLanes(ctx context.Context, q *scenery) (all []policies.LaneView, err error) {
	for _, l := range q.lanes {
		view, err := e.laneView(ctx, q, l)
		if err != nil {
			return nil, err
		}
		if q.brings(l) {
			p, err := e.aheadView(ctx, q, l)
			if err != nil {
				return nil, err
			}
			view.Promotions = append(view.Promotions, p)
		}
		all = append(all, view)
	}
	return all, nil
}
