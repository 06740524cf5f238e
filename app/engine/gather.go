package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/audit"
	"github.com/slipway-cd/slipway/app/config"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// inquiry is one question about one promotion, while its facts are being gathered.
type inquiry struct {
	repo    app.Repo
	lane    deploy.Lane
	ask     deploy.Gather
	tip     app.SHA
	base    app.SHA // whose file judges beside the default branch's: what is live, else what was last good or last put there
	gate    bool    // it is the gate that asks, and no person
	shared  app.SHA // the commit of what its own file extends, as its run read it
	facts   policies.Facts
	release deploy.Release
	moot    int64          // the deployment about which GitHub does not ask any more
	ahead   *app.Pull      // the pull request of which it is asked what its head would be, if it was merged now
	carried []app.Approval // given before the merge, and counting for what became of it
}

// reaches is the newest commit of the default branch that goes out.
func (q *inquiry) reaches() app.SHA {
	if q.ahead != nil {
		return q.tip
	}
	return q.ask.Commit.SHA
}

// fact is what was read, or why it can't be.
func fact[T any](e *Engine, q *inquiry, v T, err error) app.Fact[T] {
	if err != nil {
		return app.Unknown[T](e.unread(err))
	}
	return app.Known(v, q.facts.Now)
}

// gather reads the facts of a promotion and lets the gate judge them. What can't be read is a fact that is not known, and holds: so this
// fails only if the store does.
func (e *Engine) gather(ctx context.Context, repo app.Repo, lane deploy.Lane, t deploy.Gather) (result, error) {
	q := &inquiry{repo: repo, lane: lane, ask: t, gate: true}
	if err := e.inquire(ctx, q); err != nil {
		return result{}, err
	}
	decision := policies.Judge(q.facts)
	m := deploy.Judged{Commit: t.Commit.SHA, Key: t.Key, Decision: decision, Release: q.release, Moot: q.moot}
	if p, ok := lane.Promotion(t.Commit.SHA); !ok || !audit.Same(p.Decision, decision) { // it leaves a receipt
		facts, err := json.Marshal(q.facts)
		if err != nil {
			return result{}, fmt.Errorf("writing down the facts of %s: %w", t.Commit.SHA.Short(), err)
		}
		m.Facts = string(facts)
	}
	res := finished(decision.Verdict.String(), app.Letter{To: lane.Address(), Message: m})
	res.write = q.carry() // before the judgement is heard: what comes in is a reason to ask again
	return res, nil
}

// inquire fills in an inquiry.
func (e *Engine) inquire(ctx context.Context, q *inquiry) error {
	q.facts = policies.Facts{
		Now: e.Clock.Now(), Commit: q.ask.Commit.SHA, Service: q.lane.Service, Environment: q.lane.Environment,
		First: q.lane.Newest == 0, Live: q.lane.Live.SHA, Personal: q.repo.Personal,
	}
	for _, p := range q.lane.Promotions {
		if p.Commit.SHA == q.ask.Commit.SHA && (p.Key == q.ask.Key || p.Again == q.ask.Key) {
			q.facts.Arrived = p.Arrived
		}
	}
	q.base = judging(q.lane)
	if err := e.storedFacts(ctx, q); err != nil {
		return err
	}
	e.fileFacts(ctx, q)
	e.changeFacts(ctx, q)
	e.ownerFacts(ctx, q)
	e.teamFacts(ctx, q)
	if q.ahead == nil {
		e.protection(ctx, q)
		e.historyFacts(ctx, q)
	} else { // a merge brings it there, beside what is live
		q.facts.OnBranch, q.facts.Contains = app.Known(true, q.facts.Now), app.Known(true, q.facts.Now)
	}
	e.peopleFacts(ctx, q)
	return e.earlierFacts(ctx, q)
}

