// Package actions puts releases where they run by a workflow of GitHub Actions. It is dispatched on the default branch, for GitHub takes no
// commit there, and is handed the commit as an input; the run that comes of it is followed until it ends.
//
// A deployment is known by its key. The run is remembered by whoever asks; one whose number was lost on the way is found again by a word made
// of the key, which the workflow is handed too and which its run-name repeats.
package actions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/github"
	"github.com/slipway-cd/slipway/deploy"
)

// GitHub is what is asked of GitHub.
type GitHub interface {
	Dispatch(ctx context.Context, r app.Repo, d github.Dispatch) (run int64, err error)
	FindRun(ctx context.Context, r app.Repo, workflow, nonce string, since time.Time) (github.Run, bool, error)
	Run(ctx context.Context, r app.Repo, id int64) (github.Run, error)
	CancelRun(ctx context.Context, r app.Repo, run int64) error
	Pending(ctx context.Context, r app.Repo, run int64) ([]github.Pending, error)
	Reviews(ctx context.Context, r app.Repo, run int64) ([]github.Review, error)
	RunBegan(ctx context.Context, r app.Repo, run int64) (bool, error)
	Gate
}

// Gate is how a run that waits for our word is let go, and what then becomes of its deployment.
type Gate interface {
	AnswerProtection(ctx context.Context, r app.Repo, run int64, environment string, a github.ProtectionAnswer) error
	DeploymentStates(ctx context.Context, r app.Repo, id int64) ([]string, error)
}

// Git knows which commits a commit contains.
type Git interface {
	Fetch(ctx context.Context, r app.Repo, refspecs ...string) error
	Contains(ctx context.Context, r app.Repo, commit, ancestor app.SHA) (bool, error)
}

// Workflows deploys by workflows. It keeps nothing, and is safe for concurrent use.
type Workflows struct {
	GitHub GitHub
	Git    Git
	Clock  app.Clock
}

// The inputs that every workflow is handed, beside those of the file.
const (
	inputCommit = "sha"     // the commit that is to be deployed
	inputName   = "slipway" // the word by which the run is found again
)

// How long a run may take to be listed by GitHub, which does so within seconds.
const (
	unlisted = 15 * time.Second // where nobody knows whether it was dispatched: after that it is dispatched again
	lost     = 30 * time.Second // where it was: after that nobody can say what it did
)

// Ensure dispatches the workflow of a deployment if no run of it is known or can be found, and reports how it stands.
func (w *Workflows) Ensure(ctx context.Context, d deploy.Deployment) (app.Status, error) {
	if d.Release.Spec.GateOnly && !(d.Rollback && d.Release.Spec.BackWorkflow != "") {
		return w.letGo(ctx, d)
	}
	run, err := w.run(ctx, d)
	switch {
	case errors.Is(err, errRefused):
		return refused(err), nil
	case err != nil:
		return app.Status{Sent: run.sent}, err
	case !run.found && d.Running && w.since(d, lost):
		return app.Status{Outcome: app.OutcomeUnknown}, nil
	case !run.found:
		return app.Status{Running: true, Run: run.ID, Sent: run.sent}, nil
	}
	s, err := w.status(ctx, d, run.Run)
	s.Run, s.URL, s.Sent = run.ID, run.URL, run.sent
	return s, err
}

// errRefused is behind the error of a dispatch that GitHub does not take: what is wrong with the workflow has to be mended in the repository.
var errRefused = errors.New("GitHub does not take it")

// file is the workflow that is dispatched.
func file(d deploy.Deployment) string {
	if d.Release.Spec.GateOnly {
		return d.Release.Spec.BackWorkflow
	}
	return d.Release.Spec.Workflow
}

// dispatch starts the workflow.
func (w *Workflows) dispatch(ctx context.Context, d deploy.Deployment, inputs map[string]string) (int64, error) {
	id, err := w.GitHub.Dispatch(ctx, d.Repo, github.Dispatch{Workflow: file(d), Ref: d.Repo.DefaultBranch, Inputs: inputs})
	switch app.KindOf(err) {
	case app.ErrInvalid, app.ErrNotFound, app.ErrDenied:
		return 0, fmt.Errorf("%w: %w", errRefused, err)
	}
	return id, err
}

// refused is a dispatch that GitHub did not take.
func refused(err error) app.Status {
	return app.Status{Outcome: app.Failed, Untouched: true, Reason: "could not be dispatched: " + reason(err)}
}

// reason is what GitHub said, in a line.
func reason(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	return strings.ToValidUTF8(text[:min(len(text), 300)], "")
}

// since says whether so much time has passed since a deployment was last dispatched, or may have been.
func (w *Workflows) since(d deploy.Deployment, limit time.Duration) bool {
	sent := d.Sent
	if sent.IsZero() {
		sent = d.Since
	}
	return !w.Clock.Now().Before(sent.Add(limit))
}

// dispatched is a deployment's run, as far as it is known.
type dispatched struct {
	github.Run
	found bool      // it could be read
	sent  time.Time // when it was dispatched just now, perhaps in vain
}

