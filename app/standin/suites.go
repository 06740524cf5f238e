package standin

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// suite is all that one App checks on one commit.
type suite struct {
	id                 int64
	repo               *Repo
	app                *appInfo
	sha, branch        string
	before             string
	status, conclusion string
	created, updated   time.Time
}

// requestSuite opens the App's check suite for a commit that was pushed, once for each commit, and asks for it.
func (r *Repo) requestSuite(actor *account, sha, branch, before string) {
	if r.suite(r.server.app, sha) != nil || !r.server.app.hasPermission("checks:write") || r.server.installationOf(r) == nil {
		return
	}
	s := r.suiteFor(r.server.app, sha)
	s.branch, s.before = branch, before
	s.emit("requested", actor)
}

func (r *Repo) suite(app *appInfo, sha string) *suite {
	for _, s := range r.suites {
		if s.app == app && s.sha == sha {
			return s
		}
	}
	return nil
}

// suiteFor finds or opens a suite. A commit that no branch of this repository has, such as a fork's, belongs to no branch.
func (r *Repo) suiteFor(app *appInfo, sha string) *suite {
	if s := r.suite(app, sha); s != nil {
		return s
	}
	s := &suite{id: r.server.id(), repo: r, app: app, sha: sha, status: "queued", before: noSHA, created: r.server.now(), updated: r.server.now()}
	for _, ref := range sortedKeys(r.refs) {
		if r.refs[ref] == sha && branchOf(ref) != "" {
			s.branch = branchOf(ref)
		}
	}
	r.suites = append(r.suites, s)
	return s
}

// latest are the suite's newest runs, one for each name.
func (s *suite) latest() []*checkRun {
	var newest []*checkRun
	for _, run := range slices.Backward(s.repo.runs) {
		if run.suite == s && !slices.ContainsFunc(newest, func(other *checkRun) bool { return other.name == run.name }) {
			newest = append(newest, run)
		}
	}
	slices.Reverse(newest)
	return newest
}

// settle works out the suite's state from its runs, and tells when it has become complete.
func (s *suite) settle(actor *account) {
	before := s.status
	s.status, s.conclusion, s.updated = "completed", "success", s.repo.server.now()
	for _, run := range s.latest() {
		switch {
		case run.status == "waiting": // which a suite never is
			s.status, s.conclusion = "queued", ""
		case run.status != "completed":
			s.status, s.conclusion = run.status, ""
		case s.status == "completed" && worse(run.conclusion) > worse(s.conclusion):
			s.conclusion = run.conclusion
		}
	}
	if s.status == "completed" && before != "completed" {
		s.emit("completed", actor)
	}
}

// worse orders conclusions as they decide a suite's.
func worse(conclusion string) int {
	return slices.Index([]string{"skipped", "neutral", "success", "stale", "cancelled", "timed_out", "action_required", "failure"}, conclusion)
}

func (s *suite) pulls() []any {
	all := []any{}
	for _, p := range s.repo.pulls {
		if p.state == "open" && p.headSHA == s.sha && p.headRepo == s.repo {
			all = append(all, p.shortJSON())
		}
	}
	return all
}

func (s *suite) json() object {
	url := fmt.Sprintf("%s/check-suites/%d", s.repo.apiURL(), s.id)
	o := object{
		"id": s.id, "node_id": nodeID("CS", s.id), "head_branch": nilIfEmpty(s.branch), "head_sha": s.sha, "status": s.status,
		"conclusion": nilIfEmpty(s.conclusion), "url": url, "before": s.before, "after": s.sha, "pull_requests": s.pulls(),
		"app": s.repo.server.appJSON(s.app), "created_at": stamp(s.created), "updated_at": stamp(s.updated),
	}
	return o
}

// longJSON is a suite as the API and its own events show it.
func (s *suite) longJSON() object {
	o := s.json()
	o["latest_check_runs_count"], o["check_runs_url"] = len(s.latest()), o["url"].(string)+"/check-runs"
	if c, found := s.repo.commit(s.sha); found {
		o["head_commit"] = s.repo.headCommitJSON(c)
	}
	return o
}

func (s *suite) emit(action string, sender *account) {
	s.repo.emit("check_suite", action, sender, object{"check_suite": s.longJSON()})
}

func (run *checkRun) json() object {
	r := run.suite.repo
	o := run.eventJSON()
	o["check_suite"] = object{"id": run.suite.id}
	o["url"] = fmt.Sprintf("%s/check-runs/%d", r.apiURL(), run.id)
	return o
}

