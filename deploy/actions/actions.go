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

// lost is how long a run may take to be found of which nobody knows whether it was dispatched. GitHub lists runs within seconds.
const lost = 30 * time.Second

// Ensure dispatches the workflow of a deployment if no run of it is known or can be found, and reports how it stands.
func (w *Workflows) Ensure(ctx context.Context, d deploy.Deployment) (app.Status, error) {
	run, found, err := w.run(ctx, d)
	switch {
	case errors.Is(err, errRefused):
		return refused(err), nil
	case err != nil:
		return app.Status{}, err
	case !found && d.Running:
		return w.missing(d), nil
	case !found:
		return app.Status{Running: true, Run: run.ID}, nil
	}
	s := status(run)
	if other, err := w.other(ctx, d, run); err != nil || other != "" {
		return app.Status{Outcome: app.Failed, Reason: other, Run: s.Run, URL: s.URL}, err
	}
	return s, nil
}

// errRefused is behind the error of a dispatch that GitHub does not take: what is wrong with the workflow has to be mended in the repository.
var errRefused = errors.New("GitHub does not take it")

// dispatch starts the workflow.
func (w *Workflows) dispatch(ctx context.Context, d deploy.Deployment, inputs map[string]string) (int64, error) {
	id, err := w.GitHub.Dispatch(ctx, d.Repo, github.Dispatch{Workflow: d.Release.Spec.Workflow, Ref: d.Repo.DefaultBranch, Inputs: inputs})
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
	return text[:min(len(text), 300)]
}

// missing is a run that was dispatched, and can't be found.
func (w *Workflows) missing(d deploy.Deployment) app.Status {
	if w.lost(d) {
		return app.Status{Outcome: app.OutcomeUnknown}
	}
	return app.Status{Running: true}
}

// lost says whether a run that can't be found would have been by now.
func (w *Workflows) lost(d deploy.Deployment) bool {
	return !w.Clock.Now().Before(d.Since.Add(lost))
}

// run is the run of a deployment: the one that is known, or that can be found, or a new one. It may not be listed yet.
func (w *Workflows) run(ctx context.Context, d deploy.Deployment) (run github.Run, found bool, err error) {
	if d.Run != 0 {
		run, err = w.GitHub.Run(ctx, d.Repo, d.Run)
		return run, err == nil, err
	}
	if d.Running || d.Retry {
		if run, found, err = w.find(ctx, d); found || err != nil || d.Running {
			return run, found, err
		}
	}
	inputs, err := inputs(d)
	if err != nil {
		return run, false, err
	}
	id, err := w.dispatch(ctx, d, inputs)
	if err != nil || id == 0 {
		return github.Run{ID: id}, false, err
	}
	run, err = w.GitHub.Run(ctx, d.Repo, id)
	if err != nil { // it is there, and will be read in a moment
		return github.Run{ID: id}, false, nil
	}
	return run, true, nil
}

func (w *Workflows) find(ctx context.Context, d deploy.Deployment) (github.Run, bool, error) {
	return w.GitHub.FindRun(ctx, d.Repo, d.Release.Spec.Workflow, nonce(d.Key), d.Since)
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
			return nil, fmt.Errorf("reading the inputs of %s: %w", d.Release.Spec.Workflow, err)
		}
	}
	all[inputCommit], all[inputName] = string(d.Commit), nonce(d.Key)
	return all, nil
}

// other cancels a run whose workflow is that of a commit which does not contain what is deployed, and says so: GitHub takes the file of the
// branch's newest commit. A way back is not stopped by it.
func (w *Workflows) other(ctx context.Context, d deploy.Deployment, run github.Run) (why string, err error) {
	if d.Rollback || run.Head == d.Commit || run.Status == completed {
		return "", nil
	}
	contains, err := w.Git.Contains(ctx, d.Repo, run.Head, d.Commit)
	if app.KindOf(err) == app.ErrNotFound { // the branch has moved on since it was read
		if err := w.Git.Fetch(ctx, d.Repo, string(run.Head)); err != nil {
			return "", fmt.Errorf("reading the commit whose workflow GitHub runs: %w", err)
		}
		contains, err = w.Git.Contains(ctx, d.Repo, run.Head, d.Commit)
	}
	if err != nil || contains {
		return "", err
	}
	if err := w.GitHub.CancelRun(ctx, d.Repo, run.ID); err != nil {
		return "", err
	}
	return "was stopped: GitHub ran that of `" + run.Head.Short() + "`, which does not contain the commit", nil
}

// completed is the status of a run that has ended.
const completed = "completed"

// status is how a run stands.
func status(run github.Run) app.Status {
	s := app.Status{Run: run.ID, URL: run.URL}
	switch {
	case run.Status != completed:
		s.Running = true
	case run.Conclusion == "success":
		s.Outcome = app.Succeeded
	default:
		s.Outcome, s.Reason = app.Failed, "ended as "+run.Conclusion
	}
	return s
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
