package actions

import (
	"context"
	"slices"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/github"
	"github.com/slipway-cd/slipway/deploy"
)

// letGo answers what GitHub asks about a workflow that others have started, and follows the deployment that this lets begin: a run may go on to
// other environments, so its own end says nothing.
func (w *Workflows) letGo(ctx context.Context, d deploy.Deployment) (app.Status, error) {
	if d.Ask == (deploy.Ask{}) {
		return app.Status{Running: true}, nil // a person has to start it
	}
	run, err := w.GitHub.Run(ctx, d.Repo, d.Ask.Run)
	var states []string
	if err == nil {
		states, err = w.GitHub.DeploymentStates(ctx, d.Repo, d.Ask.Deployment) // after the run, which ends last
	}
	switch {
	case app.KindOf(err) == app.ErrNotFound: // somebody has deleted it
		return app.Status{Outcome: app.OutcomeUnknown}, nil
	case err != nil:
		return app.Status{}, err
	}
	s := app.Status{Run: run.ID, URL: run.URL}
	if over := outcome(states, run); over.Outcome != app.OutcomeUnknown {
		over.Run, over.URL = s.Run, s.URL
		return over, nil
	}
	s.Running = true
	if state := newest(states); state != "" && state != "waiting" && state != "pending" {
		return s, nil
	}
	yes := github.ProtectionAnswer{State: "approved", Comment: "slipway lets it go: " + d.RunURL}
	err = w.GitHub.AnswerProtection(ctx, d.Repo, d.Ask.Run, d.Ask.Environment, yes)
	if err != nil && app.KindOf(err) != app.ErrInvalid { // else it was answered before, and waits for others
		return s, err
	}
	pending, err := w.GitHub.Pending(ctx, d.Repo, run.ID)
	p, _ := asks(pending, d.Ask.Environment)
	s.Asking = len(p.Reviewers) > 0
	return s, err
}

// outcome is how a deployment ended, or unknown while it has not. What never was in progress has changed nothing.
func outcome(states []string, run github.Run) app.Status {
	switch state := newest(states); {
	case state == "success", state == "inactive": // GitHub retires what was followed by another
		return app.Status{Outcome: app.Succeeded}
	case state == "failure", state == "error":
		return app.Status{Outcome: app.Failed, Reason: "ended as " + state, Untouched: !slices.Contains(states, "in_progress")}
	case run.Status == completed && run.Conclusion == "success":
		return app.Status{Outcome: app.Succeeded}
	case run.Status == completed:
		return app.Status{Outcome: app.Failed, Reason: "ended as " + run.Conclusion, Untouched: !slices.Contains(states, "in_progress")}
	}
	return app.Status{}
}

func newest(states []string) string {
	if len(states) == 0 {
		return ""
	}
	return states[0]
}
