package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
)

// Deployment is a GitHub Deployment with its newest status, by the number of the deployment or of the rollback.
func Deployment(s Scene, l deploy.Lane, key app.Key) (app.Deployment, bool) {
	for _, p := range l.Promotions {
		if byWorkflow(l, p, key) {
			return app.Deployment{}, false
		}
		switch {
		case key == 0:
		case p.Put == key:
			return put(s, l, p), true
		case p.Undone == key:
			return returned(s, l, p)
		}
		for _, t := range p.Tried {
			if t.Key == key {
				return tried(s, l, p, t)
			}
		}
	}
	return app.Deployment{}, false
}

// byWorkflow says whether a number is of what a workflow did, which names the environment: GitHub makes a deployment of it by itself.
func byWorkflow(l deploy.Lane, p deploy.Promotion, key app.Key) bool {
	ours := slices.ContainsFunc(p.Tried, func(t deploy.Try) bool { return t.Key == key && t.Commit == p.Commit.SHA })
	back := slices.ContainsFunc(p.Tried, func(t deploy.Try) bool { return t.Key == key && t.Commit != p.Commit.SHA })
	switch {
	case key == 0:
		return false
	case p.Put == key || ours:
		return p.Release.Spec.Elsewhere()
	case p.Undone == key || back:
		return slices.ContainsFunc(l.Promotions, func(q deploy.Promotion) bool { return q.Commit.SHA == p.To && q.Release.Spec.Elsewhere() })
	}
	return false
}

func put(s Scene, l deploy.Lane, p deploy.Promotion) app.Deployment {
	d := app.Deployment{
		Commit: p.Commit.SHA, Environment: p.Release.Spec.GitHubEnvironment, Task: "deploy", Marker: logKey(l.Address(), "put", p.Put),
		Production: production(l.Environment), LogURL: s.Links.Log(logKey(l.Address(), "put", p.Put)), EnvironmentURL: web(p.Release.Spec.URL),
		About: p.Commit.SHA.Short() + " to " + l.Name(),
	}
	if before := p.Release.Previous; before != "" && before != p.Commit.SHA {
		d.About += ", in place of " + before.Short()
	}
	d.About = clip(d.About, maxDescription)
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
		if p.Release.Spec.Verify.HTTP == "" {
			d.Description = "Live. Nobody looked further: the file has no verify"
		}
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

// tried is a deployment, or a rollback, that was started again under another number.
func tried(s Scene, l deploy.Lane, p deploy.Promotion, t deploy.Try) (app.Deployment, bool) {
	d, ok := app.Deployment{}, true
	if t.Commit == p.Commit.SHA {
		p.Put = t.Key
		d = put(s, l, p)
	} else {
		p.Undone, p.To = t.Key, t.Commit
		d, ok = returned(s, l, p)
	}
	d.State, d.Description = "error", clip("Started again. "+plainText(t.Why), maxDescription)
	return d, ok
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
		Production: production(l.Environment), LogURL: s.Links.Log(logKey(l.Address(), "restore", p.Undone)), EnvironmentURL: web(to.Release.Spec.URL),
		About: clip(fmt.Sprintf("%s back from %s to %s", l.Name(), p.Commit.SHA.Short(), p.To.Short()), maxDescription),
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

// production says whether GitHub is to count an environment as one that end users see. It does unless a word of its name says that it is
// for trying out: several environments may be production, by region say, so their order in the file does not tell.
func production(environment string) bool {
	trial := []string{
		"demo", "dev", "development", "integration", "lab", "pre", "preprod", "preview", "qa", "review", "sandbox", "stage",
		"staging", "test", "testing", "uat",
	}
	words := strings.FieldsFunc(strings.ToLower(environment), func(r rune) bool { return !unicode.IsLetter(r) })
	return !slices.ContainsFunc(words, func(w string) bool { return slices.Contains(trial, w) })
}
