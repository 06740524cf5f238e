package standin

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// environment is a place to deploy to, with who has to review deployments of workflows.
type environment struct {
	id               int64
	name             string
	reviewers        []string // logins, or org/team
	waitMinutes      int
	ruled            bool // the App's custom rule decides too
	created, updated time.Time
}

// SetEnvironment makes or changes an environment. Reviewers are logins or org/team; without any there is no required review.
func (r *Repo) SetEnvironment(name string, waitMinutes int, reviewers ...string) error {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	if name == "" || len([]rune(name)) > 255 || waitMinutes < 0 || waitMinutes > 43200 || len(reviewers) > 6 {
		return fmt.Errorf("environment %q: a name of at most 255 characters, 0 to 43200 minutes and at most 6 reviewers", name)
	}
	e := r.ensureEnvironment(name)
	e.reviewers, e.waitMinutes, e.updated = reviewers, waitMinutes, r.server.now()
	return nil
}

func (r *Repo) environment(name string) *environment {
	for _, e := range r.environments {
		if strings.EqualFold(e.name, name) {
			return e
		}
	}
	return nil
}

func (r *Repo) ensureEnvironment(name string) *environment {
	if e := r.environment(name); e != nil {
		return e
	}
	e := &environment{id: r.server.id(), name: name, created: r.server.now(), updated: r.server.now()}
	r.environments = append(r.environments, e)
	return e
}

func (r *Repo) environmentJSON(e *environment) object {
	rules := []any{}
	if e.waitMinutes > 0 {
		rules = append(rules, object{"id": e.id*10 + 1, "node_id": nodeID("GA", e.id*10+1), "type": "wait_timer", "wait_timer": e.waitMinutes})
	}
	if len(e.reviewers) > 0 {
		rules = append(rules, object{
			"id": e.id*10 + 2, "node_id": nodeID("GA", e.id*10+2), "type": "required_reviewers", "prevent_self_review": false,
			"reviewers": r.reviewersJSON(e.reviewers),
		})
	}
	if e.ruled {
		rules = append(rules, object{"id": e.ruleID(), "node_id": nodeID("GA", e.ruleID()), "type": "custom"})
	}
	o := r.environmentShortJSON(e)
	o["created_at"], o["updated_at"], o["protection_rules"], o["deployment_branch_policy"] = stamp(e.created), stamp(e.updated), rules, nil
	return o
}

// environmentShortJSON is an environment as runs of workflows show it.
func (r *Repo) environmentShortJSON(e *environment) object {
	return object{
		"id": e.id, "node_id": nodeID("EN", e.id), "name": e.name, "url": r.apiURL() + "/environments/" + url.PathEscape(e.name),
		"html_url": r.htmlURL() + "/deployments/activity_log?environments_filter=" + url.QueryEscape(e.name),
	}
}

func (r *Repo) reviewersJSON(names []string) []any {
	all := []any{}
	for _, name := range names {
		org, slug, isTeam := strings.Cut(name, "/")
		owner := r.server.accounts[fold(org)]
		switch {
		case isTeam && owner != nil && owner.teams[slug] != nil:
			all = append(all, object{"type": "Team", "reviewer": r.server.reviewerTeamJSON(owner, owner.teams[slug])})
		case !isTeam && owner != nil:
			all = append(all, object{"type": "User", "reviewer": r.server.userJSON(owner)})
		}
	}
	return all
}

// reviewerTeamJSON is a team as one of the reviewers.
func (s *Server) reviewerTeamJSON(org *account, t *team) object {
	o := s.teamJSON(org, t)
	for _, key := range []string{"members_count", "repos_count", "created_at", "updated_at", "organization"} {
		delete(o, key)
	}
	return o
}

// reviewersEventJSON are reviewers as webhooks show them, whose schema does not know a team's type.
func (r *Repo) reviewersEventJSON(names []string) []any {
	all := r.reviewersJSON(names)
	for _, one := range all {
		if reviewer := one.(object); reviewer["type"] == "Team" {
			delete(reviewer["reviewer"].(object), "type")
		}
	}
	return all
}

func listEnvironments(c *call) (*answer, error) {
	var all []any
	for _, e := range c.repo.environments {
		all = append(all, c.repo.environmentJSON(e))
	}
	return c.listIn("environments", all, nil)
}

func getEnvironment(c *call) (*answer, error) {
	e := c.repo.environment(c.vars["environment"])
	if e == nil {
		return nil, notFound()
	}
	return ok(c.repo.environmentJSON(e)), nil
}
