package standin_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v62/github"
)

// TestReview follows a deployment through its environment's reviewers.
func TestReview(t *testing.T) {
	w, ctx := start(t, withActions), context.Background()
	repo, app, sha := w.workflows(map[string]string{deployFile: deployWorkflow})
	if err := w.gh.AddTeam("acme", "ops", "cy"); err != nil {
		t.Fatal(err)
	}
	if err := repo.SetEnvironment("production", 0, "ana", "acme/ops"); err != nil {
		t.Fatal(err)
	}
	id := w.dispatch(app, "production")
	run := w.await(repo, id, "waiting")
	if len(run.Jobs) != 1 || run.Jobs[0].Status != "waiting" || strings.Join(run.Jobs[0].Reviewers, " ") != "ana acme/ops" || run.Jobs[0].Output != "" {
		t.Errorf("the jobs: %+v", run.Jobs)
	}
	if got := deploymentStates(repo, "production"); got != "waiting" {
		t.Errorf("the deployment went %s", got)
	}
	heard := w.hooks()
	told := "workflow_run.requested deployment deployment_status.created workflow_job.waiting deployment_review.requested"
	if names(heard) != told {
		t.Errorf("heard %s\nwant  %s", names(heard), told)
	}
	asked := heard[4].payload.(*reviewEvent)
	if asked.Environment != "production" || asked.Run.HeadSHA != sha || len(asked.Reviewers) != 2 {
		t.Errorf("asked for %+v", asked)
	}

	environment := w.pending(app, id, false)
	w.pending(w.as("ana"), id, true)
	w.pending(w.as("ben"), id, false)
	request := &github.PendingDeploymentsRequest{EnvironmentIDs: []int64{environment}, State: "approved", Comment: "go"}
	_, _, err := app.Actions.PendingDeployments(ctx, "acme", "shop", id, request)
	wantStatus(t, "a review by the App", err, http.StatusForbidden)
	_, _, err = w.as("ben").Actions.PendingDeployments(ctx, "acme", "shop", id, request)
	wantStatus(t, "a review by somebody else", err, http.StatusForbidden)
	done, _, err := w.as("cy").Actions.PendingDeployments(ctx, "acme", "shop", id, request)
	if err != nil || len(done) != 1 || done[0].GetEnvironment() != "production" {
		t.Fatalf("reviewing: %v, %v", done, err)
	}
	run = w.await(repo, id, "completed")
	if run.Conclusion != "success" || !strings.HasPrefix(run.Jobs[0].Output, "deploying v1") {
		t.Errorf("the run: %+v", run)
	}
	if got := deploymentStates(repo, "production"); got != "waiting queued in_progress success" {
		t.Errorf("the deployment went %s", got)
	}
	heard = w.hooks()
	told = "deployment_review.approved workflow_job.queued deployment_status.created workflow_run.in_progress workflow_job.in_progress " +
		"deployment_status.created workflow_job.completed deployment_status.created workflow_run.completed"
	if names(heard) != told {
		t.Errorf("heard %s\nwant  %s", names(heard), told)
	}
	if said := heard[0].payload.(*reviewEvent); said.Approver.Login != "cy" || said.Comment != "go" || said.Jobs[0].Environment != "production" {
		t.Errorf("the review: %+v", said)
	}
	_, _, err = w.as("ana").Actions.PendingDeployments(ctx, "acme", "shop", id, request)
	wantStatus(t, "a review of what nobody waits for", err, http.StatusUnprocessableEntity)
}

// pending asks what a run waits for, and returns the number of the one environment.
func (w *world) pending(client *github.Client, run int64, canApprove bool) int64 {
	w.t.Helper()
	type pending struct {
		Environment *github.Environment `json:"environment"`
		CanApprove  bool                `json:"current_user_can_approve"`
		Reviewers   []struct{ Type string }
		WaitTimer   int `json:"wait_timer"`
	}
	list, _, err := send[[]pending](client, "GET", fmt.Sprint("repos/acme/shop/actions/runs/", run, "/pending_deployments"), nil)
	if err != nil || len(list) != 1 || list[0].CanApprove != canApprove || len(list[0].Reviewers) == 0 {
		w.t.Fatalf("pending: %+v, %v, want one that can be approved: %v", list, err, canApprove)
	}
	return list[0].Environment.GetID()
}

func TestRejection(t *testing.T) {
	w := start(t, withActions)
	repo, app, sha := w.workflows(map[string]string{deployFile: deployWorkflow})
	if err := repo.SetEnvironment("production", 0, "ana"); err != nil {
		t.Fatal(err)
	}
	id := w.dispatch(app, "production")
	if err := repo.Review("ben", id, false, "production", "no"); err == nil {
		t.Error("ben, who is no reviewer, reviewed")
	}
	if err := repo.Review("ana", id, false, "Production", "not on a Friday"); err != nil {
		t.Fatal(err)
	}
	run := w.await(repo, id, "completed")
	if run.Conclusion != "failure" || run.Jobs[0].Conclusion != "failure" || run.Jobs[0].Output != "" {
		t.Errorf("the run: %+v", run)
	}
	if got := deploymentStates(repo, "production"); got != "waiting failure" {
		t.Errorf("the deployment went %s", got)
	}
	if heard := names(w.hooks()); !strings.HasSuffix(heard, "deployment_review.rejected workflow_job.completed deployment_status.created workflow_run.completed") {
		t.Errorf("heard %s", heard)
	}
	type approval struct {
		State, Comment string
		User           *github.User
		Environments   []*github.Environment
	}
	list, _, err := send[[]approval](app, "GET", fmt.Sprint("repos/acme/shop/actions/runs/", id, "/approvals"), nil)
	if err != nil || len(list) != 1 || list[0].State != "rejected" || list[0].Comment != "not on a Friday" || list[0].User.GetLogin() != "ana" {
		t.Errorf("approvals: %+v, %v", list, err)
	}
	if check, _ := repo.CheckRun(sha, "deploy"); check.Conclusion != "failure" {
		t.Errorf("the job's check run: %+v", check)
	}
}

// A wait timer holds a job from when it came, whoever approves; an environment nobody reviews fails it after 30 days.
func TestWaiting(t *testing.T) {
	w := start(t, withActions)
	repo, app, _ := w.workflows(map[string]string{deployFile: deployWorkflow})
	if err := repo.SetEnvironment("slow", 30, "ana"); err != nil {
		t.Fatal(err)
	}
	if err := repo.SetEnvironment("forgotten", 0, "ana"); err != nil {
		t.Fatal(err)
	}
	slow, forgotten := w.dispatch(app, "slow"), w.dispatch(app, "forgotten")
	w.clock.Advance(29 * time.Minute)
	if err := repo.Review("ana", slow, true, "slow", ""); err != nil {
		t.Fatal(err)
	}
	if run := repo.WorkflowRuns()[0]; run.Status != "waiting" || len(run.Jobs[0].Reviewers) != 0 {
		t.Errorf("after 29 minutes: %+v", run)
	}
	w.clock.Advance(time.Minute)
	if run := w.await(repo, slow, "completed"); run.Conclusion != "success" {
		t.Errorf("after 30 minutes: %+v", run)
	}
	w.clock.Advance(30 * 24 * time.Hour)
	if run := w.await(repo, forgotten, "completed"); run.Conclusion != "failure" {
		t.Errorf("after 30 days: %+v", run)
	}
}
