package standin_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app/standin"
)

// ruled is a run that waits for the App's rule of production.
func (w *world) ruled(repo *standin.Repo, app *github.Client) (id int64, callback string) {
	w.t.Helper()
	if err := repo.SetProtectionRule("production", true); err != nil {
		w.t.Fatal(err)
	}
	id = w.dispatch(app, "production")
	if run := w.await(repo, id, "waiting"); !run.Jobs[0].AwaitsApp {
		w.t.Errorf("the job does not wait for the App: %+v", run.Jobs[0])
	}
	return id, fmt.Sprint("repos/acme/shop/actions/runs/", id, "/deployment_protection_rule")
}

type ruling map[string]string

func TestProtectionRuleApproves(t *testing.T) {
	w := start(t, withActions)
	repo, app, sha := w.workflows(map[string]string{deployFile: deployWorkflow})
	id, callback := w.ruled(repo, app)
	heard := w.hooks()
	told := "workflow_run.requested deployment deployment_status.created workflow_job.waiting deployment_protection_rule.requested"
	if names(heard) != told {
		t.Fatalf("heard %s\nwant  %s", names(heard), told)
	}
	asked := heard[4].payload.(*github.DeploymentProtectionRuleEvent)
	if asked.GetEnvironment() != "production" || asked.GetEvent() != "workflow_dispatch" || asked.GetDeployment().GetSHA() != sha {
		t.Errorf("asked %v", asked)
	}
	if got := asked.GetDeploymentCallbackURL(); got != w.gh.URL()+"/"+callback {
		t.Errorf("the callback is %s, want %s", got, callback)
	}
	for i := range 2 {
		if _, answer, err := send[any](app, "POST", callback, ruling{"environment_name": "production", "comment": fmt.Sprint("Step ", i)}); err != nil || answer.StatusCode != 204 {
			t.Fatalf("reporting progress: %v, %v", answer, err)
		}
	}
	if job := repo.WorkflowRuns()[0].Jobs[0]; job.Status != "waiting" || strings.Join(job.Reports, ", ") != "Step 0, Step 1" {
		t.Errorf("after two reports: %+v", job)
	}
	_, _, err := send[any](app, "POST", callback, ruling{"environment_name": "Production", "state": "approved", "comment": "**Go**"})
	if err != nil {
		t.Fatal(err)
	}
	run := w.await(repo, id, "completed")
	if run.Conclusion != "success" || run.Jobs[0].Decision != "**Go**" || deploymentStates(repo, "production") != "waiting queued in_progress success" {
		t.Errorf("the run: %+v", run)
	}
}

func TestProtectionRuleRejects(t *testing.T) {
	w := start(t, withActions)
	repo, app, _ := w.workflows(map[string]string{deployFile: deployWorkflow})
	id, callback := w.ruled(repo, app)
	if _, _, err := send[any](app, "POST", callback, ruling{"environment_name": "production", "state": "rejected"}); err != nil {
		t.Fatal(err)
	}
	if run := w.await(repo, id, "completed"); run.Conclusion != "failure" || deploymentStates(repo, "production") != "waiting failure" {
		t.Errorf("the run: %+v", run)
	}
}

// Reviewers and the App have to agree, whoever comes first.
func TestProtectionRuleAndReviewers(t *testing.T) {
	w := start(t, withActions)
	repo, app, _ := w.workflows(map[string]string{deployFile: deployWorkflow})
	if err := repo.SetEnvironment("production", 0, "ana"); err != nil {
		t.Fatal(err)
	}
	id, callback := w.ruled(repo, app)
	if err := repo.Review("ana", id, true, "production", ""); err != nil {
		t.Fatal(err)
	}
	if run := repo.WorkflowRuns()[0]; run.Status != "waiting" {
		t.Errorf("without the App the run is %s", run.Status)
	}
	if _, _, err := send[any](app, "POST", callback, ruling{"environment_name": "production", "state": "approved"}); err != nil {
		t.Fatal(err)
	}
	w.await(repo, id, "completed")

	if err := repo.SetProtectionRule("production", false); err != nil {
		t.Fatal(err)
	}
	id = w.dispatch(app, "production")
	if run := w.await(repo, id, "waiting"); run.Jobs[0].AwaitsApp {
		t.Errorf("the rule was switched off, and the job waits for it: %+v", run.Jobs[0])
	}
}

