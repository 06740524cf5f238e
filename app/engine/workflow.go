package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/github"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// Deployments by workflows of GitHub Actions. Events say when to look; whoever misses one looks by itself, less often.

// Workflows deploys by workflows, and has GitHub ask its reviewers before.
type Workflows interface {
	deploy.Deployer
	// Request dispatches the workflow of a deployment as Ensure does, and reports how GitHub's review of it stands.
	Request(ctx context.Context, d deploy.Deployment) (deploy.Review, error)
	// Withdraw takes a request back, and says withdrawn once nothing of it can begin any more.
	Withdraw(ctx context.Context, d deploy.Deployment) (deploy.Review, error)
}

// How long it takes to look again at what GitHub has not told of.
const (
	lookSoon   = 2 * time.Second // what is about to change
	lookAtRun  = 30 * time.Second
	lookReview = 5 * time.Minute // reviewers take their time
)

// deployer is who puts a release there.
func (e *Engine) deployer(s deploy.Spec) deploy.Deployer {
	if s.Elsewhere() {
		return e.Workflows
	}
	return e.Deployer
}

// request has GitHub ask its reviewers, or takes that back, and tells the lane how it stands.
func (e *Engine) request(ctx context.Context, row Row, repo app.Repo, lane deploy.Lane, t deploy.Request) (result, error) {
	d := e.deployment(row, repo, lane, t.Commit.SHA, t.Release, t.Key)
	p, _ := lane.Reviewing()
	ask := e.Workflows.Request
	if t.Withdraw {
		ask = e.Workflows.Withdraw
	}
	review, err := ask(ctx, d)
	if t.Withdraw && app.KindOf(err) == app.ErrNotFound { // the run, the repository or the App is gone
		review, err = deploy.Review{State: deploy.ReviewWithdrawn}, nil
	}
	if err != nil {
		return result{keep: dispatched(review.Run, review.Sent)}, fmt.Errorf("asking GitHub to let %s go: %w", t.Commit.SHA.Short(), err)
	}
	reviewed := app.Letter{To: row.Machine, Message: deploy.Reviewed{Commit: t.Commit.SHA, Key: t.Key, Review: review}}
	if review.State != deploy.ReviewWaiting {
		return finished(string(review.State), reviewed), nil
	}
	res := result{due: e.Clock.Now().Add(lookSoon), running: true, keep: dispatched(review.Run, review.Sent)}
	switch now := e.Clock.Now(); {
	case !t.Withdraw && (d.Asked || len(review.Reviewers) > 0):
		res.due = now.Add(lookReview)
	case now.After(latest(d.Since, d.Sent).Add(time.Minute)):
		res.due = now.Add(lookAtRun)
	}
	if p.Run != review.Run || len(p.Reviewers) == 0 && len(review.Reviewers) > 0 {
		res.letters = []app.Letter{reviewed}
	}
	return res, nil
}

// dispatched has a row remember the run that it follows, and when it was asked for.
func dispatched(run int64, sent time.Time) func(*Row) {
	return func(r *Row) { r.GitHub, r.Sent = max(r.GitHub, run), latest(r.Sent, sent) }
}

// protection is whom GitHub asks before a workflow deploys to an environment; read only where its reviewers decide.
func (e *Engine) protection(ctx context.Context, q *inquiry) {
	spec := q.release.Spec
	q.facts.Workflow, q.facts.GateOnly, q.facts.GitHubEnvironment, q.facts.Asked = spec.Workflow, spec.GateOnly, spec.GitHubEnvironment, q.ask.Ask.Environment
	if q.facts.Asked != "" && e.over(ctx, q) {
		q.facts.Asked, q.moot = "", q.ask.Ask.Deployment
	}
	if spec.GateOnly && q.facts.Asked == "" {
		q.facts.Guards = e.guards(ctx, q)
	}
	if q.release.Review = q.facts.Gate.Review(); !q.release.Review || q.facts.Workflow == "" {
		return
	}
	name := q.release.Spec.GitHubEnvironment
	env, err := e.GitHub.Environment(ctx, q.repo, name)
	q.facts.Protection = fact(e, q, policies.Protection{Environment: name, Exists: env.Exists, Reviewers: env.Reviewers}, err)
}

// over says whether the run that asks has ended: then nobody asks any more. If that can't be read, it may still be waiting.
func (e *Engine) over(ctx context.Context, q *inquiry) bool {
	run, err := e.GitHub.Run(ctx, q.repo, q.ask.Ask.Run)
	return app.KindOf(err) == app.ErrNotFound || err == nil && run.Status == "completed"
}

// guards says whether GitHub asks us before a workflow deploys to an environment.
func (e *Engine) guards(ctx context.Context, q *inquiry) app.Fact[bool] {
	is, err := e.GitHub.Guards(ctx, q.repo, q.release.Spec.GitHubEnvironment)
	return fact(e, q, is, err)
}

// workflowRan lets whoever follows a workflow's run look at it.
func (e *Engine) workflowRan(tx Tx, m app.WorkflowRan, now time.Time) error {
	if err := tx.SaveRepo(m.Repo, true); err != nil {
		return err
	}
	rows, err := following(tx, m.Repo.ID, m.Run, 0) // of one that was just dispatched the number may not be known
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := tx.Nudge(row.Key, row.Machine, row.Task, now); err != nil {
			return err
		}
	}
	if !m.Completed {
		return nil
	}
	return e.mayBeMoot(tx, m, now)
}

// mayBeMoot has the lanes look again in which a run waits for the gate that has ended, as far as this event says: whether it has is read then.
func (e *Engine) mayBeMoot(tx Tx, m app.WorkflowRan, now time.Time) error {
	lanes, err := tx.Lanes(m.Repo.ID)
	if err != nil {
		return err
	}
	for _, l := range lanes {
		if c, waits := l.Awaits(m.Run); waits {
			if err := tx.Post([]app.Letter{{To: l.Address(), Message: app.Changed{Commit: c}}}, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// following is the rows that follow a workflow's run, of a repository's lanes, where the run is one of these.
func following(tx Tx, repo app.RepoID, runs ...int64) ([]Row, error) {
	rows, err := tx.RunningRows()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(rows, func(r Row) bool {
		return r.GitHub == 0 && r.Sent.IsZero() || r.Machine.Kind != app.KindLane || r.Machine.Repo != repo || !slices.Contains(runs, r.GitHub)
	}), nil
}

// GitHubActions is what is read of GitHub Actions, and answered there.
type GitHubActions interface {
	Environment(ctx context.Context, r app.Repo, name string) (github.Environment, error)
	Guards(ctx context.Context, r app.Repo, environment string) (bool, error)
	Run(ctx context.Context, r app.Repo, id int64) (github.Run, error)
	AnswerProtection(ctx context.Context, r app.Repo, run int64, environment string, a github.ProtectionAnswer) error
}
