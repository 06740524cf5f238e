package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	gh "github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

const maxDescription = 140 // characters of a deployment and of its statuses, ours of the first

// EnsureDeployment makes GitHub hold the deployment that is wanted with its newest status, and gives its number. known and retry are
// as for EnsureCheckRun: with retry it is looked for by commit, environment, task and the marker in its payload, and a status is
// written only if the newest says something else. A success marks the deployment that it replaces inactive, which GitHub does not do in
// production. A number that comes with an error is right all the same: a status is missing.
func (c *Client) EnsureDeployment(ctx context.Context, r app.Repo, want app.Deployment, known int64, retry bool) (int64, error) {
	if _, err := app.ParseSHA(string(want.Commit)); err != nil {
		return 0, refuse("deployment to %q: %w", want.Environment, err)
	}
	states := []string{"queued", "in_progress", "success", "failure", "error", "inactive"}
	if want.Environment == "" || want.Task == "" || want.Marker == "" || !slices.Contains(states, want.State) {
		return 0, refuse("a deployment needs an environment, a task, a marker and a state: %q, %q, %q, %q",
			want.Environment, want.Task, want.Marker, want.State)
	}
	w := &deploymentWriter{client: c.as(r.Installation), ours: c.ours, repo: r, want: want}
	id, err := w.ensure(ctx, known, retry)
	return id, c.failRepo(r, err, "writing the deployment of %s to %s", want.Commit.Short(), want.Environment)
}

// DeploymentStates is what became of a deployment so far, newest first: waiting, queued, in_progress, success, failure, error, inactive and
// others. ErrNotFound: there is none of that number.
func (c *Client) DeploymentStates(ctx context.Context, r app.Repo, id int64) ([]string, error) {
	if id <= 0 {
		return nil, refuse("no deployment has the number %d", id)
	}
	var found []struct {
		State string `json:"state"`
	}
	path := repoPath(r, "/deployments/%d/statuses?per_page=%d", id, perPage)
	if _, err := send(ctx, c.as(r.Installation), http.MethodGet, path, nil, &found); err != nil {
		return nil, c.failRepo(r, err, "reading the statuses of deployment %d", id)
	}
	var states []string
	for _, s := range found {
		states = append(states, s.State)
	}
	return states, nil
}

type deploymentWriter struct {
	client *gh.Client
	ours   ownership
	repo   app.Repo
	want   app.Deployment
}

// payload is what a deployment carries so that it is found again.
type payload struct {
	Marker string          `json:"slipway"`
	Audit  json.RawMessage `json:"audit,omitempty"` // what the receipts can be held against
}

func (w *deploymentWriter) ensure(ctx context.Context, known int64, retry bool) (id int64, err error) {
	if id = known; id == 0 && retry {
		id, err = w.look(ctx)
	}
	if id == 0 && err == nil {
		id, err = w.create(ctx)
	}
	if err != nil {
		return id, err
	}
	if err := w.state(ctx, id, w.status(), retry); err != nil {
		return id, err
	}
	if w.want.State != "success" || w.want.Inactivates == 0 || w.want.Inactivates == id {
		return id, nil
	}
	off := &gh.DeploymentStatusRequest{State: gh.String("inactive"), AutoInactive: gh.Bool(false)}
	if err := w.state(ctx, w.want.Inactivates, off, retry); err != nil && !gone(err) {
		return id, err
	}
	return id, nil
}

// deployment is what go-github leaves out of one: the App that made it.
type deployment struct {
	gh.Deployment
	App *gh.App `json:"performed_via_github_app"`
}

func (w *deploymentWriter) look(ctx context.Context) (int64, error) {
	query := url.Values{
		"sha": {string(w.want.Commit)}, "environment": {w.want.Environment}, "task": {w.want.Task}, "per_page": {fmt.Sprint(perPage)},
	}
	found, err := collect(func(n int) (page []deployment, resp *gh.Response, err error) {
		query.Set("page", fmt.Sprint(n))
		resp, err = send(ctx, w.client, http.MethodGet, repoPath(w.repo, "/deployments?%s", query.Encode()), nil, &page)
		return page, resp, err
	})
	if err != nil {
		return 0, err
	}
	for _, d := range found {
		if d.GetSHA() != string(w.want.Commit) || d.GetTask() != w.want.Task || markerOf(d.Payload) != w.want.Marker {
			continue
		}
		if ours, err := w.ours(ctx, d.Creator, d.App); ours || err != nil {
			return d.GetID(), err
		}
	}
	return 0, nil
}

// markerOf reads a payload, which GitHub gives back as an object or as a string of JSON.
func markerOf(raw json.RawMessage) string {
	var p payload
	if json.Unmarshal(raw, &p) == nil {
		return p.Marker
	}
	var text string
	if json.Unmarshal(raw, &text) == nil && json.Unmarshal([]byte(text), &p) == nil {
		return p.Marker
	}
	return ""
}

// create never lets GitHub merge branches into what is deployed, nor wait for checks that we have judged ourselves: both are what it
// does when it is not told.
func (w *deploymentWriter) create(ctx context.Context) (int64, error) {
	made, _, err := w.client.Repositories.CreateDeployment(ctx, w.repo.Owner, w.repo.Name, &gh.DeploymentRequest{
		Ref:                   gh.String(string(w.want.Commit)),
		Task:                  &w.want.Task,
		AutoMerge:             gh.Bool(false),
		RequiredContexts:      &[]string{},
		Payload:               payload{w.want.Marker, json.RawMessage(w.want.Audit)},
		Environment:           &w.want.Environment,
		Description:           optional(cutRunes(w.want.About, maxDescription)),
		TransientEnvironment:  gh.Bool(false),
		ProductionEnvironment: &w.want.Production,
	})
	if err == nil && made.GetID() == 0 {
		err = errors.New("GitHub's answer holds no deployment")
	}
	return made.GetID(), err
}

func (w *deploymentWriter) status() *gh.DeploymentStatusRequest {
	return &gh.DeploymentStatusRequest{
		State:          &w.want.State,
		LogURL:         optional(w.want.LogURL),
		Description:    gh.String(cutRunes(w.want.Description, maxDescription)),
		EnvironmentURL: optional(w.want.EnvironmentURL),
		AutoInactive:   gh.Bool(false), // we say ourselves what it replaces
	}
}

func (w *deploymentWriter) state(ctx context.Context, id int64, want *gh.DeploymentStatusRequest, retry bool) error {
	if retry {
		// The newest is first, so one page is enough.
		found, _, err := w.client.Repositories.ListDeploymentStatuses(ctx, w.repo.Owner, w.repo.Name, id, &gh.ListOptions{PerPage: perPage})
		if err != nil {
			return err
		}
		if s := newest(found); s != nil && s.GetState() == want.GetState() && s.GetDescription() == want.GetDescription() &&
			s.GetLogURL() == want.GetLogURL() && s.GetEnvironmentURL() == want.GetEnvironmentURL() {
			return nil
		}
	}
	_, _, err := w.client.Repositories.CreateDeploymentStatus(ctx, w.repo.Owner, w.repo.Name, id, want)
	return err
}

func newest(statuses []*gh.DeploymentStatus) *gh.DeploymentStatus {
	var last *gh.DeploymentStatus
	for _, s := range statuses {
		if s.GetID() > last.GetID() {
			last = s
		}
	}
	return last
}

// optional leaves an empty text out of a request.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
