package standin_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app/standin"
)

const deployFile = ".github/workflows/deploy.yml"

// deployWorkflow deploys to the environment that it is given.
const deployWorkflow = `name: Deploy
run-name: Deploy ${{ inputs.environment }} ${{ inputs.nonce }}
on:
  workflow_dispatch:
    inputs:
      environment: {required: true}
      nonce: {default: none}
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment:
      name: ${{ inputs.environment }}
      url: https://web.example
    steps:
      - uses: actions/checkout@v4
      - name: Put it there
        run: |
          test "$(git rev-parse HEAD)" = "$GITHUB_SHA"
          echo "deploying $(cat version) to $TO, $CI $GITHUB_ACTOR $GITHUB_REPOSITORY $GITHUB_REF"
        env:
          TO: ${{ inputs.environment }} of ${{ github.sha }}
`

// withActions subscribes the App to deployments too.
func withActions(o *standin.Options) {
	o.App.Events = []string{
		"workflow_run", "workflow_job", "deployment", "deployment_status", "deployment_review", "deployment_protection_rule",
	}
}

// workflows is a shop with files of workflows on main.
func (w *world) workflows(files map[string]string) (*standin.Repo, *github.Client, string) {
	w.t.Helper()
	repo, app := w.shop()
	all := map[string]string{"version": "v1\n"}
	for name, text := range files {
		all[name] = text
	}
	sha := w.commit(repo, "ben", "main", "Add workflows", all)
	w.hooks()
	return repo, app, sha
}

// send sends one request and decodes the answer.
func send[T any](client *github.Client, method, path string, body any) (T, *github.Response, error) {
	var out T
	request, err := client.NewRequest(method, path, body)
	if err != nil {
		return out, nil, err
	}
	answer, err := client.Do(context.Background(), request, &out)
	return out, answer, err
}

type dispatched struct {
	ID      int64  `json:"workflow_run_id"`
	RunURL  string `json:"run_url"`
	HTMLURL string `json:"html_url"`
}

const dispatches = "repos/acme/shop/actions/workflows/deploy.yml/dispatches"

// dispatch runs deploy.yml against an environment, as the App.
func (w *world) dispatch(app *github.Client, environment string) int64 {
	w.t.Helper()
	body := map[string]any{"ref": "main", "inputs": map[string]string{"environment": environment}, "return_run_details": true}
	out, _, err := send[dispatched](app, "POST", dispatches, body)
	if err != nil {
		w.t.Fatal(err)
	}
	return out.ID
}

// await waits until a run is in a status.
func (w *world) await(repo *standin.Repo, id int64, status string) standin.WorkflowRun {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	run, err := repo.AwaitRun(ctx, id, status)
	if err != nil {
		w.t.Fatal(err)
	}
	return run
}

// A dispatch without protection is the deployment.
func TestDispatchDeploysAtOnce(t *testing.T) {
	w, ctx := start(t, withActions), context.Background()
	repo, app, sha := w.workflows(map[string]string{deployFile: deployWorkflow})
	id := w.dispatch(app, "staging")
	run := w.await(repo, id, "completed")
	if run.Conclusion != "success" || run.HeadSHA != sha || run.Title != "Deploy staging none" || run.Name != "Deploy" || run.Path != deployFile {
		t.Errorf("the run: %+v", run)
	}
	want := "deploying v1 to staging of " + sha + ", true slipway[bot] acme/shop refs/heads/main\n"
	if len(run.Jobs) != 1 || run.Jobs[0].Output != want || run.Jobs[0].Environment != "staging" {
		t.Errorf("the jobs: %+v, want %q", run.Jobs, want)
	}
	if got := deploymentStates(repo, "staging"); got != "queued in_progress success" {
		t.Errorf("the deployment went %s", got)
	}
	d, _, err := app.Repositories.ListDeployments(ctx, "acme", "shop", &github.DeploymentsListOptions{SHA: sha, Environment: "staging"})
	if err != nil || len(d) != 1 || d[0].GetTask() != "deploy" || d[0].GetCreator().GetLogin() != "github-actions[bot]" {
		t.Errorf("the deployment: %v, %v", d, err)
	}
	got, _, err := app.Actions.GetWorkflowRunByID(ctx, "acme", "shop", id)
	if err != nil || got.GetConclusion() != "success" || got.GetDisplayTitle() != "Deploy staging none" || got.GetHeadBranch() != "main" {
		t.Errorf("the run by the API: %v, %v", got, err)
	}
	jobs, _, err := app.Actions.ListWorkflowJobs(ctx, "acme", "shop", id, nil)
	if err != nil || jobs.GetTotalCount() != 1 || len(jobs.Jobs[0].Steps) != 2 || jobs.Jobs[0].Steps[1].GetName() != "Put it there" {
		t.Errorf("the jobs by the API: %v, %v", jobs, err)
	}
	told := "workflow_run.requested deployment workflow_job.queued deployment_status.created workflow_run.in_progress " +
		"workflow_job.in_progress deployment_status.created workflow_job.completed deployment_status.created workflow_run.completed"
	if heard := names(w.hooks()); heard != told {
		t.Errorf("heard %s\nwant  %s", heard, told)
	}
	if check, found := repo.CheckRun(sha, "deploy"); !found || check.App != "github-actions" || check.Conclusion != "success" {
		t.Errorf("the job's check run: %+v", check)
	}
}

