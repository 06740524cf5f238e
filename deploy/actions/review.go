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
	run, found, err := w.run(ctx, d)
	switch {
	case errors.Is(err, errRefused):
		return deploy.Review{State: deploy.ReviewEnded, Why: "it " + refused(err).Reason}, nil
	case err != nil:
		return deploy.Review{}, err
	}
	review := deploy.Review{State: deploy.ReviewWaiting, Run: run.ID, URL: run.URL}
	if !found && d.Running && w.lost(d) {
		review.State = deploy.ReviewMissing
	}
	if !found {
		return review, nil
	}
	if other, err := w.other(ctx, d, run); err != nil || other != "" {
		review.State, review.Why = deploy.ReviewEnded, "it "+other
		return review, err
	}
	return w.review(ctx, d, run, review)
}

// review asks what became of a run's review.
func (w *Workflows) review(ctx context.Context, d deploy.Deployment, run github.Run, review deploy.Review) (deploy.Review, error) {
	pending, err := w.GitHub.Pending(ctx, d.Repo, run.ID) // before the answers, for whoever answers takes it from there
	if err != nil {
		return review, err
	}
	answered, is, err := w.answer(ctx, d, review)
	if is || err != nil {
		return answered, err
	}
	if run.Status == completed {
		review.State, review.Why = deploy.ReviewEnded, "it ended as "+run.Conclusion
		if run.Conclusion == "success" { // and nobody was asked
			review.State = deploy.ReviewMissing
		}
		return review, nil
	}
	if p, is := asks(pending, d.Release.Spec.GitHubEnvironment); is {
		review.Reviewers = p.Reviewers
		return review, nil
	}
	if d.Asked || run.Status != "in_progress" || w.Clock.Now().Before(d.Since.Add(asking)) {
		return review, nil // what has been asked is about to be answered, and what has not begun touches nothing
	}
	review.State = deploy.ReviewMissing
	return review, w.GitHub.CancelRun(ctx, d.Repo, run.ID)
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
		if !d.Running && !d.Retry {
			return withdrawn, nil // it was never dispatched
		}
		run, found, err := w.find(ctx, d)
		if err != nil {
			return deploy.Review{}, err
		}
		if !found && !w.lost(d) {
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
	if answered, is, err := w.answer(ctx, d, review); is || err != nil {
		return answered, err
	}
	if run.Status == completed {
		review.State = deploy.ReviewWithdrawn
		return review, nil
	}
	return review, w.GitHub.CancelRun(ctx, d.Repo, run.ID)
}
