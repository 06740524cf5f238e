package handlers

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

// What GitHub Actions tells of its runs and of the environments that they deploy to.

// maxEnvironment is how many characters GitHub lets an environment's name have.
const maxEnvironment = 255

// runEvent is what is read of an event about a run. go-github has no deployment_review, and much in a run is of no use here.
type runEvent struct {
	Action string `json:"action"`
	Run    *struct {
		ID int64 `json:"id"`
	} `json:"workflow_run"`
	Repo         *github.Repository   `json:"repository"`
	Installation *github.Installation `json:"installation"`
}

// workflowRan is a run that began or ended, or one of whose deployments was reviewed or has come further. It is a hint to look.
func (t Translator) workflowRan(e app.Event) ([]app.Letter, error) {
	p, err := readAs[runEvent](e)
	if err != nil {
		return nil, err
	}
	repo, err := t.served(p.Repo, p.Installation)
	if err != nil {
		return nil, err
	}
	switch {
	case e.Name == "workflow_run" && p.Action != "requested" && p.Action != "in_progress" && p.Action != "completed":
		return nil, nothingWhen("a workflow run", p.Action)
	case e.Name == "deployment_status" && p.Action != "created":
		return nil, nothingWhen("a deployment's status", p.Action)
	case e.Name == "deployment_review" && p.Action != "requested" && p.Action != "approved" && p.Action != "rejected":
		return nil, nothingWhen("a deployment's review", p.Action)
	case e.Name == "deployment_status" && p.Run == nil:
		return nil, ignorance("no workflow has made the deployment")
	case p.Run == nil:
		return nil, ignorance("it does not say of which workflow run it is")
	case p.Run.ID <= 0:
		return nil, errors.New("the workflow run has no number")
	}
	return to(repo.ID, app.WorkflowRan{Repo: repo, Run: p.Run.ID, Completed: e.Name == "workflow_run" && p.Action == "completed"}), nil
}

// protectionEvent is what is read of an event about an environment that our App protects.
type protectionEvent struct {
	Action      string `json:"action"`
	Environment string `json:"environment"`
	Callback    string `json:"deployment_callback_url"`
	Deployment  struct {
		ID  int64  `json:"id"`
		SHA string `json:"sha"`
	} `json:"deployment"`
	Repo         *github.Repository   `json:"repository"`
	Installation *github.Installation `json:"installation"`
}

// protectionAsked is a run that waits for our App's word.
func (t Translator) protectionAsked(e app.Event) ([]app.Letter, error) {
	p, err := readAs[protectionEvent](e)
	if err != nil {
		return nil, err
	}
	repo, err := t.served(p.Repo, p.Installation)
	if err != nil {
		return nil, err
	}
	if p.Action != "requested" {
		return nil, nothingWhen("a deployment's protection", p.Action)
	}
	m := app.ProtectionAsked{Repo: repo, Environment: p.Environment, Deployment: p.Deployment.ID}
	if m.Commit, err = commit("its commit", p.Deployment.SHA); err != nil {
		return nil, err
	}
	if m.Run, err = runOf(repo, p.Callback); err != nil {
		return nil, err
	}
	switch {
	case m.Deployment <= 0:
		return nil, errors.New("the deployment has no number")
	case m.Environment == "" || utf8.RuneCountInString(m.Environment) > maxEnvironment:
		return nil, fmt.Errorf("%.100q is no environment's name", m.Environment)
	}
	return to(repo.ID, m), nil
}

// runOf reads a run's number from the address at which GitHub waits for the answer; nothing else says it. The answer goes to the
// repository that the event is about and never to that address, so one that leads elsewhere is an error.
func runOf(repo app.Repo, callback string) (int64, error) {
	wrong := fmt.Errorf("%.200q is no address of a run's protection in %s", callback, repo.FullName())
	u, err := url.Parse(callback)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return 0, wrong
	}
	if u.RawPath != "" || u.RawQuery != "" || u.Fragment != "" {
		return 0, wrong
	}
	begin, end := "/repos/"+repo.FullName()+"/actions/runs/", "/deployment_protection_rule"
	path, ok := strings.CutSuffix(strings.TrimPrefix(u.Path, "/api/v3"), end) // the prefix is that of a GitHub Enterprise Server
	if !ok || len(path) < len(begin) || !strings.EqualFold(path[:len(begin)], begin) {
		return 0, wrong
	}
	id, err := strconv.ParseUint(path[len(begin):], 10, 63)
	if err != nil || id == 0 {
		return 0, wrong
	}
	return int64(id), nil
}