// deploymentStates are the states that the newest deployment of an environment went through.
func deploymentStates(repo *standin.Repo, environment string) string {
	all := repo.Deployments(environment)
	if len(all) == 0 {
		return ""
	}
	var states []string
	for _, s := range all[len(all)-1].Statuses {
		states = append(states, s.State)
	}
	return strings.Join(states, " ")
}

// Without the flag, and from an older server, a dispatch says nothing: the run is found by its title.
func TestDispatchWithoutDetails(t *testing.T) {
	w, ctx := start(t, withActions, unruly, func(o *standin.Options) { o.OldActions = true }), context.Background()
	repo, app, sha := w.workflows(map[string]string{deployFile: deployWorkflow})
	inputs := map[string]any{"environment": "staging", "nonce": "n1"}
	body := map[string]any{"ref": "main", "inputs": inputs, "return_run_details": true}
	_, _, err := send[dispatched](app, "POST", dispatches, body)
	wantStatus(t, "the flag on an older server", err, http.StatusUnprocessableEntity)
	answer, err := app.Actions.CreateWorkflowDispatchEventByFileName(ctx, "acme", "shop", "deploy.yml",
		github.CreateWorkflowDispatchEventRequest{Ref: "main", Inputs: inputs})
	if err != nil || answer.StatusCode != http.StatusNoContent {
		t.Fatalf("a dispatch without the flag: %v, %v", answer, err)
	}
	runs, _, err := app.Actions.ListWorkflowRunsByFileName(ctx, "acme", "shop", "deploy.yml", &github.ListWorkflowRunsOptions{
		Event: "workflow_dispatch", Actor: "slipway[bot]", Branch: "main", HeadSHA: sha, Created: ">=" + w.clock.Now().UTC().Format(time.RFC3339),
	})
	if err != nil || runs.GetTotalCount() != 1 || runs.WorkflowRuns[0].GetDisplayTitle() != "Deploy staging n1" {
		t.Fatalf("runs: %v, %v", runs, err)
	}
	w.await(repo, runs.WorkflowRuns[0].GetID(), "completed")
	for _, other := range []github.ListWorkflowRunsOptions{
		{Event: "push"}, {Actor: "ben"}, {Branch: "topic"}, {HeadSHA: strings.Repeat("1", 40)}, {Status: "failure"}, {Created: "<2020-01-01"},
		{Created: "2020-01-01..2020-12-31"},
	} {
		if none, _, err := app.Actions.ListRepositoryWorkflowRuns(ctx, "acme", "shop", &other); err != nil || none.GetTotalCount() != 0 {
			t.Errorf("runs with %+v: %v, %v", other, none, err)
		}
	}
}

