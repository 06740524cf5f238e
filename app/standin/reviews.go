package standin

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// review is what a reviewer decided about environments of a run.
type review struct {
	by           *account
	approve      bool
	comment      string
	environments []*environment
	at           time.Time
}

func (said review) state() string {
	if said.approve {
		return "approved"
	}
	return "rejected"
}

// Review approves or rejects what waits for an environment, as a reviewer does on the run's page.
func (r *Repo) Review(login string, runID int64, approve bool, name, comment string) error {
	return r.actOn(login, "read", runID, func(actor *account, run *workflowRun) error {
		e := r.environment(name)
		if e == nil {
			return fmt.Errorf("there is no environment %q", name)
		}
		_, err := run.review(review{by: actor, approve: approve, comment: comment, environments: []*environment{e}})
		return err
	})
}

// errNotPending refuses a review of what nobody waits for.
func errNotPending() error {
	return refuse(http.StatusUnprocessableEntity, "No pending deployment requests to approve or reject")
}

// review lets jobs go on, or fails them. One reviewer is enough.
func (run *workflowRun) review(said review) ([]*job, error) {
	var jobs []*job
	for _, e := range said.environments {
		held := run.unreviewedAt(e)
		if len(held) == 0 {
			return nil, errNotPending()
		}
		if !run.repo.mayReview(said.by, held[0].gate.reviewers) {
			return nil, refuse(http.StatusForbidden, said.by.login+" is not a reviewer of "+e.name)
		}
		jobs = append(jobs, held...)
	}
	if len(jobs) == 0 {
		return nil, errNotPending()
	}
	said.at = run.repo.server.now()
	run.reviews = append(run.reviews, said)
	for _, j := range jobs {
		j.gate.approved, j.gate.refused = said.approve, !said.approve
	}
	run.emitReviewed(said, jobs)
	run.advance()
	return jobs, nil
}

// unreviewedAt are the jobs that wait for a reviewer of an environment.
func (run *workflowRun) unreviewedAt(e *environment) []*job {
	var all []*job
	for _, j := range run.jobs {
		if j.unreviewed() && j.gate.environment == e {
			all = append(all, j)
		}
	}
	return all
}

// mayReview says whether a user is one of the reviewers, or in a team that is, and may read the repository.
func (r *Repo) mayReview(user *account, reviewers []string) bool {
	if user == nil || roleRank(r.baseRole(user)) == 0 {
		return false
	}
	return slices.ContainsFunc(reviewers, func(reviewer string) bool {
		org, slug, isTeam := strings.Cut(reviewer, "/")
		if !isTeam {
			return fold(org) == fold(user.login)
		}
		owner := r.server.accounts[fold(org)]
		if owner == nil || owner.teams[slug] == nil {
			return false
		}
		_, member := owner.teams[slug].members[fold(user.login)]
		return member
	})
}

func listPending(c *call) (*answer, error) {
	run, err := c.workflowRun()
	if err != nil {
		return nil, err
	}
	all := []any{}
	for _, j := range run.pending() {
		var timer any
		if j.gate.waitMinutes > 0 {
			timer = stamp(j.gate.since)
		}
		all = append(all, object{
			"environment": c.repo.environmentShortJSON(j.gate.environment), "wait_timer": j.gate.waitMinutes, "wait_timer_started_at": timer,
			"current_user_can_approve": j.unreviewed() && c.repo.mayReview(c.who.user, j.gate.reviewers),
			"reviewers":                c.repo.reviewersJSON(j.gate.reviewers),
		})
	}
	return ok(all), nil
}

type reviewRequest struct {
	EnvironmentIDs []int64 `json:"environment_ids"`
	State          string  `json:"state"`
	Comment        *string `json:"comment"`
}

// reviewPending answers POST /actions/runs/{run_id}/pending_deployments, which is for people: no App can be a reviewer.
func reviewPending(c *call) (*answer, error) {
	if c.who.user == nil {
		return nil, refuse(http.StatusForbidden, "Resource not accessible by integration")
	}
	run, err := c.workflowRun()
	if err != nil {
		return nil, err
	}
	request, err := decode[reviewRequest](c)
	switch {
	case err != nil:
		return nil, err
	case request.EnvironmentIDs == nil || request.Comment == nil:
		return nil, invalid("\"environment_ids\", \"state\" and \"comment\" weren't all supplied.")
	case request.State != "approved" && request.State != "rejected":
		return nil, invalid("%q is not a member of [\"approved\", \"rejected\"].", request.State)
	}
	said := review{by: c.who.user, approve: request.State == "approved", comment: *request.Comment}
	for _, id := range request.EnvironmentIDs {
		i := slices.IndexFunc(c.repo.environments, func(e *environment) bool { return e.id == id })
		if i < 0 {
			return nil, errNotPending()
		}
		said.environments = append(said.environments, c.repo.environments[i])
	}
	jobs, err := run.review(said)
	if err != nil {
		return nil, err
	}
	all := []any{}
	for _, j := range jobs {
		all = append(all, c.repo.deploymentJSON(j.deployment))
	}
	return ok(all), nil
}

func listApprovals(c *call) (*answer, error) {
	run, err := c.workflowRun()
	if err != nil {
		return nil, err
	}
	all := []any{}
	for _, said := range run.reviews {
		environments := []any{}
		for _, e := range said.environments {
			o := c.repo.environmentShortJSON(e)
			o["created_at"], o["updated_at"] = stamp(e.created), stamp(e.updated)
			environments = append(environments, o)
		}
		all = append(all, object{
			"state": said.state(), "comment": said.comment, "user": c.s.userJSON(said.by), "environments": environments,
		})
	}
	return ok(all), nil
}
