package standin

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

type deploymentStatusRequest struct {
	State          string  `json:"state"`
	TargetURL      *string `json:"target_url"`
	LogURL         *string `json:"log_url"`
	Description    *string `json:"description"`
	Environment    *string `json:"environment"`
	EnvironmentURL *string `json:"environment_url"`
	AutoInactive   *bool   `json:"auto_inactive"`
}

func createDeploymentStatus(c *call) (*answer, error) {
	d, err := c.deployment()
	if err != nil {
		return nil, err
	}
	request, err := decode[deploymentStatusRequest](c)
	if err != nil {
		return nil, err
	}
	if err := request.validate(); err != nil {
		return nil, err
	}
	d.environment = cmp.Or(deref(request.Environment), d.environment)
	status := deploymentStatus{
		id: c.s.id(), state: request.State, description: deref(request.Description), environment: d.environment,
		environmentURL: deref(request.EnvironmentURL), logURL: cmp.Or(deref(request.LogURL), deref(request.TargetURL)),
		creator: c.actor(), byApp: c.byApp(), at: c.s.now(),
	}
	c.repo.addStatus(d, status, nil)
	if request.State == "success" && (request.AutoInactive == nil || *request.AutoInactive) {
		c.repo.retire(d, status)
	}
	return created(c.repo.deploymentStatusJSON(d, status)), nil
}

func (q *deploymentStatusRequest) validate() error {
	states := []string{"error", "failure", "inactive", "in_progress", "queued", "pending", "success"}
	switch {
	case !slices.Contains(states, q.State):
		return invalid("%q is not a member of %q.", q.State, states)
	case q.Description != nil && utf8.RuneCountInString(*q.Description) > 140:
		return failed("DeploymentStatus", "description", "custom", "description is too long (maximum is 140 characters)")
	case q.Environment != nil && utf8.RuneCountInString(*q.Environment) > 255:
		return failed("DeploymentStatus", "environment", "custom", "environment is too long (maximum is 255 characters)")
	}
	for _, address := range []*string{q.LogURL, q.EnvironmentURL, q.TargetURL} {
		if address != nil && *address != "" && !isWebAddress(*address) {
			return failed("DeploymentStatus", "url", "custom", "must use http(s) scheme")
		}
	}
	return nil
}

// deploymentStatusJSON is a status as the API shows it, whose description knows none that waits; that of the webhooks does.
func (r *Repo) deploymentStatusJSON(d *deployment, status deploymentStatus) object {
	state := status.state
	if state == "waiting" {
		state = "pending"
	}
	deploymentURL := fmt.Sprintf("%s/deployments/%d", r.apiURL(), d.id)
	o := object{
		"url": fmt.Sprintf("%s/statuses/%d", deploymentURL, status.id), "id": status.id, "node_id": nodeID("DES", status.id),
		"state": state, "creator": r.server.userJSON(status.creator), "description": status.description,
		"environment": status.environment, "created_at": stamp(status.at), "updated_at": stamp(status.at),
		"deployment_url": deploymentURL, "repository_url": r.apiURL(), "performed_via_github_app": nil,
	}
	if status.environmentURL != "" {
		o["environment_url"] = status.environmentURL
	}
	if status.logURL != "" {
		o["log_url"], o["target_url"] = status.logURL, status.logURL
	}
	if status.byApp != nil {
		o["performed_via_github_app"] = r.server.appJSON(status.byApp)
	}
	return o
}

func listDeploymentStatuses(c *call) (*answer, error) {
	d, err := c.deployment()
	if err != nil {
		return nil, err
	}
	var all []any
	for _, status := range slices.Backward(d.statuses) {
		all = append(all, c.repo.deploymentStatusJSON(d, status))
	}
	return c.list(all)
}

func getDeploymentStatus(c *call) (*answer, error) {
	d, err := c.deployment()
	if err != nil {
		return nil, err
	}
	for _, status := range d.statuses {
		if strconv.FormatInt(status.id, 10) == c.vars["status"] {
			return ok(c.repo.deploymentStatusJSON(d, status)), nil
		}
	}
	return nil, notFound()
}
