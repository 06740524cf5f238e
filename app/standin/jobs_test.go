package standin_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-github/v62/github"
)

// stepsWorkflow is a workflow of one job with one step, which finds the inputs in and out in its environment.
func stepsWorkflow(script string) map[string]string {
	return map[string]string{deployFile: `on: {workflow_dispatch: {inputs: {environment: {}, in: {}, out: {}}}}
jobs:
  work:
    environment: ${{ inputs.environment }}
    env: {IN: "${{ inputs.in }}", OUT: "${{ inputs.out }}"}
    steps:
      - run: |
          ` + strings.ReplaceAll(script, "\n", "\n          ") + "\n"}
}

// fifo is a pipe with a name: how a test and a step wait for each other.
func fifo(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A cancelled run ends its step, with what the step has started in its process group.
func TestCancelKillsTheStep(t *testing.T) {
	w, ctx := start(t, withActions), context.Background()
	repo, app, _ := w.workflows(stepsWorkflow("echo begun\nexec 3>$OUT\necho started >&3\nsleep 1000 &\nwait\necho not here"))
	out := fifo(t, "out")
	id, err := repo.Dispatch("ben", "deploy.yml", "main", map[string]string{"environment": "staging", "out": out})
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	reader := bufio.NewReader(pipe)
	if line, err := reader.ReadString('\n'); line != "started\n" {
		t.Fatalf("the step wrote %q, %v", line, err)
	}
	if run := w.await(repo, id, "in_progress"); run.Jobs[0].Status != "in_progress" {
		t.Errorf("the job: %+v", run.Jobs[0])
	}
	answer, err := app.Actions.CancelWorkflowRunByID(ctx, "acme", "shop", id)
	if _, accepted := err.(*github.AcceptedError); !accepted {
		t.Fatalf("cancelling: %v, %v", answer, err)
	}
	if rest, err := io.ReadAll(reader); err != nil || len(rest) != 0 {
		t.Errorf("then it wrote %q, %v", rest, err)
	}
	run := w.await(repo, id, "completed")
	if run.Conclusion != "cancelled" || run.Jobs[0].Conclusion != "cancelled" || run.Jobs[0].Output != "begun\nThe operation was canceled.\n" {
		t.Errorf("the run: %+v", run)
	}
	if got := deploymentStates(repo, "staging"); got != "queued in_progress error" {
		t.Errorf("the deployment went %s", got)
	}
	_, err = app.Actions.CancelWorkflowRunByID(ctx, "acme", "shop", id)
	wantStatus(t, "cancelling again", err, http.StatusConflict)
}

// What a step leaves running goes on after it, and nobody waits for it.
func TestServicesOutliveTheirStep(t *testing.T) {
	for name, script := range map[string]string{
		"setsid":             `setsid sh -c 'echo up; read x <"$IN"; echo $x' >"$OUT" 2>&1 </dev/null &`,
		"background":         `sh -c 'echo up; read x <"$IN"; echo $x' >"$OUT" 2>&1 </dev/null &`,
		"not all redirected": `sh -c 'echo up; read x <"$IN"; echo $x' >"$OUT" &`,
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, withActions)
			repo, _, _ := w.workflows(stepsWorkflow(script))
			in, out := fifo(t, "in"), fifo(t, "out")
			id, err := repo.Dispatch("ben", "deploy.yml", "main", map[string]string{"in": in, "out": out})
			if err != nil {
				t.Fatal(err)
			}
			heard, err := os.Open(out)
			if err != nil {
				t.Fatal(err)
			}
			defer heard.Close()
			if run := w.await(repo, id, "completed"); run.Conclusion != "success" {
				t.Errorf("the run: %+v", run)
			}
			if err := os.WriteFile(in, []byte("down\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if text, err := io.ReadAll(heard); string(text) != "up\ndown\n" {
				t.Errorf("the service said %q, %v", text, err)
			}
		})
	}
}

const chainWorkflow = `on: workflow_dispatch
run-name: "Chain of ${{ github.ref_name }}"
env: {A: workflow, B: workflow}
jobs:
  last: {needs: [first, second], steps: [{run: echo last}]}
  first: {env: {B: job}, steps: [{run: 'echo $A $B $C', env: {C: step}}]}
  second:
    name: The second
    needs: first
    steps:
      - run: echo before
      - run: cat repaired
      - run: echo after
  third: {needs: second, environment: staging, steps: [{run: echo third}]}
`