func TestProtectionRuleRefusals(t *testing.T) {
	w := start(t, withActions, unruly)
	repo, app, _ := w.workflows(map[string]string{deployFile: deployWorkflow})
	_, callback := w.ruled(repo, app)
	approve := ruling{"environment_name": "production", "state": "approved"}
	for name, test := range map[string]struct {
		by   *github.Client
		path string
		body ruling
		want int
	}{
		"no such run":         {app, "repos/acme/shop/actions/runs/1/deployment_protection_rule", approve, http.StatusNotFound},
		"another environment": {app, callback, ruling{"environment_name": "staging", "state": "approved"}, 422},
		"no environment":      {app, callback, ruling{"state": "approved"}, 422},
		"an unknown state":    {app, callback, ruling{"environment_name": "production", "state": "maybe"}, 422},
		"no comment":          {app, callback, ruling{"environment_name": "production"}, 422},
		"comment of 1025":     {app, callback, ruling{"environment_name": "production", "comment": strings.Repeat("ä", 1025)}, 422},
		"by a person":         {w.as("root"), callback, approve, http.StatusForbidden},
	} {
		_, _, err := send[any](test.by, "POST", test.path, test.body)
		wantStatus(t, name, err, test.want)
	}
	for i := range 11 {
		_, _, err := send[any](app, "POST", callback, ruling{"environment_name": "production", "comment": "still looking"})
		if want := map[bool]int{true: 422}[i == 10]; status(err) != want {
			t.Errorf("report %d: %v, want %d", i, err, want)
		}
	}
	if _, _, err := send[any](app, "POST", callback, approve); err != nil {
		t.Fatal(err)
	}
	_, _, err := send[any](app, "POST", callback, approve)
	wantStatus(t, "approving twice", err, http.StatusUnprocessableEntity)
}

// An environment says who decides about it.
func TestProtectionRulesAreListed(t *testing.T) {
	w, ctx := start(t, withActions), context.Background()
	repo, app := w.shop()
	if err := repo.SetProtectionRule("production", true); err != nil {
		t.Fatal(err)
	}
	e, _, err := app.Repositories.GetEnvironment(ctx, "acme", "shop", "production")
	if err != nil || len(e.ProtectionRules) != 1 {
		t.Errorf("the environment: %v, %v", e, err)
	}
	list, _, err := app.Repositories.GetAllDeploymentProtectionRules(ctx, "acme", "shop", "production")
	if err != nil || list.GetTotalCount() != 1 || list.ProtectionRules[0].GetApp().GetSlug() != "slipway" || !list.ProtectionRules[0].GetEnabled() {
		t.Errorf("the rules: %v, %v", list, err)
	}
	_, _, err = app.Repositories.GetAllDeploymentProtectionRules(ctx, "acme", "shop", "nowhere")
	wantStatus(t, "rules of no environment", err, http.StatusNotFound)
}

// Who has not subscribed to an event does not get it, and the job waits all the same.
func TestUnsubscribedRule(t *testing.T) {
	w := start(t, func(o *standin.Options) { o.App.Events = []string{"workflow_run"} })
	repo, app, _ := w.workflows(map[string]string{deployFile: deployWorkflow})
	id, callback := w.ruled(repo, app)
	if got := names(w.hooks()); got != "workflow_run.requested" {
		t.Errorf("heard %s", got)
	}
	if _, _, err := send[any](app, "POST", callback, ruling{"environment_name": "production", "state": "approved"}); err != nil {
		t.Fatal(err)
	}
	w.await(repo, id, "completed")
}
