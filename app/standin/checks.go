package standin

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// checkRun is one check run as GitHub keeps it.
type checkRun struct {
	id                   int64
	suite                *suite
	app                  *appInfo
	name, externalID     string
	detailsURL           string
	status, conclusion   string
	title, summary, text *string
	annotations          []Annotation
	actions              []Action
	created              time.Time
	started, completed   time.Time
}

// Annotation is one remark on lines of a file.
type Annotation struct {
	Path        string `json:"path"`
	StartLine   int    `json:"start_line"`
	EndLine     int    `json:"end_line"`
	StartColumn int    `json:"start_column,omitempty"`
	EndColumn   int    `json:"end_column,omitempty"`
	Level       string `json:"annotation_level"`
	Message     string `json:"message"`
	Title       string `json:"title,omitempty"`
	RawDetails  string `json:"raw_details,omitempty"`
}

// Action is one button of a completed check run.
type Action struct {
	Label       string `json:"label"`
	Description string `json:"description"`
	Identifier  string `json:"identifier"`
}

// CheckRun is a copy of a check run.
type CheckRun struct {
	ID          int64
	Name        string
	HeadSHA     string
	App         string // slug
	ExternalID  string
	DetailsURL  string
	Status      string
	Conclusion  string
	Title       string
	Summary     string
	Text        string
	Annotations []Annotation
	Actions     []Action
	StartedAt   time.Time
	CompletedAt time.Time
}

// CheckRuns lists all check runs of a commit, oldest first, those of other Apps too.
func (r *Repo) CheckRuns(sha string) []CheckRun {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	var all []CheckRun
	for _, run := range r.runs {
		if run.suite.sha == sha {
			all = append(all, run.public())
		}
	}
	return all
}

// CheckRun finds the newest check run of that name on a commit.
func (r *Repo) CheckRun(sha, name string) (CheckRun, bool) {
	for _, run := range slices.Backward(r.CheckRuns(sha)) {
		if run.Name == name {
			return run, true
		}
	}
	return CheckRun{}, false
}

// Reopened counts the writes that tried to give a completed check run of this repository another status or conclusion. GitHub ignores them.
func (r *Repo) Reopened() int {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return r.reopened
}

func (run *checkRun) public() CheckRun {
	return CheckRun{
		ID: run.id, Name: run.name, HeadSHA: run.suite.sha, App: run.app.slug, ExternalID: run.externalID, DetailsURL: run.detailsURL,
		Status: run.status, Conclusion: run.conclusion, Title: deref(run.title), Summary: deref(run.summary), Text: deref(run.text),
		Annotations: slices.Clone(run.annotations), Actions: slices.Clone(run.actions), StartedAt: run.started, CompletedAt: run.completed,
	}
}

func createCheckRun(c *call) (*answer, error) {
	if c.who.installation == nil {
		return nil, refuse(http.StatusForbidden, "You must authenticate via a GitHub App.")
	}
	request, err := decode[checkRequest](c)
	if err != nil {
		return nil, err
	}
	if err := request.validate(true); err != nil {
		return nil, err
	}
	commit, found := c.repo.commit(*request.HeadSHA)
	if !found || commit.sha != *request.HeadSHA {
		return nil, refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+*request.HeadSHA)
	}
	run := c.repo.newRun(c.s.app, commit.sha, *request.Name)
	run.apply(request, c.s.now())
	run.detailsURL = run.detailsOr(c.s.url + "/apps/" + c.s.app.slug)
	run.announce("created", c.actor(), nil)
	run.finished(c.actor(), "")
	return created(run.json()), nil
}

func (r *Repo) newRun(app *appInfo, sha, name string) *checkRun {
	run := &checkRun{id: r.server.id(), app: app, name: name, status: "queued", created: r.server.now(), started: r.server.now()}
	run.suite = r.suiteFor(app, sha)
	r.runs = append(r.runs, run)
	r.server.lag.createdNow(run.id)
	r.forgetOldest(run)
	return run
}

