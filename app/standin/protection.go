package standin

import (
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

const (
	maxReports     = 10   // of one deployment's progress
	maxReportWords = 1024 // characters
)

// SetProtectionRule makes the App decide about jobs that name an environment, or stops it. Jobs that wait already are not touched.
func (r *Repo) SetProtectionRule(name string, on bool) error {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	if name == "" {
		return fmt.Errorf("an environment has a name")
	}
	e := r.ensureEnvironment(name)
	e.ruled, e.updated = on, r.server.now()
	return nil
}

// ruleID numbers the App's rule of an environment.
func (e *environment) ruleID() int64 { return e.id*10 + 3 }

func (r *Repo) rulesJSON(e *environment) []any {
	if !e.ruled {
		return nil
	}
	app := r.server.app
	return []any{object{
		"id": e.ruleID(), "node_id": nodeID("GA", e.ruleID()), "enabled": true,
		"app": object{"id": app.id, "slug": app.slug, "integration_url": r.server.url + "/apps/" + app.slug, "node_id": nodeID("A", app.id)},
	}}
}

func listProtectionRules(c *call) (*answer, error) {
	e := c.repo.environment(c.vars["environment"])
	if e == nil {
		return nil, notFound()
	}
	return c.listIn("custom_deployment_protection_rules", c.repo.rulesJSON(e), nil)
}

type ruleRequest struct {
	Environment string  `json:"environment_name"`
	State       *string `json:"state"`
	Comment     *string `json:"comment"`
}

func (q *ruleRequest) validate() error {
	switch {
	case q.Environment == "":
		return invalid("\"environment_name\" wasn't supplied.")
	case q.State == nil && (q.Comment == nil || *q.Comment == ""):
		return invalid("\"comment\" wasn't supplied.")
	case q.State != nil && *q.State != "approved" && *q.State != "rejected":
		return invalid("%q is not a member of [\"approved\", \"rejected\"].", *q.State)
	case utf8.RuneCountInString(deref(q.Comment)) > maxReportWords:
		return invalid("comment is too long (maximum is %d characters)", maxReportWords)
	}
	return nil
}

// answerRule answers POST /actions/runs/{run_id}/deployment_protection_rule: the App's decision, or how far it is.
func answerRule(c *call) (*answer, error) {
	if !grants(c.who.token.permissions, "actions:read") {
		return nil, refuse(http.StatusForbidden, "Resource not accessible by integration")
	}
	run, err := c.workflowRun()
	if err != nil {
		return nil, err
	}
	request, err := decode[ruleRequest](c)
	if err != nil {
		return nil, err
	}
	if err := request.validate(); err != nil {
		return nil, err
	}
	jobs := run.unruledAt(request.Environment)
	if len(jobs) == 0 {
		return nil, refuse(http.StatusUnprocessableEntity, "No pending custom deployment protection rule for "+request.Environment)
	}
	for _, j := range jobs {
		if err := j.gate.answer(request); err != nil {
			return nil, err
		}
	}
	run.advance()
	return noContent(), nil
}

// unruledAt are the jobs that wait for the App's decision about an environment.
func (run *workflowRun) unruledAt(environment string) []*job {
	var all []*job
	for _, j := range run.jobs {
		if j.unruled() && strings.EqualFold(j.gate.environment.name, environment) {
			all = append(all, j)
		}
	}
	return all
}

func (g *gate) answer(request ruleRequest) error {
	if request.State != nil {
		g.decision = deref(request.Comment)
		g.passed, g.refused = *request.State == "approved", *request.State == "rejected"
		return nil
	}
	if len(g.reports) >= maxReports {
		return refuse(http.StatusUnprocessableEntity, fmt.Sprintf("A deployment takes at most %d progress reports", maxReports))
	}
	g.reports = append(g.reports, *request.Comment)
	return nil
}
