package standin

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// workflow is a file of .github/workflows that GitHub has noticed: it is on the default branch, or it has run.
type workflow struct {
	id      int64
	path    string
	name    string // as the default branch's file says, or its path
	runs    int
	created time.Time
}

const workflowDir = ".github/workflows/"

// workflowPaths lists the files of workflows at a commit.
func (r *Repo) workflowPaths(sha string) []string {
	list, err := r.tree(sha, workflowDir)
	if err != nil {
		return nil
	}
	var paths []string
	for _, e := range list {
		if end := path.Ext(e.path); e.kind == "blob" && (end == ".yml" || end == ".yaml") {
			paths = append(paths, e.path)
		}
	}
	return paths
}

// workflowAt reads a workflow's file at a commit. found is false if there is none.
func (r *Repo) workflowAt(sha, name string) (f *workflowFile, found bool, err error) {
	text, err := r.gitBytes("cat-file", "blob", sha+":"+name)
	if err != nil {
		return nil, false, nil
	}
	f, err = parseWorkflow(text)
	return f, true, err
}

func (r *Repo) ensureWorkflow(name string) *workflow {
	for _, w := range r.workflows {
		if w.path == name {
			return w
		}
	}
	w := &workflow{id: r.server.id(), path: name, name: name, created: r.server.now()}
	r.workflows = append(r.workflows, w)
	return w
}

// noticed lists the workflows that GitHub knows of.
func (r *Repo) noticed() []*workflow {
	if head := r.refs["refs/heads/"+r.defaultBranch]; head != "" {
		for _, name := range r.workflowPaths(head) {
			w := r.ensureWorkflow(name)
			if f, found, _ := r.workflowAt(head, name); found {
				w.name = cmp.Or(f.name, name)
			}
		}
	}
	return r.workflows
}

// workflow finds a workflow by its number or the name of its file.
func (r *Repo) workflow(name string) *workflow {
	for _, w := range r.noticed() {
		if strconv.FormatInt(w.id, 10) == name || path.Base(w.path) == name {
			return w
		}
	}
	return nil
}

func (r *Repo) workflowJSON(w *workflow) object {
	file := path.Base(w.path)
	return object{
		"id": w.id, "node_id": nodeID("W", w.id), "name": w.name, "path": w.path, "state": "active",
		"created_at": stamp(w.created), "updated_at": stamp(w.created), "url": fmt.Sprintf("%s/actions/workflows/%d", r.apiURL(), w.id),
		"html_url":  r.htmlURL() + "/blob/" + r.defaultBranch + "/" + w.path,
		"badge_url": r.htmlURL() + "/workflows/" + url.PathEscape(strings.TrimSuffix(file, path.Ext(file))) + "/badge.svg",
	}
}

func listWorkflows(c *call) (*answer, error) {
	var all []any
	for _, w := range c.repo.noticed() {
		all = append(all, c.repo.workflowJSON(w))
	}
	return c.listIn("workflows", all, nil)
}

func getWorkflow(c *call) (*answer, error) {
	w, err := c.workflow()
	if err != nil {
		return nil, err
	}
	return ok(c.repo.workflowJSON(w)), nil
}

func (c *call) workflow() (*workflow, error) {
	w := c.repo.workflow(c.vars["workflow"])
	if w == nil {
		return nil, notFound()
	}
	return w, nil
}
