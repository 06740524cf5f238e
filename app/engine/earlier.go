package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/config"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// What became of the approvals that were given before a merge: they come into the lane with the commit if it is, for them, what was approved.

// earlierFacts is the approvals that were given before the merge. Of a promotion those that count are to be carried into its lane; of an open
// pull request they are its approvals. Those that do not count are told of.
func (e *Engine) earlierFacts(ctx context.Context, q *inquiry) error {
	e.pin(ctx, q)
	if !q.asksPeople() {
		return nil
	}
	earlier, err := e.earlier(ctx, q)
	for _, g := range earlier {
		switch {
		case g.Drift.None() && q.ahead == nil:
			q.carried = append(q.carried, g.Approval)
		case g.Drift.None():
			q.facts.Approvals = append(q.facts.Approvals, e.approval(ctx, q, g.Approval))
		default:
			q.facts.Earlier = append(q.facts.Earlier, g)
		}
	}
	return err
}

// pin is what an approval that is given now is for.
func (e *Engine) pin(ctx context.Context, q *inquiry) {
	q.facts.Pin = app.Pin{Commit: q.ask.Commit.SHA, Head: q.tip, Shared: q.facts.Gate.HeadShared.Commit, Live: q.base, Artifact: q.release.Artifact}
	if tree, err := e.Git.Tree(ctx, q.repo, q.ask.Commit.SHA); err == nil { // else the commit's name says it
		q.facts.Pin.Tree = tree
	}
}

// earlier is what was given ahead for a commit, and what became of what it was for.
func (e *Engine) earlier(ctx context.Context, q *inquiry) (all []policies.Earlier, err error) {
	given, err := e.givenAhead(ctx, q)
	for _, g := range given {
		all = append(all, policies.Earlier{Approval: g.Approval, Drift: e.drift(ctx, q, g.pull, g.Pin)})
	}
	return all, err
}

// given is an approval that was given ahead, with its pull request.
type given struct {
	app.Approval
	pull app.Pull
}

// givenAhead is what was given ahead for a commit in a lane. An approval is for one attempt, so a commit that is tried again has none.
func (e *Engine) givenAhead(ctx context.Context, q *inquiry) (all []given, err error) {
	if q.ahead == nil && attempts(q.lane, q.ask.Commit.SHA) > 1 {
		return nil, nil
	}
	if q.ahead == nil {
		// Its merge may not have been told of yet. Who can't be asked now is heard later: then the lane looks again.
		if _, err := e.pullOfCommit(ctx, q.repo, q.ask.Commit.SHA); err != nil {
			e.unread(err)
		}
	}
	err = e.Store.View(ctx, func(tx Tx) error {
		pulls, err := tx.PullsOf(q.repo.ID, q.ask.Commit.SHA)
		if q.ahead != nil {
			pulls = []app.Pull{*q.ahead}
		}
		for _, p := range pulls {
			list, err := loadAhead(tx, q.repo.ID, p.Number)
			if err != nil {
				return err
			}
			for _, a := range list {
				if a.Service == q.lane.Service && a.Environment == q.lane.Environment {
					all = append(all, given{a.Approval, p})
				}
			}
		}
		return err
	})
	return all, err
}

func attempts(l deploy.Lane, c app.SHA) (n int) {
	for _, p := range l.Promotions {
		if p.Commit.SHA == c {
			n++
		}
	}
	return n
}

// carry brings approvals into the lane, those that are still there when it is written, and forgets that they wait to come. A promotion that ended
// meanwhile takes none.
func (q *inquiry) carry() func(tx Tx) error {
	if len(q.carried) == 0 {
		return nil
	}
	attempt := app.Key(0)
	for _, p := range q.lane.Promotions {
		if p.Commit.SHA == q.ask.Commit.SHA {
			attempt = p.Attempt
		}
	}
	return func(tx Tx) error {
		for _, a := range q.carried {
			there := false
			arrived := func(g ahead) bool {
				return g.Source == a.Source && g.Service == q.lane.Service && g.Environment == q.lane.Environment
			}
			err := changeAhead(tx, q.repo.ID, a.Ahead.Pull, func(all []ahead) []ahead {
				there = slices.ContainsFunc(all, arrived)
				return slices.DeleteFunc(all, arrived)
			})
			if err != nil {
				return err
			}
			if !there { // it was taken back meanwhile
				continue
			}
			a.Pin = q.facts.Pin
			approved := app.Approved{Commit: q.ask.Commit.SHA, Key: attempt, Approval: a}
			if err := tx.Post([]app.Letter{{To: q.lane.Address(), Message: approved}}, q.facts.Now); err != nil {
				return err
			}
		}
		return nil
	}
}