// Jobs wait for those that they need, are skipped where these fail, and run again.
func TestNeedsAndRerun(t *testing.T) {
	w, ctx := start(t, withActions), context.Background()
	repo, app, _ := w.workflows(map[string]string{deployFile: chainWorkflow})
	id, err := repo.Dispatch("ben", "deploy.yml", "refs/heads/main", nil)
	if err != nil {
		t.Fatal(err)
	}
	run := w.await(repo, id, "completed")
	want := "last skipped, first success, The second failure, third skipped"
	if got := conclusions(run.Jobs, func(i int) string { return run.Jobs[i].Name + " " + run.Jobs[i].Conclusion }); got != want || run.Title != "Chain of main" {
		t.Errorf("%s: %s, want %s", run.Title, got, want)
	}
	if run.Jobs[1].Output != "workflow job step\n" || !strings.HasPrefix(run.Jobs[2].Output, "before\ncat: ") ||
		!strings.HasSuffix(run.Jobs[2].Output, "Process completed with exit code 1.\n") {
		t.Errorf("the outputs: %q, %q", run.Jobs[1].Output, run.Jobs[2].Output)
	}
	jobs, _, err := app.Actions.ListWorkflowJobs(ctx, "acme", "shop", id, nil)
	if err != nil || len(jobs.Jobs) != 4 {
		t.Fatalf("the jobs: %v, %v", jobs, err)
	}
	steps := jobs.Jobs[2].Steps
	if got := conclusions(steps, func(i int) string { return steps[i].GetName() + " " + steps[i].GetConclusion() }); got !=
		"Run echo before success, Run cat repaired failure, Run echo after skipped" {
		t.Errorf("the steps: %s", got)
	}
	if len(repo.Deployments("staging")) != 0 {
		t.Error("a skipped job deployed")
	}
	first := run.Jobs[1].ID
	if _, err := app.Actions.RerunFailedJobsByID(ctx, "acme", "shop", id); err != nil {
		t.Fatal(err)
	}
	if run = w.await(repo, id, "completed"); run.Attempt != 2 || run.Jobs[1].ID != first || run.Conclusion != "failure" {
		t.Errorf("the failed jobs again: %+v", run)
	}
	if _, err := app.Actions.RerunWorkflowByID(ctx, "acme", "shop", id); err != nil {
		t.Fatal(err)
	}
	if run = w.await(repo, id, "completed"); run.Attempt != 3 || run.Jobs[1].ID == first {
		t.Errorf("all jobs again: %+v", run)
	}
	w.hooks()
	if err := repo.Rerun("ben", id); err != nil {
		t.Fatal(err)
	}
	w.await(repo, id, "completed")
	if heard := names(w.hooks()); strings.Count(heard, "workflow_run.requested") != 1 || strings.Count(heard, "workflow_job.completed") != 4 {
		t.Errorf("heard %s", heard)
	}
}

func conclusions[T any](all []T, show func(int) string) string {
	var parts []string
	for i := range all {
		parts = append(parts, show(i))
	}
	return strings.Join(parts, ", ")
}

// A run that waits is cancelled at once, and can't be run again before.
func TestCancelWaiting(t *testing.T) {
	w, ctx := start(t, withActions, unruly), context.Background()
	repo, app, _ := w.workflows(map[string]string{deployFile: deployWorkflow})
	if err := repo.SetEnvironment("production", 0, "ana"); err != nil {
		t.Fatal(err)
	}
	id := w.dispatch(app, "production")
	_, err := app.Actions.RerunWorkflowByID(ctx, "acme", "shop", id)
	wantStatus(t, "running again what runs", err, http.StatusForbidden)
	if err := repo.CancelRun("cy", id); err == nil {
		t.Error("a reader cancelled")
	}
	if err := repo.CancelRun("ben", id); err != nil {
		t.Fatal(err)
	}
	if run := w.await(repo, id, "completed"); run.Conclusion != "cancelled" || deploymentStates(repo, "production") != "waiting error" {
		t.Errorf("the run: %+v", run)
	}
	_, err = repo.AwaitRun(ctx, id, "waiting")
	if err == nil || !strings.Contains(err.Error(), "it is completed, cancelled") {
		t.Errorf("waiting for what is over: %v", err)
	}
	if got := fmt.Sprint(repo.CancelRun("ben", 1)); !strings.Contains(got, "no workflow run") {
		t.Errorf("cancelling nothing: %s", got)
	}
}
