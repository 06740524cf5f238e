package actions

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app/github"
	"github.com/slipway-cd/slipway/deploy"
)

// asking is how long a run may go on without GitHub asking anybody. The job that names the environment has to come first: what runs for longer
// than this and asks nobody has to be taken for one that nobody stops.
const asking = time.Minute

// Request dispatches the workflow of a deployment as Ensure does, and reports how GitHub's review of it stands. A run that asks nobody is
// cancelled.
func (w *Workflows) Request(ctx context.Context, d deploy.Deployment) (deploy.Review, error) {
	run, err := w.run(ctx, d)
	review := deploy.Review{State: deploy.ReviewWaiting, Run: run.ID, URL: run.URL, Sent: run.sent}
	switch {
	case errors.Is(err, errRefused):
		return deploy.Review{State: deploy.ReviewEnded, Why: "it " + refused(err).Reason}, nil
	case err != nil:
		return deploy.Review{Sent: run.sent}, err
	case !run.found && d.Running && w.since(d, lost):
		review.State, review.Why = deploy.ReviewMissing, "can't be found on GitHub"
		return review, nil
	case !run.found:
		return review, nil
	}
	return w.review(ctx, d, run.Run, review)
}

// review asks what became of a run's review.
func (w *Workflows) review(ctx context.Context, d deploy.Deployment, run github.Run, review deploy.Review) (deploy.Review, error) {
	if run.Status == completed {
		return w.over(ctx, d, run, review)
	}
	pending, err := w.GitHub.Pending(ctx, d.Repo, run.ID) // before the answers, for whoever answers takes it from there
	if err != nil {
		return review, err
	}
	answered, is, err := w.answer(ctx, d, review)
	if is || err != nil {
		return answered, err
	}
	foreign, err := w.foreign(ctx, d, run)
	if err != nil {
		return review, err
	}
	p, asked := asks(pending, d.Release.Spec.GitHubEnvironment)
	review.Reviewers = p.Reviewers
	if foreign || !asked && w.unasked(d, run) {
		return review, w.GitHub.CancelRun(ctx, d.Repo, run.ID)
	}
	return review, nil
}

// unasked says that GitHub would have asked by now. What has been asked is about to be answered, and what has not begun touches nothing.
func (w *Workflows) unasked(d deploy.Deployment, run github.Run) bool {
	return !d.Asked && run.Status == "in_progress" && w.since(d, asking)
}

// over is what became of the review of a run that has ended. One of which nobody was asked may have deployed, unless nothing of it ever began.
func (w *Workflows) over(ctx context.Context, d deploy.Deployment, run github.Run, review deploy.Review) (deploy.Review, error) {
	answered, is, err := w.answer(ctx, d, review)
	if is || err != nil {
		return answered, err
	}
	foreign, err := w.foreign(ctx, d, run)
	if err != nil {
		return review, err
	}
	why := "ended as " + run.Conclusion
	if foreign {
		why = stopped(run)
	}
	began := run.Conclusion == "success"
	if !began && !d.Asked {
		if began, err = w.GitHub.RunBegan(ctx, d.Repo, run.ID); err != nil {
			return review, err
		}
	}
	review.State, review.Why = deploy.ReviewEnded, "it "+why
	if began {
		review.State, review.Why = deploy.ReviewMissing, why
	}
	return review, nil
}

// answer is what a reviewer has said of the environment, if anybody has: the last word counts.
func (w *Workflows) answer(ctx context.Context, d deploy.Deployment, review deploy.Review) (deploy.Review, bool, error) {
	all, err := w.GitHub.Reviews(ctx, d.Repo, review.Run)
	if err != nil {
		return review, false, err
	}
	environment := d.Release.Spec.GitHubEnvironment
	for _, r := range slices.Backward(all) {
		ours := slices.ContainsFunc(r.Environments, func(name string) bool { return strings.EqualFold(name, environment) })
		switch {
		case !ours:
		case r.State == "approved":
			review.State = deploy.ReviewApproved
		case r.State == "rejected":
			review.State = deploy.ReviewRejected
		}
		if review.State != deploy.ReviewWaiting {
			review.By, review.Comment = r.By, r.Comment
			return review, true, nil
		}
	}
	return review, false, nil
}

// Withdraw takes a request back. It says withdrawn only once the run has ended, for until then GitHub may let it go.
func (w *Workflows) Withdraw(ctx context.Context, d deploy.Deployment) (deploy.Review, error) {
	withdrawn := deploy.Review{State: deploy.ReviewWithdrawn}
	if d.Run == 0 {
		if !d.Running && d.Sent.IsZero() {
			return withdrawn, nil // it was never dispatched
		}
		run, found, err := w.find(ctx, d)
		if err != nil {
			return deploy.Review{}, err
		}
		if !found && !w.since(d, lost) {
			return deploy.Review{State: deploy.ReviewWaiting}, nil
		}
		if !found {
			return withdrawn, nil
		}
		d.Run = run.ID
	}
	run, err := w.GitHub.Run(ctx, d.Repo, d.Run)
	if err != nil {
		return deploy.Review{}, err
	}
	review := deploy.Review{State: deploy.ReviewWaiting, Run: run.ID, URL: run.URL}
	if run.Status == completed {
		review, err = w.over(ctx, d, run, review)
		if review.State == deploy.ReviewEnded {
			review.State = deploy.ReviewWithdrawn
		}
		return review, err
	}
	if answered, is, err := w.answer(ctx, d, review); is || err != nil {
		return answered, err
	}
	return review, w.GitHub.CancelRun(ctx, d.Repo, run.ID)
}
