package standin

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// deployment is one deployment with its statuses, oldest first.
type deployment struct {
	id                    int64
	sha, ref, task        string
	environment, original string
	description           *string
	payload               json.RawMessage
	creator               *account
	byApp                 *appInfo
	transient, production bool
	statuses              []deploymentStatus
	created, updated      time.Time
}

type deploymentStatus struct {
	id                          int64
	state, description          string
	environment, environmentURL string
	logURL                      string
	creator                     *account
	byApp                       *appInfo
	at                          time.Time
}

// Deployment is a copy of a deployment.
type Deployment struct {
	ID          int64
	SHA         string
	Ref         string
	Task        string
	Environment string
	Description string
	Payload     string // JSON as it came
	CreatedAt   time.Time
	Statuses    []DeploymentStatus // oldest first
}

// State is the newest status, or pending before the first one.
func (d Deployment) State() string {
	if len(d.Statuses) == 0 {
		return "pending"
	}
	return d.Statuses[len(d.Statuses)-1].State
}

// DeploymentStatus is a copy of one status.
type DeploymentStatus struct {
	State          string
	Description    string
	LogURL         string
	EnvironmentURL string
	CreatedAt      time.Time
}

// Deployments lists the deployments of an environment, or of all if it is empty, oldest first.
func (r *Repo) Deployments(environment string) []Deployment {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	var all []Deployment
	for _, d := range r.deployments {
		if environment == "" || strings.EqualFold(d.environment, environment) {
			all = append(all, d.public())
		}
	}
	return all
}

func (d *deployment) public() Deployment {
	out := Deployment{
		ID: d.id, SHA: d.sha, Ref: d.ref, Task: d.task, Environment: d.environment, Description: deref(d.description),
		Payload: string(d.payload), CreatedAt: d.created,
	}
	for _, s := range d.statuses {
		out.Statuses = append(out.Statuses, DeploymentStatus{s.state, s.description, s.logURL, s.environmentURL, s.at})
	}
	return out
}

type deploymentRequest struct {
	Ref              *string         `json:"ref"`
	Task             *string         `json:"task"`
	AutoMerge        *bool           `json:"auto_merge"`
	RequiredContexts *[]string       `json:"required_contexts"`
	Payload          json.RawMessage `json:"payload"`
	Environment      *string         `json:"environment"`
	Description      *string         `json:"description"`
	Transient        *bool           `json:"transient_environment"`
	Production       *bool           `json:"production_environment"`
}

func createDeployment(c *call) (*answer, error) {
	request, err := decode[deploymentRequest](c)
	if err != nil {
		return nil, err
	}
	if err := request.validate(); err != nil {
		return nil, err
	}
	commit, found := c.repo.resolve(*request.Ref)
	if !found {
		return nil, refuse(http.StatusUnprocessableEntity, "No ref found for: "+*request.Ref)
	}
	if request.AutoMerge == nil || *request.AutoMerge {
		if merged, err := c.autoMerge(*request.Ref); merged != nil || err != nil {
			return merged, err
		}
	}
	if err := c.repo.contextsPass(commit.sha, *request.Ref, request.RequiredContexts); err != nil {
		return nil, err
	}
	d := c.newDeployment(request, commit.sha)
	c.repo.addDeployment(d, nil)
	return created(c.repo.deploymentJSON(d)), nil
}

func (c *call) newDeployment(request deploymentRequest, sha string) *deployment {
	environment := cmp.Or(deref(request.Environment), "production")
	d := &deployment{
		id: c.s.id(), sha: sha, ref: *request.Ref, task: cmp.Or(deref(request.Task), "deploy"), environment: environment, original: environment,
		description: request.Description, payload: request.Payload, creator: c.actor(), byApp: c.byApp(),
		transient: request.Transient != nil && *request.Transient, production: environment == "production",
		created: c.s.now(), updated: c.s.now(),
	}
	if request.Production != nil {
		d.production = *request.Production
	}
	if len(d.payload) == 0 || string(d.payload) == "null" {
		d.payload = json.RawMessage(`""`)
	}
	return d
}

func (q *deploymentRequest) validate() error {
	switch {
	case q.Ref == nil || *q.Ref == "":
		return invalid("\"ref\" wasn't supplied.")
	case q.Description != nil && utf8.RuneCountInString(*q.Description) > 140:
		return failed("Deployment", "description", "custom", "description is too long (maximum is 140 characters)")
	case q.Environment != nil && utf8.RuneCountInString(*q.Environment) > 255:
		return failed("Deployment", "environment", "custom", "environment is too long (maximum is 255 characters)")
	}
	if text := strings.TrimSpace(string(q.Payload)); text != "" && text != "null" && text[0] != '{' && text[0] != '"' {
		return invalid("For 'properties/payload', %s is not an object or a string.", text)
	}
	return nil
}

