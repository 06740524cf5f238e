package standin

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

const (
	maxInputs     = 25
	maxInputBytes = 65535
)

type dispatchRequest struct {
	Ref              string            `json:"ref"`
	Inputs           map[string]string `json:"inputs"`
	ReturnRunDetails *bool             `json:"return_run_details"`
}

// dispatchWorkflow answers POST /actions/workflows/{workflow_id}/dispatches.
func dispatchWorkflow(c *call) (*answer, error) {
	w, err := c.workflow()
	if err != nil {
		return nil, err
	}
	request, err := decode[dispatchRequest](c)
	switch {
	case err != nil:
		return nil, err
	case request.ReturnRunDetails != nil && c.s.opts.OldActions:
		return nil, invalid("\"return_run_details\" is not a permitted key.")
	case request.Ref == "":
		return nil, invalid("\"ref\" wasn't supplied.")
	}
	run, err := c.repo.dispatch(c.actor(), w, request.Ref, request.Inputs)
	if err != nil {
		return nil, err
	}
	if request.ReturnRunDetails == nil || !*request.ReturnRunDetails {
		return noContent(), nil
	}
	return ok(object{"workflow_run_id": run.id, "run_url": run.url(), "html_url": run.htmlURL()}), nil
}

// Dispatch runs a workflow by the name of its file, as Run workflow on its page does, and returns the number of the run.
func (r *Repo) Dispatch(login, file, ref string, inputs map[string]string) (int64, error) {
	var id int64
	err := r.act(login, "write", func(actor *account) error {
		w := r.workflow(file)
		if w == nil {
			return fmt.Errorf("there is no workflow %s", file)
		}
		run, err := r.dispatch(actor, w, ref, inputs)
		if err == nil {
			id = run.id
		}
		return err
	})
	return id, err
}

func (r *Repo) dispatch(actor *account, w *workflow, ref string, inputs map[string]string) (*workflowRun, error) {
	full, commit := r.branchOrTag(ref)
	if commit == nil {
		return nil, refuse(http.StatusUnprocessableEntity, "No ref found for: "+ref)
	}
	f, found, err := r.workflowAt(commit.sha, w.path)
	switch {
	case !found:
		return nil, refuse(http.StatusUnprocessableEntity, "Workflow "+w.path+" does not exist at "+ref)
	case err != nil:
		return nil, refuse(http.StatusUnprocessableEntity, "Invalid workflow file: "+err.Error())
	case !f.dispatch:
		return nil, refuse(http.StatusUnprocessableEntity, "Workflow does not have 'workflow_dispatch' trigger")
	}
	given, err := f.inputsOf(inputs)
	if err != nil {
		return nil, err
	}
	run, err := r.newWorkflowRun(w, f, trigger{event: "workflow_dispatch", ref: full, sha: commit.sha, inputs: given, actor: actor})
	if err != nil {
		return nil, refuse(http.StatusUnprocessableEntity, "Invalid workflow file: "+err.Error())
	}
	run.begin()
	return run, nil
}

// branchOrTag finds the commit that a branch or a tag names. A dispatch takes nothing else: no SHA.
func (r *Repo) branchOrTag(name string) (ref string, c *commit) {
	for _, full := range []string{name, "refs/heads/" + name, "refs/tags/" + name} {
		if !strings.HasPrefix(full, "refs/heads/") && !strings.HasPrefix(full, "refs/tags/") || r.refs[full] == "" {
			continue
		}
		if c, found := r.commit(r.refs[full]); found {
			return full, c
		}
	}
	return "", nil
}

// inputsOf holds what is given against what the file declares, and adds the defaults.
func (f *workflowFile) inputsOf(given map[string]string) (map[string]string, error) {
	all, unexpected, size := map[string]string{}, []string{}, 0
	for _, name := range sortedKeys(given) {
		if _, declared := f.inputs[name]; !declared {
			unexpected = append(unexpected, name)
		}
		all[name] = given[name]
		size += len(name) + len(given[name])
	}
	switch {
	case len(given) > maxInputs:
		return nil, refuse(http.StatusUnprocessableEntity, fmt.Sprintf("you may only define up to %d `inputs` for a `workflow_dispatch` event", maxInputs))
	case size > maxInputBytes:
		return nil, refuse(http.StatusUnprocessableEntity, "inputs are too large.")
	case len(unexpected) > 0:
		return nil, refuse(http.StatusUnprocessableEntity, fmt.Sprintf("Unexpected inputs provided: %q", unexpected))
	}
	for _, name := range sortedKeys(f.inputs) {
		declared := f.inputs[name]
		if all[name] == "" {
			all[name] = declared.Default
		}
		if declared.Required && all[name] == "" {
			return nil, refuse(http.StatusUnprocessableEntity, fmt.Sprintf("Required input '%s' not provided", name))
		}
	}
	return all, nil
}

// runPushed starts the workflows that a push to a branch asks for. One that can't be read fails, as GitHub has it: without a job. In a fork
// nothing runs until its owner says so, which nobody does here.
func (r *Repo) runPushed(actor *account, branch, sha string) {
	if r.parent != nil {
		return
	}
	for _, name := range r.workflowPaths(sha) {
		f, found, err := r.workflowAt(sha, name)
		if !found || !f.push || !matchesAny(f.branches, branch) {
			continue
		}
		w := r.ensureWorkflow(name)
		run, resolving := r.newWorkflowRun(w, f, trigger{event: "push", ref: "refs/heads/" + branch, sha: sha, actor: actor})
		if errors.Join(err, resolving) != nil {
			run.jobs, run.broken = nil, true
		}
		run.begin()
	}
}

func matchesAny(patterns []string, branch string) bool {
	for _, pattern := range patterns {
		if matched, err := doublestar.Match(pattern, branch); err == nil && matched {
			return true
		}
	}
	return len(patterns) == 0
}
