package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// Reviews of pull requests, where a gate takes them for approvals.

// assessed stores a review, to be taken in once what has to be known is gathered. One that takes an approval back does so at once, whatever else is
// known: only what is stored counts.
func (e *Engine) assessed(tx Tx, m app.PullReviewed, now time.Time) error {
	if err := tx.SaveRepo(m.Repo, true); err != nil {
		return err
	}
	if m.State != app.ReviewApproved {
		return e.retracted(tx, m, now)
	}
	key := app.RowKey(app.RepositoryAddress(m.Repo.ID), fmt.Sprintf("%s/%d/%s", taskAssess, m.Review, m.State))
	return once(tx, m.Repo.ID, key, taskAssess, m, now)
}

// retracted takes back what came by a review: by that one if it was dismissed, by any of the reviewer's if they ask for changes.
func (e *Engine) retracted(tx Tx, m app.PullReviewed, now time.Time) error {
	source := ""
	if m.State == app.ReviewDismissed {
		source = m.Source()
	}
	pull, err := tx.Pull(m.Repo.ID, m.Pull)
	if ignoreMissing(err) != nil {
		return err
	}
	lanes, err := tx.Lanes(m.Repo.ID)
	if err != nil {
		return err
	}
	for _, l := range lanes {
		back := app.UnapprovedAhead{Pull: m.Pull, Service: l.Service, Environment: l.Environment, By: m.By, Door: app.DoorReview, Source: source}
		if err := e.takeBack(tx, m.Repo.ID, back, pull, now); err != nil {
			return err
		}
	}
	return e.showPull(tx, m.Repo.ID, m.Pull, now)
}

// stands says whether a review still approves its pull request. Only that is read from GitHub: of which commit it was is known from when it came. An
// approval counts no more once its giver asks for changes.
func (e *Engine) stands(ctx context.Context, repo app.Repo, pull int, source string, by app.Person) (bool, error) {
	all, err := e.GitHub.PullReviews(ctx, repo, pull)
	if err != nil {
		return false, fmt.Errorf("reading the reviews of #%d: %w", pull, err)
	}
	is := false
	for _, r := range all {
		switch {
		case r.By.ID != by.ID:
		case (app.PullReviewed{Review: r.ID}).Source() == source:
			is = r.State == "APPROVED"
		case r.State == "CHANGES_REQUESTED":
			is = false
		}
	}
	return is, nil
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
	q := &scenery{word: w, judges: true}
	if err := e.know(ctx, w); err != nil {
		return result{}, err
	}
	if err := e.see(ctx, q); err != nil {
		return result{}, err
	}
	switch {
	case q.pullView().Unread && e.Clock.Now().Before(m.Received.Add(planning)):
		return result{due: e.Clock.Now().Add(lookSoon)}, nil
	case m.Commit != q.pull.Head:
		return finished("of a head that was replaced"), nil
	}
	stands, err := e.stands(ctx, m.Repo, m.Pull, m.Source(), m.By)
	if err != nil || !stands {
		return finished("it does not approve any more"), err
	}
	a := policies.Asked{
		Source: w.source, Event: m.Delivery, On: m.Commit, By: m.By, Written: m.Written, Received: m.Received, Repo: m.Repo.ID, Personal: m.Repo.Personal, Pull: q.pullView(),
	}
	if a.Lanes, err = e.assessedLanes(ctx, q); err != nil || len(a.Lanes) == 0 {
		return finished("no gate asks for reviews"), err
	}
	a.Role = e.role(ctx, m.Repo, m.By)
	return finished("approved", policies.Assess(a)...), nil
}

// assessedLanes is the lanes into which the pull request brings something and whose gate takes reviews for approvals. A review may come just before
// the merge and be taken in just after it, so what it brings is shown as it was before, also of one that is merged.
func (e *Engine) assessedLanes(ctx context.Context, q *scenery) (all []policies.LaneView, err error) {
	for _, l := range q.lanes {
		if !q.brings(l) {
			continue
		}
		ask := inquiryAhead(q.repo, l, q.pull)
		if err := e.storedFacts(ctx, ask); err != nil {
			return nil, err
		}
		e.fileFacts(ctx, ask)
		if !ask.facts.Gate.Reviewable() {
			continue
		}
		p, err := e.aheadView(ctx, q, l)
		if err != nil {
			return nil, err
		}
		all = append(all, policies.LaneView{Service: l.Service, Environment: l.Environment, Promotions: []policies.PromotionView{p}})
	}
	return all, nil
}