// judging is the release whose file judges beside the default branch's: what is live, or, when nobody can say what is, what was last good,
// or last put there. "" if nothing ever was.
func judging(l deploy.Lane) app.SHA {
	if l.Live.SHA != "" {
		return l.Live.SHA
	}
	if good, ok := l.WayBack(""); ok {
		return good.Commit.SHA
	}
	return l.Last.SHA
}

// storedFacts is what our own store knows: the run, the earlier environments, the default branch.
func (e *Engine) storedFacts(ctx context.Context, q *inquiry) error {
	now := q.facts.Now
	return e.Store.View(ctx, func(tx Tx) (err error) {
		if q.tip, err = tx.Tip(q.repo.ID); err != nil {
			return err
		}
		run, version, err := tx.Run(q.repo.ID, q.ask.Commit.SHA)
		if err != nil {
			return err
		}
		q.facts.Green = app.Unknown[bool]("nothing is known of its checks")
		if version != 0 {
			concerned := q.ask.Ask == deploy.Ask{} // else somebody wants to deploy it all the same
			q.facts.Green = app.Known(run.Green(q.lane.Service) || !concerned && run.GreenWithout(q.lane.Service), now)
		}
		q.release.Artifact, q.shared = run.Artifact(q.lane.Service), run.Plan.Shared.Commit
		if q.shared == "" && run.Fork() {
			q.shared = notForForks
		}
		first, err := tx.FirstName(q.repo.ID)
		if err != nil {
			return err
		}
		if e.Blocked != nil {
			q.facts.Blocked = e.Blocked(q.repo, first, q.lane.Service, q.lane.Environment)
		}
		return nil
	})
}

// fileFacts is what three files say: the commit's own how it is deployed, the default branch's and that of what is live who may let it go. What the
// commit's own extends is as its run read it, and what that of what is live does as it was released; the default branch's extends what is there now.
func (e *Engine) fileFacts(ctx context.Context, q *inquiry) {
	own, shared, err := e.environment(ctx, q, q.ask.Commit.SHA, q.shared)
	if err == nil {
		q.release.Spec, q.release.Shared = own.Deploy, shared
	}
	e.gateFacts(ctx, q)
	gate := &q.facts.Gate
	if gate.HeadShared.From == q.release.Shared.From { // what judged it is what has to let it be loosened
		q.release.Shared = gate.HeadShared
	}
	if err != nil && q.facts.Blocked == "" {
		q.facts.Blocked = fmt.Sprintf("How to deploy this commit can't be read: %s.", e.unread(err))
	}
	q.release.HoldAfter = gate.Head.Value.HoldsAfterReturn || gate.Live.Value.HoldsAfterReturn
	q.release.Head, q.release.Live = q.tip, q.base
	e.standings(ctx, q)
}

// gateFacts is the two gates that judge.
func (e *Engine) gateFacts(ctx context.Context, q *inquiry) {
	gate := &q.facts.Gate
	gate.Head, gate.HeadShared = e.policy(ctx, q, q.tip, "")
	gate.Live = app.Known(policies.Policy{}, q.facts.Now)
	if q.base != "" {
		gate.Live, gate.LiveShared = e.policy(ctx, q, q.base, releasedWith(q.lane, q.base))
	}
}

// gateNow is the gate of a lane.
func (e *Engine) gateNow(ctx context.Context, repo app.Repo, l deploy.Lane) (policies.Gate, error) {
	q := &inquiry{repo: repo, lane: l, base: judging(l)}
	q.facts.Now = e.Clock.Now()
	if err := e.storedFacts(ctx, q); err != nil {
		return policies.Gate{}, err
	}
	e.gateFacts(ctx, q)
	return q.facts.Gate, nil
}

// releasedWith is the commit of what the file of a release extended when it was released; "" if it extended nothing.
func releasedWith(l deploy.Lane, c app.SHA) app.SHA {
	p, _ := l.Started(c)
	return p.Release.Shared.Commit
}

var errNotInFile = errors.New("its file does not name this environment")

