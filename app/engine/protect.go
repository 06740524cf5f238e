package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/github"
	"github.com/slipway-cd/slipway/deploy"
)

// GitHub asks us before a workflow deploys to an environment whose custom deployment protection rule is ours. Of a workflow that a lane has
// dispatched the gate has allowed it already, so the answer is yes.

// ownRun is how long a run may take to be known as ours: GitHub may ask before its answer to the dispatch has been stored.
const ownRun = time.Minute

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
	key := app.RowKey(app.RepositoryAddress(m.Repo.ID), fmt.Sprintf("%s/%d/%d", taskProtect, m.Run, m.Deployment))
	return once(tx, m.Repo.ID, key, taskProtect, question{m, now}, now)
}

// protect answers a question of GitHub's.
func (e *Engine) protect(ctx context.Context, row Row) (result, error) {
	var q question
	var ours bool
	err := e.Store.View(ctx, func(tx Tx) error {
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
	if err != nil {
		return result{}, err
	}
	answer := github.ProtectionAnswer{State: "approved", Comment: "slipway has dispatched this workflow, and its gate allows it."}
	if !ours {
		if e.Clock.Now().Before(q.At.Add(ownRun)) {
			return result{due: e.Clock.Now().Add(lookSoon)}, nil
		}
		answer = github.ProtectionAnswer{Comment: "slipway lets go what it has dispatched for this environment, and it has not dispatched this run. " +
			"Whoever may review this environment on GitHub can still decide, or take slipway's rule from it."}
	}
	err = e.GitHub.AnswerProtection(waiting(ctx), q.Repo, q.Run, q.Environment, answer)
	if kind := app.KindOf(err); kind == app.ErrInvalid || kind == app.ErrNotFound {
		return finished("nothing waits there any more"), nil
	}
	if err != nil {
		return result{}, fmt.Errorf("answering GitHub for %s: %w", q.Environment, err)
	}
	return finished(answer.State), nil
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
	spec := p.Release.Spec
	if p.State == deploy.RollingBack {
		back, _ := l.Promotion(p.To)
		spec = back.Release.Spec
	}
	return ok && p.Then == deploy.Absent && strings.EqualFold(spec.GitHubEnvironment, environment)
}
