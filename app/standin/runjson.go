package standin

import (
	"fmt"
	"maps"
)

// json is a run as the API shows it.
func (run *workflowRun) json() object {
	o := run.eventJSON()
	o["head_repository_id"] = run.repo.id
	return o
}

// eventJSON is a run as its own events show it.
func (run *workflowRun) eventJSON() object {
	r, url := run.repo, run.url()
	o := run.shortJSON()
	maps.Copy(o, object{
		"status": run.status, "jobs_url": url + "/jobs", "logs_url": url + "/logs", "artifacts_url": url + "/artifacts",
		"cancel_url": url + "/cancel", "rerun_url": url + "/rerun", "previous_attempt_url": nil,
		"check_suite_url": fmt.Sprintf("%s/check-suites/%d", r.apiURL(), run.suite.id),
		"workflow_url":    fmt.Sprintf("%s/actions/workflows/%d", r.apiURL(), run.workflow.id),
		"head_commit":     nil, "repository": r.liteJSON(), "head_repository": r.liteJSON(),
	})
	if run.attempt > 1 {
		o["previous_attempt_url"] = fmt.Sprintf("%s/attempts/%d", url, run.attempt-1)
	}
	if c, found := r.commit(run.trigger.sha); found {
		o["head_commit"] = r.headCommitJSON(c)
	}
	return o
}

// shortJSON is a run as the events of deployments show it. Their schema knows no run that waits.
func (run *workflowRun) shortJSON() object {
	r, status := run.repo, run.status
	if status == "waiting" {
		status = "queued"
	}
	return object{
		"id": run.id, "name": run.name, "node_id": nodeID("WFR", run.id), "head_branch": run.trigger.refName(), "head_sha": run.trigger.sha,
		"path": run.workflow.path, "display_title": run.title, "run_number": run.number, "event": run.trigger.event, "status": status,
		"conclusion": nilIfEmpty(run.conclusion), "workflow_id": run.workflow.id, "check_suite_id": run.suite.id,
		"check_suite_node_id": nodeID("CS", run.suite.id), "url": run.url(), "html_url": run.htmlURL(), "pull_requests": run.suite.pulls(),
		"created_at": stamp(run.created), "updated_at": stamp(run.updated), "actor": r.server.userJSON(run.trigger.actor),
		"run_attempt": run.attempt, "referenced_workflows": []any{}, "run_started_at": stamp(run.started),
		"triggering_actor": r.server.userJSON(run.triggering),
	}
}

// liteJSON is a repository within a run of a workflow.
func (r *Repo) liteJSON() object {
	o := r.links()
	for _, key := range []string{"git_url", "ssh_url", "clone_url", "svn_url"} {
		delete(o, key)
	}
	maps.Copy(o, r.shortJSON())
	o["owner"], o["description"], o["fork"] = r.server.userJSON(r.owner), nil, r.parent != nil
	return o
}

func (j *job) htmlURL() string { return fmt.Sprintf("%s/job/%d", j.run.htmlURL(), j.id) }

// json is a job as the API and its own events show it.
func (j *job) json() object {
	r := j.run.repo
	begun := j.begun
	if begun.IsZero() {
		begun = j.created
	}
	o := object{
		"id": j.id, "run_id": j.run.id, "run_url": j.run.url(), "run_attempt": j.run.attempt, "node_id": nodeID("CR", j.id),
		"head_sha": j.run.trigger.sha, "head_branch": j.run.trigger.refName(), "url": fmt.Sprintf("%s/actions/jobs/%d", r.apiURL(), j.id),
		"html_url": j.htmlURL(), "status": j.status, "conclusion": nilIfEmpty(j.conclusion), "created_at": stamp(j.created),
		"started_at": stamp(begun), "completed_at": stamp(j.completed), "name": j.file.name, "steps": j.stepsJSON(),
		"check_run_url": fmt.Sprintf("%s/check-runs/%d", r.apiURL(), j.id), "labels": []string{"ubuntu-latest"},
		"runner_id": nil, "runner_name": nil, "runner_group_id": nil, "runner_group_name": nil, "workflow_name": j.run.name,
	}
	if !j.begun.IsZero() {
		o["runner_id"], o["runner_name"], o["runner_group_id"], o["runner_group_name"] = 1, "GitHub Actions 1", 0, "GitHub Actions"
	}
	return o
}

// stepsJSON are the steps of a job that has begun.
func (j *job) stepsJSON() []any {
	all := []any{}
	if j.begun.IsZero() {
		return all
	}
	for i, step := range j.steps {
		all = append(all, object{
			"name": step.name, "number": i + 1, "status": step.status, "conclusion": nilIfEmpty(step.conclusion),
			"started_at": stamp(step.begun), "completed_at": stamp(step.completed),
		})
	}
	return all
}