// environment is what the file at a commit says of the lane, and what that file extends, at a commit or now.
func (e *Engine) environment(ctx context.Context, q *inquiry, c, shared app.SHA) (config.Environment, app.Shared, error) {
	f, err := e.fileWith(ctx, q.repo, c, shared)
	if err != nil {
		return config.Environment{}, app.Shared{}, err
	}
	if f == nil {
		return config.Environment{}, app.Shared{}, errors.New("there is no " + config.Path)
	}
	env, ok := f.Environment(q.lane.Service, q.lane.Environment)
	switch {
	case !ok && f.Extends != config.Extends{} && f.Shared.From == "":
		return env, f.Shared, fmt.Errorf("what it extends, %s, can't be had", f.Extends)
	case !ok:
		return env, f.Shared, errNotInFile
	}
	return env, f.Shared, nil
}

func (e *Engine) policy(ctx context.Context, q *inquiry, c, shared app.SHA) (app.Fact[policies.Policy], app.Shared) {
	env, with, err := e.environment(ctx, q, c, shared)
	if err != nil {
		return app.Unknown[policies.Policy](fmt.Sprintf("the file at `%s` can't be used: %s", c.Short(), e.unread(err))), with
	}
	return app.Known(env.Policy, q.facts.Now), with
}

// unread is why a fact can't be read, in words that people may be shown; the whole error is for the log.
func (e *Engine) unread(err error) string {
	e.Log.Warn("a fact can't be read", "error", err)
	return reasonOf(err)
}

// standings is how the commit stands in the environments that come before, and since when it does well there.
func (e *Engine) standings(ctx context.Context, q *inquiry) {
	q.facts.Standings, q.facts.GoodSince = map[string]app.Fact[policies.Standing]{}, map[string]app.Fact[time.Time]{}
	for _, env := range q.facts.Gate.After() {
		before, _, err := e.loadLane(ctx, app.LaneAddress(q.repo.ID, q.lane.Service, env))
		standing := before.Standing(q.ask.Commit)
		if before.Closed && standing != policies.StandingProven {
			standing = policies.StandingRemoved
		}
		q.facts.Standings[env] = fact(e, q, standing, err)
		since, good := before.GoodSince(q.ask.Commit)
		if err == nil && !good {
			q.facts.GoodSince[env] = app.Unknown[time.Time]("it is not good there")
			continue
		}
		q.facts.GoodSince[env] = fact(e, q, since, err)
	}
}

// historyFacts is what git knows: whether the commit is on the branch, and whether it contains what is live.
func (e *Engine) historyFacts(ctx context.Context, q *inquiry) {
	c := q.ask.Commit.SHA
	q.facts.OnBranch = e.contains(ctx, q, q.tip, c)
	if q.facts.Live == "" {
		return
	}
	q.facts.Contains = e.contains(ctx, q, c, q.facts.Live)
	if q.facts.Contains.Known && !q.facts.Contains.Value {
		lost, err := e.Git.Changes(ctx, q.repo, c, q.facts.Live)
		if err != nil {
			q.facts.Contains = app.Unknown[bool]("what would be lost can't be listed now")
		}
		for _, l := range lost {
			q.facts.Lost = append(q.facts.Lost, l.SHA.Short()+" "+l.Title)
		}
	}
}

func (e *Engine) contains(ctx context.Context, q *inquiry, commit, ancestor app.SHA) app.Fact[bool] {
	if commit == "" {
		return app.Unknown[bool]("the default branch has not been read yet")
	}
	for _, c := range []app.SHA{commit, ancestor} {
		if err := e.fetch(ctx, q.repo, c); err != nil {
			return app.Unknown[bool](fmt.Sprintf("commit `%s` can't be read now", c.Short()))
		}
	}
	is, err := e.Git.Contains(ctx, q.repo, commit, ancestor)
	if err != nil {
		return app.Unknown[bool]("git can't compare the commits now")
	}
	return app.Known(is, q.facts.Now)
}
