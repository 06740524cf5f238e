package standin

// emit tells of the run.
func (run *workflowRun) emit(action string) {
	r := run.repo
	body := object{"workflow_run": run.eventJSON(), "workflow": r.workflowJSON(run.workflow)}
	r.emit("workflow_run", action, run.triggering, body)
}

// emit tells of the job.
func (j *job) emit(action string) {
	body := object{"workflow_job": j.json()}
	if j.deployment != nil {
		body["deployment"] = j.run.repo.deploymentEventJSON(j.deployment)
	}
	j.run.repo.emit("workflow_job", action, j.run.triggering, body)
}

// emitReviewRequested tells that a job waits for its environment's reviewers.
func (j *job) emitReviewRequested() {
	r := j.run.repo
	r.emit("deployment_review", "requested", j.run.triggering, object{
		"environment": j.gate.environment.name, "workflow_run": j.run.eventJSON(), "since": stamp(j.gate.since),
		"workflow_job_run": j.reviewJSON(), "reviewers": r.reviewersEventJSON(j.gate.reviewers),
		"requestor": r.server.userJSON(j.run.triggering),
	})
}

// emitReviewed tells what a reviewer decided about jobs of a run.
func (run *workflowRun) emitReviewed(said review, jobs []*job) {
	r := run.repo
	held := []any{}
	for _, j := range jobs {
		held = append(held, j.reviewJSON())
	}
	r.emit("deployment_review", said.state(), said.by, object{
		"approver": r.server.userJSON(said.by), "comment": said.comment, "workflow_run": run.eventJSON(), "since": stamp(jobs[0].gate.since),
		"workflow_job_runs": held, "reviewers": r.reviewersEventJSON(jobs[0].gate.reviewers),
	})
}

// reviewJSON is a job as the events of reviews show it.
func (j *job) reviewJSON() object {
	updated := j.created
	if !j.completed.IsZero() {
		updated = j.completed
	}
	return object{
		"id": j.id, "name": j.file.name, "status": j.status, "conclusion": nilIfEmpty(j.conclusion), "html_url": j.htmlURL(),
		"created_at": stamp(j.created), "updated_at": stamp(updated), "environment": j.gate.environment.name,
	}
}

// emitRuleRequested asks the App whether a job may go on.
func (j *job) emitRuleRequested() {
	r := j.run.repo
	r.emit("deployment_protection_rule", "requested", j.run.triggering, object{
		"environment": j.gate.environment.name, "event": j.run.trigger.event, "deployment": r.deploymentEventJSON(j.deployment),
		"deployment_callback_url": j.run.url() + "/deployment_protection_rule", "pull_requests": []any{},
	})
}
