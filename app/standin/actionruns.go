package standin

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// workflowRun is one run of a workflow. Its jobs are those of the latest attempt.
type workflowRun struct {
	id                 int64
	repo               *Repo
	workflow           *workflow
	file               *workflowFile
	trigger            trigger
	number, attempt    int
	name, title        string
	triggering         *account // who began the latest attempt
	status, conclusion string
	suite              *suite
	jobs               []*job
	reviews            []review
	begun              bool          // it was told that the attempt is in progress
	cancelled          bool          // somebody asked for it
	broken             bool          // its file can't be read
	over               chan struct{} // closed when the attempt is complete
	created, started   time.Time
	updated            time.Time
}

// trigger is what made a workflow run.
type trigger struct {
	event, ref, sha string
	inputs          map[string]string
	actor           *account
}

// refName is the branch or tag without what git puts before it.
func (t trigger) refName() string {
	return strings.TrimPrefix(strings.TrimPrefix(t.ref, "refs/heads/"), "refs/tags/")
}

// WorkflowRun is a copy of a run of a workflow.
type WorkflowRun struct {
	ID         int64
	Name       string // of the workflow
	Path       string // such as .github/workflows/deploy.yml
	Event      string // workflow_dispatch or push
	Ref        string // the branch or tag
	HeadSHA    string
	Title      string
	Inputs     map[string]string
	Actor      string
	Status     string
	Conclusion string
	Attempt    int
	CreatedAt  time.Time
	Jobs       []WorkflowJob // of the latest attempt, in the order of the file; those that still need others are left out
}

// WorkflowRuns lists the runs of all workflows, oldest first.
func (r *Repo) WorkflowRuns() []WorkflowRun {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	var all []WorkflowRun
	for _, run := range r.workflowRuns {
		all = append(all, run.public())
	}
	return all
}

// AwaitRun waits until a run of a workflow is in a status. A run that has completed instead is an error.
func (r *Repo) AwaitRun(ctx context.Context, id int64, status string) (WorkflowRun, error) {
	for {
		r.server.mu.Lock()
		run := r.workflowRun(id)
		if run == nil {
			r.server.mu.Unlock()
			return WorkflowRun{}, fmt.Errorf("there is no workflow run %d", id)
		}
		now, turned := run.public(), r.server.turned
		r.server.mu.Unlock()
		switch now.Status {
		case status:
			return now, nil
		case "completed":
			return now, fmt.Errorf("waiting for workflow run %d to be %s: it is completed, %s", id, status, now.Conclusion)
		}
		select {
		case <-turned:
		case <-ctx.Done():
			return now, fmt.Errorf("waiting for workflow run %d, which is %s, to be %s: %w", id, now.Status, status, ctx.Err())
		case <-r.server.ctx.Done():
			return now, fmt.Errorf("waiting for workflow run %d: the stand-in was closed", id)
		}
	}
}

// CancelRun cancels a run. A step that is running is killed with its process group.
func (r *Repo) CancelRun(login string, id int64) error {
	return r.actOn(login, "write", id, func(actor *account, run *workflowRun) error { return run.cancel() })
}

// Rerun runs all jobs of a completed run again.
func (r *Repo) Rerun(login string, id int64) error {
	return r.actOn(login, "write", id, func(actor *account, run *workflowRun) error { return run.rerun(actor, false) })
}

// RerunFailed runs those jobs of a completed run again that did not succeed.
func (r *Repo) RerunFailed(login string, id int64) error {
	return r.actOn(login, "write", id, func(actor *account, run *workflowRun) error { return run.rerun(actor, true) })
}

// actOn does something with a run in the name of a user.
func (r *Repo) actOn(login, least string, id int64, do func(*account, *workflowRun) error) error {
	return r.act(login, least, func(actor *account) error {
		run := r.workflowRun(id)
		if run == nil {
			return fmt.Errorf("there is no workflow run %d", id)
		}
		return do(actor, run)
	})
}

func (r *Repo) workflowRun(id int64) *workflowRun {
	for _, run := range r.workflowRuns {
		if run.id == id {
			return run
		}
	}
	return nil
}

func (run *workflowRun) public() WorkflowRun {
	out := WorkflowRun{
		ID: run.id, Name: run.name, Path: run.workflow.path, Event: run.trigger.event, Ref: run.trigger.refName(), HeadSHA: run.trigger.sha,
		Title: run.title, Inputs: maps.Clone(run.trigger.inputs), Actor: run.trigger.actor.login, Status: run.status,
		Conclusion: run.conclusion, Attempt: run.attempt, CreatedAt: run.created,
	}
	for _, j := range run.listed() {
		out.Jobs = append(out.Jobs, j.public())
	}
	return out
}

// listed are the jobs that GitHub shows: one that still needs others is not there yet.
func (run *workflowRun) listed() []*job {
	var all []*job
	for _, j := range run.jobs {
		if j.status != "" {
			all = append(all, j)
		}
	}
	return all
}

// newWorkflowRun makes a run, which nobody sees before it begins. An error says that an expression of the file is not known.
func (r *Repo) newWorkflowRun(w *workflow, f *workflowFile, t trigger) (*workflowRun, error) {
	run := &workflowRun{
		id: r.server.id(), repo: r, workflow: w, file: f, trigger: t, name: cmp.Or(f.name, w.path), triggering: t.actor, created: r.server.now(),
	}
	subject := ""
	if c, found := r.commit(t.sha); found {
		subject = c.subject()
	}
	title, err := expand(f.runName, run.values())
	run.title = cmp.Or(title, run.defaultTitle(subject))
	if err != nil {
		return run, err
	}
	return run, run.plan()
}

