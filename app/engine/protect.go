package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/config"
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

// placed is how long a commit may take to be known on the default branch: GitHub may ask about it before it tells of the push.
const placed = 2 * time.Minute

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

// handOver asks the lane that waits for this workflow to go back, or the one that the default branch's file gives to the environment, where slipway
// is the gate alone.
func (e *Engine) handOver(ctx context.Context, q question, workflow string) (result, error) {
	known, err := e.known(ctx, q)
	switch {
	case err != nil:
		return result{}, err
	case (known.tip == "" || known.commit.Place == 0) && q.young(e.Clock.Now(), placed):
		return result{due: e.Clock.Now().Add(lookSoon)}, nil
	case known.tip == "" || known.commit.Place == 0:
		return e.refuse(ctx, q, "slipway lets go commits of the default branch alone, and `"+q.Commit.Short()+"` is not on it, or was before slipway knew the repository.")
	case known.back != (app.Address{}):
		return q.handed(known.back, known.commit), nil
	}
	f, err := e.file(ctx, q.Repo, known.tip)
	switch {
	case err != nil:
		return result{}, err
	case f == nil:
		return e.refuse(ctx, q, "The default branch has no "+config.Path+".")
	}
	lane, ok := f.AtGitHub(q.Environment)
	switch {
	case !ok && f.SomeBroken(): // whoever broke it will mend it
		return result{due: e.Clock.Now().Add(lookAtRun)}, nil
	case !ok:
		return e.refuse(ctx, q, "slipway deploys to this environment by itself, or does not know it, and it has not dispatched this run. "+
			"It lets other workflows go where its file says `deploy: github`. "+
			"Whoever may review this environment on GitHub can still decide, or take slipway's rule from it.")
	}
	at := app.LaneAddress(q.Repo.ID, lane.Service, lane.Environment)
	if env, _ := f.Environment(lane.Service, lane.Environment); workflow == env.Deploy.BackWorkflow {
		return e.refuse(ctx, q, "This workflow is the way back, which slipway alone starts: say `/rollback`.")
	}
	if l := known.lane(at); known.commit.Place < l.Newest {
		if _, remembered := l.Promotion(q.Commit); !remembered {
			return e.refuse(ctx, q, "A newer commit has been released here already. `/rollback` goes back.")
		}
	}
	return q.handed(at, known.commit), nil
}

// handed gives a question to a lane.
func (q question) handed(at app.Address, c app.Commit) result {
	asked := deploy.Asked{Commit: c, Ask: deploy.Ask{Run: q.Run, Deployment: q.Deployment, Environment: q.Environment}}
	return finished("the lane was asked", app.Letter{To: at, Message: asked})
}

// standing is what is known of a question's commit.
type standing struct {
	commit app.Commit
	tip    app.SHA
	lanes  []deploy.Lane
	back   app.Address // the lane that waits until somebody starts this commit's workflow
}

func (s standing) lane(at app.Address) deploy.Lane {
	for _, l := range s.lanes {
		if l.Address() == at {
			return l
		}
	}
	return deploy.Lane{}
}

// known reads what is known of a question's commit.
func (e *Engine) known(ctx context.Context, q question) (s standing, err error) {
	s.commit.SHA = q.Commit
	err = e.Store.View(ctx, func(tx Tx) (err error) {
		if s.commit.Place, err = tx.Place(q.Repo.ID, q.Commit); err != nil {
			return err
		}
		if s.tip, err = tx.Tip(q.Repo.ID); err != nil {
			return err
		}
		s.lanes, err = tx.Lanes(q.Repo.ID)
		return err
	})
	for _, l := range s.lanes {
		if p, busy := l.Busy(); busy && p.To == q.Commit && l.AwaitsStart(p) && restores(l, p, q.Environment) {
			s.back = l.Address()
		}
	}
	return s, err
}

// restores says whether what comes back goes to this environment of GitHub's: by its own file, or by that of what is undone, whose workflow it is
// where slipway dispatches it.
func restores(l deploy.Lane, p deploy.Promotion, environment string) bool {
	back, _ := l.Promotion(p.To)
	return strings.EqualFold(back.Release.Spec.GitHubEnvironment, environment) || strings.EqualFold(p.Release.Spec.GitHubEnvironment, environment)
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