// eventJSON is a run as its own events show it: with its suite.
func (run *checkRun) eventJSON() object {
	r := run.suite.repo
	url := fmt.Sprintf("%s/check-runs/%d", r.apiURL(), run.id)
	return object{
		"id": run.id, "node_id": nodeID("CR", run.id), "head_sha": run.suite.sha, "external_id": run.externalID, "url": url,
		"html_url": fmt.Sprintf("%s/runs/%d", r.htmlURL(), run.id), "details_url": run.detailsURL, "status": run.status,
		"conclusion": nilIfEmpty(run.conclusion), "started_at": stamp(run.started), "completed_at": stamp(run.completed), "name": run.name,
		"output": object{
			"title": orNil(run.title), "summary": orNil(run.summary), "text": orNil(run.text), "annotations_count": len(run.annotations),
			"annotations_url": url + "/annotations",
		},
		"check_suite": run.suite.json(), "app": r.server.appJSON(run.app), "pull_requests": run.suite.pulls(),
	}
}

func (run *checkRun) announce(action string, sender *account, more object) {
	body := object{"check_run": run.eventJSON()}
	for key, value := range more {
		body[key] = value
	}
	run.suite.repo.emit("check_run", action, sender, body)
}

// listCheckRuns answers the check runs of a commit: the newest of each name and App, or all with filter=all.
func listCheckRuns(c *call) (*answer, error) {
	commit, err := c.commit(c.vars["ref"])
	if err != nil {
		return nil, err
	}
	return c.checkRunsOf(func(s *suite) bool { return s.sha == commit.sha })
}

func listSuiteRuns(c *call) (*answer, error) {
	s, err := c.suite()
	if err != nil {
		return nil, err
	}
	return c.checkRunsOf(func(other *suite) bool { return other == s })
}

func (c *call) checkRunsOf(of func(*suite) bool) (*answer, error) {
	filter := cmp.Or(c.query("filter"), "latest")
	if filter != "latest" && filter != "all" {
		return nil, invalid("%q is not a member of [\"latest\", \"all\"].", filter)
	}
	var all []any
	for _, s := range c.repo.suites {
		if !of(s) || c.query("app_id") != "" && c.query("app_id") != strconv.FormatInt(s.app.id, 10) {
			continue
		}
		runs := s.latest()
		if filter == "all" {
			runs = s.runs()
		}
		for _, run := range slices.Backward(runs) {
			run.grow()
			if name := c.query("check_name"); name != "" && name != run.name {
				continue
			}
			if status := c.query("status"); status != "" && status != run.status || c.s.lag.hides(run.id) {
				continue
			}
			all = append(all, run.json())
		}
	}
	return c.listIn("check_runs", all, nil)
}

func (s *suite) runs() []*checkRun {
	var all []*checkRun
	for _, run := range s.repo.runs {
		if run.suite == s {
			all = append(all, run)
		}
	}
	return all
}

func listCheckSuites(c *call) (*answer, error) {
	commit, err := c.commit(c.vars["ref"])
	if err != nil {
		return nil, err
	}
	var all []any
	for _, s := range c.repo.suites {
		if s.sha != commit.sha || c.query("app_id") != "" && c.query("app_id") != strconv.FormatInt(s.app.id, 10) {
			continue
		}
		all = append(all, s.apiJSON())
	}
	return c.listIn("check_suites", all, nil)
}

func (s *suite) apiJSON() object {
	o := s.longJSON()
	o["repository"] = s.repo.json()
	o["rerequestable"], o["runs_rerequestable"] = true, true
	return o
}

func (c *call) suite() (*suite, error) {
	id, _ := strconv.ParseInt(c.vars["suite"], 10, 64)
	for _, s := range c.repo.suites {
		if s.id == id {
			return s, nil
		}
	}
	return nil, refuse(http.StatusNotFound, "Not Found")
}

func getCheckSuite(c *call) (*answer, error) {
	s, err := c.suite()
	if err != nil {
		return nil, err
	}
	return ok(s.apiJSON()), nil
}

func rerequestSuite(c *call) (*answer, error) {
	s, err := c.suite()
	if err != nil {
		return nil, err
	}
	if s.app != c.s.app {
		return nil, refuse(http.StatusForbidden, "Resource not accessible by integration")
	}
	s.rerequest(c.actor())
	return created(object{}), nil
}

func (s *suite) rerequest(actor *account) {
	s.emit("rerequested", actor)
	s.status, s.conclusion, s.updated = "queued", "", s.repo.server.now()
}

func listAnnotations(c *call) (*answer, error) {
	run, err := c.checkRun()
	if err != nil {
		return nil, err
	}
	var all []any
	for _, a := range run.annotations {
		column := func(n int) any {
			if n == 0 {
				return nil
			}
			return n
		}
		all = append(all, object{
			"path": a.Path, "start_line": a.StartLine, "end_line": a.EndLine, "start_column": column(a.StartColumn),
			"end_column": column(a.EndColumn), "annotation_level": a.Level, "title": nilIfEmpty(a.Title), "message": a.Message,
			"raw_details": nilIfEmpty(a.RawDetails), "blob_href": c.repo.htmlURL() + "/blob/" + run.suite.sha + "/" + a.Path,
		})
	}
	return c.list(all)
}
