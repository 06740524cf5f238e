package actions

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/github"
	"github.com/slipway-cd/slipway/deploy"
)

func gateOnly() deploy.Deployment {
	d := deployment()
	d.Release.Spec = deploy.Spec{GateOnly: true, GitHubEnvironment: "production"}
	d.Ask = deploy.Ask{Run: 7, Deployment: 8, Environment: "Production"}
	return d
}

// TestLetGo follows a deployment of somebody else's workflow, whatever GitHub says of it.
func TestLetGo(t *testing.T) {
	on, over := github.Run{ID: 7, Status: "in_progress"}, github.Run{ID: 7, Status: completed, Conclusion: "cancelled"}
	waiting := github.Run{ID: 7, Status: "waiting"}
	answered := &app.Error{Op: "answering", Kind: app.ErrInvalid}
	yes := []string{"7 Production approved"}
	asked := []github.Pending{{Environment: "production", Reviewers: []string{"eli"}}}
	for name, c := range map[string]struct {
		hub  hub
		want app.Status
		said []string
	}{
		"waits for us":           {hub{run: waiting, states: []string{"waiting"}}, app.Status{Running: true, Run: 7}, yes},
		"nothing said of it":     {hub{run: waiting}, app.Status{Running: true, Run: 7}, yes},
		"waits for reviewers":    {hub{run: waiting, states: []string{"waiting"}, deaf: answered, pending: asked}, app.Status{Running: true, Asking: true, Run: 7}, yes},
		"in line":                {hub{run: on, states: []string{"queued", "waiting"}}, app.Status{Running: true, Run: 7}, nil},
		"under way":              {hub{run: on, states: []string{"in_progress", "queued"}}, app.Status{Running: true, Run: 7}, nil},
		"done, and others go on": {hub{run: on, states: []string{"success", "in_progress"}}, app.Status{Outcome: app.Succeeded, Run: 7}, nil},
		"retired since":          {hub{run: on, states: []string{"inactive", "success"}}, app.Status{Outcome: app.Succeeded, Run: 7}, nil},
		"failed":                 {hub{run: on, states: []string{"failure", "in_progress"}}, app.Status{Outcome: app.Failed, Reason: "ended as failure", Run: 7}, nil},
		"refused by others":      {hub{run: over, states: []string{"failure", "waiting"}}, app.Status{Outcome: app.Failed, Reason: "ended as failure", Untouched: true, Run: 7}, nil},
		"cancelled before":       {hub{run: over, states: []string{"waiting"}}, app.Status{Outcome: app.Failed, Reason: "ended as cancelled", Untouched: true, Run: 7}, nil},
		"cancelled meanwhile":    {hub{run: over, states: []string{"in_progress"}}, app.Status{Outcome: app.Failed, Reason: "ended as cancelled", Run: 7}, nil},
		"over, and told late":    {hub{run: github.Run{ID: 7, Status: completed, Conclusion: "success"}, states: []string{"in_progress"}}, app.Status{Outcome: app.Succeeded, Run: 7}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := c.hub
			w, _ := workflows(&h)
			got, err := w.Ensure(t.Context(), gateOnly())
			if d := cmp.Diff(c.want, got); err != nil || d != "" || !cmp.Equal(h.said, c.said) || len(h.dispatched) > 0 {
				t.Errorf("said %q, dispatched %v, %v\n%s", h.said, h.dispatched, err, d)
			}
		})
	}
}

// TestGateGoesBack: by the workflow that the file names, else by one that a person starts.
func TestGateGoesBack(t *testing.T) {
	h := &hub{run: github.Run{Status: "queued"}}
	w, _ := workflows(h)
	d := gateOnly()
	d.Rollback, d.Ask = true, deploy.Ask{}
	if s, err := w.Ensure(t.Context(), d); err != nil || !s.Running || s.Run != 0 || len(h.dispatched) > 0 {
		t.Errorf("%+v, %v", s, err)
	}
	d.Release.Spec.BackWorkflow = "back.yml"
	if s, err := w.Ensure(t.Context(), d); err != nil || s.Run != 7 || len(h.dispatched) != 1 || h.dispatched[0].Workflow != "back.yml" {
		t.Errorf("%+v, %v, %+v", s, err, h.dispatched)
	}
}

// TestDeaf: what GitHub does not take for another reason than that it was answered is tried again.
func TestDeaf(t *testing.T) {
	h := &hub{run: github.Run{ID: 7, Status: "waiting"}, states: []string{"waiting"}, deaf: &app.Error{Op: "answering", Kind: app.ErrUnreachable}}
	w, _ := workflows(h)
	if s, err := w.Ensure(t.Context(), gateOnly()); app.KindOf(err) != app.ErrUnreachable {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestDeleted: what became of a run that somebody has deleted on GitHub nobody can say.
func TestDeleted(t *testing.T) {
	w, _ := workflows(&hub{states: []string{"in_progress"}})
	if s, err := w.Ensure(t.Context(), gateOnly()); err != nil || s.Running || s.Outcome != app.OutcomeUnknown {
		t.Errorf("%+v, %v", s, err)
	}
}
