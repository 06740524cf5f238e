package report

import (
	"fmt"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
)

// Deployment is a GitHub Deployment with its newest status, by the number of the deployment or of the rollback. It counts as production: GitHub
// shows it so, and slipway itself says which one is inactive.
func Deployment(s Scene, l deploy.Lane, key app.Key) (app.Deployment, bool) {
	for _, p := range l.Promotions {
		switch {
		case key == 0:
		case p.Put == key:
			return put(s, l, p), true
		case p.Undone == key:
			return returned(s, l, p)
		}
	}
	return app.Deployment{}, false
}

func put(s Scene, l deploy.Lane, p deploy.Promotion) app.Deployment {
	d := app.Deployment{
		Commit: p.Commit.SHA, Environment: p.Release.Spec.GitHubEnvironment, Task: "deploy", Marker: logKey(l.Address(), "put", p.Put),
		Production: true, LogURL: s.Links.Log(logKey(l.Address(), "put", p.Put)), EnvironmentURL: web(p.Release.Spec.URL),
	}
	switch p.State {
	case deploy.Deploying:
		d.State, d.Description = "queued", "In line for a free place"
		if !p.Began.IsZero() {
			d.State, d.Description = "in_progress", "Its deploy step runs"
		}
	case deploy.Verifying:
		d.State, d.Description = "in_progress", "Deployed; it is being watched"
	case deploy.Live:
		d.State, d.Description = "success", "Live, and good for its whole bake"
	case deploy.RollingBack:
		d.State, d.Description = "failure", "Being rolled back: "+plainText(p.Why)
	case deploy.RolledBack:
		d.State, d.Description = "failure", "Rolled back: "+plainText(p.Why)
	case deploy.Attention, deploy.Retrying:
		d.State, d.Description = "error", "Somebody must say what to do: "+plainText(p.Why)
	default:
		d.State, d.Description = "failure", plainText(p.Why)
	}
	d.Description = clip(d.Description, maxDescription)
	return d
}

func returned(s Scene, l deploy.Lane, p deploy.Promotion) (app.Deployment, bool) {
	var to deploy.Promotion
	for _, q := range l.Promotions {
		if q.Commit.SHA == p.To && q.Put != 0 {
			to = q
		}
	}
	if to.Put == 0 {
		return app.Deployment{}, false
	}
	d := app.Deployment{
		Commit: p.To, Environment: to.Release.Spec.GitHubEnvironment, Task: "rollback", Marker: logKey(l.Address(), "restore", p.Undone),
		Production: true, LogURL: s.Links.Log(logKey(l.Address(), "restore", p.Undone)), EnvironmentURL: web(to.Release.Spec.URL),
		State: "in_progress", Description: fmt.Sprintf("Coming back in place of %s", p.Commit.SHA.Short()),
	}
	switch {
	case p.State == deploy.RolledBack:
		d.State, d.Description = "success", fmt.Sprintf("Back in place of %s", p.Commit.SHA.Short())
	case p.State == deploy.RollingBack:
	default:
		d.State, d.Description = "error", clip(plainText(p.Why), maxDescription)
	}
	return d, true
}