// defaultTitle is the workflow's name for a run by hand, and the commit's for a push.
func (run *workflowRun) defaultTitle(subject string) string {
	if run.trigger.event == "push" {
		return subject
	}
	return run.name
}

// plan makes the jobs of an attempt.
func (run *workflowRun) plan() error {
	run.jobs = nil
	if run.broken {
		return nil
	}
	for _, file := range run.file.jobs {
		ready, err := run.file.resolved(file, run.values())
		if err != nil {
			return fmt.Errorf("job %s: %w", file.id, err)
		}
		run.jobs = append(run.jobs, &job{run: run, file: ready})
	}
	return nil
}

// values are what expressions name.
func (run *workflowRun) values() map[string]string {
	values := map[string]string{
		"github.sha": run.trigger.sha, "github.ref": run.trigger.ref, "github.ref_name": run.trigger.refName(),
		"github.repository": run.repo.fullName(), "github.run_id": strconv.FormatInt(run.id, 10), "github.actor": run.trigger.actor.login,
		"github.event_name": run.trigger.event, "github.workflow": run.name, "github.server_url": run.repo.server.url,
		"github.api_url": run.repo.server.url + "/api/v3",
	}
	for name, value := range run.trigger.inputs {
		values["inputs."+name], values["github.event.inputs."+name] = value, value
	}
	return values
}

// begin makes the run known and starts what can start.
func (run *workflowRun) begin() {
	r := run.repo
	run.workflow.runs++
	run.number = run.workflow.runs
	run.suite = r.suiteFor(r.server.actionsApp(), run.trigger.sha)
	r.workflowRuns = append(r.workflowRuns, run)
	r.server.lag.createdNow(run.id)
	run.beginAttempt()
}

func (run *workflowRun) beginAttempt() {
	run.attempt++
	run.status, run.conclusion, run.begun, run.cancelled = "queued", "", false, false
	run.started, run.over = run.repo.server.now(), make(chan struct{})
	run.updated = run.started
	run.emit("requested")
	run.advance()
}

func (run *workflowRun) cancel() error {
	if run.status == "completed" {
		return refuse(http.StatusConflict, "Cannot cancel a workflow run that is completed.")
	}
	run.cancelled = true
	for _, j := range run.jobs {
		if j.kill != nil {
			j.kill()
		}
	}
	run.advance()
	return nil
}

// rerun begins another attempt, with all jobs or without those that succeeded.
func (run *workflowRun) rerun(actor *account, failedOnly bool) error {
	if run.status != "completed" {
		return refuse(http.StatusForbidden, "This workflow is already running")
	}
	before := run.jobs
	if err := run.plan(); err != nil {
		return err
	}
	for i, j := range before {
		if failedOnly && j.conclusion == "success" {
			run.jobs[i] = j
		}
	}
	run.triggering = actor
	run.beginAttempt()
	return nil
}

// advance does all that can be done with a run now, and works out how it stands.
func (run *workflowRun) advance() {
	for again := true; again; {
		again = false
		for _, j := range run.jobs {
			again = j.move() || again
		}
	}
	run.settle()
}

// settle works out the run's status from its jobs.
func (run *workflowRun) settle() {
	defer run.repo.server.turn()
	is := func(status string) func(*job) bool { return func(j *job) bool { return j.status == status } }
	before := run.status
	switch {
	case before == "completed":
		return
	case !slices.ContainsFunc(run.jobs, func(j *job) bool { return j.status != "completed" }):
		run.status, run.conclusion = "completed", run.outcome()
	case slices.ContainsFunc(run.jobs, is("in_progress")):
		run.status = "in_progress"
	case slices.ContainsFunc(run.jobs, is("queued")):
		run.status = "queued"
	case slices.ContainsFunc(run.jobs, is("waiting")):
		run.status = "waiting"
	}
	if run.status == before {
		return
	}
	run.updated = run.repo.server.now()
	switch {
	case run.status == "in_progress" && !run.begun:
		run.begun = true
		run.emit("in_progress")
	case run.status == "completed":
		close(run.over)
		run.emit("completed")
	}
}

// outcome is what the jobs amount to. A run without any never came as far as to have some.
func (run *workflowRun) outcome() string {
	had := map[string]bool{"failure": len(run.jobs) == 0, "cancelled": run.cancelled}
	for _, j := range run.jobs {
		had[j.conclusion] = true
	}
	for _, conclusion := range []string{"cancelled", "failure", "success"} {
		if had[conclusion] {
			return conclusion
		}
	}
	return "skipped"
}

// turn tells those who wait for a run that one has changed.
func (s *Server) turn() {
	close(s.turned)
	s.turned = make(chan struct{})
}

func (run *workflowRun) url() string {
	return fmt.Sprintf("%s/actions/runs/%d", run.repo.apiURL(), run.id)
}
func (run *workflowRun) htmlURL() string {
	return fmt.Sprintf("%s/actions/runs/%d", run.repo.htmlURL(), run.id)
}