// drift is how the commit that is asked about differs from what was approved, for its service and its gate.
func (e *Engine) drift(ctx context.Context, q *inquiry, pull app.Pull, pin app.Pin) policies.Drift {
	d, err := e.contentDrift(ctx, q, pin)
	if err == nil {
		d.Gate, err = e.gateDrift(ctx, q, pin)
	}
	switch {
	case app.KindOf(err) == app.ErrNotFound:
		return policies.Drift{Lost: true}
	case err != nil:
		return policies.Drift{Unread: e.unread(err)}
	}
	d.More = q.ahead == nil && q.facts.AsksMore()
	if !d.None() && pin.Commit != pull.Head {
		d.Commits = e.rewritten(ctx, q, pull, pin.Commit)
	}
	return d
}

// contentDrift is what of the service differs: its files, and its section of the repository's file.
func (e *Engine) contentDrift(ctx context.Context, q *inquiry, pin app.Pin) (d policies.Drift, err error) {
	same := pin.Commit == q.ask.Commit.SHA || pin.Tree != "" && pin.Tree == q.facts.Pin.Tree
	if same && (pin.Shared == "" || pin.Shared == q.shared) {
		return d, nil
	}
	was, err := e.fileWith(ctx, q.repo, pin.Commit, pin.Shared)
	if err != nil {
		return d, err
	}
	is, err := e.fileWith(ctx, q.repo, q.ask.Commit.SHA, q.shared)
	if err != nil {
		return d, err
	}
	paths, err := e.Git.Changed(ctx, q.repo, pin.Commit, q.ask.Commit.SHA)
	if err != nil {
		return d, fmt.Errorf("comparing with %s: %w", pin.Commit.Short(), err)
	}
	if is == nil || was == nil {
		return policies.Drift{Section: true}, nil
	}
	d.Section, d.Files = is.Differs(q.lane.Service, was, paths)
	return d, nil
}

// gateDrift says whether either file judges otherwise than those by which the approval was judged.
func (e *Engine) gateDrift(ctx context.Context, q *inquiry, pin app.Pin) (bool, error) {
	now := q.facts.Gate
	if !now.Head.Known || !now.Live.Known {
		return false, errors.New("reading the gate that judges now")
	}
	for _, file := range []struct {
		at, shared app.SHA
		is         policies.Policy
	}{{pin.Head, pin.Shared, now.Head.Value}, {pin.Live, releasedWith(q.lane, pin.Live), now.Live.Value}} {
		var was config.Environment
		var err error
		if file.at != "" {
			was, _, err = e.environment(ctx, q, file.at, file.shared)
		}
		switch {
		case app.KindOf(err) == app.ErrNotFound: // nobody has that file any more, so nobody can say that it judged alike
			return true, nil
		case err != nil:
			return false, fmt.Errorf("reading the gate at %s: %w", file.at.Short(), err)
		case !file.is.Equal(was.Policy):
			return true, nil
		}
	}
	return false, nil
}

// rewritten is how a pull request's commits differ from what they were. It is for words alone, so what can't be read is left out.
func (e *Engine) rewritten(ctx context.Context, q *inquiry, pull app.Pull, was app.SHA) policies.Rewritten {
	before, err := e.mergeBase(ctx, q.repo, pull.BaseSHA, was)
	if err != nil || before == "" {
		return policies.Rewritten{}
	}
	after, err := e.mergeBase(ctx, q.repo, pull.BaseSHA, pull.Head)
	if err != nil || after == "" {
		return policies.Rewritten{}
	}
	moved, err := e.Git.RangeDiff(ctx, q.repo, before, was, after, pull.Head)
	if err != nil {
		e.unread(err)
		return policies.Rewritten{}
	}
	return policies.Rewritten{Same: moved.Same, Changed: moved.Changed, Added: moved.Added, Dropped: moved.Dropped}
}