func TestDispatchRefusals(t *testing.T) {
	w := start(t, withActions, unruly)
	_, app, sha := w.workflows(map[string]string{
		deployFile:                    deployWorkflow,
		".github/workflows/push.yml":  "on: push\njobs: {a: {steps: [{run: 'true'}]}}\n",
		".github/workflows/if.yml":    "on: workflow_dispatch\njobs: {a: {if: false, steps: [{run: 'true'}]}}\n",
		".github/workflows/needs.yml": "on: workflow_dispatch\njobs: {a: {needs: b}, b: {needs: [a]}}\n",
		".github/workflows/expr.yml":  "on: [workflow_dispatch]\njobs: {a: {steps: [{run: 'echo ${{ steps.x.outputs.y }}'}]}}\n",
	})
	for range 2 { // nothing has changed the second time: no push ran twice, nothing was left behind
		many := map[string]any{"environment": "e"}
		for i := range 25 {
			many[fmt.Sprint("i", i)] = "1"
		}
		for name, test := range map[string]struct {
			file string
			body map[string]any
			want int
		}{
			"no such workflow":       {"other.yml", map[string]any{"ref": "main"}, 404},
			"no ref":                 {"deploy.yml", map[string]any{"inputs": map[string]any{"environment": "e"}}, 422},
			"a SHA":                  {"deploy.yml", map[string]any{"ref": sha, "inputs": map[string]any{"environment": "e"}}, 422},
			"no such branch":         {"deploy.yml", map[string]any{"ref": "nowhere", "inputs": map[string]any{"environment": "e"}}, 422},
			"missing input":          {"deploy.yml", map[string]any{"ref": "main"}, 422},
			"empty input":            {"deploy.yml", map[string]any{"ref": "main", "inputs": map[string]any{"environment": ""}}, 422},
			"unknown input":          {"deploy.yml", map[string]any{"ref": "main", "inputs": map[string]any{"environment": "e", "x": "1"}}, 422},
			"26 inputs":              {"deploy.yml", map[string]any{"ref": "main", "inputs": many}, 422},
			"a number as input":      {"deploy.yml", map[string]any{"ref": "main", "inputs": map[string]any{"environment": 1}}, 422},
			"no workflow_dispatch":   {"push.yml", map[string]any{"ref": "main"}, 422},
			"if, which nobody knows": {"if.yml", map[string]any{"ref": "main"}, 422},
			"jobs in a circle":       {"needs.yml", map[string]any{"ref": "main"}, 422},
			"an unknown expression":  {"expr.yml", map[string]any{"ref": "main"}, 422},
		} {
			_, _, err := send[dispatched](app, "POST", "repos/acme/shop/actions/workflows/"+test.file+"/dispatches", test.body)
			wantStatus(t, name, err, test.want)
		}
	}
	_, _, err := send[dispatched](w.as("cy"), "POST", dispatches, map[string]any{"ref": "main", "inputs": map[string]any{"environment": "e"}})
	wantStatus(t, "a dispatch by a reader", err, http.StatusForbidden)
}

// Dispatching takes actions: write, which an App that only reads has not.
func TestActionsPermissions(t *testing.T) {
	w := start(t, unruly, func(o *standin.Options) {
		o.App.Permissions = map[string]string{"metadata": "read", "contents": "read", "actions": "read"}
	})
	repo, app, _ := w.workflows(map[string]string{deployFile: deployWorkflow})
	_, _, err := send[dispatched](app, "POST", dispatches, map[string]any{"ref": "main", "inputs": map[string]any{"environment": "e"}})
	wantStatus(t, "a dispatch with actions: read", err, http.StatusForbidden)
	id, err := repo.Dispatch("ben", "deploy.yml", "main", map[string]string{"environment": "e"})
	if err != nil {
		t.Fatal(err)
	}
	w.await(repo, id, "completed")
	run := fmt.Sprint("repos/acme/shop/actions/runs/", id)
	for _, what := range []string{"/cancel", "/rerun", "/pending_deployments", "/deployment_protection_rule"} {
		_, _, err := send[any](app, "POST", run+what, nil)
		wantStatus(t, what, err, http.StatusForbidden)
	}
	if _, _, err := send[any](app, "GET", run+"/pending_deployments", nil); err != nil {
		t.Error(err)
	}
	if got := names(w.hooks()); strings.Contains(got, "deployment_review") {
		t.Errorf("told without deployments: read: %s", got)
	}
}

