package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/github"
	"github.com/slipway-cd/slipway/app/report"
	"github.com/slipway-cd/slipway/deploy"
)

// GitHub asks us before a workflow deploys to an environment whose custom deployment protection rule is ours. Of a workflow that a lane has
// dispatched, or let go, the gate has allowed it already, so the answer is yes. Where the team's own workflows deploy, the lane is asked.

// ownRun is how long a run may take to be known as ours: GitHub may ask before its answer to the dispatch has been stored, and that may be lost.
const ownRun = 30 * time.Minute

// question is one of GitHub's, with the time at which it came.
type question struct {
	app.ProtectionAsked
	At time.Time
}

// protectionAsked stores a question, to be answered once it is known whose run it is. A repeat is the same question.
func (e *Engine) protectionAsked(tx Tx, m app.ProtectionAsked, now time.Time) error {
	if err := tx.SaveRepo(m.Repo, true); err != nil {
		return err
	}
	place, err := tx.Place(m.Repo.ID, m.Commit)
	if err != nil {
		return err
	}
	if place == 0 { // its push may never be told of
		if err := tx.Nudge(syncKey(m.Repo.ID, ""), app.RepositoryAddress(m.Repo.ID), taskSync, now); err != nil {
			return err
		}
	}
	key := app.RowKey(app.RepositoryAddress(m.Repo.ID), fmt.Sprintf("%s/%d/%d", taskProtect, m.Run, m.Deployment))
	return once(tx, m.Repo.ID, key, taskProtect, question{m, now}, now)
}

// protect answers a question of GitHub's, or hands it to the lane.
func (e *Engine) protect(ctx context.Context, row Row) (result, error) {
	q, ours, err := e.question(ctx, row)
	if err != nil {
		return result{}, err
	}
	if ours {
		return e.answerProtection(ctx, q, github.ProtectionAnswer{State: "approved", Comment: "slipway's gate has allowed this run."})
	}
	run, err := e.GitHub.Run(ctx, q.Repo, q.Run)
	switch {
	case app.KindOf(err) == app.ErrNotFound || err == nil && run.Status == "completed":
		return finished("nobody asks any more"), nil
	case err != nil:
		return result{}, fmt.Errorf("reading who asks for %s: %w", q.Environment, err)
	case run.Ours && q.young(e.Clock.Now(), time.Minute):
		return result{due: e.Clock.Now().Add(lookSoon)}, nil
	case run.Ours && q.young(e.Clock.Now(), ownRun):
		return result{due: e.Clock.Now().Add(lookAtRun)}, nil
	case run.Ours:
		return e.refuse(ctx, q, "slipway has dispatched this run, and does not want it any more.")
	}
	return e.handOver(ctx, q, path.Base(strings.SplitN(run.Path, "@", 2)[0]))
}

// young says whether a question came so short a time ago.
func (q question) young(now time.Time, limit time.Duration) bool { return now.Before(q.At.Add(limit)) }

// question reads what GitHub asks, and whether a lane has let it go already.
func (e *Engine) question(ctx context.Context, row Row) (q question, ours bool, err error) {
	err = e.Store.View(ctx, func(tx Tx) error {
		text, err := tx.Note(row.Key)
		if err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), &q); err != nil {
			return fmt.Errorf("reading what GitHub asks: %w", err)
		}
		ours, err = goesOn(tx, q)
		return err
	})
	return q, ours, err
}

// refuse says no to GitHub.
func (e *Engine) refuse(ctx context.Context, q question, why string) (result, error) {
	return e.answerProtection(ctx, q, github.ProtectionAnswer{State: "rejected", Comment: why})
}

func (e *Engine) answerProtection(ctx context.Context, q question, a github.ProtectionAnswer) (result, error) {
	err := e.GitHub.AnswerProtection(waiting(ctx), q.Repo, q.Run, q.Environment, a)
	if kind := app.KindOf(err); kind == app.ErrInvalid || kind == app.ErrNotFound {
		return finished("nothing waits there any more"), nil
	}
	if err != nil {
		return result{}, fmt.Errorf("answering GitHub for %s: %w", q.Environment, err)
	}
	return finished(a.State), nil
}

// reports is how often GitHub is told how things are, of the ten times that it takes.
const reports = 9

// showAnswer tells GitHub how what it asks stands, or refuses it. What was said is counted in the row.
func (e *Engine) showAnswer(ctx context.Context, row Row, key app.ViewKey) (result, error) {
	lane, repo, err := e.loadLane(ctx, app.LaneAddress(key.Repo, key.Service, key.Environment))
	if err != nil {
		return result{}, err
	}
	pull, err := e.pullOfCommit(ctx, repo, key.Commit)
	if err != nil {
		return result{}, err
	}
	a, ok := report.Question(e.scene(repo), lane, key.Commit, int64(key.Key), pull)
	said := len(row.Progress)
	hash := digest(a)
	if !ok || hash == row.Shown || a.State == "" && said >= reports {
		return result{}, nil
	}
	answer := github.ProtectionAnswer{State: a.State, Comment: strings.TrimSpace(a.Text + "\n\n" + a.Link)}
	err = e.GitHub.AnswerProtection(waiting(ctx), repo, a.Run, a.Environment, answer)
	if kind := app.KindOf(err); kind != app.ErrInvalid && kind != app.ErrNotFound && err != nil { // else nothing waits there any more
		return result{}, fmt.Errorf("telling GitHub how %s stands: %w", a.Environment, err)
	}
	now := e.Clock.Now()
	return result{keep: func(r *Row) {
		r.Shown, r.ShownAt, r.Tried, r.Progress = hash, now, false, append(r.Progress, '.')
	}}, nil
}

// goesOn says whether a run is one that a lane follows and that is not being taken back, and the environment the one that its gate was asked
// about: a workflow may name any.
func goesOn(tx Tx, q question) (bool, error) {
	rows, err := following(tx, q.Repo.ID, q.Run)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	lane, _, err := tx.Lane(rows[0].Machine)
	if err != nil {
		return false, err
	}
	return releases(lane, q.Environment), nil
}

// releases says whether a lane has a workflow deploy to this environment of GitHub's now.
func releases(l deploy.Lane, environment string) bool {
	p, ok := l.Reviewing()
	if !ok {
		p, ok = l.Busy()
	}
	if ok && p.State == deploy.RollingBack {
		return restores(l, p, environment)
	}
	return ok && p.Then == deploy.Absent && strings.EqualFold(p.Release.Spec.GitHubEnvironment, environment)
}
