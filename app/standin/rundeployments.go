package standin

import (
	"encoding/json"
	"strings"
)

// deploy makes the deployment of a job that names an environment.
func (j *job) deploy() {
	run, r := j.run, j.run.repo
	name, actions := j.gate.environment.name, r.server.actionsApp()
	j.deployment = &deployment{
		id: r.server.id(), sha: run.trigger.sha, ref: run.trigger.refName(), task: "deploy", environment: name, original: name,
		payload: json.RawMessage(`{}`), creator: actions.bot, byApp: actions, production: name == "production",
		created: r.server.now(), updated: r.server.now(),
	}
	r.addDeployment(j.deployment, run)
}

// report gives the job's deployment a status.
func (j *job) report(state string) {
	if j.deployment == nil {
		return
	}
	r := j.run.repo
	actions := r.server.actionsApp()
	status := deploymentStatus{
		id: r.server.id(), state: state, environment: j.deployment.environment, logURL: j.htmlURL(),
		creator: actions.bot, byApp: actions, at: r.server.now(),
	}
	if isWebAddress(j.file.environmentURL) {
		status.environmentURL = j.file.environmentURL
	}
	r.addStatus(j.deployment, status, j.run)
	if state == "success" {
		r.retire(j.deployment, status)
	}
}

// addDeployment keeps a deployment and tells of it. run is the workflow's that makes it, if one does.
func (r *Repo) addDeployment(d *deployment, run *workflowRun) {
	r.deployments = append(r.deployments, d)
	r.server.lag.createdNow(d.id)
	r.ensureEnvironment(d.environment)
	body := object{"deployment": r.deploymentEventJSON(d), "workflow": nil, "workflow_run": nil}
	if run != nil {
		body["workflow"], body["workflow_run"] = r.workflowJSON(run.workflow), run.shortJSON()
	}
	r.emit("deployment", "created", d.creator, body)
}

// addStatus keeps a status and tells of it. GitHub does not tell of inactive ones.
func (r *Repo) addStatus(d *deployment, status deploymentStatus, run *workflowRun) {
	d.statuses, d.updated = append(d.statuses, status), status.at
	if status.state == "inactive" {
		return
	}
	shown := r.deploymentStatusJSON(d, status)
	shown["state"], shown["target_url"] = status.state, status.logURL
	body := object{"deployment": r.deploymentEventJSON(d), "deployment_status": shown}
	if run != nil {
		body["workflow"], body["workflow_run"] = r.workflowJSON(run.workflow), run.shortJSON()
	}
	r.emit("deployment_status", "created", status.creator, body)
}

// retire marks the earlier successes of the environment inactive: those that are neither transient nor production, as GitHub says.
func (r *Repo) retire(now *deployment, by deploymentStatus) {
	for _, d := range r.deployments {
		if d == now || d.production || d.transient || !strings.EqualFold(d.environment, now.environment) || d.id > now.id {
			continue
		}
		if n := len(d.statuses); n == 0 || d.statuses[n-1].state != "success" {
			continue
		}
		r.addStatus(d, deploymentStatus{
			id: r.server.id(), state: "inactive", environment: d.environment, creator: by.creator, byApp: by.byApp, at: r.server.now(),
		}, nil)
	}
}

// deploymentEventJSON is a deployment as webhooks carry it: their payload is always an object.
func (r *Repo) deploymentEventJSON(d *deployment) object {
	o := r.deploymentJSON(d)
	if !strings.HasPrefix(strings.TrimSpace(string(d.payload)), "{") {
		o["payload"] = object{}
	}
	return o
}