// autoMerge is GitHub's default: a branch that lacks commits of the default branch gets them merged first, and is not deployed yet.
func (c *call) autoMerge(name string) (*answer, error) {
	ref := "refs/heads/" + strings.TrimPrefix(name, "refs/heads/")
	head, base := c.repo.refs[ref], c.repo.refs["refs/heads/"+c.repo.defaultBranch]
	if head == "" || base == "" || c.repo.contains(head, base) {
		return nil, nil
	}
	tree, clean, err := c.repo.mergeTree(head, base)
	if err != nil {
		return nil, err
	}
	if !clean {
		return nil, refuse(http.StatusConflict, fmt.Sprintf("Conflict merging %s into %s.", c.repo.defaultBranch, name))
	}
	me, github := c.s.signature(c.actor()), c.s.signature(c.s.webFlow())
	sha, err := c.repo.commitTree(tree, "Merge branch '"+c.repo.defaultBranch+"' into "+name, me, github, head, base)
	if err != nil {
		return nil, err
	}
	if err := c.repo.setRef(ref, sha); err != nil {
		return nil, err
	}
	c.repo.pushedRefs(c.actor(), "push", refChange{ref, head, sha})
	message := fmt.Sprintf("Auto-merged %s into %s on deployment.", c.repo.defaultBranch, name)
	return &answer{status: http.StatusAccepted, body: object{"message": message}}, nil
}

// contextsPass is GitHub's other default: without a list, every status and check of the commit has to be green.
func (r *Repo) contextsPass(sha, ref string, required *[]string) error {
	states := map[string]string{}
	for _, st := range r.latestStatuses(sha) {
		states[st.context] = st.state
	}
	for _, s := range r.suites {
		if s.sha != sha {
			continue
		}
		for _, run := range s.latest() {
			switch {
			case run.status != "completed":
				states[run.name] = "pending"
			case worse(run.conclusion) <= worse("success"):
				states[run.name] = "success"
			default:
				states[run.name] = "failure"
			}
		}
	}
	names := sortedKeys(states)
	if required != nil {
		names = *required
	}
	var contexts []any
	bad := false
	for _, name := range names {
		state := cmp.Or(states[name], "pending")
		bad = bad || state != "success"
		contexts = append(contexts, object{"context": name, "state": state})
	}
	if !bad {
		return nil
	}
	no := refuse(http.StatusConflict, "Conflict: Commit status checks failed for "+ref+".")
	no.errors = []any{object{"contexts": contexts, "resource": "Deployment", "field": "required_contexts", "code": "invalid"}}
	return no
}

func (r *Repo) deploymentJSON(d *deployment) object {
	url := fmt.Sprintf("%s/deployments/%d", r.apiURL(), d.id)
	o := object{
		"url": url, "id": d.id, "node_id": nodeID("DE", d.id), "sha": d.sha, "ref": d.ref, "task": d.task, "payload": d.payload,
		"original_environment": d.original, "environment": d.environment, "description": orNil(d.description),
		"creator": r.server.userJSON(d.creator), "created_at": stamp(d.created), "updated_at": stamp(d.updated),
		"statuses_url": url + "/statuses", "repository_url": r.apiURL(), "transient_environment": d.transient,
		"production_environment": d.production, "performed_via_github_app": nil,
	}
	if d.byApp != nil {
		o["performed_via_github_app"] = r.server.appJSON(d.byApp)
	}
	return o
}

func listDeployments(c *call) (*answer, error) {
	var all []any
	for _, d := range slices.Backward(c.repo.deployments) {
		matches := func(parameter, value string) bool { return c.query(parameter) == "" || c.query(parameter) == value }
		environment := c.query("environment") == "" || strings.EqualFold(c.query("environment"), d.environment)
		if environment && matches("sha", d.sha) && matches("ref", d.ref) && matches("task", d.task) && !c.s.lag.hides(d.id) {
			all = append(all, c.repo.deploymentJSON(d))
		}
	}
	return c.list(all)
}

func (c *call) deployment() (*deployment, error) {
	id, _ := strconv.ParseInt(c.vars["deployment"], 10, 64)
	for _, d := range c.repo.deployments {
		if d.id == id {
			return d, nil
		}
	}
	return nil, notFound()
}

func getDeployment(c *call) (*answer, error) {
	d, err := c.deployment()
	if err != nil {
		return nil, err
	}
	return ok(c.repo.deploymentJSON(d)), nil
}