// forgetOldest keeps at most a thousand runs of one name in a suite.
func (r *Repo) forgetOldest(newest *checkRun) {
	const most = 1000
	same := func(run *checkRun) bool { return run.suite == newest.suite && run.name == newest.name }
	n := 0
	for _, run := range r.runs {
		if same(run) {
			n++
		}
	}
	if n > most {
		i := slices.IndexFunc(r.runs, same)
		r.runs = slices.Delete(r.runs, i, i+1)
	}
}

func (run *checkRun) detailsOr(fallback string) string {
	if run.detailsURL == "" {
		return fallback
	}
	return run.detailsURL
}

func updateCheckRun(c *call) (*answer, error) {
	run, err := c.checkRun()
	if err != nil {
		return nil, err
	}
	if c.who.installation == nil || run.app != c.s.app {
		return nil, refuse(http.StatusForbidden, "Invalid app_id `"+strconv.FormatInt(c.s.app.id, 10)+"` - check run can only be modified by the GitHub App that created it.")
	}
	request, err := decode[checkRequest](c)
	if err != nil {
		return nil, err
	}
	if request.HeadSHA != nil {
		return nil, invalid("\"head_sha\" is not a permitted key.")
	}
	if err := request.validate(false); err != nil {
		return nil, err
	}
	before := run.status
	if run.status == "completed" {
		c.keepClosed(run, &request)
	}
	run.apply(request, c.s.now())
	run.finished(c.actor(), before)
	return ok(run.json()), nil
}

// keepClosed drops from a request what GitHub ignores on a completed run, and counts the attempt if it would have changed something.
func (c *call) keepClosed(run *checkRun, request *checkRequest) {
	status, conclusion := run.status, run.conclusion
	if request.Conclusion != nil {
		conclusion = *request.Conclusion
	} else if request.Status != nil {
		status = *request.Status
	}
	if status != run.status || conclusion != run.conclusion {
		c.repo.reopened++
		c.mistake("reopened", fmt.Sprintf("%s %q: %s %s -> %s %s", run.suite.sha, run.name, run.status, run.conclusion, status, conclusion))
	}
	request.Status, request.Conclusion, request.CompletedAt, request.StartedAt = nil, nil, nil, nil
}

// apply writes what a valid request says.
func (run *checkRun) apply(request checkRequest, now time.Time) {
	set := func(to *string, from *string) {
		if from != nil {
			*to = *from
		}
	}
	set(&run.name, request.Name)
	set(&run.externalID, request.ExternalID)
	set(&run.detailsURL, request.DetailsURL)
	set(&run.status, request.Status)
	if request.Conclusion != nil {
		run.status, run.conclusion, run.completed = "completed", *request.Conclusion, now
	}
	if request.StartedAt != nil {
		run.started = request.StartedAt.UTC()
	}
	if request.CompletedAt != nil && run.status == "completed" {
		run.completed = request.CompletedAt.UTC()
	}
	if o := request.Output; o != nil {
		run.title, run.summary = o.Title, o.Summary
		if o.Text != nil {
			run.text = o.Text
		}
		run.annotations = append(run.annotations, o.Annotations...)
	}
	if request.Actions != nil {
		run.actions = *request.Actions
	}
}

// finished tells of a run that has just been completed, and of its suite when that is complete with it.
func (run *checkRun) finished(actor *account, before string) {
	if run.status == "completed" && before != "completed" {
		run.announce("completed", actor, nil)
	}
	run.suite.settle(actor)
}

// grow makes a run stale that nobody completed for fourteen days.
func (run *checkRun) grow() {
	const patience = 14 * 24 * time.Hour
	if now := run.suite.repo.server.now(); run.status != "completed" && now.Sub(run.created) > patience {
		run.status, run.conclusion, run.completed = "completed", "stale", now
	}
}

func (c *call) checkRun() (*checkRun, error) {
	id, _ := strconv.ParseInt(c.vars["run"], 10, 64)
	run := c.repo.run(id)
	if run == nil {
		return nil, notFound()
	}
	run.grow()
	return run, nil
}