// run is the run of a deployment: the one that is known, or that can be found, or a new one. It may not be listed yet. One of which nobody
// knows whether it was dispatched is looked for until it would have been listed.
func (w *Workflows) run(ctx context.Context, d deploy.Deployment) (run dispatched, err error) {
	switch {
	case d.Run != 0:
		run.Run, err = w.GitHub.Run(ctx, d.Repo, d.Run)
		run.found = err == nil
		return run, err
	case d.Running || !d.Sent.IsZero():
		run.Run, run.found, err = w.find(ctx, d)
		if run.found || err != nil || d.Running {
			return run, err
		}
		if !w.since(d, unlisted) {
			return run, &app.Error{Op: "looking for a workflow that may have been dispatched", Kind: app.ErrNotYet, Until: w.Clock.Now().Add(again)}
		}
	}
	inputs, err := inputs(d)
	if err != nil {
		return run, err
	}
	run.ID, err = w.dispatch(ctx, d, inputs)
	if app.KindOf(err) != app.ErrLimited {
		run.sent = w.Clock.Now()
	}
	if err != nil || run.ID == 0 {
		return run, err
	}
	if read, err := w.GitHub.Run(ctx, d.Repo, run.ID); err == nil { // else it is there, and will be read in a moment
		run.Run, run.found = read, true
	}
	return run, nil
}

// again is after how long a run is looked for again.
const again = 2 * time.Second

// find looks for a run by its word. A workflow that is not there has none.
func (w *Workflows) find(ctx context.Context, d deploy.Deployment) (github.Run, bool, error) {
	run, found, err := w.GitHub.FindRun(ctx, d.Repo, file(d), nonce(d.Key), d.Since)
	if app.KindOf(err) == app.ErrNotFound {
		err = nil
	}
	return run, found, err
}

// nonce is a word that nobody else hands to a workflow.
func nonce(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:8])
}

func inputs(d deploy.Deployment) (map[string]string, error) {
	all := map[string]string{}
	if text := d.Release.Spec.Inputs; text != "" {
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			return nil, fmt.Errorf("reading the inputs of %s: %w", file(d), err)
		}
	}
	all[inputCommit], all[inputName] = string(d.Commit), nonce(d.Key)
	return all, nil
}

// foreign says whether a run's workflow is that of a commit which does not contain what is deployed: GitHub takes the file of the branch's
// newest commit. A way back does not mind.
func (w *Workflows) foreign(ctx context.Context, d deploy.Deployment, run github.Run) (bool, error) {
	if d.Rollback || run.Head == d.Commit {
		return false, nil
	}
	contains, err := w.Git.Contains(ctx, d.Repo, run.Head, d.Commit)
	if app.KindOf(err) == app.ErrNotFound { // the branch has moved on since it was read
		if err := w.Git.Fetch(ctx, d.Repo, string(run.Head)); err != nil {
			return false, fmt.Errorf("reading the commit whose workflow GitHub runs: %w", err)
		}
		contains, err = w.Git.Contains(ctx, d.Repo, run.Head, d.Commit)
	}
	return err == nil && !contains, err
}

// stopped is what became of a foreign run.
func stopped(run github.Run) string {
	return "was stopped: GitHub ran that of `" + run.Head.Short() + "`, which does not contain the commit"
}

// completed is the status of a run that has ended. Until then, also of one that is cancelled, its jobs may run.
const completed = "completed"

// status is how a run stands.
func (w *Workflows) status(ctx context.Context, d deploy.Deployment, run github.Run) (app.Status, error) {
	if run.Status == completed && run.Conclusion == "success" {
		return app.Status{Outcome: app.Succeeded}, nil
	}
	foreign, err := w.foreign(ctx, d, run)
	switch {
	case err != nil:
		return app.Status{Running: true}, err
	case run.Status == completed:
		return w.failed(ctx, d, run, foreign)
	case foreign:
		return app.Status{Running: true}, w.GitHub.CancelRun(ctx, d.Repo, run.ID)
	case run.Status != "waiting":
		return app.Status{Running: true}, nil
	}
	pending, err := w.GitHub.Pending(ctx, d.Repo, run.ID)
	p, _ := asks(pending, d.Release.Spec.GitHubEnvironment)
	return app.Status{Running: true, Asking: len(p.Reviewers) > 0}, err
}

// failed is how a run ended that did not end well: whether it has touched anything, and whether a reviewer did not let it go.
func (w *Workflows) failed(ctx context.Context, d deploy.Deployment, run github.Run, foreign bool) (app.Status, error) {
	s := app.Status{Outcome: app.Failed, Reason: "ended as " + run.Conclusion}
	began, err := w.GitHub.RunBegan(ctx, d.Repo, run.ID)
	if err != nil {
		return app.Status{Running: true}, err
	}
	s.Untouched = !began
	if foreign {
		s.Reason = stopped(run)
		return s, nil
	}
	review, _, err := w.answer(ctx, d, deploy.Review{State: deploy.ReviewWaiting, Run: run.ID})
	if err != nil {
		return app.Status{Running: true}, err
	}
	if review.State == deploy.ReviewRejected {
		s.Reason = "was rejected by @" + review.By.Login + " in GitHub's review"
	}
	return s, nil
}

// Logs says that there is none here: GitHub has it.
func (w *Workflows) Logs(context.Context, string, int64) (io.ReadCloser, error) {
	return nil, fmt.Errorf("the log of a workflow is on GitHub: %w", fs.ErrNotExist)
}

// asks says whether GitHub asks for an environment, whose names know no case.
func asks(pending []github.Pending, environment string) (github.Pending, bool) {
	i := slices.IndexFunc(pending, func(p github.Pending) bool { return strings.EqualFold(p.Environment, environment) })
	if i < 0 {
		return github.Pending{}, false
	}
	return pending[i], true
}