// Workflows have numbers, by which everything goes too.
func TestWorkflowsByNumber(t *testing.T) {
	w, ctx := start(t, withActions), context.Background()
	repo, app, _ := w.workflows(map[string]string{deployFile: deployWorkflow})
	all, _, err := app.Actions.ListWorkflows(ctx, "acme", "shop", nil)
	if err != nil || all.GetTotalCount() != 1 || all.Workflows[0].GetName() != "Deploy" || all.Workflows[0].GetPath() != deployFile {
		t.Fatalf("workflows: %v, %v", all, err)
	}
	number := all.Workflows[0].GetID()
	if one, _, err := app.Actions.GetWorkflowByID(ctx, "acme", "shop", number); err != nil || one.GetState() != "active" {
		t.Errorf("the workflow: %v, %v", one, err)
	}
	if err := repo.Tag("ben", "v1", repo.Head("main")); err != nil {
		t.Fatal(err)
	}
	body := map[string]any{"ref": "v1", "inputs": map[string]string{"environment": "e"}, "return_run_details": true}
	out, _, err := send[dispatched](app, "POST", fmt.Sprint("repos/acme/shop/actions/workflows/", number, "/dispatches"), body)
	if err != nil {
		t.Fatal(err)
	}
	if run := w.await(repo, out.ID, "completed"); run.Ref != "v1" || !strings.HasSuffix(out.RunURL, fmt.Sprint("/runs/", run.ID)) {
		t.Errorf("the run of a tag: %+v, %+v", run, out)
	}
}

// A push runs what asks for its branch.
func TestPushRunsWorkflows(t *testing.T) {
	w := start(t, withActions)
	if _, err := w.gh.AddUser("dan"); err != nil {
		t.Fatal(err)
	}
	repo, _, _ := w.workflows(map[string]string{
		".github/workflows/main.yml":  "on: {push: {branches: [main, 'release/**']}}\njobs: {ci: {steps: [{run: 'cat version'}]}}\n",
		".github/workflows/bad.yml":   "on: {push: {branches: main}}\njobs: {ci: {strategy: {}, steps: [{run: 'true'}]}}\n",
		".github/workflows/other.yml": "on: {push: {branches: [other]}}\njobs: {ci: {steps: [{run: 'true'}]}}\n",
	})
	if got := runsOf(w, repo); got != "bad.yml failure 0, main.yml success 1" {
		t.Errorf("a push to main ran %s", got)
	}
	if err := repo.Rerun("ben", repo.WorkflowRuns()[0].ID); err != nil {
		t.Fatal(err)
	}
	if got := runsOf(w, repo); got != "bad.yml failure 0, main.yml success 1" {
		t.Errorf("running the bad one again: %s", got)
	}
	fork, err := repo.Fork("dan")
	if err != nil {
		t.Fatal(err)
	}
	w.commit(fork, "dan", "main", "Mine", map[string]string{"version": "dan\n"})
	if got := fork.WorkflowRuns(); len(got) != 0 {
		t.Errorf("a fork ran %+v", got)
	}
	w.commit(repo, "ben", "topic", "Topic", map[string]string{"version": "v2\n"})
	w.commit(repo, "ben", "release/a/b", "Release", map[string]string{"version": "v3\n"})
	if got := runsOf(w, repo); got != "bad.yml failure 0, main.yml success 1, main.yml success 1" {
		t.Errorf("pushes elsewhere ran %s", got)
	}
	if last := repo.WorkflowRuns()[2]; last.Title != "Release" || last.Event != "push" || last.Actor != "ben" || last.Jobs[0].Output != "v3\n" {
		t.Errorf("the last run: %+v", last)
	}
}

// runsOf waits for all runs and lists them with their conclusions and how many jobs they have.
func runsOf(w *world, repo *standin.Repo) string {
	w.t.Helper()
	var all []string
	for _, run := range repo.WorkflowRuns() {
		run = w.await(repo, run.ID, "completed")
		all = append(all, fmt.Sprintf("%s %s %d", run.Path[strings.LastIndex(run.Path, "/")+1:], run.Conclusion, len(run.Jobs)))
	}
	return strings.Join(all, ", ")
}
