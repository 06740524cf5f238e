package standin

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"
)

// status is one commit status: anybody who writes can set one.
type status struct {
	id                  int64
	sha, state, context string
	description, target *string
	creator             *account
	at                  time.Time
}

// maxStatuses is how many statuses one commit takes for one context.
const maxStatuses = 1000

type statusRequest struct {
	State       string  `json:"state"`
	TargetURL   *string `json:"target_url"`
	Description *string `json:"description"`
	Context     *string `json:"context"`
}

// SetStatus sets a commit status in the name of a user.
func (r *Repo) SetStatus(login, sha, context, state string) error {
	return r.act(login, "write", func(actor *account) error {
		_, err := r.setStatus(actor, sha, statusRequest{State: state, Context: &context})
		return err
	})
}

func (r *Repo) setStatus(actor *account, sha string, request statusRequest) (*status, error) {
	if !slices.Contains([]string{"error", "failure", "pending", "success"}, request.State) {
		return nil, invalid("%q is not a member of [\"error\", \"failure\", \"pending\", \"success\"].", request.State)
	}
	if request.Description != nil && utf8.RuneCountInString(*request.Description) > 140 {
		return nil, failed("Status", "description", "custom", "description is too long (maximum is 140 characters)")
	}
	commit, found := r.commit(sha)
	if !found || commit.sha != sha {
		return nil, refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+sha)
	}
	st := &status{
		id: r.server.id(), sha: sha, state: request.State, context: "default", description: request.Description, target: request.TargetURL,
		creator: actor, at: r.server.now(),
	}
	if request.Context != nil {
		st.context = cmp.Or(*request.Context, "default")
	}
	same := 0
	for _, other := range r.statuses {
		if other.sha == sha && other.context == st.context {
			same++
		}
	}
	if same >= maxStatuses {
		return nil, failed("Status", "", "custom", "This SHA and context has reached the maximum number of statuses.")
	}
	r.statuses = append(r.statuses, st)
	r.emit("status", "", actor, r.statusEvent(st, commit))
	return st, nil
}

func (r *Repo) statusEvent(st *status, c *commit) object {
	branches := []any{}
	for _, ref := range sortedKeys(r.refs) {
		if branch := branchOf(ref); branch != "" && len(branches) < 10 && r.contains(r.refs[ref], st.sha) {
			head := r.refs[ref]
			branches = append(branches, object{
				"name": branch, "commit": object{"sha": head, "url": r.apiURL() + "/commits/" + head}, "protected": false,
			})
		}
	}
	commit := r.commitJSON(c)
	delete(commit["commit"].(object)["verification"].(object), "verified_at")
	return object{
		"id": st.id, "sha": st.sha, "name": r.fullName(), "target_url": orNil(st.target), "context": st.context,
		"description": orNil(st.description), "state": st.state, "commit": commit, "branches": branches,
		"created_at": stamp(st.at), "updated_at": stamp(st.at), "avatar_url": nil,
	}
}

func (r *Repo) statusJSON(st *status) object {
	return object{
		"url": r.apiURL() + "/statuses/" + st.sha, "avatar_url": fmt.Sprintf("%s/avatars/%d", r.server.url, st.creator.id), "id": st.id,
		"node_id": nodeID("SC", st.id), "state": st.state, "description": orNil(st.description), "target_url": orNil(st.target),
		"context": st.context, "created_at": stamp(st.at), "updated_at": stamp(st.at), "creator": r.server.userJSON(st.creator),
	}
}

func createStatus(c *call) (*answer, error) {
	request, err := decode[statusRequest](c)
	if err != nil {
		return nil, err
	}
	st, err := c.repo.setStatus(c.actor(), c.vars["sha"], request)
	if err != nil {
		return nil, err
	}
	return created(c.repo.statusJSON(st)), nil
}

func listStatuses(c *call) (*answer, error) {
	commit, err := c.commit(c.vars["ref"])
	if err != nil {
		return nil, err
	}
	var all []any
	for _, st := range slices.Backward(c.repo.statuses) {
		if st.sha == commit.sha {
			all = append(all, c.repo.statusJSON(st))
		}
	}
	return c.list(all)
}

// latestStatuses are a commit's newest statuses, one for each context.
func (r *Repo) latestStatuses(sha string) []*status {
	var newest []*status
	for _, st := range slices.Backward(r.statuses) {
		if st.sha == sha && !slices.ContainsFunc(newest, func(other *status) bool { return other.context == st.context }) {
			newest = append(newest, st)
		}
	}
	return newest
}

func combinedStatus(c *call) (*answer, error) {
	commit, err := c.commit(c.vars["ref"])
	if err != nil {
		return nil, err
	}
	var all []any
	state := "success"
	for _, st := range c.repo.latestStatuses(commit.sha) {
		short := c.repo.statusJSON(st)
		delete(short, "creator")
		all = append(all, short)
		switch {
		case st.state == "failure" || st.state == "error":
			state = "failure"
		case st.state == "pending" && state == "success":
			state = "pending"
		}
	}
	if len(all) == 0 {
		state = "pending"
	}
	return c.listIn("statuses", all, object{
		"state": state, "sha": commit.sha, "repository": c.repo.json(), "commit_url": c.repo.apiURL() + "/commits/" + commit.sha,
		"url": c.repo.apiURL() + "/commits/" + commit.sha + "/status",
	})
}