func (r *Repo) run(id int64) *checkRun {
	for _, run := range r.runs {
		if run.id == id {
			return run
		}
	}
	return nil
}

func getCheckRun(c *call) (*answer, error) {
	run, err := c.checkRun()
	if err != nil {
		return nil, err
	}
	return ok(run.json()), nil
}

// rerequestCheckRun answers POST /check-runs/{id}/rerequest.
func rerequestCheckRun(c *call) (*answer, error) {
	run, err := c.checkRun()
	if err != nil {
		return nil, err
	}
	if run.app != c.s.app || run.status != "completed" {
		return nil, refuse(http.StatusUnprocessableEntity, "This check run is not rerequestable")
	}
	run.rerequest(c.actor())
	return created(object{}), nil
}

// Rerequest presses Re-run on a check run. The suite goes back to queued; the run itself stays as it is.
func (r *Repo) Rerequest(login string, checkRunID int64) error {
	return r.act(login, "write", func(actor *account) error {
		run := r.run(checkRunID)
		if run == nil || run.app != r.server.app {
			return fmt.Errorf("the App has no check run %d", checkRunID)
		}
		if run.status != "completed" {
			return fmt.Errorf("check run %q is not completed", run.name)
		}
		run.rerequest(actor)
		return nil
	})
}

func (run *checkRun) rerequest(actor *account) {
	body := object{"check_run": run.eventJSON()}
	// The event shows the suite as it was before, and always as completed.
	shown := body["check_run"].(object)["check_suite"].(object)
	shown["status"], shown["conclusion"] = "completed", cmp.Or(run.suite.conclusion, run.conclusion)
	run.suite.status, run.suite.conclusion, run.suite.updated = "queued", "", run.suite.repo.server.now()
	run.suite.repo.emit("check_run", "rerequested", actor, body)
}

// RerequestAll presses Re-run all checks: the App's suite of the commit goes back to queued.
func (r *Repo) RerequestAll(login, sha string) error {
	return r.act(login, "write", func(actor *account) error {
		s := r.suite(r.server.app, sha)
		if s == nil {
			return fmt.Errorf("the App has no check suite on %s", sha)
		}
		s.rerequest(actor)
		return nil
	})
}

// Press presses one of a completed check run's buttons.
func (r *Repo) Press(login string, checkRunID int64, identifier string) error {
	return r.act(login, "write", func(actor *account) error {
		run := r.run(checkRunID)
		if run == nil || run.app != r.server.app {
			return fmt.Errorf("the App has no check run %d", checkRunID)
		}
		if run.status != "completed" {
			return errors.New("a check run shows its buttons only when it is completed")
		}
		if !slices.ContainsFunc(run.actions, func(a Action) bool { return a.Identifier == identifier }) {
			return fmt.Errorf("check run %q has no button %q", run.name, identifier)
		}
		run.announce("requested_action", actor, object{"requested_action": object{"identifier": identifier}})
		return nil
	})
}

// ForeignCheck reports a check in the name of another App. An empty conclusion starts it; a conclusion completes the newest run of that name
// that is not completed, or a new one.
func (r *Repo) ForeignCheck(appSlug string, appID int64, sha, name, conclusion string) (int64, error) {
	s := r.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, found := r.commit(sha); !found {
		return 0, fmt.Errorf("there is no commit %s", sha)
	}
	app := s.foreignApp(appSlug, appID)
	var run *checkRun
	for _, other := range r.runs {
		if other.app == app && other.suite.sha == sha && other.name == name && other.status != "completed" {
			run = other
		}
	}
	if run == nil {
		run = r.newRun(app, sha, name)
		run.detailsURL = s.url + "/apps/" + appSlug
		run.announce("created", app.bot, nil)
	}
	if conclusion != "" {
		run.status, run.conclusion, run.completed = "completed", conclusion, s.now()
		run.finished(app.bot, "in_progress")
	}
	return run.id, nil
}
